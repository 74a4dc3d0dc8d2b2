/* Invitations to projects and organizations, and the answers of those who were invited. */
#include <assert.h>

#include "api/manage.h"
#include "base/own.h"
#include "base/str.h"
#include "work/invitations.h"

static const struct param PROJECT_PARAMS[] = {
	{ "email", P_TEXT, 254, "who is invited" },
	{ "role", P_TEXT, 32, "admin (standard), share, guest, readOnly" },
	{ "reason", P_TEXT, 1000, "shown in the mail" },
	{ "expirationSeconds", P_INT, 0, "how long the membership will last" },
	{ 0 },
};
static const struct param ORGANIZATION_PARAMS[] = {
	{ "email", P_TEXT, 254, "who is invited" },
	{ "reason", P_TEXT, 1000, "shown in the mail" },
	{ 0 },
};

/* What both kinds share: the address, the reason, who invites. */
static int invitation_begin(struct req *rq, struct invitation *invitation, struct err *e)
{
	const char *email = arg_text(rq, "email", NULL);
	int rc = manage_check_email(email, e);
	if (rc < 0)
		return rc;
	invitation->email = arena_strdup(rq->arena, email);
	if (invitation->email)
		str_lower(invitation->email);
	invitation->reason = arena_strdup(rq->arena, arg_text(rq, "reason", ""));
	invitation->creator_id = rq->who->user_id;
	invitation->creator_name = rq->who->user_name;
	invitation->creator_email = rq->who->user_email;
	return 0;
}

static int refuse_pending(struct req *rq, const struct invitation *invitation, struct err *e)
{
	int rc = invitation_is_pending(rq->db, invitation, e);
	return rc > 0 ? fail(e, ERR_MANAGE_VALIDATION, "%s has already been invited. Cancel the invitation to send another one.",
				invitation->email)
		      : rc;
}

static int refuse_member(struct req *rq, int64_t project_id, const char *email, struct err *e)
{
	struct user *user = NULL;
	struct member *member = NULL;
	int rc = user_find_email(rq->db, rq->arena, email, &user, e);
	if (rc > 0)
		rc = member_find(rq->db, rq->arena, project_id, user->id, &member, e);
	return rc > 0 ? fail(e, ERR_MANAGE_VALIDATION, "%s is already a member of the project.", email) : rc;
}

static int refuse_organization_member(struct req *rq, int64_t organization_id, const char *email, struct err *e)
{
	struct user *user = NULL;
	int rc = user_find_email(rq->db, rq->arena, email, &user, e);
	if (rc > 0)
		rc = organization_has_user(rq->db, organization_id, user->id, e);
	return rc > 0 ? fail(e, ERR_MANAGE_VALIDATION, "%s is already a member of the organization.", email) : rc;
}

/* --- of a project ------------------------------------------------------------------------------------------------------------------------ */

static int project_invite(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct invitation invitation = { 0 }, *made;
	const char *role;
	int rc = manage_project(rq, PROJECT_MANAGE, &project, e);
	if (rc < 0 || (rc = invitation_begin(rq, &invitation, e)) < 0 || (rc = manage_role(rq, "admin", &role, e)) < 0 ||
		(rc = manage_expiration(rq, &invitation.member_s, e)) < 0 ||
		(rc = refuse_member(rq, project->id, invitation.email, e)) < 0)
		return rc;
	invitation.project_id = project->id;
	invitation.organization_id = project->organization_id;
	invitation.project_name = project->name;
	invitation.role = arena_strdup(rq->arena, role);
	if ((rc = refuse_pending(rq, &invitation, e)) < 0 ||
		(rc = invitation_send(rq->app, rq->db, rq->arena, &invitation, e)) < 0)
		return rc;
	struct manage_note note = { EVENT_INVITATION_CREATED, invitation.id, invitation.email, json_pack("{s:s}", "role", role) };
	if ((rc = manage_record(rq, project, note, e)) < 0 ||
		(rc = invitation_find(rq->db, rq->arena, project->id, invitation.id, &made, e)) < 0)
		return rc;
	return reply_json(rq, 201, invitation_json(made));
}

static int project_invitations(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct invitation_list list;
	int rc = manage_project(rq, PROJECT_SEE, &project, e);
	if (rc < 0 || (rc = invitation_list_of_project(rq->db, rq->arena, project->id, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, invitation_json));
}

static int path_invitation(struct req *rq, int64_t project_id, struct invitation **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 1, e);
	int rc = id ? invitation_find(rq->db, rq->arena, project_id, id, ret, e) : -ERR_ROUTE_NOT_FOUND;
	return rc == 0 ? fail(e, ERR_MANAGE_NOT_FOUND, "The invitation was not found.") : rc;
}

static int project_invitation(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct invitation *invitation = NULL;
	int rc = manage_project(rq, PROJECT_SEE, &project, e);
	if (rc < 0 || (rc = path_invitation(rq, project->id, &invitation, e)) < 0)
		return rc;
	return reply_json(rq, 200, invitation_json(invitation));
}

static int project_invitation_cancel(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct invitation *invitation = NULL;
	int rc = manage_project(rq, PROJECT_MANAGE, &project, e);
	if (rc < 0 || (rc = path_invitation(rq, project->id, &invitation, e)) < 0 ||
		(rc = invitation_remove(rq->db, project->id, invitation->id, e)) < 0 ||
		(rc = manage_record(rq, project,
			 (struct manage_note){ EVENT_INVITATION_CANCELLED, invitation->id, invitation->email, NULL }, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

/* --- of an organization ---------------------------------------------------------------------------------------------------------------- */

static int path_organization(struct req *rq, struct organization **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	return id ? permit_organization(rq->db, rq->arena, rq->who, id, ret, e) : -ERR_ROUTE_NOT_FOUND;
}

static int organization_invite(struct req *rq, struct err *e)
{
	struct organization *organization = NULL;
	struct invitation invitation = { 0 }, *made;
	int rc = path_organization(rq, &organization, e);
	if (rc < 0 || (rc = invitation_begin(rq, &invitation, e)) < 0 ||
		(rc = refuse_organization_member(rq, organization->id, invitation.email, e)) < 0)
		return rc;
	invitation.organization_id = organization->id;
	invitation.organization_name = organization->name;
	if ((rc = refuse_pending(rq, &invitation, e)) < 0 ||
		(rc = invitation_send(rq->app, rq->db, rq->arena, &invitation, e)) < 0 ||
		(rc = invitation_find(rq->db, rq->arena, 0, invitation.id, &made, e)) < 0)
		return rc;
	return reply_json(rq, 201, invitation_json(made));
}

static int organization_invitations(struct req *rq, struct err *e)
{
	struct organization *organization = NULL;
	struct invitation_list list;
	int rc = path_organization(rq, &organization, e);
	if (rc < 0 || (rc = invitation_list_of_organization(rq->db, rq->arena, organization->id, &list, e)) < 0)
		return rc;
	return reply_json(rq, 200, manage_list(list, invitation_json));
}

static int path_organization_invitation(struct req *rq, struct invitation **ret, struct err *e)
{
	struct organization *organization = NULL;
	int rc = path_organization(rq, &organization, e);
	if (rc < 0 || (rc = path_invitation(rq, 0, ret, e)) < 0)
		return rc;
	return (*ret)->organization_id == organization->id ? 0 : fail(e, ERR_MANAGE_NOT_FOUND, "The invitation was not found.");
}

static int organization_invitation(struct req *rq, struct err *e)
{
	struct invitation *invitation = NULL;
	int rc = path_organization_invitation(rq, &invitation, e);
	return rc < 0 ? rc : reply_json(rq, 200, invitation_json(invitation));
}

static int organization_invitation_cancel(struct req *rq, struct err *e)
{
	struct invitation *invitation = NULL;
	int rc = path_organization_invitation(rq, &invitation, e);
	if (rc < 0 || (rc = invitation_remove(rq->db, 0, invitation->id, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

/* --- one's own ------------------------------------------------------------------------------------------------------------------------ */

static int own_invitation(struct req *rq, bool to_projects, struct invitation **ret, struct err *e)
{
	struct invitation_list list;
	int64_t id = req_path_id(rq, 0, e);
	int rc = id ? invitation_list_of_email(rq->db, rq->arena, rq->who->user_email, to_projects, &list, e)
		    : -ERR_ROUTE_NOT_FOUND;
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].id == id) {
			*ret = list.items + i;
			return 0;
		}
	return fail(e, ERR_MANAGE_NOT_FOUND, "The invitation was not found.");
}

static int own_list(struct req *rq, bool to_projects, struct err *e)
{
	struct invitation_list list;
	int rc = invitation_list_of_email(rq->db, rq->arena, rq->who->user_email, to_projects, &list, e);
	return rc < 0 ? rc : reply_json(rq, 200, manage_list(list, invitation_json));
}

static int own_show(struct req *rq, bool to_projects, struct err *e)
{
	struct invitation *invitation = NULL;
	int rc = own_invitation(rq, to_projects, &invitation, e);
	return rc < 0 ? rc : reply_json(rq, 200, invitation_json(invitation));
}

static int own_accept(struct req *rq, bool to_projects, struct err *e)
{
	struct invitation *invitation = NULL;
	struct user *user = NULL;
	struct project *project = NULL;
	struct origin origin = rq->origin;
	int rc = own_invitation(rq, to_projects, &invitation, e);
	if (rc < 0 || (rc = user_find(rq->db, rq->arena, rq->who->user_id, &user, e)) < 0)
		return rc;
	if (to_projects) {
		if ((rc = project_get(rq->db, rq->arena, invitation->project_id, &project, e)) < 0)
			return rc;
		origin = manage_origin(rq, project);
	}
	rc = invitation_accept(rq->db, rq->arena, &origin, invitation, user, e);
	return rc < 0 ? rc : reply_none(rq, 204);
}

static int own_decline(struct req *rq, bool to_projects, struct err *e)
{
	struct invitation *invitation = NULL;
	struct project *project = NULL;
	int rc = own_invitation(rq, to_projects, &invitation, e);
	if (rc < 0)
		return rc;
	assert(invitation);
	struct manage_note note = { EVENT_INVITATION_DECLINED, invitation->id, invitation->email, NULL };
	if ((rc = invitation_remove(rq->db, invitation->project_id, invitation->id, e)) < 0 || !to_projects)
		return rc < 0 ? rc : reply_none(rq, 204);
	if ((rc = project_get(rq->db, rq->arena, invitation->project_id, &project, e)) < 0 ||
		(rc = manage_record(rq, project, note, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

static int own_projects_list(struct req *rq, struct err *e)
{
	return own_list(rq, true, e);
}

static int own_projects_get(struct req *rq, struct err *e)
{
	return own_show(rq, true, e);
}

static int own_projects_accept(struct req *rq, struct err *e)
{
	return own_accept(rq, true, e);
}

static int own_projects_decline(struct req *rq, struct err *e)
{
	return own_decline(rq, true, e);
}

static int own_organizations_list(struct req *rq, struct err *e)
{
	return own_list(rq, false, e);
}

static int own_organizations_get(struct req *rq, struct err *e)
{
	return own_show(rq, false, e);
}

static int own_organizations_accept(struct req *rq, struct err *e)
{
	return own_accept(rq, false, e);
}

static int own_organizations_decline(struct req *rq, struct err *e)
{
	return own_decline(rq, false, e);
}

const struct route MANAGE_INVITATION_ROUTES[] = {
	{ "GET", "/manage/projects/{id}/invitations", ALLOW_USER, EVENT_NONE, RUN_LOOP, project_invitations,
		.summary = "Pending invitations" },
	{ "POST", "/manage/projects/{id}/invitations", ALLOW_USER, EVENT_NONE, RUN_WRITE, project_invite, PROJECT_PARAMS,
		.summary = "Invite somebody to a project; the link is mailed" },
	{ "GET", "/manage/projects/{id}/invitations/{invitationId}", ALLOW_USER, EVENT_NONE, RUN_LOOP, project_invitation,
		.summary = "One invitation" },
	{ "DELETE", "/manage/projects/{id}/invitations/{invitationId}", ALLOW_USER, EVENT_NONE, RUN_WRITE,
		project_invitation_cancel, .summary = "Cancel an invitation" },
	{ "GET", "/manage/organizations/{id}/invitations", ALLOW_USER, EVENT_NONE, RUN_LOOP, organization_invitations,
		.summary = "Pending invitations" },
	{ "POST", "/manage/organizations/{id}/invitations", ALLOW_USER, EVENT_NONE, RUN_WRITE, organization_invite,
		ORGANIZATION_PARAMS, .summary = "Invite somebody to an organization; the link is mailed" },
	{ "GET", "/manage/organizations/{id}/invitations/{invitationId}", ALLOW_USER, EVENT_NONE, RUN_LOOP,
		organization_invitation, .summary = "One invitation" },
	{ "DELETE", "/manage/organizations/{id}/invitations/{invitationId}", ALLOW_USER, EVENT_NONE, RUN_WRITE,
		organization_invitation_cancel, .summary = "Cancel an invitation" },
	{ "GET", "/manage/current-user/projects-invitations", ALLOW_USER, EVENT_NONE, RUN_LOOP, own_projects_list,
		.summary = "Invitations to projects that one has" },
	{ "GET", "/manage/current-user/projects-invitations/{id}", ALLOW_USER, EVENT_NONE, RUN_LOOP, own_projects_get,
		.summary = "One of them" },
	{ "PUT", "/manage/current-user/projects-invitations/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE, own_projects_accept,
		.summary = "Accept" },
	{ "DELETE", "/manage/current-user/projects-invitations/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE, own_projects_decline,
		.summary = "Decline" },
	{ "GET", "/manage/current-user/organizations-invitations", ALLOW_USER, EVENT_NONE, RUN_LOOP, own_organizations_list,
		.summary = "Invitations to organizations that one has" },
	{ "GET", "/manage/current-user/organizations-invitations/{id}", ALLOW_USER, EVENT_NONE, RUN_LOOP, own_organizations_get,
		.summary = "One of them" },
	{ "PUT", "/manage/current-user/organizations-invitations/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE,
		own_organizations_accept, .summary = "Accept" },
	{ "DELETE", "/manage/current-user/organizations-invitations/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE,
		own_organizations_decline, .summary = "Decline" },
	{ 0 },
};
