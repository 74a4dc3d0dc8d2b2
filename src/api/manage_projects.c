/* Projects: made, changed, switched off and on, deleted and brought back. */
#include <string.h>

#include "api/manage.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "work/members.h"
#include "work/projects.h"

static json_t *project_item(const struct project *project)
{
	return project_json(project, NULL);
}

static int project_answer(struct req *rq, int status, const struct project *project, struct err *e)
{
	struct organization *organization = NULL;
	int rc = organization_find(rq->db, rq->arena, project->organization_id, &organization, e);
	return rc < 0 ? rc : reply_json(rq, status, project_json(project, organization));
}

static int projects_list_of_organization(struct req *rq, struct err *e)
{
	struct organization *organization = NULL;
	struct project_list list;
	int64_t id = req_path_id(rq, 0, e);
	int rc = id ? permit_organization(rq->db, rq->arena, rq->who, id, &organization, e) : -ERR_ROUTE_NOT_FOUND;
	if (rc < 0 || (rc = project_list(rq->db, rq->arena, id, false, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, project_item));
}

static const struct param CREATE_PARAMS[] = {
	{ "name", P_TEXT, 255, NULL },
	{ "type", P_TEXT, 64, "production (standard), demo, poc..." },
	{ 0 },
};

/* Who makes a project is its first administrator. */
static int creator_join(struct req *rq, const struct project *project, struct err *e)
{
	struct user *user = NULL;
	struct origin origin = manage_origin(rq, project);
	char role[] = "admin";
	struct member member = { .project_id = project->id, .user_id = rq->who->user_id, .role = role };
	int rc = user_find(rq->db, rq->arena, rq->who->user_id, &user, e);
	return rc <= 0 ? rc : member_join(rq->db, rq->arena, &origin, user, &member, NULL, e);
}

static int projects_create(struct req *rq, struct err *e)
{
	struct organization *organization = NULL;
	struct project project = { 0 }, *made;
	const char *name, *type;
	int64_t id = req_path_id(rq, 0, e);
	int rc = id ? permit_organization(rq->db, rq->arena, rq->who, id, &organization, e) : -ERR_ROUTE_NOT_FOUND;
	if (rc < 0 || (rc = arg_required(rq, "name", &name, e)) < 0 || (rc = arg_filled(rq, "type", "production", &type, e)) < 0)
		return rc;
	project.organization_id = id;
	project.name = arena_strdup(rq->arena, name);
	project.type = arena_strdup(rq->arena, type);
	if ((rc = project_insert(rq->db, &project, e)) < 0 ||
		(rc = manage_record(rq, &project, (struct manage_note){ EVENT_PROJECT_CREATED, project.id, name, NULL }, e)) <
			0 ||
		(rc = creator_join(rq, &project, e)) < 0 || (rc = project_get(rq->db, rq->arena, project.id, &made, e)) < 0)
		return rc;
	return project_answer(rq, 201, made, e);
}

static int projects_get(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	int rc = manage_project(rq, PROJECT_SEE, &project, e);
	return rc < 0 ? rc : project_answer(rq, 200, project, e);
}

static const struct param UPDATE_PARAMS[] = {
	{ "name", P_TEXT, 255, NULL },
	{ "type", P_TEXT, 64, "for super admins" },
	{ "eventsKeepDays", P_INT, 0, "how long events are kept; 0: the server's setting" },
	{ "tokenMaxLifeSeconds", P_INT, 0, "longest life of a new token; 0: no limit" },
	{ "expirationDays", P_INT, 0, "the project ends in so many days, 0: never; for super admins" },
	{ 0 },
};

static int update_check(struct req *rq, struct err *e)
{
	int64_t keep = arg_int(rq, "eventsKeepDays", 0), life = arg_int(rq, "tokenMaxLifeSeconds", 0),
		days = arg_int(rq, "expirationDays", 0);
	if (!rq->who->is_super && (arg_given(rq, "type") || arg_given(rq, "expirationDays")))
		return fail(e, ERR_MANAGE_FORBIDDEN, NULL);
	if (keep < 0 || keep > 36500 || days < 0 || days > 36500 || life < 0 || life > INT64_C(3155760000))
		return fail(e, ERR_MANAGE_VALIDATION, "A number of days or seconds is out of its limits (0 to a hundred years).");
	return 0;
}

static int projects_update(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	const char *name, *type;
	int rc = manage_project(rq, PROJECT_MANAGE, &project, e);
	if (rc < 0 || (rc = update_check(rq, e)) < 0 || (rc = arg_filled(rq, "name", project->name, &name, e)) < 0 ||
		(rc = arg_filled(rq, "type", project->type, &type, e)) < 0)
		return rc;
	project->name = arena_strdup(rq->arena, name);
	project->type = arena_strdup(rq->arena, type);
	project->events_keep_days = arg_int(rq, "eventsKeepDays", project->events_keep_days);
	project->token_max_life_s = arg_int(rq, "tokenMaxLifeSeconds", project->token_max_life_s);
	if (arg_given(rq, "expirationDays"))
		project->expires_us =
			arg_int(rq, "expirationDays", 0) ? now_us() + arg_int(rq, "expirationDays", 0) * US_PER_DAY : 0;
	if ((rc = project_update(rq->db, project, e)) < 0)
		return rc;
	struct manage_note note = { EVENT_PROJECT_UPDATED, project->id, project->name, json_deep_copy(rq->args) };
	if ((rc = manage_record(rq, project, note, e)) < 0)
		return rc;
	return project_answer(rq, 200, project, e);
}

static int projects_delete(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	int rc = manage_project(rq, PROJECT_OWN, &project, e);
	if (rc < 0)
		return rc;
	project->deleted_us = now_us();
	project->deleted_by = rq->who->user_id;
	if ((rc = project_update(rq->db, project, e)) < 0 ||
		(rc = manage_record(
			 rq, project, (struct manage_note){ EVENT_PROJECT_DELETED, project->id, project->name, NULL }, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

/* --- switched off and on ------------------------------------------------------------------------------------------------------------- */

static const struct param DISABLED_PARAMS[] = {
	{ "isDisabled", P_BOOL, 0, NULL },
	{ "disableReason", P_TEXT, 1000, NULL },
	{ "estimatedEndTime", P_TEXT, 64, NULL },
	{ 0 },
};

/* Its tokens are refused before this answers (R13). */
static int projects_disabled(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	bool disabled = arg_bool(rq, "isDisabled", true);
	int rc = manage_project(rq, PROJECT_OWN, &project, e);
	if (rc < 0)
		return rc;
	project->is_disabled = disabled;
	project->disabled_until_us = 0;
	project->disabled_reason = arena_strdup(rq->arena, disabled ? arg_text(rq, "disableReason", "") : "");
	if (disabled && arg_given(rq, "estimatedEndTime") &&
		!time_parse(arg_text(rq, "estimatedEndTime", ""), now_us(), &project->disabled_until_us))
		return fail(
			e, ERR_MANAGE_VALIDATION, "Invalid request:\n - estimatedEndTime: \"This value is not a valid time.\"");
	if ((rc = project_update(rq->db, project, e)) < 0)
		return rc;
	struct manage_note note = { disabled ? EVENT_PROJECT_DISABLED : EVENT_PROJECT_ENABLED, project->id, project->name,
		json_pack("{s:s}", "reason", project->disabled_reason) };
	if ((rc = manage_record(rq, project, note, e)) < 0)
		return rc;
	return project_answer(rq, 200, project, e);
}

static const struct param MOVE_PARAMS[] = { { "organizationId", P_INT, 0, NULL }, { 0 } };

/* Both organizations have to be one's own. */
static int projects_move(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct organization *organization = NULL;
	int rc = manage_project(rq, PROJECT_OWN, &project, e);
	if (rc < 0 ||
		(rc = permit_organization(rq->db, rq->arena, rq->who, arg_int(rq, "organizationId", 0), &organization, e)) < 0)
		return rc;
	project->organization_id = organization->id;
	if ((rc = organization_hold(rq->db, organization->id, e)) < 0 || (rc = project_update(rq->db, project, e)) < 0 ||
		(rc = manage_record(rq, project,
			 (struct manage_note){ EVENT_PROJECT_UPDATED, project->id, project->name,
				 json_pack("{s:I}", "organizationId", (json_int_t)organization->id) },
			 e)) < 0)
		return rc;
	return reply_json(rq, 200, project_json(project, organization));
}

/* --- deleted ones ---------------------------------------------------------------------------------------------------------------------- */

static int deleted_project(struct req *rq, struct project **ret, struct err *e)
{
	struct project_claim claim = { .id = req_path_id(rq, 0, e), .need = PROJECT_OWN, .deleted = true };
	return claim.id ? permit_project(rq->db, rq->arena, rq->who, &claim, ret, e) : -ERR_ROUTE_NOT_FOUND;
}

static const struct param DELETED_PARAMS[] = {
	{ "organizationId", P_INT, 0, "of this organization; needed unless one is a super admin" },
	{ "name", P_TEXT, 255, "only those of this name" },
	{ "limit", P_INT, 0, NULL },
	{ "offset", P_INT, 0, NULL },
	{ 0 },
};

static int deleted_scope(struct req *rq, int64_t organization_id, struct err *e)
{
	struct organization *organization = NULL;
	if (!organization_id)
		return rq->who->is_super ? 0 : fail(e, ERR_MANAGE_FORBIDDEN, NULL);
	int rc = permit_organization(rq->db, rq->arena, rq->who, organization_id, &organization, e);
	return rc == -ERR_MANAGE_NOT_FOUND ? fail(e, ERR_MANAGE_VALIDATION, "The organization was not found.") : rc;
}

static int deleted_list(struct req *rq, struct err *e)
{
	struct project_list list;
	int64_t limit, offset, organization_id = arg_int(rq, "organizationId", 0);
	const char *name = arg_text(rq, "name", NULL);
	int rc = arg_page(rq, 100, 1000, &limit, &offset, e);
	if (rc < 0 || (rc = deleted_scope(rq, organization_id, e)) < 0 ||
		(rc = project_list(rq->db, rq->arena, organization_id, true, &list, e)) < 0)
		return rc;
	json_t *shown = json_array();
	for (size_t i = 0; i < list.count && limit > 0; i++) {
		if ((!str_empty(name) && !str_eq(name, list.items[i].name)) || offset-- > 0)
			continue;
		json_array_append_new(shown, project_json(&list.items[i], NULL));
		limit--;
	}
	return reply_json(rq, 200, shown);
}

static int deleted_get(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	int rc = deleted_project(rq, &project, e);
	return rc < 0 ? rc : project_answer(rq, 200, project, e);
}

static const struct param RESTORE_PARAMS[] = { { "expirationDays", P_INT, 0, "the project ends in so many days" }, { 0 } };

static int deleted_restore(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct organization *organization = NULL;
	int64_t days = arg_int(rq, "expirationDays", 0);
	int rc = deleted_project(rq, &project, e);
	if (rc < 0 || (rc = organization_find(rq->db, rq->arena, project->organization_id, &organization, e)) < 0)
		return rc;
	if (rc == 0 || project->purged_us > 0 || days < 0 || days > 36500)
		return fail(
			e, ERR_MANAGE_VALIDATION, "The project cannot come back: it was purged, or its organization is gone.");
	project->deleted_us = project->deleted_by = 0;
	if (days > 0)
		project->expires_us = now_us() + days * US_PER_DAY;
	struct manage_note note = { EVENT_PROJECT_RESTORED, project->id, project->name, NULL };
	if ((rc = organization_hold(rq->db, organization->id, e)) < 0 || (rc = project_update(rq->db, project, e)) < 0 ||
		(rc = manage_record(rq, project, note, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

static const struct param PURGE_PARAMS[] = { { "ignoreBackendErrors", P_BOOL, 0, "has no effect" }, { 0 } };

/* Tokens and people go now, the contents by the sweep: isPurged of the detail says when it is done. */
static int deleted_purge(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	int rc = deleted_project(rq, &project, e);
	if (rc < 0)
		return rc;
	if (project->purged_us > 0)
		return fail(e, ERR_MANAGE_VALIDATION, "The project was purged already.");
	struct manage_note note = { EVENT_PROJECT_PURGED, project->id, project->name, NULL };
	if ((rc = project_purge(rq->db, rq->arena, project, e)) < 0 || (rc = manage_record(rq, project, note, e)) < 0)
		return rc;
	const char *execution = arena_printf(rq->arena, "purge-%lld", (long long)project->id);
	return reply_json(rq, 202, json_pack("{s:s}", "commandExecutionId", execution));
}

const struct route MANAGE_PROJECT_ROUTES[] = {
	{ "GET", "/manage/organizations/{id}/projects", ALLOW_USER, EVENT_NONE, RUN_WORK, projects_list_of_organization,
		.summary = "Projects of an organization" },
	{ "POST", "/manage/organizations/{id}/projects", ALLOW_USER, EVENT_NONE, RUN_WRITE, projects_create, CREATE_PARAMS,
		.summary = "Make a project" },
	{ "GET", "/manage/projects/{id}", ALLOW_USER, EVENT_NONE, RUN_LOOP, projects_get, .summary = "One project" },
	{ "PUT", "/manage/projects/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE, projects_update, UPDATE_PARAMS,
		.summary = "Change a project" },
	{ "PATCH", "/manage/projects/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE, projects_update, UPDATE_PARAMS,
		.summary = "Change a project" },
	{ "DELETE", "/manage/projects/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE, projects_delete,
		.summary = "Delete a project; it can be brought back" },
	{ "POST", "/manage/projects/{id}/disabled", ALLOW_USER, EVENT_NONE, RUN_WRITE, projects_disabled, DISABLED_PARAMS,
		.summary = "Disable or enable a project" },
	{ "POST", "/manage/projects/{id}/organizations", ALLOW_USER, EVENT_NONE, RUN_WRITE, projects_move, MOVE_PARAMS,
		.summary = "Move a project to another organization" },
	{ "GET", "/manage/deleted-projects", ALLOW_USER, EVENT_NONE, RUN_WORK, deleted_list, DELETED_PARAMS,
		.summary = "Deleted projects" },
	{ "GET", "/manage/deleted-projects/{id}", ALLOW_USER, EVENT_NONE, RUN_LOOP, deleted_get,
		.summary = "One deleted project" },
	{ "DELETE", "/manage/deleted-projects/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE, deleted_restore, RESTORE_PARAMS,
		.summary = "Bring a deleted project back" },
	{ "POST", "/manage/deleted-projects/{id}/purge", ALLOW_USER, EVENT_NONE, RUN_WRITE, deleted_purge, PURGE_PARAMS,
		.summary = "Delete a deleted project for good" },
	{ 0 },
};
