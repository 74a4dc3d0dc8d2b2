/* Features: names that switch something on for projects or people. */
#include "store/feature.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"

static void feature_read(struct arena *arena, struct db_rows *rows, struct feature *feature)
{
	*feature = (struct feature){
		.id = db_col_int(rows, 0),
		.name = arena_strdup(arena, db_col_text(rows, 1)),
		.type = arena_strdup(arena, db_col_text(rows, 2)),
		.title = arena_strdup(arena, db_col_text(rows, 3)),
		.description = arena_strdup(arena, db_col_text(rows, 4)),
		.created_us = db_col_int(rows, 5),
	};
}

int feature_find(struct db *db, struct arena *arena, int64_t id, struct feature **ret, struct err *e)
{
	static const struct sql sql = { "SELECT id, name, type, title, description, created_us FROM features WHERE id = $1",
		NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(id)), &rows, e);
	if (rc <= 0)
		return rc;
	struct feature *feature = arena_new_of(arena, struct feature);
	if (!feature)
		return fail_internal(e, ERR_INTERNAL, "no memory for a feature");
	feature_read(arena, rows, feature);
	*ret = feature;
	return 1;
}

int feature_has_name(struct db *db, const char *name, const char *type, struct err *e)
{
	static const struct sql sql = { "SELECT 1 FROM features WHERE name = $1 AND (type = $2 OR type = 'global')", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	return db_find(db, &sql, DB_ARGS(db_s(name), db_s(type)), &rows, e);
}

int feature_list(struct db *db, struct arena *arena, const char *type, struct feature_list *ret, struct err *e)
{
	static const struct sql sql = { "SELECT id, name, type, title, description, created_us FROM features"
					" WHERE (CAST($1 AS TEXT) = '' OR type = $1) ORDER BY id",
		NULL };
	own(own_rows) struct db_rows *rows = NULL;
	struct feature_list list = { NULL, 0 };
	int rc = db_query(db, &sql, DB_ARGS(db_s(type ? type : "")), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the features");
		feature_read(arena, rows, &list.items[list.count++]);
	}
	if (rc == 0)
		*ret = list;
	return rc;
}

int feature_insert(struct db *db, struct feature *feature, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO features (id, name, type, title, description, created_us) VALUES ($1, $2, $3, $4, $5, $6)"
		" ON CONFLICT (name) DO NOTHING",
		NULL
	};
	int64_t changed = 0;
	int rc = db_next_id(db, "feature", &feature->id, e);
	if (rc < 0)
		return rc;
	feature->created_us = now_us();
	rc = db_exec_changed(db, &sql,
		DB_ARGS(db_i(feature->id), db_s(feature->name), db_s(feature->type), db_s(feature->title),
			db_s(feature->description), db_i(feature->created_us)),
		&changed, e);
	return rc < 0 ? rc : changed > 0;
}

int feature_update(struct db *db, const struct feature *feature, struct err *e)
{
	static const struct sql sql = { "UPDATE features SET title = $2, description = $3 WHERE id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(feature->id), db_s(feature->title), db_s(feature->description)), e);
}

int feature_remove(struct db *db, int64_t id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM features WHERE id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(id)), e);
}
