/* People: accounts with which they sign in. */
#ifndef STORE_USER_H
#define STORE_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* All memory belongs to the arena that it was read into. */
struct user {
	int64_t id;
	char *email; /* lower case */
	char *name;
	char *password_hash; /* NULL: not activated yet */
	int64_t created_us;
	bool is_super, is_disabled;
	char *features;            /* JSON array of names */
	char *totp_sealed;         /* NULL: no second factor */
	char *totp_pending_sealed; /* set up, not proved yet, or NULL */
	int64_t totp_last_step;
};

/* The address of an erased account begins so: no e-mail address does. */
#define USER_ERASED "deleted:"

struct user_list {
	struct user *items;
	size_t count;
};

/* 1 found, 0 not found, negative failed. An e-mail address is compared in lower case. */
int user_find(struct db *db, struct arena *arena, int64_t id, struct user **ret, struct err *e);
int user_find_email(struct db *db, struct arena *arena, const char *email, struct user **ret, struct err *e);
/* Newest last. */
int user_list(struct db *db, struct arena *arena, int64_t limit, int64_t offset, struct user_list *ret, struct err *e);
/* In: email, name, password_hash, is_super. Out: id, created_us. ERR_ACCOUNT_EXISTS when the address is taken. */
int user_insert(struct db *db, struct user *user, struct err *e);
/* Writes name, features, is_super and is_disabled, and touches the projects that show them (R13). */
int user_update(struct db *db, const struct user *user, struct err *e);
int user_set_password(struct db *db, int64_t id, const char *password_hash, struct err *e);
/* The account is over: address and name are forgotten, nobody signs in with it, it is member of no organization or maintainer. */
int user_erase(struct db *db, int64_t id, struct err *e);
bool user_is_erased(const struct user *user);
/* As organization_hold(): for a write that makes the user a member of something. */
int user_hold(struct db *db, int64_t id, struct err *e);
int user_rename(struct db *db, int64_t id, const char *name, struct err *e);
int user_set_totp_pending(struct db *db, int64_t id, const char *sealed, struct err *e);
/* Ends a pending one too. sealed NULL: without a second factor. */
int user_set_totp(struct db *db, int64_t id, const char *sealed, struct err *e);
/* A code is good once: 1 when step is newer than the last one used (and is the last one now), 0 when not. */
int user_use_totp_step(struct db *db, int64_t id, int64_t step, struct err *e);

/* Recovery codes, kept hashed, each good once. Setting replaces all. */
int recovery_set(struct db *db, int64_t user_id, const uint8_t (*hashes)[32], size_t count, struct err *e);
/* 1 used now, 0 not a code of this user. */
int recovery_use(struct db *db, int64_t user_id, const uint8_t hash[32], struct err *e);

/* Mailed links of an account, kept hashed: kind is "activate" or "reset". */
int user_link_insert(struct db *db, int64_t user_id, const char *kind, const uint8_t hash[32], int64_t expires_us, struct err *e);
/* 1 found and alive, 0 not. */
int user_link_find(struct db *db, const char *kind, const uint8_t hash[32], int64_t *ret_user_id, struct err *e);
/* Ends all links of the user (a password was set). */
int user_links_remove(struct db *db, int64_t user_id, struct err *e);

#endif
