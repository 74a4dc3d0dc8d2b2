/* Browsers' sessions, and the counting of wrong passwords. */
#include "store/session.h"

#include "base/clock.h"
#include "base/own.h"

int session_find(struct db *db, struct arena *arena, const uint8_t hash[SECRET_HASH_SIZE], int64_t now, int64_t idle_since_us,
	struct session **ret, struct err *e)
{
	static const struct sql sql = { "SELECT id, user_id, created_us, used_us, expires_us, address, user_agent FROM sessions"
					" WHERE hash = $1 AND expires_us > $2 AND used_us > $3",
		NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_blob(hash, SECRET_HASH_SIZE), db_i(now), db_i(idle_since_us)), &rows, e);
	if (rc <= 0)
		return rc;
	struct session *session = arena_new_of(arena, struct session);
	if (!session)
		return fail_internal(e, ERR_INTERNAL, "no memory for a session");
	*session = (struct session){
		.id = db_col_int(rows, 0),
		.user_id = db_col_int(rows, 1),
		.created_us = db_col_int(rows, 2),
		.used_us = db_col_int(rows, 3),
		.expires_us = db_col_int(rows, 4),
		.address = arena_strdup(arena, db_col_text(rows, 5)),
		.user_agent = arena_strdup(arena, db_col_text(rows, 6)),
	};
	*ret = session;
	return 1;
}

int session_lives(struct db *db, int64_t id, struct err *e)
{
	static const struct sql sql = { "SELECT 1 FROM sessions WHERE id = $1 AND expires_us > $2", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	return db_find(db, &sql, DB_ARGS(db_i(id), db_i(now_us())), &rows, e);
}

int session_insert(struct db *db, struct session *session, const uint8_t hash[SECRET_HASH_SIZE], struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO sessions (id, user_id, hash, created_us, used_us, expires_us, address, user_agent)"
		" VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
		NULL
	};
	int rc = db_next_id(db, "session", &session->id, e);
	if (rc < 0)
		return rc;
	session->created_us = session->used_us = now_us();
	return db_exec(db, &sql,
		DB_ARGS(db_i(session->id), db_i(session->user_id), db_blob(hash, SECRET_HASH_SIZE), db_i(session->created_us),
			db_i(session->expires_us), db_s(session->address ? session->address : ""),
			db_s(session->user_agent ? session->user_agent : "")),
		e);
}

int session_renew(struct db *db, int64_t id, const uint8_t hash[SECRET_HASH_SIZE], struct err *e)
{
	static const struct sql sql = { "UPDATE sessions SET hash = $2 WHERE id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(id), db_blob(hash, SECRET_HASH_SIZE)), e);
}

int session_used(struct db *db, int64_t id, int64_t used_us, struct err *e)
{
	static const struct sql sql = { "UPDATE sessions SET used_us = $2 WHERE id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(id), db_i(used_us)), e);
}

int session_remove(struct db *db, int64_t id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM sessions WHERE id = $1", NULL };
	db_changed(db, DB_CHANGED_SESSION, 0, id);
	return db_exec(db, &sql, DB_ARGS(db_i(id)), e);
}

int session_remove_of_user(struct db *db, int64_t user_id, int64_t but_id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM sessions WHERE user_id = $1 AND id <> $2", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(user_id), db_i(but_id)), e);
}

int session_remove_all(struct db *db, struct err *e)
{
	static const struct sql sql = { "DELETE FROM sessions", NULL };
	return db_exec(db, &sql, DB_NONE, e);
}

int session_sweep(struct db *db, int64_t now, int64_t idle_since_us, struct err *e)
{
	static const struct sql sql_sessions = { "DELETE FROM sessions WHERE used_us <= $1 OR expires_us <= $2", NULL };
	static const struct sql sql_attempts = { "DELETE FROM attempts WHERE last_us < $1 AND locked_until_us < $2", NULL };
	static const struct sql sql_links = { "DELETE FROM user_links WHERE expires_us <= $1", NULL };
	static const struct sql sql_tokens = {
		"DELETE FROM manage_tokens WHERE is_session = 1 AND expires_us > 0 AND expires_us <= $1", NULL
	};
	int rc = db_exec(db, &sql_sessions, DB_ARGS(db_i(idle_since_us), db_i(now)), e);
	if (rc >= 0)
		rc = db_exec(db, &sql_attempts, DB_ARGS(db_i(now - US_PER_DAY), db_i(now)), e);
	if (rc >= 0)
		rc = db_exec(db, &sql_links, DB_ARGS(db_i(now)), e);
	return rc < 0 ? rc : db_exec(db, &sql_tokens, DB_ARGS(db_i(now)), e);
}

int attempts_find(struct db *db, const char *name, struct attempts *ret, struct err *e)
{
	static const struct sql sql = { "SELECT failures, locked_until_us FROM attempts WHERE name = $1", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_s(name)), &rows, e);
	if (rc < 0)
		return rc;
	*ret = (struct attempts){ rc > 0 ? db_col_int(rows, 0) : 0, rc > 0 ? db_col_int(rows, 1) : 0 };
	return 0;
}

int attempts_add(struct db *db, const char *name, int64_t now, int64_t forget_us, struct attempts *ret, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO attempts AS a (name, failures, last_us) VALUES ($1, 1, $2) ON CONFLICT (name) DO UPDATE"
		" SET failures = CASE WHEN a.last_us < $3 THEN 1 ELSE a.failures + 1 END, last_us = $2 RETURNING failures, "
		"locked_until_us",
		NULL
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql, DB_ARGS(db_s(name), db_i(now), db_i(forget_us)), &rows, e);
	if (rc < 0 || (rc = db_next(rows, e)) < 0)
		return rc;
	*ret = (struct attempts){ db_col_int(rows, 0), db_col_int(rows, 1) };
	return 0;
}

int attempts_lock(struct db *db, const char *name, int64_t until_us, struct err *e)
{
	static const struct sql sql = { "UPDATE attempts SET locked_until_us = $2 WHERE name = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_s(name), db_i(until_us)), e);
}

int attempts_clear(struct db *db, const char *name, struct err *e)
{
	static const struct sql sql = { "DELETE FROM attempts WHERE name = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_s(name)), e);
}

int attempts_take_back(struct db *db, const char *name, struct err *e)
{
	static const struct sql sql = {
		"UPDATE attempts SET failures = failures - 1, locked_until_us = 0 WHERE name = $1 AND failures > 0", NULL
	};
	return db_exec(db, &sql, DB_ARGS(db_s(name)), e);
}
