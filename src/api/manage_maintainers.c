/* Maintainers: who keeps a set of organizations. */
#include "api/manage.h"
#include "base/own.h"
#include "store/maintainer.h"

static int path_maintainer(struct req *rq, struct maintainer **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	return id ? permit_maintainer(rq->db, rq->arena, rq->who, id, ret, e) : -ERR_ROUTE_NOT_FOUND;
}

static int maintainers_list(struct req *rq, struct err *e)
{
	struct maintainer_list list;
	int rc = maintainer_list(rq->db, rq->arena, rq->who->is_super ? 0 : rq->who->user_id, &list, e);
	return rc < 0 ? rc : reply_json(rq, 200, manage_list(list, maintainer_json));
}

static int maintainers_get(struct req *rq, struct err *e)
{
	struct maintainer *maintainer = NULL;
	int rc = path_maintainer(rq, &maintainer, e);
	return rc < 0 ? rc : reply_json(rq, 200, maintainer_json(maintainer));
}

static const struct param NAME_PARAMS[] = { { "name", P_TEXT, 255, NULL }, { 0 } };

static int maintainers_create(struct req *rq, struct err *e)
{
	const char *name;
	struct maintainer maintainer = { 0 };
	int rc = arg_required(rq, "name", &name, e);
	if (rc < 0)
		return rc;
	maintainer.name = arena_strdup(rq->arena, name);
	if ((rc = maintainer_insert(rq->db, &maintainer, e)) < 0 ||
		(rc = maintainer_user_add(rq->db, maintainer.id, rq->who->user_id, e)) < 0)
		return rc;
	return reply_json(rq, 201, maintainer_json(&maintainer));
}

static int maintainers_update(struct req *rq, struct err *e)
{
	const char *name;
	struct maintainer *maintainer = NULL;
	int rc = path_maintainer(rq, &maintainer, e);
	if (rc < 0 || (rc = arg_required(rq, "name", &name, e)) < 0)
		return rc;
	maintainer->name = arena_strdup(rq->arena, name);
	rc = maintainer_update(rq->db, maintainer, e);
	return rc < 0 ? rc : reply_json(rq, 200, maintainer_json(maintainer));
}

static int maintainers_delete(struct req *rq, struct err *e)
{
	struct maintainer *maintainer = NULL;
	int rc = path_maintainer(rq, &maintainer, e);
	if (rc < 0 || (rc = maintainer_remove(rq->db, maintainer->id, e)) < 0)
		return rc;
	return rc > 0 ? reply_none(rq, 204)
		      : fail(e, ERR_MANAGE_VALIDATION, "Only a maintainer without organizations can be deleted.");
}

static int maintainers_users(struct req *rq, struct err *e)
{
	struct maintainer *maintainer = NULL;
	struct organization_user_list list;
	int rc = path_maintainer(rq, &maintainer, e);
	if (rc < 0 || (rc = maintainer_users(rq->db, rq->arena, maintainer->id, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, organization_user_json));
}

static const struct param USER_PARAMS[] = { { "email", P_TEXT, 254, NULL }, { "id", P_INT, 0, NULL }, { 0 } };

static int maintainers_user_add(struct req *rq, struct err *e)
{
	struct maintainer *maintainer = NULL;
	struct user *user = NULL;
	int rc = path_maintainer(rq, &maintainer, e);
	if (rc < 0 || (rc = manage_named_user(rq, &user, e)) < 0 ||
		(rc = maintainer_user_add(rq->db, maintainer->id, user->id, e)) < 0)
		return rc;
	return reply_json(rq, 201, user_json(user));
}

static int maintainers_user_remove(struct req *rq, struct err *e)
{
	struct maintainer *maintainer = NULL;
	int64_t user_id = req_path_id(rq, 1, e);
	int rc = user_id ? path_maintainer(rq, &maintainer, e) : -ERR_ROUTE_NOT_FOUND;
	if (rc < 0 || (rc = maintainer_user_remove(rq->db, maintainer->id, user_id, e)) < 0)
		return rc;
	return rc > 0 ? reply_none(rq, 204) : fail(e, ERR_MANAGE_NOT_FOUND, "The user is no member of the maintainer.");
}

static int maintainers_join(struct req *rq, struct err *e)
{
	struct maintainer *maintainer = NULL;
	int rc = path_maintainer(rq, &maintainer, e);
	if (rc < 0 || (rc = maintainer_user_add(rq->db, maintainer->id, rq->who->user_id, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

const struct route MANAGE_MAINTAINER_ROUTES[] = {
	{ "GET", "/manage/maintainers", ALLOW_USER, EVENT_NONE, RUN_LOOP, maintainers_list,
		.summary = "Maintainers that one is a member of" },
	{ "POST", "/manage/maintainers", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, maintainers_create, NAME_PARAMS,
		.summary = "Make a maintainer" },
	{ "GET", "/manage/maintainers/{id}", ALLOW_USER, EVENT_NONE, RUN_LOOP, maintainers_get, .summary = "One maintainer" },
	{ "PATCH", "/manage/maintainers/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE, maintainers_update, NAME_PARAMS,
		.summary = "Rename a maintainer" },
	{ "DELETE", "/manage/maintainers/{id}", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, maintainers_delete,
		.summary = "Delete an empty maintainer" },
	{ "GET", "/manage/maintainers/{id}/users", ALLOW_USER, EVENT_NONE, RUN_LOOP, maintainers_users,
		.summary = "Members of a maintainer" },
	{ "POST", "/manage/maintainers/{id}/users", ALLOW_USER, EVENT_NONE, RUN_WRITE, maintainers_user_add, USER_PARAMS,
		.summary = "Add a member to a maintainer" },
	{ "DELETE", "/manage/maintainers/{id}/users/{userId}", ALLOW_USER, EVENT_NONE, RUN_WRITE, maintainers_user_remove,
		.summary = "Remove a member from a maintainer" },
	{ "POST", "/manage/maintainers/{id}/join-maintainer", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, maintainers_join,
		.summary = "Join a maintainer" },
	{ 0 },
};
