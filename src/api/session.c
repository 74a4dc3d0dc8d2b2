/* Signing in to the pages (R16): sessions, second factor, passwords, activation and reset by mailed link. docs/accounts.md shows the JSON. */
#include <stdlib.h>
#include <string.h>

#include "auth/account.h"
#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "http/req.h"
#include "store/member.h"
#include "store/organization.h"
#include "store/session.h"
#include "work/account_json.h"
#include "work/passwords.h"
#include "work/second_factor.h"
#include "work/signin.h"

static struct credentials credentials_of(struct req *rq, const char *email, const char *password)
{
	return (struct credentials){
		.email = email,
		.password = password,
		.code = arg_text(rq, "code", NULL),
		.address = req_address(rq),
		.user_agent = req_header(rq, "User-Agent"),
	};
}

#define SESSION_COOKIE "chatelaine_session" /* read by http/callers.c */

/* HttpOnly: no script reads it; SameSite: no other site sends it. */
static void cookie_set(struct req *rq, const char *value)
{
	bool tls = str_starts(req_public_url(rq), "https://");
	const char *life = *value ? "" : "; Max-Age=0";
	char *text = arena_printf(
		rq->arena, SESSION_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict%s%s", value, tls ? "; Secure" : "", life);
	if (text)
		reply_header(rq, "Set-Cookie", text);
}

static json_t *signed_in_json(const struct user *user, int64_t session_id)
{
	char csrf[44];
	account_csrf_token(session_id, csrf);
	return json_pack("{s:{s:I, s:s, s:s, s:b, s:o, s:b}, s:s}", "user", "id", (json_int_t)user->id, "name", user->name,
		"email", user->email, "isSuper", user->is_super, "features", json_kept(user->features), "hasSecondFactor",
		user->totp_sealed != NULL, "csrfToken", csrf);
}

static int user_of_session(struct req *rq, struct db *db, struct user **ret, struct err *e)
{
	int rc = user_find(db, rq->arena, rq->who->user_id, ret, e);
	return rc == 0 ? fail(e, ERR_TOKEN_MISSING, NULL) : rc;
}

/* --- signing in and out ---------------------------------------------------------------------------------------------------------- */

static const struct param LOGIN_PARAMS[] = {
	{ "email", P_TEXT, 254, "e-mail address of the account" },
	{ "password", P_TEXT, 1024, NULL },
	{ "code", P_TEXT, 64, "code of the second factor, or a recovery code" },
	{ 0 },
};

/* Another site must not sign a browser in, into an account of its own. */
static int session_login(struct req *rq, struct err *e)
{
	const char *email, *password;
	struct signed_in signed_in = { 0 };
	if (str_eq(req_header(rq, "Sec-Fetch-Site"), "cross-site"))
		return fail(e, ERR_ACCESS_DENIED, "The request comes from another site's page.");
	int rc = arg_required(rq, "email", &email, e);
	if (rc < 0 || (rc = arg_required(rq, "password", &password, e)) < 0)
		return rc;
	struct credentials credentials = credentials_of(rq, email, password);
	if ((rc = signin(rq->app, rq->arena, &credentials, &signed_in, e)) < 0)
		return rc;
	cookie_set(rq, signed_in.cookie);
	return reply_json(rq, 200, signed_in_json(signed_in.user, signed_in.session_id));
}

static json_t *session_projects(const struct member_list *members)
{
	json_t *projects = json_array();
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		json_array_append_new(projects,
			json_pack("{s:I, s:s, s:s, s:I, s:s, s:b}", "id", (json_int_t)member->project_id, "name",
				member->project_name, "role", member->role, "organizationId", (json_int_t)member->organization_id,
				"organizationName", member->organization_name, "isDisabled", member->project_disabled));
	}
	return projects;
}

static json_t *session_organizations(const struct organization_list *organizations)
{
	json_t *list = json_array();
	for (size_t i = 0; i < organizations->count; i++)
		json_array_append_new(list, json_pack("{s:I, s:s}", "id", (json_int_t)organizations->items[i].id, "name",
						    organizations->items[i].name));
	return list;
}

static int session_show(struct req *rq, struct err *e)
{
	struct user *user = NULL;
	struct member_list members;
	struct organization_list organizations;
	int rc = user_of_session(rq, rq->db, &user, e);
	if (rc < 0 || (rc = member_list_of_user(rq->db, rq->arena, user->id, &members, e)) < 0 ||
		(rc = organization_list(rq->db, rq->arena, 0, user->is_super ? 0 : user->id, &organizations, e)) < 0)
		return rc;
	json_t *shown = signed_in_json(user, rq->who->session_id);
	json_object_set_new(shown, "projects", session_projects(&members));
	json_object_set_new(shown, "organizations", session_organizations(&organizations));
	return reply_json(rq, 200, shown);
}

static int session_logout(struct req *rq, struct err *e)
{
	int rc = session_remove(rq->db, rq->who->session_id, e);
	if (rc < 0)
		return rc;
	cookie_set(rq, "");
	return reply_none(rq, 204);
}

/* --- the account's own data --------------------------------------------------------------------------------------------------------- */

static const struct param PROFILE_PARAMS[] = { { "name", P_TEXT, 255, "name that others see" }, { 0 } };

static int session_profile(struct req *rq, struct err *e)
{
	const char *name;
	struct user *user = NULL;
	int rc = arg_required(rq, "name", &name, e);
	if (rc < 0 || (rc = user_rename(rq->db, rq->who->user_id, name, e)) < 0 ||
		(rc = user_of_session(rq, rq->db, &user, e)) < 0)
		return rc;
	return reply_json(rq, 200, user_json(user));
}

struct password_change {
	struct req *rq;
	char *hash, *cookie;
};

static int password_change_write(struct db *db, void *arg, struct err *e)
{
	struct password_change *change = arg;
	const struct caller *who = change->rq->who;
	int rc = account_recheck(db, change->rq->arena, who, e);
	if (rc < 0 || (rc = user_set_password(db, who->user_id, change->hash, e)) < 0 ||
		(rc = user_links_remove(db, who->user_id, e)) < 0 ||
		(rc = session_remove_of_user(db, who->user_id, who->session_id, e)) < 0)
		return rc;
	return signin_renew(db, change->rq->arena, who->session_id, &change->cookie, e);
}

static const struct param PASSWORD_PARAMS[] = { { "current", P_TEXT, 1024, NULL }, { "new", P_TEXT, 1024, NULL }, { 0 } };

/* Every other session dies with the old password; the browser that asked gets a new cookie. */
static int session_password(struct req *rq, struct err *e)
{
	const char *current, *new;
	struct user *user = NULL;
	int rc = arg_required(rq, "current", &current, e);
	if (rc < 0 || (rc = arg_required(rq, "new", &new, e)) < 0 || (rc = password_check(new, e)) < 0 ||
		(rc = user_of_session(rq, rq->db, &user, e)) < 0)
		return rc;
	struct credentials credentials = credentials_of(rq, user->email, current);
	if ((rc = signin_prove(rq->app, rq->arena, user, &credentials, e)) < 0)
		return rc;
	own(own_free) char *hash = password_hash(new, e);
	struct password_change change = { .rq = rq, .hash = hash };
	if (!hash)
		return -(int)e->code;
	if ((rc = database_transact(rq->app->database, password_change_write, &change, e)) < 0)
		return rc;
	cookie_set(rq, change.cookie);
	return reply_json(rq, 200, signed_in_json(user, rq->who->session_id));
}

/* --- the second factor ---------------------------------------------------------------------------------------------------------------- */

static int totp_setup(struct req *rq, struct err *e)
{
	struct user *user = NULL;
	char *secret;
	int rc = user_of_session(rq, rq->db, &user, e);
	if (rc < 0)
		return rc;
	if (user->totp_sealed)
		return fail(e, ERR_MANAGE_VALIDATION,
			"The second factor is on already. Switch it off first to set up another device.");
	if ((rc = second_factor_setup(rq->db, rq->arena, user, &secret, e)) < 0)
		return rc;
	const char *uri =
		arena_printf(rq->arena, "otpauth://totp/Chatelaine:%s?secret=%s&issuer=Chatelaine", user->email, secret);
	return reply_json(rq, 200, json_pack("{s:s, s:s}", "secret", secret, "uri", uri));
}

static const struct param CODE_PARAMS[] = { { "code", P_TEXT, 64, "code that the app shows" }, { 0 } };

static int totp_enable(struct req *rq, struct err *e)
{
	const char *code;
	struct user *user = NULL;
	char *codes[RECOVERY_CODES];
	int rc = arg_required(rq, "code", &code, e);
	if (rc < 0 || (rc = user_of_session(rq, rq->db, &user, e)) < 0 ||
		(rc = second_factor_enable(rq->db, rq->arena, user, code, codes, e)) < 0)
		return rc;
	json_t *list = json_array();
	for (int i = 0; i < RECOVERY_CODES; i++)
		json_array_append_new(list, json_string(codes[i]));
	return reply_json(rq, 200, json_pack("{s:o}", "recoveryCodes", list));
}

static const struct param PROOF_PARAMS[] = { { "password", P_TEXT, 1024, "the account's password" }, { 0 } };

static int totp_disable_write(struct db *db, void *arg, struct err *e)
{
	const struct req *rq = arg;
	int rc = account_recheck(db, rq->arena, rq->who, e);
	return rc < 0 ? rc : second_factor_disable(db, rq->who->user_id, e);
}

static int totp_disable(struct req *rq, struct err *e)
{
	const char *password;
	struct user *user = NULL;
	int rc = arg_required(rq, "password", &password, e);
	if (rc < 0 || (rc = user_of_session(rq, rq->db, &user, e)) < 0)
		return rc;
	struct credentials credentials = credentials_of(rq, user->email, password);
	if ((rc = signin_prove(rq->app, rq->arena, user, &credentials, e)) < 0)
		return rc;
	rc = database_transact(rq->app->database, totp_disable_write, rq, e);
	return rc < 0 ? rc : reply_none(rq, 204);
}

const struct route SESSION_ROUTES[] = {
	{ "POST", "/auth/login", ALLOW_PUBLIC, EVENT_NONE, RUN_WORK, session_login, LOGIN_PARAMS, .summary = "Sign in" },
	{ "GET", "/auth/session", ALLOW_SESSION, EVENT_NONE, RUN_LOOP, session_show,
		.summary = "Who is signed in, and where they may go" },
	{ "DELETE", "/auth/session", ALLOW_SESSION, EVENT_NONE, RUN_WRITE, session_logout, .summary = "Sign out" },
	{ "PATCH", "/auth/profile", ALLOW_SESSION, EVENT_NONE, RUN_WRITE, session_profile, PROFILE_PARAMS,
		.summary = "Change one's name" },
	{ "POST", "/auth/password", ALLOW_SESSION, EVENT_NONE, RUN_WORK, session_password, PASSWORD_PARAMS,
		.summary = "Change one's password" },
	{ "POST", "/auth/totp/setup", ALLOW_SESSION, EVENT_NONE, RUN_WRITE, totp_setup,
		.summary = "Begin to set up a second factor" },
	{ "POST", "/auth/totp/enable", ALLOW_SESSION, EVENT_NONE, RUN_WRITE, totp_enable, CODE_PARAMS,
		.summary = "Switch the second factor on; shows recovery codes once" },
	{ "POST", "/auth/totp/disable", ALLOW_SESSION, EVENT_NONE, RUN_WORK, totp_disable, PROOF_PARAMS,
		.summary = "Switch the second factor off" },
	{ 0 },
};
