/* The queue of mails. */
#include "store/mail.h"

#include "base/own.h"

int mail_row_next_id(struct db *db, int64_t *ret_id, struct err *e)
{
	return db_next_id(db, "mail", ret_id, e);
}

int mail_row_insert(struct db *db, const struct mail_row *row, struct err *e)
{
	static const struct sql SQL = { "INSERT INTO mails (project_id, id, recipient, subject, sealed, created_us, next_us) "
					"VALUES ($1, $2, $3, $4, $5, $6, $6)",
		NULL };
	return db_exec(db, &SQL,
		DB_ARGS(db_i(row->project_id), db_i(row->id), db_s(row->recipient), db_s(row->subject), db_s(row->sealed),
			db_i(row->created_us)),
		e);
}

int mail_row_due(struct db *db, int64_t now_us, struct err *e)
{
	static const struct sql SQL = { "SELECT 1 FROM mails WHERE next_us <= $1 LIMIT 1", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	return db_find(db, &SQL, DB_ARGS(db_i(now_us)), &rows, e);
}

int mail_row_take(struct db *db, struct arena *arena, int64_t now_us, int64_t until_us, struct mail_row **ret, struct err *e)
{
	static const struct sql SQL = { "UPDATE mails SET next_us = $2 WHERE (project_id, id) = "
					"(SELECT project_id, id FROM mails WHERE next_us <= $1 ORDER BY next_us LIMIT 1) "
					"RETURNING project_id, id, recipient, subject, sealed, created_us, tries",
		"UPDATE mails SET next_us = $2 WHERE (project_id, id) = "
		"(SELECT project_id, id FROM mails WHERE next_us <= $1 ORDER BY next_us LIMIT 1 FOR UPDATE SKIP LOCKED) "
		"RETURNING project_id, id, recipient, subject, sealed, created_us, tries" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &SQL, DB_ARGS(db_i(now_us), db_i(until_us)), &rows, e);
	if (rc <= 0)
		return rc;
	struct mail_row *row = arena_new_of(arena, struct mail_row);
	if (!row)
		return fail(e, ERR_INTERNAL, NULL);
	*row = (struct mail_row){
		.project_id = db_col_int(rows, 0),
		.id = db_col_int(rows, 1),
		.recipient = arena_strdup(arena, db_col_text(rows, 2)),
		.subject = arena_strdup(arena, db_col_text(rows, 3)),
		.sealed = arena_strdup(arena, db_col_text(rows, 4)),
		.created_us = db_col_int(rows, 5),
		.tries = db_col_int(rows, 6),
	};
	*ret = row;
	return 1;
}

int mail_row_remove(struct db *db, const struct mail_row *row, struct err *e)
{
	static const struct sql SQL = { "DELETE FROM mails WHERE project_id = $1 AND id = $2", NULL };
	return db_exec(db, &SQL, DB_ARGS(db_i(row->project_id), db_i(row->id)), e);
}

int mail_row_delay(struct db *db, const struct mail_row *row, int64_t next_us, struct err *e)
{
	static const struct sql SQL = { "UPDATE mails SET tries = tries + 1, next_us = $3 WHERE project_id = $1 AND id = $2",
		NULL };
	return db_exec(db, &SQL, DB_ARGS(db_i(row->project_id), db_i(row->id), db_i(next_us)), e);
}

char *mail_row_context(struct arena *arena, const struct mail_row *row)
{
	return arena_printf(arena, "mail:%lld:%lld", (long long)row->project_id, (long long)row->id);
}
