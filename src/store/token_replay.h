/* Answers that showed a new token string and may be given once more: rows of token_replays. */
#ifndef STORE_TOKEN_REPLAY_H
#define STORE_TOKEN_REPLAY_H

#include "base/arena.h"
#include "base/secret.h"
#include "db/db.h"

struct token_replay {
	int64_t project_id, id, caller_token_id;
	uint8_t caller_hash[SECRET_HASH_SIZE], request_hash[SECRET_HASH_SIZE];
	bool has_key;
	uint8_t key_hash[SECRET_HASH_SIZE];
	const char *address;
	int64_t token_id, token_refreshed_us;
	bool is_undelivered, is_spent;
	int64_t expires_us;
};

/* Out: id. 1 inserted, 0 the caller's key is there already (two servers, the same moment), negative failed. */
int token_replay_insert(struct db *db, struct token_replay *replay, struct err *e);
/* The latest row of the caller with this key that lives; 1, 0, negative. */
int token_replay_find_key(struct db *db, struct arena *arena, const struct token_replay *like, int64_t now_us,
	struct token_replay *ret, struct err *e);
/* The latest one without a key, not spent, of the same caller, string, request and address: only an undelivered one when
 * like->is_undelivered, else whatever became of it. */
int token_replay_find_open(struct db *db, struct arena *arena, const struct token_replay *like, int64_t now_us,
	struct token_replay *ret, struct err *e);
/* Was the string of the answer used (or is the row gone)? 1, 0, negative. */
int token_replay_is_spent(struct db *db, int64_t project_id, int64_t id, struct err *e);
/* Is there any row of a token that refreshed itself and used this string for it? 1, 0, negative. */
int token_replay_self(
	struct db *db, int64_t project_id, int64_t token_id, const uint8_t caller_hash[SECRET_HASH_SIZE], struct err *e);
/* The delivery of the answer: lost (from now on it may be repeated until expires_us), or on its way again. */
int token_replay_set_undelivered(
	struct db *db, int64_t project_id, int64_t id, bool is_undelivered, int64_t expires_us, struct err *e);
/* The string of the token was used: no answer that shows it is repeated. */
int token_replay_spend(struct db *db, int64_t project_id, int64_t token_id, struct err *e);
/* Deletes what is over, at most limit rows; *ret_count how many. */
int token_replay_sweep(struct db *db, int64_t now_us, int64_t limit, int64_t *ret_count, struct err *e);

#endif
