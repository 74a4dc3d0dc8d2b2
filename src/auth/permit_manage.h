/* What a management token or a signed-in person may do outside projects: the part of permit.h that has to ask the database. Every refusal is
 * the same ERR_MANAGE_FORBIDDEN, whether the thing named exists or not; only those who may see it anyway are told ERR_MANAGE_NOT_FOUND,
 * or that their role does not suffice. */
#ifndef AUTH_PERMIT_MANAGE_H
#define AUTH_PERMIT_MANAGE_H

#include "auth/caller.h"
#include "base/arena.h"
#include "db/db.h"
#include "store/maintainer.h"
#include "store/organization.h"
#include "store/project.h"

enum project_need {
	PROJECT_SEE,    /* any member of it, or of its organization */
	PROJECT_MANAGE, /* role admin or share (behaviour.md §1.7), or member of its organization: settings, people, tokens */
	PROJECT_OWN     /* member of its organization: what ends or moves the project */
};

/* The maintainer, for a member of it or a super admin. */
int permit_maintainer(
	struct db *db, struct arena *arena, const struct caller *who, int64_t id, struct maintainer **ret, struct err *e);
/* The organization, for a member of it or of its maintainer, or a super admin. */
int permit_organization(
	struct db *db, struct arena *arena, const struct caller *who, int64_t id, struct organization **ret, struct err *e);
/* The living project, for who needs it so. */
struct project_claim {
	int64_t id;
	enum project_need need;
	bool deleted; /* a deleted one is asked for instead */
};
int permit_project(struct db *db, struct arena *arena, const struct caller *who, const struct project_claim *claim,
	struct project **ret, struct err *e);
/* A user's own data: themselves or a super admin. */
int permit_user(const struct caller *who, int64_t user_id, struct err *e);

#endif
