/* What changes whole projects. */
#include "work/projects.h"

#include "base/clock.h"
#include "store/invitation.h"
#include "store/member.h"
#include "store/token.h"

#define PURGE_BATCH 500

struct ids {
	int64_t list[PURGE_BATCH];
	size_t count;
};

static int collect(const struct token *token, const struct token_setting *setting, void *arg, struct err *e)
{
	struct ids *ids = arg;
	(void)setting;
	(void)e;
	ids->list[ids->count++] = token->id;
	return 0;
}

static int purge_tokens(struct db *db, int64_t project_id, struct err *e)
{
	struct ids ids;
	do {
		ids.count = 0;
		struct token_listing listing = { .project_id = project_id, .limit = PURGE_BATCH, .one = collect, .arg = &ids };
		int rc = token_list(db, &listing, e);
		for (size_t i = 0; i < ids.count && rc >= 0; i++)
			rc = token_remove(db, project_id, ids.list[i], e);
		if (rc < 0)
			return rc;
	} while (ids.count == PURGE_BATCH);
	return 0;
}

static int purge_people(struct db *db, struct arena *arena, int64_t project_id, struct err *e)
{
	struct member_list members;
	struct invitation_list invitations;
	int rc = member_list(db, arena, project_id, &members, e);
	for (size_t i = 0; rc >= 0 && i < members.count; i++)
		rc = member_remove(db, project_id, members.items[i].user_id, e);
	if (rc < 0 || (rc = invitation_list_of_project(db, arena, project_id, &invitations, e)) < 0)
		return rc;
	for (size_t i = 0; rc >= 0 && i < invitations.count; i++)
		rc = invitation_remove(db, project_id, invitations.items[i].id, e);
	return rc;
}

int project_purge(struct db *db, struct arena *arena, struct project *project, struct err *e)
{
	int rc = purge_tokens(db, project->id, e);
	if (rc < 0 || (rc = purge_people(db, arena, project->id, e)) < 0)
		return rc;
	project->purged_us = now_us();
	return project_update(db, project, e);
}
