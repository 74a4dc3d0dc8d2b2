/* Rows of tokens against marks of the ledger. */
#include "store/token_ledger.h"

#include "base/secret.h"
#include "store/manage_token.h"
#include "store/token.h"

int token_mark_read(struct db *db, int64_t project_id, int64_t token_id, struct token_mark *ret, struct err *e)
{
	static const struct sql FIND = { "SELECT version, refreshed_us FROM tokens WHERE project_id = $1 AND id = $2", NULL };
	static const struct sql FIND_MANAGE = { "SELECT refreshed_us, refreshed_us FROM manage_tokens WHERE id = $1", NULL };
	struct db_rows *rows;
	struct token_mark mark = { project_id, token_id, 0, 0 };
	int rc = project_id ? db_find(db, &FIND, DB_ARGS(db_i(project_id), db_i(token_id)), &rows, e)
			    : db_find(db, &FIND_MANAGE, DB_ARGS(db_i(token_id)), &rows, e);
	if (rc < 0)
		return rc;
	if (rc > 0) {
		mark.version = db_col_int(rows, 0);
		mark.refreshed_us = db_col_int(rows, 1);
		db_rows_close(rows);
	}
	*ret = mark;
	return 0;
}

int token_mark_list_admin(struct db *db, int64_t admin_id, token_mark_each *each, void *arg, struct err *e)
{
	static const struct sql LIST = { "SELECT project_id, id, version, refreshed_us FROM tokens WHERE admin_id = $1", NULL };
	struct db_rows *rows;
	int rc = db_query(db, &LIST, DB_ARGS(db_i(admin_id)), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		struct token_mark mark = { db_col_int(rows, 0), db_col_int(rows, 1), db_col_int(rows, 2), db_col_int(rows, 3) };
		if ((rc = each(arg, &mark, e)) < 0)
			break;
	}
	db_rows_close(rows);
	return rc;
}

static int remove_with_membership(struct db *db, const struct token_mark *mark, struct err *e)
{
	static const struct sql MEMBER = { "DELETE FROM project_users WHERE project_id = $1 AND master_token_id = $2", NULL };
	int rc = db_exec(db, &MEMBER, DB_ARGS(db_i(mark->project_id), db_i(mark->token_id)), e);
	return rc < 0 ? rc : token_remove(db, mark->project_id, mark->token_id, e);
}

/* No string has this hash, and nothing can be unsealed. */
static int kill_string(struct db *db, const struct token_mark *mark, struct err *e)
{
	static const struct sql KILL = { "UPDATE tokens SET hash = $3, sealed = '', refreshed_us = $4, version = $5 "
					 "WHERE project_id = $1 AND id = $2",
		NULL };
	uint8_t hash[SECRET_HASH_SIZE];
	secret_random_bytes(hash, sizeof(hash));
	return db_exec(db, &KILL,
		DB_ARGS(db_i(mark->project_id), db_i(mark->token_id), db_blob(hash, sizeof(hash)), db_i(mark->refreshed_us + 1),
			db_i(mark->version + 1)),
		e);
}

static int disable(struct db *db, const struct token_mark *mark, struct err *e)
{
	static const struct sql DISABLE = { "UPDATE tokens SET is_disabled = 1, version = $3 WHERE project_id = $1 AND id = $2",
		NULL };
	return db_exec(db, &DISABLE, DB_ARGS(db_i(mark->project_id), db_i(mark->token_id), db_i(mark->version + 1)), e);
}

static int manage_mark_apply(struct db *db, const struct token_mark *mark, struct err *e)
{
	static const struct sql KILL = { "UPDATE manage_tokens SET hash = $2, refreshed_us = $3 WHERE id = $1", NULL };
	struct token_mark row;
	uint8_t hash[SECRET_HASH_SIZE];
	int rc = token_mark_read(db, 0, mark->token_id, &row, e);
	if (rc < 0 || !row.version || (mark->version && row.version >= mark->version))
		return rc;
	secret_random_bytes(hash, sizeof(hash));
	rc = mark->version
		     ? db_exec(db, &KILL, DB_ARGS(db_i(mark->token_id), db_blob(hash, sizeof(hash)), db_i(mark->version + 1)), e)
		     : manage_token_remove(db, mark->token_id, e);
	return rc < 0 ? rc : 1;
}

int token_mark_apply(struct db *db, const struct token_mark *mark, struct err *e)
{
	if (!mark->project_id)
		return manage_mark_apply(db, mark, e);
	static const struct sql FIND = { "SELECT version, refreshed_us, is_master FROM tokens WHERE project_id = $1 AND id = $2",
		NULL };
	struct db_rows *rows;
	int rc = db_find(db, &FIND, DB_ARGS(db_i(mark->project_id), db_i(mark->token_id)), &rows, e);
	if (rc <= 0)
		return rc;
	bool older = db_col_int(rows, 0) < mark->version, kill = db_col_int(rows, 1) < mark->refreshed_us || db_col_bool(rows, 2);
	db_rows_close(rows);
	if (!mark->version)
		rc = remove_with_membership(db, mark, e);
	else if (older)
		rc = kill ? kill_string(db, mark, e) : disable(db, mark, e);
	else
		return 0;
	if (rc < 0)
		return rc;
	db_changed(db, DB_CHANGED_TOKEN, mark->project_id, mark->token_id);
	return 1;
}

int token_ids_skip(struct db *db, const struct token_mark *mark, struct err *e)
{
	static const struct sql SKIP = { "UPDATE sequences SET last = $1 WHERE name = 'token' AND last < $1",
		"SELECT setval('seq_token', $1) WHERE (SELECT last_value FROM seq_token) < $1" };
	static const struct sql SKIP_MANAGE = { "UPDATE sequences SET last = $1 WHERE name = 'manage_token' AND last < $1",
		"SELECT setval('seq_manage_token', $1) WHERE (SELECT last_value FROM seq_manage_token) < $1" };
	return db_exec(db, mark->project_id ? &SKIP : &SKIP_MANAGE, DB_ARGS(db_i(mark->token_id)), e);
}
