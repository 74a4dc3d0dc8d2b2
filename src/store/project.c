/* Projects. */
#include "store/project.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"
#include "store/organization.h"

const struct project_limit PROJECT_LIMITS[] = {
	{ "components.jobsParallelism", 10 },
	{ "kbc.adminsCount", 10000 },
	{ "orchestrations.count", 10000 },
	{ "storage.dataSizeBytes", INT64_C(1) << 50 },
	{ "storage.jobsParallelism", 10 },
	{ NULL, 0 },
};

#define PROJECT_COLUMNS                                                                                                          \
	"id, organization_id, name, type, created_us, version, default_branch_id, is_disabled, disabled_reason, deleted_us, "    \
	"deleted_by, "                                                                                                           \
	"expires_us, data_size_bytes, rows_count, features, limits, token_max_life_s, events_keep_days, purged_us, is_emptied, " \
	"disabled_until_us"

static void project_read(struct arena *arena, struct db_rows *rows, struct project *project)
{
	*project = (struct project){
		.id = db_col_int(rows, 0),
		.organization_id = db_col_int(rows, 1),
		.name = arena_strdup(arena, db_col_text(rows, 2)),
		.type = arena_strdup(arena, db_col_text(rows, 3)),
		.created_us = db_col_int(rows, 4),
		.version = db_col_int(rows, 5),
		.default_branch_id = db_col_int(rows, 6),
		.is_disabled = db_col_bool(rows, 7),
		.disabled_reason = arena_strdup(arena, db_col_text(rows, 8)),
		.deleted_us = db_col_int(rows, 9),
		.deleted_by = db_col_int(rows, 10),
		.expires_us = db_col_int(rows, 11),
		.data_size_bytes = db_col_int(rows, 12),
		.rows_count = db_col_int(rows, 13),
		.features = arena_strdup(arena, db_col_text(rows, 14)),
		.limits = arena_strdup(arena, db_col_text(rows, 15)),
		.token_max_life_s = db_col_int(rows, 16),
		.events_keep_days = db_col_int(rows, 17),
		.purged_us = db_col_int(rows, 18),
		.is_emptied = db_col_bool(rows, 19),
		.disabled_until_us = db_col_int(rows, 20),
	};
}

static int project_find_by(
	struct db *db, struct arena *arena, const struct sql *sql, struct db_args args, struct project **ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, sql, args, &rows, e);
	if (rc <= 0)
		return rc;
	struct project *project = arena_new_of(arena, struct project);
	if (!project)
		return fail_internal(e, ERR_INTERNAL, "no memory for a project");
	project_read(arena, rows, project);
	*ret = project;
	return 1;
}

int project_find(struct db *db, struct arena *arena, int64_t id, struct project **ret, struct err *e)
{
	static const struct sql sql = { "SELECT " PROJECT_COLUMNS " FROM projects WHERE id = $1", NULL };
	return project_find_by(db, arena, &sql, DB_ARGS(db_i(id)), ret, e);
}

int project_find_unemptied(struct db *db, struct arena *arena, struct project **ret, struct err *e)
{
	static const struct sql sql = {
		"SELECT " PROJECT_COLUMNS " FROM projects WHERE purged_us > 0 AND is_emptied = 0 ORDER BY id LIMIT 1", NULL
	};
	return project_find_by(db, arena, &sql, DB_NONE, ret, e);
}

int project_set_emptied(struct db *db, int64_t id, struct err *e)
{
	static const struct sql sql = { "UPDATE projects SET is_emptied = 1 WHERE id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(id)), e);
}

int project_get(struct db *db, struct arena *arena, int64_t id, struct project **ret, struct err *e)
{
	struct project *project = NULL;
	int rc = project_find(db, arena, id, &project, e);
	if (rc < 0)
		return rc;
	if (rc == 0 || !project || project->deleted_us > 0)
		return fail(e, ERR_MANAGE_NOT_FOUND, "Project %lld was not found.", (long long)id);
	*ret = project;
	return 0;
}

int project_list(
	struct db *db, struct arena *arena, int64_t organization_id, bool deleted, struct project_list *ret, struct err *e)
{
	static const struct sql sql = {
		"SELECT " PROJECT_COLUMNS " FROM projects WHERE (CAST($1 AS BIGINT) = 0 OR organization_id = $1)"
		" AND ((CAST($2 AS BIGINT) = 1 AND deleted_us > 0) OR (CAST($2 AS BIGINT) = 0 AND deleted_us = 0)) ORDER BY id",
		NULL
	};
	own(own_rows) struct db_rows *rows = NULL;
	struct project_list list = { NULL, 0 };
	int rc = db_query(db, &sql, DB_ARGS(db_i(organization_id), db_bool(deleted)), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the projects");
		project_read(arena, rows, &list.items[list.count++]);
	}
	if (rc == 0)
		*ret = list;
	return rc;
}

static int project_branch_insert(struct db *db, const struct project *project, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO branches (project_id, id, name, created_us, is_default) VALUES ($1, $2, 'Main', $3, 1)", NULL
	};
	return db_exec(db, &sql, DB_ARGS(db_i(project->id), db_i(project->default_branch_id), db_i(project->created_us)), e);
}

int project_insert(struct db *db, struct project *project, struct err *e)
{
	static const struct sql sql = { "INSERT INTO projects (id, organization_id, name, type, created_us, default_branch_id) "
					"VALUES ($1, $2, $3, $4, $5, $6)",
		NULL };
	int rc = organization_hold(db, project->organization_id, e);
	if (rc < 0 || (rc = db_next_id(db, "project", &project->id, e)) < 0 ||
		(rc = db_next_id(db, "branch", &project->default_branch_id, e)) < 0)
		return rc;
	project->created_us = now_us();
	rc = db_exec(db, &sql,
		DB_ARGS(db_i(project->id), db_i(project->organization_id), db_s(project->name),
			db_s(project->type ? project->type : "production"), db_i(project->created_us),
			db_i(project->default_branch_id)),
		e);
	return rc < 0 ? rc : project_branch_insert(db, project, e);
}

int project_update(struct db *db, const struct project *project, struct err *e)
{
	static const struct sql sql = {
		"UPDATE projects SET version = version + 1, organization_id = $2, name = $3, type = $4, is_disabled = $5,"
		" disabled_reason = $6, deleted_us = $7, deleted_by = $8, expires_us = $9, features = $10, limits = $11, "
		"token_max_life_s = $12,"
		" events_keep_days = $13, purged_us = $14, disabled_until_us = $15 WHERE id = $1",
		NULL
	};
	db_changed(db, DB_CHANGED_PROJECT, project->id, project->id);
	return db_exec(db, &sql,
		DB_ARGS(db_i(project->id), db_i(project->organization_id), db_s(project->name), db_s(project->type),
			db_bool(project->is_disabled), db_s(project->disabled_reason), db_i(project->deleted_us),
			db_i(project->deleted_by), db_i(project->expires_us), db_s(project->features), db_s(project->limits),
			db_i(project->token_max_life_s), db_i(project->events_keep_days), db_i(project->purged_us),
			db_i(project->disabled_until_us)),
		e);
}
