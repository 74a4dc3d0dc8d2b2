/* Members of a project: listed, added, changed, removed; leaving, joining and asking to join. */
#include <assert.h>

#include "api/manage.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "work/invitations.h"
#include "work/members.h"

#define JOIN_REQUEST_LIFE_S INT64_C(2592000)

static int members_list(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct member_list list;
	int rc = manage_project(rq, PROJECT_SEE, &project, e);
	if (rc < 0 || (rc = member_list(rq->db, rq->arena, project->id, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, member_json));
}

/* The master token is made with the membership, and not shown: its owner refreshes it (R04, R06). */
static int join(struct req *rq, const struct project *project, const struct user *user, struct member *member, struct err *e)
{
	struct origin origin = manage_origin(rq, project);
	member->project_id = project->id;
	member->user_id = user->id;
	return member_join(rq->db, rq->arena, &origin, user, member, NULL, e);
}

static int member_answer(struct req *rq, int status, int64_t project_id, int64_t user_id, struct err *e)
{
	struct member *member = NULL;
	int rc = member_find(rq->db, rq->arena, project_id, user_id, &member, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_MANAGE_NOT_FOUND, "The user is no member of the project.");
	return reply_json(rq, status, member_json(member));
}

static const struct param ADD_PARAMS[] = {
	{ "email", P_TEXT, 254, NULL },
	{ "id", P_INT, 0, "id of the user, instead of email" },
	{ "role", P_TEXT, 32, "admin (standard), share, guest, readOnly" },
	{ "expirationSeconds", P_INT, 0, "how long the membership lasts" },
	{ "reason", P_TEXT, 1000, NULL },
	{ 0 },
};

static int members_add(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct user *user = NULL;
	struct member member = { .reason = arena_strdup(rq->arena, arg_text(rq, "reason", "")), .invited_by = rq->who->user_id };
	const char *role;
	int64_t seconds;
	int rc = manage_project(rq, PROJECT_MANAGE, &project, e);
	if (rc < 0 || (rc = manage_role(rq, "admin", &role, e)) < 0 || (rc = manage_expiration(rq, &seconds, e)) < 0 ||
		(rc = manage_named_user(rq, &user, e)) < 0)
		return rc;
	member.role = arena_strdup(rq->arena, role);
	member.expires_us = seconds ? now_us() + seconds * US_PER_S : 0;
	if ((rc = join(rq, project, user, &member, e)) < 0)
		return rc;
	return member_answer(rq, 201, project->id, user->id, e);
}

/* The member of path segment 1. */
static int path_member(struct req *rq, const struct project *project, struct member **ret, struct err *e)
{
	int64_t user_id = req_path_id(rq, 1, e);
	int rc = user_id ? member_find(rq->db, rq->arena, project->id, user_id, ret, e) : -ERR_ROUTE_NOT_FOUND;
	return rc == 0 ? fail(e, ERR_MANAGE_NOT_FOUND, "The user is no member of the project.") : rc;
}

static const struct param ROLE_PARAMS[] = { { "role", P_TEXT, 32, "admin, share, guest, readOnly" }, { 0 } };

static int members_update(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct member *member = NULL;
	const char *role;
	int rc = manage_project(rq, PROJECT_MANAGE, &project, e);
	if (rc < 0 || (rc = manage_role(rq, NULL, &role, e)) < 0 || (rc = path_member(rq, project, &member, e)) < 0)
		return rc;
	struct origin origin = manage_origin(rq, project);
	if ((rc = member_change_role(rq->db, rq->arena, &origin, member, role_from_name(role), e)) < 0)
		return rc;
	return member_answer(rq, 200, project->id, member->user_id, e);
}

/* An administrator removes others; anybody leaves by themselves. The master token is dead before this answers (R04, R13). */
static int members_remove(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct member *member = NULL;
	bool leaves = req_path_id(rq, 1, e) == rq->who->user_id;
	int rc = manage_project(rq, leaves ? PROJECT_SEE : PROJECT_MANAGE, &project, e);
	if (rc < 0 || (rc = path_member(rq, project, &member, e)) < 0)
		return rc;
	struct origin origin = manage_origin(rq, project);
	if ((rc = member_leave(rq->db, &origin, member, e)) < 0 || (rc = member_removed_mail(rq->db, rq->arena, member, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

/* --- joining -------------------------------------------------------------------------------------------------------------------------- */

/* May the caller join without asking? Members of the organization always; who keeps it otherwise where it allows them. 1 yes, 0 no. */
static int joins_freely(struct req *rq, const struct project *project, struct err *e)
{
	struct organization *organization = NULL;
	int rc = organization_has_user(rq->db, project->organization_id, rq->who->user_id, e);
	if (rc == 0 && (rc = organization_find(rq->db, rq->arena, project->organization_id, &organization, e)) > 0)
		rc = organization->allow_auto_join;
	return rc;
}

/* The project, for one who keeps its organization and is no member yet. */
static int project_to_join(struct req *rq, struct project **ret, struct err *e)
{
	struct project_claim claim = { .id = req_path_id(rq, 0, e), .need = PROJECT_SEE };
	struct member *member = NULL;
	if (!claim.id)
		return -ERR_ROUTE_NOT_FOUND;
	int rc = permit_project(rq->db, rq->arena, rq->who, &claim, ret, e);
	if (rc < 0 || (rc = member_find(rq->db, rq->arena, claim.id, rq->who->user_id, &member, e)) < 0)
		return rc;
	return rc > 0 ? fail(e, ERR_MANAGE_VALIDATION, "You are already a member of the project.") : 0;
}

static int members_join(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct user *user = NULL;
	char role[] = "admin";
	struct member member = { .role = role, .approved_by = rq->who->user_id };
	int rc = project_to_join(rq, &project, e);
	if (rc < 0 || (rc = joins_freely(rq, project, e)) < 0)
		return rc;
	if (rc == 0)
		return fail(e, ERR_MANAGE_FORBIDDEN,
			"The organization does not let others join its projects by themselves. Ask for access instead.");
	if ((rc = user_find(rq->db, rq->arena, rq->who->user_id, &user, e)) < 0 || (rc = join(rq, project, user, &member, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

static const struct param REQUEST_PARAMS[] = {
	{ "role", P_TEXT, 32, "admin (standard), share, guest, readOnly" },
	{ "reason", P_TEXT, 1000, NULL },
	{ "expirationSeconds", P_INT, 0, "how long the membership shall last" },
	{ 0 },
};

/* For those who keep the organization and may not join freely; to others a project does not exist. */
static int requests_create(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct join_request request = { .user_id = rq->who->user_id,
		.reason = arena_strdup(rq->arena, arg_text(rq, "reason", "")) };
	const char *role;
	int rc = project_to_join(rq, &project, e);
	if (rc < 0 || (rc = manage_role(rq, "admin", &role, e)) < 0 || (rc = manage_expiration(rq, &request.member_s, e)) < 0 ||
		(rc = joins_freely(rq, project, e)) < 0)
		return rc;
	if (rc > 0)
		return fail(e, ERR_MANAGE_VALIDATION, "You need not ask: use join-project method.");
	request.project_id = project->id;
	request.role = arena_strdup(rq->arena, role);
	request.expires_us = now_us() + JOIN_REQUEST_LIFE_S * US_PER_S;
	request.user_name = rq->who->user_name;
	request.user_email = rq->who->user_email;
	request.project_name = project->name;
	if ((rc = join_request_insert(rq->db, &request, e)) < 0)
		return rc;
	struct manage_note note = { EVENT_JOIN_REQUESTED, request.id, request.user_email, json_pack("{s:s}", "role", role) };
	if ((rc = manage_record(rq, project, note, e)) < 0)
		return rc;
	return reply_json(rq, 201, join_request_json(&request));
}

static int requests_list(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct join_request_list list;
	int rc = manage_project(rq, PROJECT_SEE, &project, e);
	if (rc < 0 || (rc = join_request_list_of_project(rq->db, rq->arena, project->id, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, join_request_json));
}

/* The project, and the request of path segment 1. */
static int path_request(
	struct req *rq, enum project_need need, struct project **ret_project, struct join_request **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 1, e);
	int rc = id ? manage_project(rq, need, ret_project, e) : -ERR_ROUTE_NOT_FOUND;
	if (rc < 0)
		return rc;
	rc = join_request_find(rq->db, rq->arena, (*ret_project)->id, id, ret, e);
	return rc == 0 ? fail(e, ERR_MANAGE_NOT_FOUND, "The request was not found.") : rc;
}

/* The request, to be decided: not by who asked. */
static int request_to_decide(struct req *rq, struct project **ret_project, struct join_request **ret, struct err *e)
{
	int rc = path_request(rq, PROJECT_MANAGE, ret_project, ret, e);
	if (rc >= 0 && (*ret)->user_id == rq->who->user_id)
		return fail(e, ERR_MANAGE_FORBIDDEN, "Somebody else has to decide on your request.");
	return rc;
}

static int requests_get(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct join_request *request = NULL;
	int rc = path_request(rq, PROJECT_SEE, &project, &request, e);
	return rc < 0 ? rc : reply_json(rq, 200, join_request_json(request));
}

static int requests_approve(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct join_request *request = NULL;
	struct user *user = NULL;
	int rc = request_to_decide(rq, &project, &request, e);
	if (rc < 0)
		return rc;
	struct member member = {
		.role = request->role,
		.reason = request->reason,
		.approved_by = rq->who->user_id,
		.expires_us = request->member_s ? now_us() + request->member_s * US_PER_S : 0,
	};
	if ((rc = user_find(rq->db, rq->arena, request->user_id, &user, e)) < 0 ||
		(rc = join_request_remove(rq->db, project->id, request->id, e)) < 0 ||
		(rc = join(rq, project, user, &member, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

static int requests_reject(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct join_request *request = NULL;
	int rc = request_to_decide(rq, &project, &request, e);
	if (rc < 0 || (rc = join_request_remove(rq->db, project->id, request->id, e)) < 0 ||
		(rc = manage_record(rq, project,
			 (struct manage_note){ EVENT_JOIN_REJECTED, request->id, request->user_email, NULL }, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

/* --- one's own requests -------------------------------------------------------------------------------------------------------------- */

static int own_request(struct req *rq, struct join_request **ret, struct err *e)
{
	struct join_request_list list;
	int64_t id = req_path_id(rq, 0, e);
	int rc = id ? join_request_list_of_user(rq->db, rq->arena, rq->who->user_id, &list, e) : -ERR_ROUTE_NOT_FOUND;
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].id == id) {
			*ret = list.items + i;
			return 0;
		}
	return fail(e, ERR_MANAGE_NOT_FOUND, "The request was not found.");
}

static int own_requests_list(struct req *rq, struct err *e)
{
	struct join_request_list list;
	int rc = join_request_list_of_user(rq->db, rq->arena, rq->who->user_id, &list, e);
	return rc < 0 ? rc : reply_json(rq, 200, manage_list(list, join_request_json));
}

static int own_requests_get(struct req *rq, struct err *e)
{
	struct join_request *request = NULL;
	int rc = own_request(rq, &request, e);
	return rc < 0 ? rc : reply_json(rq, 200, join_request_json(request));
}

static int own_requests_delete(struct req *rq, struct err *e)
{
	struct join_request *request = NULL;
	int rc = own_request(rq, &request, e);
	if (rc < 0)
		return rc;
	assert(request);
	rc = join_request_remove(rq->db, request->project_id, request->id, e);
	return rc < 0 ? rc : reply_none(rq, 204);
}

const struct route MANAGE_MEMBER_ROUTES[] = {
	{ "GET", "/manage/projects/{id}/users", ALLOW_USER, EVENT_NONE, RUN_LOOP, members_list,
		.summary = "Members of a project" },
	{ "POST", "/manage/projects/{id}/users", ALLOW_USER, EVENT_NONE, RUN_WRITE, members_add, ADD_PARAMS,
		.summary = "Add a member" },
	{ "PATCH", "/manage/projects/{id}/users/{userId}", ALLOW_USER, EVENT_NONE, RUN_WRITE, members_update, ROLE_PARAMS,
		.summary = "Change a member's role" },
	{ "DELETE", "/manage/projects/{id}/users/{userId}", ALLOW_USER, EVENT_NONE, RUN_WRITE, members_remove,
		.summary = "Remove a member, or leave; the master token is dead at once" },
	{ "POST", "/manage/projects/{id}/join-project", ALLOW_USER, EVENT_NONE, RUN_WRITE, members_join,
		.summary = "Join a project by oneself" },
	{ "POST", "/manage/projects/{id}/request-access", ALLOW_USER, EVENT_NONE, RUN_WRITE, requests_create, REQUEST_PARAMS,
		.summary = "Ask to join a project" },
	{ "GET", "/manage/projects/{id}/join-requests", ALLOW_USER, EVENT_NONE, RUN_LOOP, requests_list,
		.summary = "Who asks to join" },
	{ "GET", "/manage/projects/{id}/join-requests/{requestId}", ALLOW_USER, EVENT_NONE, RUN_LOOP, requests_get,
		.summary = "One request" },
	{ "PUT", "/manage/projects/{id}/join-requests/{requestId}", ALLOW_USER, EVENT_NONE, RUN_WRITE, requests_approve,
		.summary = "Approve a request" },
	{ "DELETE", "/manage/projects/{id}/join-requests/{requestId}", ALLOW_USER, EVENT_NONE, RUN_WRITE, requests_reject,
		.summary = "Reject a request" },
	{ "GET", "/manage/current-user/projects-join-requests", ALLOW_USER, EVENT_NONE, RUN_LOOP, own_requests_list,
		.summary = "One's requests" },
	{ "GET", "/manage/current-user/projects-join-requests/{id}", ALLOW_USER, EVENT_NONE, RUN_LOOP, own_requests_get,
		.summary = "One of one's requests" },
	{ "DELETE", "/manage/current-user/projects-join-requests/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE, own_requests_delete,
		.summary = "Take one's request back" },
	{ 0 },
};
