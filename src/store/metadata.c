/* Metadata: rows of the table metadata. */
#include "store/metadata.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"

#define SELECT_METADATA "SELECT id, object_number, column_name, provider, key, value, changed_us FROM metadata "

static void read_metadata(struct db_rows *rows, struct arena *arena, struct metadata *metadata)
{
	*metadata = (struct metadata){
		.id = db_col_int(rows, 0),
		.object_number = db_col_int(rows, 1),
		.column = arena_strdup(arena, db_col_text(rows, 2)),
		.provider = arena_strdup(arena, db_col_text(rows, 3)),
		.key = arena_strdup(arena, db_col_text(rows, 4)),
		.value = arena_strdup(arena, db_col_text(rows, 5)),
		.changed_us = db_col_int(rows, 6),
	};
}

static int read_list(struct db_rows *rows, struct arena *arena, struct metadata **ret, size_t *ret_count, struct err *e)
{
	void *items = NULL;
	size_t count = 0;
	int rc;
	while ((rc = db_next(rows, e)) > 0) {
		if (!(items = list_room(arena, items, count, sizeof(struct metadata))))
			return fail(e, ERR_INTERNAL, NULL);
		read_metadata(rows, arena, (struct metadata *)items + count++);
	}
	if (rc < 0)
		return rc;
	*ret = items;
	*ret_count = count;
	return 0;
}

/* +id: without it the embedded engine reads the whole project by its primary key, only to have the order. */
int metadata_list(struct db *db, struct arena *arena, const struct metadata_object *object, struct metadata **ret,
	size_t *ret_count, struct err *e)
{
	static const struct sql sql = { SELECT_METADATA "WHERE project_id = $1 AND kind = $2 AND object_number = $3 AND (CAST($4 "
							"AS TEXT) IS NULL OR column_name = $4) ORDER BY +id" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql,
		DB_ARGS(db_i(object->project_id), db_s(object->kind), db_i(object->number), db_s(object->column)), &rows, e);
	return rc < 0 ? rc : read_list(rows, arena, ret, ret_count, e);
}

int metadata_list_all(struct db *db, struct arena *arena, int64_t project_id, const char *kind, struct metadata **ret,
	size_t *ret_count, struct err *e)
{
	static const struct sql sql = { SELECT_METADATA "WHERE project_id = $1 AND kind = $2 ORDER BY object_number, id" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql, DB_ARGS(db_i(project_id), db_s(kind)), &rows, e);
	return rc < 0 ? rc : read_list(rows, arena, ret, ret_count, e);
}

int metadata_set(struct db *db, const struct metadata_object *object, const char *provider, const char *key, const char *value,
	struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO metadata (project_id, id, kind, object_number, column_name, provider, key, value, changed_us) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (project_id, kind, object_number, column_name, "
		"provider, key) "
		"DO UPDATE SET value = excluded.value, changed_us = excluded.changed_us"
	};
	int64_t id;
	int rc = db_next_id(db, "metadata", &id, e);
	if (rc < 0)
		return rc;
	return db_exec(db, &sql,
		DB_ARGS(db_i(object->project_id), db_i(id), db_s(object->kind), db_i(object->number),
			db_s(object->column ? object->column : ""), db_s(provider), db_s(key), db_s(value), db_i(now_us())),
		e);
}

int metadata_find(struct db *db, struct arena *arena, const struct metadata_object *object, int64_t id, struct metadata **ret,
	struct err *e)
{
	static const struct sql sql = { SELECT_METADATA
		"WHERE project_id = $1 AND id = $2 AND kind = $3 AND object_number = $4 AND column_name = $5" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql,
		DB_ARGS(db_i(object->project_id), db_i(id), db_s(object->kind), db_i(object->number),
			db_s(object->column ? object->column : "")),
		&rows, e);
	if (rc <= 0)
		return rc;
	struct metadata *metadata = arena_new_of(arena, struct metadata);
	if (!metadata)
		return fail(e, ERR_INTERNAL, NULL);
	read_metadata(rows, arena, metadata);
	*ret = metadata;
	return 1;
}

int metadata_remove(struct db *db, int64_t project_id, int64_t id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM metadata WHERE project_id = $1 AND id = $2" };
	return db_exec(db, &sql, DB_ARGS(db_i(project_id), db_i(id)), e);
}

int metadata_remove_all(struct db *db, const struct metadata_object *object, struct err *e)
{
	static const struct sql sql = { "DELETE FROM metadata WHERE project_id = $1 AND kind = $2 AND object_number = $3 AND "
					"(CAST($4 AS TEXT) IS NULL OR column_name = $4)" };
	return db_exec(
		db, &sql, DB_ARGS(db_i(object->project_id), db_s(object->kind), db_i(object->number), db_s(object->column)), e);
}

int metadata_find_objects(
	struct db *db, struct arena *arena, const struct metadata_search *search, int64_t **ret, size_t *ret_count, struct err *e)
{
	static const struct sql sql = { "SELECT DISTINCT object_number FROM metadata WHERE project_id = $1 AND kind = $2 AND "
					"(CAST($3 AS TEXT) IS NULL OR key = $3) "
					"AND (CAST($4 AS TEXT) IS NULL OR value = $4) AND (CAST($5 AS TEXT) IS NULL OR provider "
					"= $5) ORDER BY object_number" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql,
		DB_ARGS(db_i(search->project_id), db_s(search->kind), db_s(search->key), db_s(search->value),
			db_s(search->provider)),
		&rows, e);
	if (rc < 0)
		return rc;
	void *items = NULL;
	size_t count = 0;
	while ((rc = db_next(rows, e)) > 0) {
		if (!(items = list_room(arena, items, count, sizeof(int64_t))))
			return fail(e, ERR_INTERNAL, NULL);
		((int64_t *)items)[count++] = db_col_int(rows, 0);
	}
	if (rc < 0)
		return rc;
	*ret = items;
	*ret_count = count;
	return 0;
}
