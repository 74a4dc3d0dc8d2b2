/* Browsers' sessions, and the counting of wrong passwords. A session's cookie is kept as its keyed hash only. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include <stdint.h>

#include "base/arena.h"
#include "base/secret.h"
#include "db/db.h"

struct session {
	int64_t id, user_id;
	int64_t created_us, used_us, expires_us;
	char *address, *user_agent;
};

/* Alive: not expired, used after idle_since_us. 1 found, 0 not, negative failed. */
int session_find(struct db *db, struct arena *arena, const uint8_t hash[SECRET_HASH_SIZE], int64_t now, int64_t idle_since_us,
	struct session **ret, struct err *e);
/* Is it there still (R13)? 1 yes, 0 no. */
int session_lives(struct db *db, int64_t id, struct err *e);
/* Out: id, created_us, used_us. */
int session_insert(struct db *db, struct session *session, const uint8_t hash[SECRET_HASH_SIZE], struct err *e);
/* A new cookie for the session; the old one is dead. */
int session_renew(struct db *db, int64_t id, const uint8_t hash[SECRET_HASH_SIZE], struct err *e);
int session_used(struct db *db, int64_t id, int64_t used_us, struct err *e);
int session_remove(struct db *db, int64_t id, struct err *e);
/* All of a user but one (0: really all). */
int session_remove_of_user(struct db *db, int64_t user_id, int64_t but_id, struct err *e);
/* Really all: everybody signs in again. */
int session_remove_all(struct db *db, struct err *e);
/* Sessions and counters that are over. */
int session_sweep(struct db *db, int64_t now, int64_t idle_since_us, struct err *e);

/* Wrong tries of one key ("account:<hash>", "address:<ip>"): how many in a row, and until when it is locked. */
struct attempts {
	int64_t failures, locked_until_us;
};
int attempts_find(struct db *db, const char *name, struct attempts *ret, struct err *e);
/* One more; locked until the time given. Counting starts anew when the last failure is older than forget_us. */
int attempts_add(struct db *db, const char *name, int64_t now, int64_t forget_us, struct attempts *ret, struct err *e);
int attempts_lock(struct db *db, const char *name, int64_t until_us, struct err *e);
/* The last one was none: one less, not locked. */
int attempts_take_back(struct db *db, const char *name, struct err *e);
int attempts_clear(struct db *db, const char *name, struct err *e);

#endif
