/* Links that reveal a token once its recipient's address is typed (R12). The link holds a secret; the row its hash. */
#ifndef STORE_TOKEN_LINK_H
#define STORE_TOKEN_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/secret.h"
#include "db/db.h"

#define TOKEN_LINK_TRIES 5

/* Dates 0: it did not happen. */
struct token_link {
	int64_t project_id, id, token_id;
	int64_t token_refreshed_us; /* the link is of this string of the token and dies with it */
	uint8_t hash[SECRET_HASH_SIZE];
	const char *recipient, *message;
	int64_t sender_token_id;
	int64_t created_us, expires_us, opened_us, retrieved_us, revoked_us;
	int64_t wrong_tries;
};

int token_link_next_id(struct db *db, int64_t *ret_id, struct err *e);
int token_link_insert(struct db *db, const struct token_link *link, struct err *e);
/* 1 found, 0 not found, negative failed. */
int token_link_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct token_link **ret, struct err *e);
/* The same inside a write: nobody changes it before this write ends. */
int token_link_lock(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct token_link **ret, struct err *e);
/* All of a token, latest first, at most limit. */
int token_link_list(struct db *db, struct arena *arena, const int64_t key[2] /* project, token */, int64_t limit,
	struct token_link **ret, size_t *ret_count, struct err *e);
/* How many of a token still wait to be used. */
int token_link_count(struct db *db, const int64_t key[2], int64_t now_us, int64_t *ret_count, struct err *e);
/* Writes the dates and the count of wrong tries. */
int token_link_update(struct db *db, const struct token_link *link, struct err *e);
/* Deletes those that expired before a time, at most limit. */
int token_link_sweep(struct db *db, int64_t before_us, int64_t limit, int64_t *ret_count, struct err *e);

#endif
