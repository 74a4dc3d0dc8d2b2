/* Accounts: listed and changed by super admins, one's own by oneself. */
#include <string.h>

#include "api/manage.h"
#include "base/own.h"
#include "base/str.h"
#include "store/invitation.h"
#include "store/maintainer.h"
#include "store/manage_token.h"
#include "store/session.h"
#include "work/invitations.h"
#include "work/members.h"
#include "work/second_factor.h"

/* The account of path segment 0, an id or an e-mail address. The same answer for absent and forbidden. */
static int path_user(struct req *rq, struct user **ret, struct err *e)
{
	const char *name = req_path(rq, 0);
	int64_t id = 0;
	int rc = str_to_i64(name, &id) ? user_find(rq->db, rq->arena, id, ret, e)
				       : user_find_email(rq->db, rq->arena, name, ret, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return rq->who->is_super ? fail(e, ERR_MANAGE_NOT_FOUND, "Admin %s not found.", name)
					 : fail(e, ERR_MANAGE_FORBIDDEN, NULL);
	return permit_user(rq->who, (*ret)->id, e);
}

/* What is left of a deleted account is looked at and no more. */
static int path_living_user(struct req *rq, struct user **ret, struct err *e)
{
	int rc = path_user(rq, ret, e);
	if (rc < 0)
		return rc;
	return user_is_erased(*ret) ? fail(e, ERR_MANAGE_NOT_FOUND, "Admin %s not found.", req_path(rq, 0)) : 0;
}

static const struct param LIST_PARAMS[] = { { "limit", P_INT, 0, NULL }, { "offset", P_INT, 0, NULL }, { 0 } };

static int users_list(struct req *rq, struct err *e)
{
	struct user_list list;
	int64_t limit, offset;
	int rc = arg_page(rq, 100, 10000, &limit, &offset, e);
	if (rc < 0 || (rc = user_list(rq->db, rq->arena, limit, offset, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, user_json));
}

static int users_get(struct req *rq, struct err *e)
{
	struct user *user = NULL;
	int rc = path_user(rq, &user, e);
	return rc < 0 ? rc : reply_json(rq, 200, user_json(user));
}

static const struct param UPDATE_PARAMS[] = {
	{ "name", P_TEXT, 255, NULL },
	{ "isDisabled", P_BOOL, 0, "for super admins: cannot sign in, and their tokens are refused" },
	{ 0 },
};

static int users_update(struct req *rq, struct err *e)
{
	struct user *user = NULL;
	const char *name;
	int rc = path_living_user(rq, &user, e);
	if (rc < 0)
		return rc;
	/* Others' accounts are not found but by super admins. */
	if (arg_given(rq, "isDisabled") && user->id == rq->who->user_id)
		return fail(e, ERR_MANAGE_FORBIDDEN, "Only a super admin disables accounts, and never the own one.");
	if ((rc = arg_filled(rq, "name", user->name, &name, e)) < 0)
		return rc;
	user->name = arena_strdup(rq->arena, name);
	user->is_disabled = arg_bool(rq, "isDisabled", user->is_disabled);
	if ((rc = user_update(rq->db, user, e)) < 0 ||
		(user->is_disabled && (rc = session_remove_of_user(rq->db, user->id, 0, e)) < 0))
		return rc;
	return reply_json(rq, 200, user_json(user));
}

static int leave_projects(struct req *rq, const struct user *user, struct err *e)
{
	struct member_list members;
	int rc = member_list_of_user(rq->db, rq->arena, user->id, &members, e);
	for (size_t i = 0; rc >= 0 && i < members.count; i++) {
		struct project *project = NULL;
		if ((rc = project_get(rq->db, rq->arena, members.items[i].project_id, &project, e)) < 0)
			return rc;
		struct origin origin = manage_origin(rq, project);
		if ((rc = member_leave(rq->db, &origin, &members.items[i], e)) >= 0)
			rc = member_removed_mail(rq->db, rq->arena, &members.items[i], e);
	}
	return rc;
}

/* An organization is never left without a member. */
static int check_organizations(struct req *rq, const struct user *user, struct err *e)
{
	struct organization_list list;
	int rc = organization_list(rq->db, rq->arena, 0, user->id, &list, e);
	for (size_t i = 0; rc >= 0 && i < list.count; i++) {
		struct organization_user_list users;
		rc = organization_users(rq->db, rq->arena, list.items[i].id, &users, e);
		if (rc >= 0 && users.count == 1)
			return fail(e, ERR_MANAGE_VALIDATION,
				"Cannot remove \"%s\" from \"%lld\". Organization must have at least 1 member", user->email,
				(long long)list.items[i].id);
	}
	return rc;
}

/* Every membership ends with its master token; sessions, links, invitations and management tokens are gone, address and name forgotten.
 * The row stays, for the history. */
static int users_delete(struct req *rq, struct err *e)
{
	struct user *user = NULL;
	int rc = path_living_user(rq, &user, e);
	if (rc < 0)
		return rc;
	if (user->id == rq->who->user_id)
		return fail(e, ERR_MANAGE_VALIDATION, "You cannot delete your own account.");
	if ((rc = check_organizations(rq, user, e)) < 0 || (rc = leave_projects(rq, user, e)) < 0 ||
		(rc = invitation_remove_of_email(rq->db, user->email, e)) < 0 || (rc = user_erase(rq->db, user->id, e)) < 0 ||
		(rc = recovery_set(rq->db, user->id, NULL, 0, e)) < 0 ||
		(rc = session_remove_of_user(rq->db, user->id, 0, e)) < 0 ||
		(rc = manage_token_remove_of_user(rq->db, user->id, e)) < 0 || (rc = user_links_remove(rq->db, user->id, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

static int users_mfa_delete(struct req *rq, struct err *e)
{
	struct user *user = NULL;
	int rc = path_living_user(rq, &user, e);
	if (rc < 0)
		return rc;
	if (!user->totp_sealed)
		return fail(e, ERR_MANAGE_VALIDATION, "The account has no second factor.");
	rc = second_factor_disable(rq->db, user->id, e);
	return rc < 0 ? rc : reply_none(rq, 204);
}

static int users_super(struct req *rq, struct err *e)
{
	struct user *user = NULL;
	int rc = path_living_user(rq, &user, e);
	if (rc < 0)
		return rc;
	user->is_super = true;
	rc = user_update(rq->db, user, e);
	return rc < 0 ? rc : reply_json(rq, 200, user_json(user));
}

static int users_organizations(struct req *rq, struct err *e)
{
	struct user *user = NULL;
	struct organization_list list;
	int rc = path_user(rq, &user, e);
	if (rc < 0 || (rc = organization_list(rq->db, rq->arena, 0, user->id, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, organization_json));
}

static json_t *project_of_member(const struct member *member)
{
	return json_pack("{s:I, s:s, s:s, s:{s:I, s:s}}", "id", (json_int_t)member->project_id, "name", member->project_name,
		"role", member->role, "organization", "id", (json_int_t)member->organization_id, "name",
		member->organization_name);
}

static int users_projects(struct req *rq, struct err *e)
{
	struct user *user = NULL;
	struct member_list list;
	int rc = path_user(rq, &user, e);
	if (rc < 0 || (rc = member_list_of_user(rq->db, rq->arena, user->id, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, project_of_member));
}

static int users_maintainers(struct req *rq, struct err *e)
{
	struct user *user = NULL;
	struct maintainer_list list;
	int rc = path_user(rq, &user, e);
	if (rc < 0 || (rc = maintainer_list(rq->db, rq->arena, user->id, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, maintainer_json));
}

const struct route MANAGE_USER_ROUTES[] = {
	{ "GET", "/manage/users", ALLOW_SUPER, EVENT_NONE, RUN_WORK, users_list, LIST_PARAMS, .summary = "All accounts" },
	{ "GET", "/manage/users/{idOrEmail}", ALLOW_USER, EVENT_NONE, RUN_LOOP, users_get, .summary = "One account" },
	{ "PUT", "/manage/users/{idOrEmail}", ALLOW_USER, EVENT_NONE, RUN_WRITE, users_update, UPDATE_PARAMS,
		.summary = "Change an account" },
	{ "DELETE", "/manage/users/{idOrEmail}", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, users_delete, .summary = "End an account" },
	{ "DELETE", "/manage/users/{idOrEmail}/mfa", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, users_mfa_delete,
		.summary = "Take away a second factor" },
	{ "POST", "/manage/users/{idOrEmail}/super-admin", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, users_super,
		.summary = "Make a super admin" },
	{ "GET", "/manage/users/{idOrEmail}/organizations", ALLOW_USER, EVENT_NONE, RUN_LOOP, users_organizations,
		.summary = "Organizations of an account" },
	{ "GET", "/manage/users/{idOrEmail}/projects", ALLOW_USER, EVENT_NONE, RUN_LOOP, users_projects,
		.summary = "Projects of an account" },
	{ "GET", "/manage/users/{idOrEmail}/maintainers", ALLOW_USER, EVENT_NONE, RUN_LOOP, users_maintainers,
		.summary = "Maintainers of an account" },
	{ 0 },
};
