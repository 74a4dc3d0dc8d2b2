/* The second factor of signing in: codes of an authenticator app (RFC 6238), and recovery codes for the day it is lost. */
#ifndef WORK_SECOND_FACTOR_H
#define WORK_SECOND_FACTOR_H

#include "base/arena.h"
#include "db/db.h"
#include "store/user.h"

#define RECOVERY_CODES 10

/* A new secret, kept sealed beside the user until a code proves it. *ret_secret is base32, the arena's. Inside a write. */
int second_factor_setup(struct db *db, struct arena *arena, const struct user *user, char **ret_secret, struct err *e);
/* The code proves the pending secret: it is the second factor from now on. ret_codes are the recovery codes, shown once, the arena's.
 * ERR_MANAGE_VALIDATION when the code is wrong or nothing is pending. Inside a write. */
int second_factor_enable(struct db *db, struct arena *arena, const struct user *user, const char *code,
	char *ret_codes[RECOVERY_CODES], struct err *e);
/* 1: the code is right and used up now (an app's code, or a recovery code); 0: wrong. Inside a write. */
int second_factor_check(struct db *db, struct arena *arena, const struct user *user, const char *code, struct err *e);
/* Inside a write. */
int second_factor_disable(struct db *db, int64_t user_id, struct err *e);

#endif
