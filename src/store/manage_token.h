/* Management tokens "<id>-<secret>": only their keyed hash is kept (R07). */
#ifndef STORE_MANAGE_TOKEN_H
#define STORE_MANAGE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/secret.h"
#include "db/db.h"

struct manage_token {
	int64_t id, user_id;
	uint8_t hash[SECRET_HASH_SIZE];
	char *description;
	char *scopes; /* JSON array; "read-only" among them: it changes nothing */
	int64_t created_us, refreshed_us, expires_us, last_used_us;
	bool is_session; /* made for a short time by another one */
	int64_t creator_id;
};
struct manage_token_list {
	struct manage_token *items;
	size_t count;
};

/* 1 found, 0 not found, negative failed. */
int manage_token_find(struct db *db, struct arena *arena, int64_t id, struct manage_token **ret, struct err *e);
int manage_token_list(struct db *db, struct arena *arena, int64_t user_id, struct manage_token_list *ret, struct err *e);
/* Numbers and makes a token: id, hash and created_us are set; *ret_text is the string, shown once, the arena's. */
int manage_token_insert(struct db *db, struct arena *arena, struct manage_token *token, char **ret_text, struct err *e);
/* A new string; the old one is dead. */
int manage_token_refresh(struct db *db, struct arena *arena, int64_t id, char **ret_text, struct err *e);
int manage_token_remove(struct db *db, int64_t id, struct err *e);
/* All of a user. */
int manage_token_remove_of_user(struct db *db, int64_t user_id, struct err *e);
int manage_token_used(struct db *db, int64_t id, int64_t used_us, struct err *e);

#endif
