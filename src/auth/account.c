/* Who is calling, when it is not a storage token: a management token, or a browser with its session (R03, R16). */
#include "auth/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/manage_token.h"
#include "store/member.h"
#include "store/session.h"
#include "store/user.h"

/* A use is written at most so often. */
#define USE_WRITTEN_US (60 * US_PER_S)

struct use {
	struct db_write write;
	int64_t id, time_us;
};

static int use_write_manage_token(struct db *db, struct db_write *write, struct err *e)
{
	struct use *use = write->arg;
	return manage_token_used(db, use->id, use->time_us, e);
}

static int use_write_session(struct db *db, struct db_write *write, struct err *e)
{
	struct use *use = write->arg;
	return session_used(db, use->id, use->time_us, e);
}

static void use_done(struct db_write *write, int rc)
{
	(void)rc; /* a use that was not counted hurts nobody */
	err_done(&write->err);
	free(write->arg);
}

static void use_submit(struct db *db, int (*run)(struct db *, struct db_write *, struct err *), int64_t id, int64_t last_us)
{
	int64_t now = now_us();
	if (now - last_us < USE_WRITTEN_US)
		return;
	struct use *use = calloc(1, sizeof(*use));
	if (!use)
		return;
	use->id = id;
	use->time_us = now;
	use->write = (struct db_write){ .run = run, .done = use_done, .arg = use };
	database_submit(db_database(db), &use->write);
}

int64_t manage_token_parse(const char *text)
{
	const char *dash = text ? strchr(text, '-') : NULL;
	char digits[20] = "";
	int64_t id = 0;
	if (!dash || dash == text || (size_t)(dash - text) >= sizeof(digits) || strlen(dash + 1) != TOKEN_SECRET_LENGTH)
		return 0;
	memcpy(digits, text, (size_t)(dash - text));
	return strspn(digits, "0123456789") == strlen(digits) && str_to_i64(digits, &id) && id > 0 ? id : 0;
}

static int caller_of_user(struct db *db, struct arena *arena, int64_t user_id, struct caller *ret, struct err *e)
{
	struct user *user = NULL;
	int rc = user_find(db, arena, user_id, &user, e);
	if (rc <= 0 || user->is_disabled)
		return rc < 0 ? rc : 0;
	ret->kind = CALLER_MANAGE;
	ret->user_id = user->id;
	ret->user_email = user->email;
	ret->user_name = user->name;
	ret->is_super = user->is_super;
	return 1;
}

int account_by_manage_token(struct db *db, struct arena *arena, const char *text, struct caller *ret, struct err *e)
{
	struct manage_token *token;
	uint8_t hash[SECRET_HASH_SIZE];
	int64_t id = manage_token_parse(text);
	if (!id)
		return fail(e, ERR_MANAGE_TOKEN_INVALID, NULL);
	int rc = manage_token_find(db, arena, id, &token, e);
	if (rc < 0)
		return rc;
	secret_hash(text, strlen(text), hash);
	if (rc == 0 || !secret_equal(hash, token->hash, sizeof(hash)) || (token->expires_us > 0 && token->expires_us <= now_us()))
		return fail(e, ERR_MANAGE_TOKEN_INVALID, NULL);
	if ((rc = caller_of_user(db, arena, token->user_id, ret, e)) < 0)
		return rc;
	if (rc == 0)
		return fail(e, ERR_MANAGE_TOKEN_INVALID, NULL);
	ret->manage_token_id = token->id;
	ret->manage_refreshed_us = token->refreshed_us;
	ret->scope_read_only = strstr(token->scopes, "\"read-only\"") != NULL;
	use_submit(db, use_write_manage_token, token->id, token->last_used_us);
	return 0;
}

void account_csrf_token(int64_t session_id, char ret[44])
{
	char text[24];
	snprintf(text, sizeof(text), "%lld", (long long)session_id);
	secret_sign("csrf", text, ret);
}

/* Is it our own page that asks? Browsers that say nothing are judged by the CSRF token alone. */
static bool same_site(const struct session_claim *claim)
{
	if (claim->fetch_site)
		return str_eq(claim->fetch_site, "same-origin") || str_eq(claim->fetch_site, "none");
	const char *host = claim->origin ? strstr(claim->origin, "://") : NULL;
	return !claim->origin || (host && str_eq_nocase(host + 3, claim->host));
}

static int check_csrf(const struct session_claim *claim, int64_t session_id, struct err *e)
{
	char expected[44];
	if (!claim->changing)
		return 0;
	account_csrf_token(session_id, expected);
	size_t length = strlen(expected);
	if (!claim->csrf_token || strlen(claim->csrf_token) != length || !secret_equal(claim->csrf_token, expected, length))
		return fail(e, ERR_ACCESS_DENIED, "The page's X-CSRF-Token is missing or not of this session. Reload the page.");
	if (!same_site(claim))
		return fail(e, ERR_ACCESS_DENIED, "The request comes from another site's page.");
	return 0;
}

static int master_token_of(
	struct db *db, struct arena *arena, int64_t project_id, int64_t user_id, int64_t *ret_token_id, struct err *e)
{
	struct member *member = NULL;
	int rc = member_find(db, arena, project_id, user_id, &member, e);
	if (rc < 0)
		return rc;
	if (rc == 0 || (member->expires_us > 0 && member->expires_us <= now_us()))
		return fail(e, ERR_ACCESS_DENIED, NULL);
	*ret_token_id = member->master_token_id;
	return 0;
}

int account_by_session(struct db *db, struct arena *arena, const struct session_claim *claim, struct caller *ret,
	int64_t *ret_token_id, struct err *e)
{
	struct session *session;
	uint8_t hash[SECRET_HASH_SIZE];
	int64_t now = now_us();
	*ret_token_id = 0;
	secret_hash(claim->cookie, strlen(claim->cookie), hash);
	int rc = session_find(db, arena, hash, now, now - claim->idle_s * US_PER_S, &session, e);
	if (rc > 0)
		rc = caller_of_user(db, arena, session->user_id, ret, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_TOKEN_MISSING, "The session is over. Sign in again.");
	ret->session_id = session->id;
	if ((rc = check_csrf(claim, session->id, e)) < 0)
		return rc;
	use_submit(db, use_write_session, session->id, session->used_us);
	return claim->project_id ? master_token_of(db, arena, claim->project_id, session->user_id, ret_token_id, e) : 0;
}

static int manage_token_alive(struct db *db, struct arena *arena, const struct caller *who, struct err *e)
{
	struct manage_token *token;
	int rc = manage_token_find(db, arena, who->manage_token_id, &token, e);
	return rc <= 0 ? rc
		       : token->refreshed_us == who->manage_refreshed_us &&
				 (token->expires_us == 0 || token->expires_us > now_us());
}

int account_recheck(struct db *db, struct arena *arena, const struct caller *who, struct err *e)
{
	struct user *user = NULL;
	int rc = who->session_id ? session_lives(db, who->session_id, e) : manage_token_alive(db, arena, who, e);
	if (rc > 0 && who->kind == CALLER_MANAGE && (rc = user_find(db, arena, who->user_id, &user, e)) > 0)
		rc = !user->is_disabled && user->is_super >= who->is_super;
	if (rc > 0)
		return 0;
	if (rc < 0)
		return rc;
	return who->session_id ? fail(e, ERR_TOKEN_MISSING, "The session is over. Sign in again.")
			       : fail(e, ERR_MANAGE_TOKEN_INVALID, NULL);
}
