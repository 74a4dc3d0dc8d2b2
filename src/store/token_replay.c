/* Answers that may be given once more. */
#include "store/token_replay.h"

#include <string.h>

#include "base/clock.h"
#include "base/own.h"

#define COLUMNS                                                                                                                  \
	"id, caller_hash, request_hash, key_hash, address, token_id, token_refreshed_us, is_undelivered, is_spent, expires_us"

static void hash_read(struct db_rows *rows, int column, uint8_t ret_hash[SECRET_HASH_SIZE])
{
	size_t length;
	const void *hash = db_col_blob(rows, column, &length);
	memset(ret_hash, 0, SECRET_HASH_SIZE);
	if (hash && length == SECRET_HASH_SIZE)
		memcpy(ret_hash, hash, SECRET_HASH_SIZE);
}

static void replay_read(struct db_rows *rows, struct arena *arena, const struct token_replay *like, struct token_replay *ret)
{
	*ret = (struct token_replay){
		.project_id = like->project_id,
		.caller_token_id = like->caller_token_id,
		.id = db_col_int(rows, 0),
		.has_key = !db_col_null(rows, 3),
		.address = arena_strdup(arena, db_col_text(rows, 4)),
		.token_id = db_col_int(rows, 5),
		.token_refreshed_us = db_col_int(rows, 6),
		.is_undelivered = db_col_bool(rows, 7),
		.is_spent = db_col_bool(rows, 8),
		.expires_us = db_col_int(rows, 9),
	};
	hash_read(rows, 1, ret->caller_hash);
	hash_read(rows, 2, ret->request_hash);
	hash_read(rows, 3, ret->key_hash);
}

int token_replay_insert(struct db *db, struct token_replay *replay, struct err *e)
{
	static const struct sql SQL = {
		"INSERT INTO token_replays (project_id, id, caller_token_id, caller_hash, request_hash, key_hash, address, "
		"token_id, "
		"token_refreshed_us, expires_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
		"ON CONFLICT (project_id, caller_token_id, key_hash) WHERE key_hash IS NOT NULL DO NOTHING",
		NULL
	};
	/* One that is over, and waits for its sweeper, is in nobody's way. */
	static const struct sql OVER = { "DELETE FROM token_replays "
					 "WHERE project_id = $1 AND caller_token_id = $2 AND key_hash = $3 AND expires_us <= $4",
		NULL };
	int rc = db_next_id(db, "replay", &replay->id, e);
	if (rc == 0 && replay->has_key)
		rc = db_exec(db, &OVER,
			DB_ARGS(db_i(replay->project_id), db_i(replay->caller_token_id),
				db_blob(replay->key_hash, SECRET_HASH_SIZE), db_i(now_us())),
			e);
	if (rc < 0)
		return rc;
	int64_t changed = 0;
	rc = db_exec_changed(db, &SQL,
		DB_ARGS(db_i(replay->project_id), db_i(replay->id), db_i(replay->caller_token_id),
			db_blob(replay->caller_hash, SECRET_HASH_SIZE), db_blob(replay->request_hash, SECRET_HASH_SIZE),
			replay->has_key ? db_blob(replay->key_hash, SECRET_HASH_SIZE) : db_null(), db_s(replay->address),
			db_i(replay->token_id), db_i(replay->token_refreshed_us), db_i(replay->expires_us)),
		&changed, e);
	return rc < 0 ? rc : changed > 0;
}

int token_replay_find_key(struct db *db, struct arena *arena, const struct token_replay *like, int64_t now_us,
	struct token_replay *ret, struct err *e)
{
	static const struct sql SQL = { "SELECT " COLUMNS " FROM token_replays "
					"WHERE project_id = $1 AND caller_token_id = $2 AND key_hash = $3 AND expires_us > $4",
		NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &SQL,
		DB_ARGS(db_i(like->project_id), db_i(like->caller_token_id), db_blob(like->key_hash, SECRET_HASH_SIZE),
			db_i(now_us)),
		&rows, e);
	if (rc == 1)
		replay_read(rows, arena, like, ret);
	return rc;
}

int token_replay_find_open(struct db *db, struct arena *arena, const struct token_replay *like, int64_t now_us,
	struct token_replay *ret, struct err *e)
{
	static const struct sql SQL = { "SELECT " COLUMNS " FROM token_replays WHERE project_id = $1 AND caller_token_id = $2 "
					"AND key_hash IS NULL AND caller_hash = $3 AND request_hash = $4 AND address = $5 "
					"AND is_undelivered >= $7 AND is_spent = 0 AND expires_us > $6 ORDER BY id DESC LIMIT 1",
		NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &SQL,
		DB_ARGS(db_i(like->project_id), db_i(like->caller_token_id), db_blob(like->caller_hash, SECRET_HASH_SIZE),
			db_blob(like->request_hash, SECRET_HASH_SIZE), db_s(like->address), db_i(now_us),
			db_bool(like->is_undelivered)),
		&rows, e);
	if (rc == 1)
		replay_read(rows, arena, like, ret);
	return rc;
}

int token_replay_is_spent(struct db *db, int64_t project_id, int64_t id, struct err *e)
{
	static const struct sql SQL = { "SELECT is_spent FROM token_replays WHERE project_id = $1 AND id = $2", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &SQL, DB_ARGS(db_i(project_id), db_i(id)), &rows, e);
	return rc == 1 ? db_col_bool(rows, 0) : rc == 0 ? 1 : rc;
}

int token_replay_self(
	struct db *db, int64_t project_id, int64_t token_id, const uint8_t caller_hash[SECRET_HASH_SIZE], struct err *e)
{
	static const struct sql SQL = {
		"SELECT 1 FROM token_replays WHERE project_id = $1 AND token_id = $2 AND caller_token_id = $2 "
		"AND caller_hash = $3 LIMIT 1",
		NULL
	};
	own(own_rows) struct db_rows *rows = NULL;
	return db_find(db, &SQL, DB_ARGS(db_i(project_id), db_i(token_id), db_blob(caller_hash, SECRET_HASH_SIZE)), &rows, e);
}

int token_replay_set_undelivered(
	struct db *db, int64_t project_id, int64_t id, bool is_undelivered, int64_t expires_us, struct err *e)
{
	static const struct sql SQL = {
		"UPDATE token_replays SET is_undelivered = $3, expires_us = $4 WHERE project_id = $1 AND id = $2", NULL
	};
	return db_exec(db, &SQL, DB_ARGS(db_i(project_id), db_i(id), db_bool(is_undelivered), db_i(expires_us)), e);
}

int token_replay_spend(struct db *db, int64_t project_id, int64_t token_id, struct err *e)
{
	static const struct sql SQL = {
		"UPDATE token_replays SET is_spent = 1 WHERE project_id = $1 AND token_id = $2 AND is_spent = 0", NULL
	};
	return db_exec(db, &SQL, DB_ARGS(db_i(project_id), db_i(token_id)), e);
}

int token_replay_sweep(struct db *db, int64_t now_us, int64_t limit, int64_t *ret_count, struct err *e)
{
	static const struct sql SQL = {
		"DELETE FROM token_replays WHERE (project_id, id) IN "
		"(SELECT project_id, id FROM token_replays WHERE expires_us <= $1 ORDER BY expires_us LIMIT $2)",
		NULL
	};
	return db_exec_changed(db, &SQL, DB_ARGS(db_i(now_us), db_i(limit)), ret_count, e);
}
