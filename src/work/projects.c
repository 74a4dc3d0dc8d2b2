/* What changes whole projects. */
#include "work/projects.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/branch.h"
#include "store/bucket.h"
#include "store/config.h"
#include "store/file.h"
#include "store/invitation.h"
#include "store/member.h"
#include "store/table.h"
#include "store/token.h"
#include "work/drop.h"

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

/* --- the contents ---------------------------------------------------------------------------------------------------------- */

/* Each removes at most a batch: 1 when it removed something, 0 when nothing was left. */

static int empty_tables(struct db *db, struct arena *arena, int64_t project_id, struct err *e)
{
	struct table_query query = { .project_id = project_id };
	struct table_list tables;
	int rc = table_list(db, arena, &query, &tables, e);
	for (size_t i = 0; rc >= 0 && i < tables.count && i < PURGE_BATCH; i++)
		rc = table_remove(db, &tables.items[i], e);
	return rc < 0 ? rc : tables.count > 0;
}

static int empty_buckets(struct db *db, struct arena *arena, int64_t project_id, struct err *e)
{
	struct bucket *buckets;
	size_t count;
	int rc = bucket_list(db, arena, project_id, &buckets, &count, e);
	for (size_t i = 0; rc >= 0 && i < count && i < PURGE_BATCH; i++)
		rc = bucket_remove(db, &buckets[i], e);
	return rc < 0 ? rc : count > 0;
}

static int empty_files(struct db *db, struct arena *arena, int64_t project_id, struct err *e)
{
	struct file_filter filter = { .project_id = project_id, .show_expired = true, .limit = PURGE_BATCH };
	struct file **files;
	size_t count;
	int rc = file_list(db, arena, &filter, &files, &count, e);
	for (size_t i = 0; rc >= 0 && i < count; i++)
		rc = file_remove(db, project_id, files[i]->id, e);
	return rc < 0 ? rc : count > 0;
}

static int empty_branches(struct db *db, struct arena *arena, int64_t project_id, struct err *e)
{
	struct branch *branches;
	size_t count;
	int rc = branch_list(db, arena, project_id, &branches, &count, e);
	for (size_t i = 0; rc >= 0 && i < count; i++)
		rc = config_remove_branch(db, arena, project_id, branches[i].id, e);
	return rc < 0 ? rc : 0;
}

struct emptying {
	struct arena *arena;
	bool more;
};

static int empty_some(struct db *db, void *arg, struct err *e)
{
	struct emptying *emptying = arg;
	struct project *project = NULL;
	emptying->more = false;
	int rc = project_find_unemptied(db, emptying->arena, &project, e);
	if (rc <= 0)
		return rc;
	emptying->more = true;
	if ((rc = empty_tables(db, emptying->arena, project->id, e)) != 0 ||
		(rc = empty_buckets(db, emptying->arena, project->id, e)) != 0 ||
		(rc = empty_files(db, emptying->arena, project->id, e)) != 0 ||
		(rc = empty_branches(db, emptying->arena, project->id, e)) != 0)
		return rc < 0 ? rc : 0;
	return project_set_emptied(db, project->id, e);
}

int projects_sweep(struct app *app, int64_t now, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct emptying emptying = { arena, false };
	(void)now;
	int rc = database_transact(app->database, empty_some, &emptying, e);
	if (rc >= 0 && emptying.more)
		drop_leftover_rows(app);
	return rc < 0 ? rc : emptying.more;
}
