/* Organizations and their members. */
#include "api/manage.h"
#include "base/own.h"
#include "store/invitation.h"
#include "store/project.h"

static int path_organization(struct req *rq, struct organization **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	return id ? permit_organization(rq->db, rq->arena, rq->who, id, ret, e) : -ERR_ROUTE_NOT_FOUND;
}

static json_t *project_item(const struct project *project)
{
	return project_json(project, NULL);
}

static int organization_answer(struct req *rq, int status, int64_t id, struct err *e)
{
	struct organization *organization = NULL;
	struct project_list projects;
	int rc = organization_find(rq->db, rq->arena, id, &organization, e);
	if (rc <= 0 || (rc = project_list(rq->db, rq->arena, id, false, &projects, e)) < 0)
		return rc < 0 ? rc : fail(e, ERR_MANAGE_NOT_FOUND, NULL);
	json_t *shown = organization_json(organization);
	json_object_set_new(shown, "projects", manage_list(projects, project_item));
	return reply_json(rq, status, shown);
}

static int organizations_list(struct req *rq, struct err *e)
{
	struct organization_list list;
	int rc = organization_list(rq->db, rq->arena, 0, rq->who->is_super ? 0 : rq->who->user_id, &list, e);
	return rc < 0 ? rc : reply_json(rq, 200, manage_list(list, organization_json));
}

static int organizations_list_of_maintainer(struct req *rq, struct err *e)
{
	struct maintainer *maintainer = NULL;
	struct organization_list list;
	int64_t id = req_path_id(rq, 0, e);
	int rc = id ? permit_maintainer(rq->db, rq->arena, rq->who, id, &maintainer, e) : -ERR_ROUTE_NOT_FOUND;
	if (rc < 0 || (rc = organization_list(rq->db, rq->arena, id, 0, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, organization_json));
}

static int organizations_get(struct req *rq, struct err *e)
{
	struct organization *organization = NULL;
	int rc = path_organization(rq, &organization, e);
	return rc < 0 ? rc : organization_answer(rq, 200, organization->id, e);
}

static const struct param NAME_PARAMS[] = { { "name", P_TEXT, 255, NULL }, { 0 } };

static int organizations_create(struct req *rq, struct err *e)
{
	struct maintainer *maintainer = NULL;
	struct organization organization = { 0 };
	const char *name;
	int64_t id = req_path_id(rq, 0, e);
	int rc = id ? permit_maintainer(rq->db, rq->arena, rq->who, id, &maintainer, e) : -ERR_ROUTE_NOT_FOUND;
	if (rc < 0 || (rc = arg_required(rq, "name", &name, e)) < 0)
		return rc;
	organization.name = arena_strdup(rq->arena, name);
	organization.maintainer_id = id;
	if ((rc = organization_insert(rq->db, &organization, e)) < 0 ||
		(rc = organization_user_add(rq->db, organization.id, rq->who->user_id, e)) < 0)
		return rc;
	return organization_answer(rq, 201, organization.id, e);
}

static const struct param UPDATE_PARAMS[] = {
	{ "name", P_TEXT, 255, NULL },
	{ "allowAutoJoin", P_BOOL, 0, "super admins and members of the maintainer may join it and its projects by themselves" },
	{ "maintainerId", P_INT, 0, "moves it; for super admins" },
	{ 0 },
};

static int move_to_maintainer(struct req *rq, struct organization *organization, struct err *e)
{
	struct maintainer *maintainer = NULL;
	if (!arg_given(rq, "maintainerId"))
		return 0;
	if (!rq->who->is_super)
		return fail(e, ERR_MANAGE_FORBIDDEN, NULL);
	organization->maintainer_id = arg_int(rq, "maintainerId", 0);
	int rc = permit_maintainer(rq->db, rq->arena, rq->who, organization->maintainer_id, &maintainer, e);
	return rc < 0 ? rc : maintainer_hold(rq->db, organization->maintainer_id, e);
}

static int organizations_update(struct req *rq, struct err *e)
{
	struct organization *organization = NULL;
	const char *name;
	int rc = path_organization(rq, &organization, e);
	if (rc < 0 || (rc = arg_filled(rq, "name", organization->name, &name, e)) < 0 ||
		(rc = move_to_maintainer(rq, organization, e)) < 0)
		return rc;
	organization->name = arena_strdup(rq->arena, name);
	organization->allow_auto_join = arg_bool(rq, "allowAutoJoin", organization->allow_auto_join);
	if ((rc = organization_update(rq->db, organization, e)) < 0)
		return rc;
	return organization_answer(rq, 200, organization->id, e);
}

static int organizations_delete(struct req *rq, struct err *e)
{
	struct organization *organization = NULL;
	int rc = path_organization(rq, &organization, e);
	if (rc < 0 || (rc = organization_remove(rq->db, organization->id, e)) < 0)
		return rc;
	return rc > 0 ? reply_none(rq, 204)
		      : fail(e, ERR_MANAGE_VALIDATION, "Only an organization without projects can be deleted.");
}

static int organizations_users(struct req *rq, struct err *e)
{
	struct organization *organization = NULL;
	struct organization_user_list list;
	int rc = path_organization(rq, &organization, e);
	if (rc < 0 || (rc = organization_users(rq->db, rq->arena, organization->id, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, organization_user_json));
}

static const struct param USER_PARAMS[] = { { "email", P_TEXT, 254, NULL }, { "id", P_INT, 0, NULL }, { 0 } };

/* Whoever is in needs no invitation any more. */
static int organization_enter(struct req *rq, int64_t organization_id, const char *email, int64_t user_id, struct err *e)
{
	struct invitation invitation = { .organization_id = organization_id, .email = arena_strdup(rq->arena, email) };
	int rc = organization_user_add(rq->db, organization_id, user_id, e);
	return rc < 0 ? rc : invitation_forget(rq->db, &invitation, e);
}

static int organizations_user_add(struct req *rq, struct err *e)
{
	struct organization *organization = NULL;
	struct user *user = NULL;
	int rc = path_organization(rq, &organization, e);
	if (rc < 0 || (rc = manage_named_user(rq, &user, e)) < 0 ||
		(rc = organization_enter(rq, organization->id, user->email, user->id, e)) < 0)
		return rc;
	return reply_json(rq, 201, user_json(user));
}

/* Somebody has to stay. */
static int organizations_user_remove(struct req *rq, struct err *e)
{
	struct organization *organization = NULL;
	struct organization_user_list users;
	int64_t user_id = req_path_id(rq, 1, e);
	int rc = user_id ? path_organization(rq, &organization, e) : -ERR_ROUTE_NOT_FOUND;
	if (rc < 0 || (rc = organization_users(rq->db, rq->arena, organization->id, &users, e)) < 0)
		return rc;
	if (users.count == 1 && users.items[0].user_id == user_id)
		return fail(e, ERR_MANAGE_VALIDATION, "Organization must have at least 1 member");
	if ((rc = organization_user_remove(rq->db, organization->id, user_id, e)) < 0)
		return rc;
	return rc > 0 ? reply_none(rq, 204) : fail(e, ERR_MANAGE_NOT_FOUND, "The user is no member of the organization.");
}

/* By oneself: super admins and members of the maintainer, where the organization allows it. */
static int organizations_join(struct req *rq, struct err *e)
{
	struct organization *organization = NULL;
	int rc = path_organization(rq, &organization, e);
	if (rc < 0 || (rc = organization_has_user(rq->db, organization->id, rq->who->user_id, e)) < 0)
		return rc;
	if (rc > 0)
		return fail(e, ERR_MANAGE_VALIDATION, "You are already a member of the organization.");
	if (!organization->allow_auto_join)
		return fail(e, ERR_MANAGE_FORBIDDEN, "The organization does not let others join by themselves.");
	rc = organization_enter(rq, organization->id, rq->who->user_email, rq->who->user_id, e);
	return rc < 0 ? rc : reply_none(rq, 204);
}

const struct route MANAGE_ORGANIZATION_ROUTES[] = {
	{ "GET", "/manage/organizations", ALLOW_USER, EVENT_NONE, RUN_LOOP, organizations_list,
		.summary = "Organizations that one is a member of" },
	{ "GET", "/manage/maintainers/{id}/organizations", ALLOW_USER, EVENT_NONE, RUN_LOOP, organizations_list_of_maintainer,
		.summary = "Organizations of a maintainer" },
	{ "POST", "/manage/maintainers/{id}/organizations", ALLOW_USER, EVENT_NONE, RUN_WRITE, organizations_create, NAME_PARAMS,
		.summary = "Make an organization" },
	{ "GET", "/manage/organizations/{id}", ALLOW_USER, EVENT_NONE, RUN_WORK, organizations_get,
		.summary = "One organization with its projects" },
	{ "PATCH", "/manage/organizations/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE, organizations_update, UPDATE_PARAMS,
		.summary = "Change an organization" },
	{ "DELETE", "/manage/organizations/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE, organizations_delete,
		.summary = "Delete an empty organization" },
	{ "GET", "/manage/organizations/{id}/users", ALLOW_USER, EVENT_NONE, RUN_LOOP, organizations_users,
		.summary = "Members of an organization" },
	{ "POST", "/manage/organizations/{id}/users", ALLOW_USER, EVENT_NONE, RUN_WRITE, organizations_user_add, USER_PARAMS,
		.summary = "Add a member to an organization" },
	{ "DELETE", "/manage/organizations/{id}/users/{userId}", ALLOW_USER, EVENT_NONE, RUN_WRITE, organizations_user_remove,
		.summary = "Remove a member from an organization" },
	{ "POST", "/manage/organizations/{id}/join-organization", ALLOW_USER, EVENT_NONE, RUN_WRITE, organizations_join,
		.summary = "Join an organization of one's maintainer" },
	{ 0 },
};
