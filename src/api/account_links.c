/* What mailed links open: activation of an account, acceptance of an invitation, a new password. Each secret comes in the body. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "http/req.h"
#include "store/project.h"
#include "store/session.h"
#include "work/account_json.h"
#include "work/invitations.h"
#include "work/passwords.h"
#include "work/signin.h"

#define RESETS_OF_ACCOUNT 5
#define RESETS_FROM_ADDRESS 20

/* --- a forgotten password ------------------------------------------------------------------------------------------------------------- */

static const struct param RESET_PARAMS[] = { { "email", P_TEXT, 254, "e-mail address of the account" }, { 0 } };

static int reset_count(struct req *rq, const char *email, struct err *e)
{
	char *account = arena_printf(rq->arena, "reset:%s", email);
	char *address = arena_printf(rq->arena, "reset-from:%.64s", req_address(rq));
	if (!account || !address)
		return fail_internal(e, ERR_INTERNAL, "no memory for a reset");
	str_lower(account);
	int rc = attempt_count(rq->db, &(struct attempt_rule){ account, RESETS_OF_ACCOUNT }, e);
	return rc < 0 ? rc : attempt_count(rq->db, &(struct attempt_rule){ address, RESETS_FROM_ADDRESS }, e);
}

/* The answer is the same whether the account exists or not. */
static int reset_ask(struct req *rq, struct err *e)
{
	const char *email;
	struct user *user = NULL;
	int rc = arg_required(rq, "email", &email, e);
	if (rc < 0 || (rc = reset_count(rq, email, e)) < 0 || (rc = user_find_email(rq->db, rq->arena, email, &user, e)) < 0)
		return rc;
	if (rc > 0 && !user->is_disabled)
		rc = account_link_send(rq->app, rq->db, rq->arena, user, user->password_hash ? "reset" : "activate", e);
	return rc < 0 ? rc : reply_none(rq, 204);
}

struct new_password {
	struct req *rq;
	const char *name;
	uint8_t link[SECRET_HASH_SIZE];
	char *hash;
	char *email; /* whose it was */
};

static int password_set(struct db *db, int64_t user_id, struct new_password *set, struct err *e)
{
	struct user *user = NULL;
	int rc = user_find(db, set->rq->arena, user_id, &user, e);
	if (rc <= 0 || user->is_disabled)
		return rc < 0 ? rc : fail(e, ERR_LINK_INVALID, NULL);
	set->email = user->email;
	if ((rc = user_set_password(db, user_id, set->hash, e)) < 0 || (rc = user_links_remove(db, user_id, e)) < 0 ||
		(rc = session_remove_of_user(db, user_id, 0, e)) < 0)
		return rc;
	return set->name ? user_rename(db, user_id, set->name, e) : 0;
}

static int reset_write(struct db *db, void *arg, struct err *e)
{
	struct new_password *set = arg;
	int64_t user_id;
	int rc = user_link_find(db, "reset", set->link, &user_id, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_LINK_INVALID, NULL);
	return password_set(db, user_id, set, e);
}

static int new_password_read(struct req *rq, struct new_password *set, struct err *e)
{
	const char *token, *password;
	int rc = arg_required(rq, "token", &token, e);
	if (rc < 0 || (rc = arg_required(rq, "password", &password, e)) < 0 || (rc = password_check(password, e)) < 0)
		return rc;
	account_link_hash(token, set->link);
	set->rq = rq;
	set->hash = password_hash(password, e);
	return set->hash ? 0 : -(int)e->code;
}

static const struct param CONFIRM_PARAMS[] = { { "token", P_TEXT, 128, "from the link" }, { "password", P_TEXT, 1024, NULL },
	{ 0 } };

static int reset_confirm(struct req *rq, struct err *e)
{
	struct new_password set = { 0 };
	int rc = new_password_read(rq, &set, e);
	if (rc >= 0)
		rc = database_transact(rq->app->database, reset_write, &set, e);
	free(set.hash);
	return rc < 0 ? rc : reply_json(rq, 200, json_pack("{s:s}", "email", set.email));
}

/* --- the first time ------------------------------------------------------------------------------------------------------------------ */

static int origin_of_user(struct req *rq, struct db *db, int64_t project_id, const char *email, struct origin *ret, struct err *e)
{
	struct project *project = NULL;
	*ret = rq->origin;
	if (!project_id)
		return 0;
	int rc = project_get(db, rq->arena, project_id, &project, e);
	if (rc < 0)
		return rc;
	ret->project_id = project->id;
	ret->branch_id = project->default_branch_id;
	ret->token_description = email;
	ret->via = "manage";
	return 0;
}

/* The invited person's account: made now, or made before and never activated. */
static int invited_account(
	struct db *db, const struct invitation *invitation, struct new_password *set, struct user **ret, struct err *e)
{
	struct user *user = NULL;
	int rc = user_find_email(db, set->rq->arena, invitation->email, &user, e);
	if (rc < 0)
		return rc;
	if (rc > 0 && user->password_hash)
		return fail(e, ERR_ACCOUNT_EXISTS, NULL);
	if (rc > 0) {
		*ret = user;
		return password_set(db, user->id, set, e);
	}
	if (!(user = arena_new_of(set->rq->arena, struct user)))
		return fail_internal(e, ERR_INTERNAL, "no memory for a user");
	user->email = invitation->email;
	user->name = arena_strdup(set->rq->arena, set->name ? set->name : invitation->email);
	user->password_hash = set->hash;
	*ret = user;
	return user_insert(db, user, e);
}

static int activate_invited(struct db *db, struct new_password *set, struct err *e)
{
	struct invitation *invitation = NULL;
	struct user *user = NULL;
	struct origin origin;
	int rc = invitation_find_hash(db, set->rq->arena, set->link, &invitation, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_LINK_INVALID, NULL);
	if ((rc = invited_account(db, invitation, set, &user, e)) < 0)
		return rc;
	assert(user);
	if ((rc = origin_of_user(set->rq, db, invitation->project_id, user->email, &origin, e)) < 0)
		return rc;
	set->email = user->email;
	return invitation_accept(db, set->rq->arena, &origin, invitation, user, e);
}

static int activate_write(struct db *db, void *arg, struct err *e)
{
	struct new_password *set = arg;
	int64_t user_id;
	int rc = user_link_find(db, "activate", set->link, &user_id, e);
	if (rc < 0)
		return rc;
	return rc > 0 ? password_set(db, user_id, set, e) : activate_invited(db, set, e);
}

static const struct param ACTIVATE_PARAMS[] = {
	{ "token", P_TEXT, 128, "from the link of an invitation or of an account's activation" },
	{ "name", P_TEXT, 255, "name that others see" },
	{ "password", P_TEXT, 1024, NULL },
	{ 0 },
};

static int activate(struct req *rq, struct err *e)
{
	struct new_password set = { .name = arg_text(rq, "name", NULL) };
	int rc = new_password_read(rq, &set, e);
	if (str_empty(set.name))
		set.name = NULL;
	if (rc >= 0)
		rc = database_transact(rq->app->database, activate_write, &set, e);
	free(set.hash);
	return rc < 0 ? rc : reply_json(rq, 200, json_pack("{s:s}", "email", set.email));
}

/* --- what a link is about ------------------------------------------------------------------------------------------------------------- */

static json_t *link_json(const char *kind, const char *email, const char *name, bool activated)
{
	return json_pack("{s:s, s:s, s:s?, s:b}", "kind", kind, "email", email, "name", name, "userExists", activated);
}

static int show_activation(struct req *rq, int64_t user_id, struct err *e)
{
	struct user *user = NULL;
	int rc = user_find(rq->db, rq->arena, user_id, &user, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_LINK_INVALID, NULL);
	return reply_json(rq, 200, link_json("account", user->email, user->name, user->password_hash != NULL));
}

static int show_invitation(struct req *rq, const struct invitation *invitation, struct err *e)
{
	struct user *user = NULL;
	int rc = user_find_email(rq->db, rq->arena, invitation->email, &user, e);
	if (rc < 0)
		return rc;
	json_t *shown = link_json(invitation->project_id ? "project" : "organization", invitation->email,
		user ? user->name : NULL, user && user->password_hash);
	own(own_json) json_t *detail = invitation_json(invitation);
	json_object_set_new(detail, "organizationName", json_string(invitation->organization_name));
	if (invitation->project_id)
		json_object_set_new(detail, "projectName", json_string(invitation->project_name));
	json_object_update_missing(shown, detail);
	return reply_json(rq, 200, shown);
}

static const struct param LINK_PARAMS[] = { { "token", P_TEXT, 128, "from the link" }, { 0 } };

static int link_show(struct req *rq, struct err *e)
{
	const char *token;
	uint8_t hash[SECRET_HASH_SIZE];
	int64_t user_id;
	struct invitation *invitation = NULL;
	int rc = arg_required(rq, "token", &token, e);
	if (rc < 0)
		return rc;
	account_link_hash(token, hash);
	if ((rc = user_link_find(rq->db, "activate", hash, &user_id, e)) != 0)
		return rc < 0 ? rc : show_activation(rq, user_id, e);
	if ((rc = invitation_find_hash(rq->db, rq->arena, hash, &invitation, e)) <= 0)
		return rc < 0 ? rc : fail(e, ERR_LINK_INVALID, NULL);
	return show_invitation(rq, invitation, e);
}

const struct route ACCOUNT_LINK_ROUTES[] = {
	{ "POST", "/auth/reset", ALLOW_PUBLIC, EVENT_NONE, RUN_WRITE, reset_ask, RESET_PARAMS,
		.summary = "Mail a link that sets a new password" },
	{ "POST", "/auth/reset/confirm", ALLOW_PUBLIC, EVENT_NONE, RUN_WORK, reset_confirm, CONFIRM_PARAMS,
		.summary = "Set a new password" },
	{ "POST", "/auth/activate", ALLOW_PUBLIC, EVENT_NONE, RUN_WORK, activate, ACTIVATE_PARAMS,
		.summary = "Choose the first password, and accept the invitation" },
	{ "GET", "/auth/invitation", ALLOW_PUBLIC, EVENT_NONE, RUN_LOOP, link_show, LINK_PARAMS,
		.summary = "What a mailed link is about" },
	{ "POST", "/auth/invitation", ALLOW_PUBLIC, EVENT_NONE, RUN_LOOP, link_show, LINK_PARAMS,
		.summary = "The same, with the secret in the body and not in an address" },
	{ 0 },
};
