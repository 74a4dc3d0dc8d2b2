/* The rows of checkpoints, and the events between two of them. */
#include "store/checkpoint.h"

#include "base/own.h"
#include "store/list.h"

#define CHECKPOINT_COLUMNS "project_id, number, from_id, until_id, event_count, previous_hash, hash, signature, created_us"

static void checkpoint_read(struct arena *arena, struct db_rows *rows, struct checkpoint *ret)
{
	*ret = (struct checkpoint){
		.project_id = db_col_int(rows, 0),
		.number = db_col_int(rows, 1),
		.from_id = arena_strdup(arena, db_col_text(rows, 2)),
		.until_id = arena_strdup(arena, db_col_text(rows, 3)),
		.event_count = db_col_int(rows, 4),
		.previous_hash = arena_strdup(arena, db_col_text(rows, 5)),
		.hash = arena_strdup(arena, db_col_text(rows, 6)),
		.signature = arena_strdup(arena, db_col_text(rows, 7)),
		.created_us = db_col_int(rows, 8),
	};
}

int checkpoint_last(struct db *db, struct arena *arena, int64_t project_id, struct checkpoint **ret, struct err *e)
{
	static const struct sql last = {
		.text = "SELECT " CHECKPOINT_COLUMNS " FROM checkpoints WHERE project_id = $1 ORDER BY number DESC LIMIT 1",
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &last, DB_ARGS(db_i(project_id)), &rows, e);
	if (rc <= 0)
		return rc;
	*ret = arena_new_of(arena, struct checkpoint);
	if (!*ret)
		return fail_internal(e, ERR_INTERNAL, "no memory for a checkpoint");
	checkpoint_read(arena, rows, *ret);
	return 1;
}

int checkpoint_list(struct db *db, struct arena *arena, int64_t project_id, const int64_t after_limit[2],
	struct checkpoint_list *ret, struct err *e)
{
	static const struct sql list = {
		.text = "SELECT " CHECKPOINT_COLUMNS
			" FROM checkpoints WHERE project_id = $1 AND number > $2 ORDER BY number LIMIT $3",
	};
	own(own_rows) struct db_rows *rows = NULL;
	struct checkpoint_list found = { NULL, 0 };
	int rc = db_query(db, &list, DB_ARGS(db_i(project_id), db_i(after_limit[0]), db_i(after_limit[1])), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		found.items = list_room(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the checkpoints");
		checkpoint_read(arena, rows, &found.items[found.count++]);
	}
	if (rc == 0)
		*ret = found;
	return rc;
}

int checkpoint_insert(struct db *db, const struct checkpoint *checkpoint, struct err *e)
{
	static const struct sql insert = {
		.text = "INSERT INTO checkpoints (" CHECKPOINT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
			"ON CONFLICT (project_id, number) DO NOTHING",
	};
	return db_exec(db, &insert,
		DB_ARGS(db_i(checkpoint->project_id), db_i(checkpoint->number), db_s(checkpoint->from_id),
			db_s(checkpoint->until_id), db_i(checkpoint->event_count), db_s(checkpoint->previous_hash),
			db_s(checkpoint->hash), db_s(checkpoint->signature), db_i(checkpoint->created_us)),
		e);
}

int checkpoint_remove_before(struct db *db, int64_t project_id, const char *id, struct err *e)
{
	static const struct sql remove = {
		.text = "DELETE FROM checkpoints WHERE project_id = $1 AND until_id < $2 AND number < (SELECT MAX(number) FROM "
			"checkpoints "
			"WHERE project_id = $1)",
	};
	return db_exec(db, &remove, DB_ARGS(db_i(project_id), db_s(id)), e);
}

int checkpoint_count_from(struct db *db, int64_t project_id, const char *from_id, int64_t *ret, struct err *e)
{
	static const struct sql count = { .text = "SELECT COUNT(*) FROM events WHERE project_id = $1 AND id >= $2" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &count, DB_ARGS(db_i(project_id), db_s(from_id)), &rows, e);
	if (rc > 0)
		*ret = db_col_int(rows, 0);
	return rc < 0 ? rc : 0;
}
