/* Signing in with e-mail, password and second factor, and what slows down guessing. */
#ifndef WORK_SIGNIN_H
#define WORK_SIGNIN_H

#include "base/arena.h"
#include "store/user.h"
#include "work/app.h"

/* Wrong tries in a row that are free, of one account and from one address; each further one locks twice as long, up to the limit. */
#define TRIES_OF_ACCOUNT 5
#define TRIES_FROM_ADDRESS 20
#define LOCK_FIRST_S 5
#define LOCK_MOST_S 900
#define TRIES_FORGOTTEN_S 3600

struct credentials {
	const char *email, *password;
	const char *code; /* of the second factor, or NULL */
	const char *address, *user_agent;
};
struct signed_in {
	struct user *user;
	int64_t session_id;
	char *cookie; /* the session's secret: for the browser only */
};

/* Checks all and opens a session. ERR_LOGIN_FAILED, ERR_LOGIN_CODE (the password was right), ERR_LOGIN_TOKEN, ERR_LOCKED_OUT. Takes the time of
 * one password check whether or not the account exists. On a worker only. */
int signin(struct app *app, struct arena *arena, const struct credentials *credentials, struct signed_in *ret, struct err *e);

/* Only the password of somebody who is signed in already, counted like a sign-in. On a worker only. */
int signin_prove(
	struct app *app, struct arena *arena, const struct user *user, const struct credentials *credentials, struct err *e);

/* A new cookie for an open session; the old one is dead. The cookie is the arena's. Inside a write. */
int signin_renew(struct db *db, struct arena *arena, int64_t session_id, char **ret_cookie, struct err *e);

/* One try of something that may not be repeated at will ("reset:<address>"): ERR_LOCKED_OUT with the seconds to wait. Inside a write. */
struct attempt_rule {
	const char *name;
	int64_t free;
};
int attempt_count(struct db *db, const struct attempt_rule *rule, struct err *e);

#endif
