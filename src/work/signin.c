/* Signing in with e-mail, password and second factor, and what slows down guessing. */
#include "work/signin.h"

#include <string.h>

#include "auth/account.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/session.h"
#include "work/passwords.h"
#include "work/second_factor.h"

#define COOKIE_LENGTH 43 /* of base62: 256 bits */

static int64_t lock_s(int64_t failures, int64_t free)
{
	int64_t over = failures - free;
	if (over < 0)
		return 0;
	return over > 8 || (LOCK_FIRST_S << over) > LOCK_MOST_S ? LOCK_MOST_S : LOCK_FIRST_S << over;
}

int attempt_count(struct db *db, const struct attempt_rule *rule, struct err *e)
{
	struct attempts attempts;
	int64_t now = now_us();
	int rc = attempts_find(db, rule->name, &attempts, e);
	if (rc < 0)
		return rc;
	if (attempts.locked_until_us > now) {
		rc = fail(e, ERR_LOCKED_OUT, NULL);
		e->retry_after_s = (int)((attempts.locked_until_us - now) / US_PER_S) + 1;
		return rc;
	}
	if ((rc = attempts_add(db, rule->name, now, now - TRIES_FORGOTTEN_S * US_PER_S, &attempts, e)) < 0)
		return rc;
	int64_t lock = lock_s(attempts.failures, rule->free);
	return lock > 0 ? attempts_lock(db, rule->name, now + lock * US_PER_S, e) : 0;
}

/* What the two steps around the slow password check share. */
struct attempt {
	struct app *app;
	struct arena *arena;
	const struct credentials *credentials;
	char *account, *address; /* names of the counters */
	struct user *seen;       /* whose password is checked; NULL: no such account */
	struct user *user;       /* as it is when that is done */
	struct signed_in *ret;
	bool code_missing;
};

static int attempt_init(struct attempt *attempt, struct err *e)
{
	attempt->account = arena_printf(attempt->arena, "account:%.254s", attempt->credentials->email);
	attempt->address = arena_printf(attempt->arena, "address:%.64s", attempt->credentials->address);
	if (!attempt->account || !attempt->address)
		return fail_internal(e, ERR_INTERNAL, "no memory for a sign-in");
	str_lower(attempt->account);
	return 0;
}

/* Counted before the password is looked at, so that many tries at once are counted too. */
static int attempt_begin(struct db *db, void *arg, struct err *e)
{
	struct attempt *attempt = arg;
	attempt->seen = NULL;
	int rc = attempt_count(db, &(struct attempt_rule){ attempt->account, TRIES_OF_ACCOUNT }, e);
	if (rc >= 0)
		rc = attempt_count(db, &(struct attempt_rule){ attempt->address, TRIES_FROM_ADDRESS }, e);
	if (rc >= 0)
		rc = user_find_email(db, attempt->arena, attempt->credentials->email, &attempt->seen, e);
	return rc < 0 ? rc : 0;
}

/* The address keeps its count: a guesser who owns one account must not start anew with it. */
static int attempt_forget(struct db *db, const struct attempt *attempt, struct err *e)
{
	int rc = attempts_clear(db, attempt->account, e);
	return rc < 0 ? rc : attempts_take_back(db, attempt->address, e);
}

static int check_code(struct db *db, struct attempt *attempt, struct err *e)
{
	if (!attempt->user->totp_sealed)
		return 1;
	if (str_empty(attempt->credentials->code)) {
		attempt->code_missing = true;
		return 0;
	}
	return second_factor_check(db, attempt->arena, attempt->user, attempt->credentials->code, e);
}

/* A new cookie and its hash; NULL when memory is short. */
static char *cookie_make(struct arena *arena, uint8_t ret_hash[SECRET_HASH_SIZE])
{
	char *cookie = arena_alloc(arena, COOKIE_LENGTH + 1);
	if (!cookie)
		return NULL;
	secret_random_text(cookie, COOKIE_LENGTH);
	secret_hash(cookie, COOKIE_LENGTH, ret_hash);
	return cookie;
}

static int session_open(struct db *db, struct attempt *attempt, struct err *e)
{
	uint8_t hash[SECRET_HASH_SIZE];
	const char *agent = attempt->credentials->user_agent ? attempt->credentials->user_agent : "";
	struct session session = {
		.user_id = attempt->user->id,
		.expires_us = now_us() + attempt->app->conf.session_max_s * US_PER_S,
		.address = arena_strdup(attempt->arena, attempt->credentials->address),
		.user_agent = arena_strndup(attempt->arena, agent, strnlen(agent, 255)),
	};
	attempt->ret->cookie = cookie_make(attempt->arena, hash);
	if (!attempt->ret->cookie)
		return fail_internal(e, ERR_INTERNAL, "no memory for a session");
	int rc = session_insert(db, &session, hash, e);
	attempt->ret->session_id = session.id;
	return rc;
}

int signin_renew(struct db *db, struct arena *arena, int64_t session_id, char **ret_cookie, struct err *e)
{
	uint8_t hash[SECRET_HASH_SIZE];
	char *cookie = cookie_make(arena, hash);
	if (!cookie)
		return fail_internal(e, ERR_INTERNAL, "no memory for a session");
	int rc = session_renew(db, session_id, hash, e);
	if (rc >= 0)
		*ret_cookie = cookie;
	return rc;
}

static int attempt_end(struct db *db, void *arg, struct err *e)
{
	struct attempt *attempt = arg;
	attempt->code_missing = false;
	/* Read again: the password or the second factor may have changed while the old one was checked. */
	int rc = user_find(db, attempt->arena, attempt->seen->id, &attempt->user, e);
	if (rc < 0)
		return rc;
	if (rc == 0 || attempt->user->is_disabled || !str_eq(attempt->seen->password_hash, attempt->user->password_hash))
		return fail(e, ERR_LOGIN_FAILED, NULL);
	if ((rc = check_code(db, attempt, e)) < 0)
		return rc;
	if (rc == 0 && !attempt->code_missing)
		return fail(e, ERR_LOGIN_FAILED, "The code is not right.");
	if (attempt->code_missing)
		return attempts_take_back(db, attempt->account, e);
	attempt->ret->user = attempt->user;
	if ((rc = attempt_forget(db, attempt, e)) < 0)
		return rc;
	return session_open(db, attempt, e);
}

/* The same effort for an account that does not exist. */
static bool password_right(const struct user *user, const char *password)
{
	if (user && user->password_hash)
		return password_verify(user->password_hash, password);
	own(own_free) char *hash = password_hash(password, NULL);
	return false;
}

static int refuse_tokens(const struct credentials *credentials, struct err *e)
{
	int64_t project_id, token_id;
	if (token_parse(credentials->password, &project_id, &token_id) || token_parse(credentials->email, &project_id, &token_id))
		return fail(e, ERR_LOGIN_TOKEN, NULL);
	if (manage_token_parse(credentials->password) || manage_token_parse(credentials->email))
		return fail(e, ERR_LOGIN_TOKEN,
			"This is a management token; people sign in here with e-mail and password. It works in the header "
			"X-KBC-ManageApiToken of calls of the Management API.");
	return 0;
}

int signin(struct app *app, struct arena *arena, const struct credentials *credentials, struct signed_in *ret, struct err *e)
{
	struct attempt attempt = { .app = app, .arena = arena, .credentials = credentials, .ret = ret };
	int rc = refuse_tokens(credentials, e);
	if (rc < 0 || (rc = attempt_init(&attempt, e)) < 0)
		return rc;
	if (!str_is_email(credentials->email) || strlen(credentials->password) > PASSWORD_LENGTH_MAX)
		return fail(e, ERR_LOGIN_FAILED, NULL);
	if ((rc = database_transact(app->database, attempt_begin, &attempt, e)) < 0)
		return rc;
	if (!password_right(attempt.seen, credentials->password))
		return fail(e, ERR_LOGIN_FAILED, NULL);
	if ((rc = database_transact(app->database, attempt_end, &attempt, e)) < 0)
		return rc;
	return attempt.code_missing ? fail(e, ERR_LOGIN_CODE, NULL) : 0;
}

static int prove_end(struct db *db, void *arg, struct err *e)
{
	return attempt_forget(db, arg, e);
}

int signin_prove(
	struct app *app, struct arena *arena, const struct user *user, const struct credentials *credentials, struct err *e)
{
	struct attempt attempt = { .app = app, .arena = arena, .credentials = credentials };
	int rc = attempt_init(&attempt, e);
	if (rc < 0 || (rc = database_transact(app->database, attempt_begin, &attempt, e)) < 0)
		return rc;
	if (strlen(credentials->password) > PASSWORD_LENGTH_MAX || !password_right(user, credentials->password))
		return fail(e, ERR_MANAGE_VALIDATION, "The current password is not right.");
	return database_transact(app->database, prove_end, &attempt, e);
}
