/* What a management token or a signed-in person may do outside projects. */
#include "auth/permit_manage.h"

#include "base/clock.h"
#include "store/member.h"

static int refuse(const struct caller *who, const char *what, struct err *e)
{
	if (who->is_super)
		return fail(e, ERR_MANAGE_NOT_FOUND, "The %s was not found.", what);
	return fail(e, ERR_MANAGE_FORBIDDEN, NULL);
}

int permit_maintainer(
	struct db *db, struct arena *arena, const struct caller *who, int64_t id, struct maintainer **ret, struct err *e)
{
	struct maintainer *maintainer = NULL;
	int rc = maintainer_find(db, arena, id, &maintainer, e);
	if (rc > 0 && !who->is_super)
		rc = maintainer_has_user(db, id, who->user_id, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return refuse(who, "maintainer", e);
	*ret = maintainer;
	return 0;
}

/* 1 yes, 0 no. */
static int keeps_organization(struct db *db, const struct caller *who, const struct organization *organization, struct err *e)
{
	if (who->is_super)
		return 1;
	int rc = organization_has_user(db, organization->id, who->user_id, e);
	return rc != 0 ? rc : maintainer_has_user(db, organization->maintainer_id, who->user_id, e);
}

int permit_organization(
	struct db *db, struct arena *arena, const struct caller *who, int64_t id, struct organization **ret, struct err *e)
{
	struct organization *organization = NULL;
	int rc = organization_find(db, arena, id, &organization, e);
	if (rc > 0)
		rc = keeps_organization(db, who, organization, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return refuse(who, "organization", e);
	*ret = organization;
	return 0;
}

static bool role_suffices(enum role role, enum project_need need)
{
	if (need == PROJECT_SEE)
		return role != ROLE_NONE;
	return need == PROJECT_MANAGE && (role == ROLE_ADMIN || role == ROLE_SHARE);
}

/* 1 yes, 0 no and nothing is said of it, negative: refused in words, because it is seen anyway. */
static int may_project(struct db *db, struct arena *arena, const struct caller *who, const struct project *project,
	const struct project_claim *claim, struct err *e)
{
	struct organization *organization = NULL;
	struct member *member = NULL;
	bool gone = (project->deleted_us > 0) != claim->deleted;
	int rc = who->is_super ? 1 : organization_find(db, arena, project->organization_id, &organization, e);
	if (rc > 0 && organization)
		rc = keeps_organization(db, who, organization, e);
	if (rc != 0)
		return rc > 0 && gone ? fail(e, ERR_MANAGE_NOT_FOUND, "The project was not found.") : rc;
	rc = gone ? 0 : member_find(db, arena, project->id, who->user_id, &member, e);
	if (rc <= 0 || (member->expires_us > 0 && member->expires_us <= now_us()))
		return rc < 0 ? rc : 0;
	return role_suffices(role_from_name(member->role), claim->need)
		       ? 1
		       : fail(e, ERR_MANAGE_FORBIDDEN, "Action is restricted for your role in the project.");
}

int permit_project(struct db *db, struct arena *arena, const struct caller *who, const struct project_claim *claim,
	struct project **ret, struct err *e)
{
	struct project *project = NULL;
	int rc = project_find(db, arena, claim->id, &project, e);
	if (rc > 0)
		rc = may_project(db, arena, who, project, claim, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return refuse(who, "project", e);
	*ret = project;
	return 0;
}

int permit_user(const struct caller *who, int64_t user_id, struct err *e)
{
	return who->is_super || who->user_id == user_id ? 0 : fail(e, ERR_MANAGE_FORBIDDEN, NULL);
}
