/* Snapshots: rows of the table snapshots. */
#include "store/snapshot.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"

#define SELECT_SNAPSHOTS                                                                                                         \
	"SELECT project_id, id, table_number, table_id, bucket_id, description, created_us, creator_token_id, "                  \
	"creator_description, "                                                                                                  \
	"data_file_id, definition FROM snapshots "

static void read_snapshot(struct db_rows *rows, struct arena *arena, struct snapshot *snapshot)
{
	*snapshot = (struct snapshot){
		.project_id = db_col_int(rows, 0),
		.id = db_col_int(rows, 1),
		.table_number = db_col_int(rows, 2),
		.table_id = arena_strdup(arena, db_col_text(rows, 3)),
		.bucket_id = arena_strdup(arena, db_col_text(rows, 4)),
		.description = arena_strdup(arena, db_col_text(rows, 5)),
		.created_us = db_col_int(rows, 6),
		.creator_token_id = db_col_int(rows, 7),
		.creator_description = arena_strdup(arena, db_col_text(rows, 8)),
		.data_file_id = db_col_int(rows, 9),
		.definition = arena_strdup(arena, db_col_text(rows, 10)),
	};
}

int snapshot_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct snapshot **ret, struct err *e)
{
	static const struct sql sql = { SELECT_SNAPSHOTS "WHERE project_id = $1 AND id = $2" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(project_id), db_i(id)), &rows, e);
	if (rc <= 0)
		return rc;
	struct snapshot *snapshot = arena_new_of(arena, struct snapshot);
	if (!snapshot)
		return fail(e, ERR_INTERNAL, NULL);
	read_snapshot(rows, arena, snapshot);
	*ret = snapshot;
	return 1;
}

int snapshot_list(
	struct db *db, struct arena *arena, const struct snapshot_query *query, struct snapshot_list *ret, struct err *e)
{
	static const struct sql sql = { SELECT_SNAPSHOTS
		"WHERE project_id = $1 AND table_number = $2 ORDER BY id DESC LIMIT $3 OFFSET $4" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql,
		DB_ARGS(db_i(query->project_id), db_i(query->table_number), db_i(query->limit), db_i(query->offset)), &rows, e);
	if (rc < 0)
		return rc;
	void *items = NULL;
	size_t count = 0;
	while ((rc = db_next(rows, e)) > 0) {
		if (!(items = list_room(arena, items, count, sizeof(struct snapshot))))
			return fail(e, ERR_INTERNAL, NULL);
		read_snapshot(rows, arena, (struct snapshot *)items + count++);
	}
	if (rc < 0)
		return rc;
	*ret = (struct snapshot_list){ items, count };
	return 0;
}

int snapshot_insert(struct db *db, struct snapshot *snapshot, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO snapshots (project_id, id, table_number, table_id, bucket_id, description, created_us, "
		"creator_token_id, "
		"creator_description, data_file_id, definition) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
	};
	int64_t id;
	int rc = db_next_id(db, "snapshot", &id, e);
	if (rc < 0)
		return rc;
	int64_t now = now_us();
	rc = db_exec(db, &sql,
		DB_ARGS(db_i(snapshot->project_id), db_i(id), db_i(snapshot->table_number), db_s(snapshot->table_id),
			db_s(snapshot->bucket_id), db_s(snapshot->description), db_i(now), db_i(snapshot->creator_token_id),
			db_s(snapshot->creator_description), db_i(snapshot->data_file_id), db_s(snapshot->definition)),
		e);
	if (rc < 0)
		return rc;
	snapshot->id = id;
	snapshot->created_us = now;
	return 0;
}

int snapshot_remove(struct db *db, int64_t project_id, int64_t id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM snapshots WHERE project_id = $1 AND id = $2" };
	return db_exec(db, &sql, DB_ARGS(db_i(project_id), db_i(id)), e);
}
