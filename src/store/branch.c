/* Branches: rows of the table branches. */
#include "store/branch.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"
#include "store/metadata.h"

#define SELECT_BRANCHES                                                                                                          \
	"SELECT project_id, id, name, description, created_us, is_default, creator_token_id, creator_token_name FROM branches "

static void read_branch(struct db_rows *rows, struct arena *arena, struct branch *branch)
{
	*branch = (struct branch){
		.project_id = db_col_int(rows, 0),
		.id = db_col_int(rows, 1),
		.name = arena_strdup(arena, db_col_text(rows, 2)),
		.description = arena_strdup(arena, db_col_text(rows, 3)),
		.created_us = db_col_int(rows, 4),
		.is_default = db_col_bool(rows, 5),
		.creator_token_id = db_col_int(rows, 6),
		.creator_token_name = arena_strdup(arena, db_col_text(rows, 7)),
	};
}

int branch_default_id(struct db *db, int64_t project_id, int64_t *ret_id, struct err *e)
{
	static const struct sql sql = { "SELECT default_branch_id FROM projects WHERE id = $1" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(project_id)), &rows, e);
	if (rc == 0)
		return fail(e, ERR_BRANCH_NOT_FOUND, NULL);
	if (rc < 0)
		return rc;
	*ret_id = db_col_int(rows, 0);
	return 0;
}

static int find_one(
	struct db *db, struct arena *arena, const struct sql *sql, struct db_args args, struct branch **ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, sql, args, &rows, e);
	if (rc <= 0)
		return rc;
	struct branch *branch = arena_new_of(arena, struct branch);
	if (!branch)
		return fail(e, ERR_INTERNAL, NULL);
	read_branch(rows, arena, branch);
	*ret = branch;
	return 1;
}

int branch_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct branch **ret, struct err *e)
{
	static const struct sql sql = { SELECT_BRANCHES "WHERE project_id = $1 AND id = $2" };
	return find_one(db, arena, &sql, DB_ARGS(db_i(project_id), db_i(id)), ret, e);
}

int branch_get(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct branch **ret, struct err *e)
{
	int rc = branch_find(db, arena, project_id, id, ret, e);
	if (rc == 0)
		return fail(e, ERR_BRANCH_NOT_FOUND, "Branch id:\"%lld\" was not found.", (long long)id);
	return rc < 0 ? rc : 0;
}

int branch_find_name(struct db *db, struct arena *arena, int64_t project_id, const char *name, struct branch **ret, struct err *e)
{
	static const struct sql sql = { SELECT_BRANCHES "WHERE project_id = $1 AND name = $2" };
	return find_one(db, arena, &sql, DB_ARGS(db_i(project_id), db_s(name)), ret, e);
}

int branch_list(struct db *db, struct arena *arena, int64_t project_id, struct branch **ret, size_t *ret_count, struct err *e)
{
	static const struct sql sql = { SELECT_BRANCHES "WHERE project_id = $1 ORDER BY is_default DESC, id" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql, DB_ARGS(db_i(project_id)), &rows, e);
	if (rc < 0)
		return rc;
	void *items = NULL;
	size_t count = 0;
	while ((rc = db_next(rows, e)) > 0) {
		if (!(items = list_room(arena, items, count, sizeof(struct branch))))
			return fail(e, ERR_INTERNAL, NULL);
		read_branch(rows, arena, (struct branch *)items + count++);
	}
	if (rc < 0)
		return rc;
	*ret = items;
	*ret_count = count;
	return 0;
}

/* Writing the project's first branch makes those who name one at the same time collide: the later one runs again and sees the name. */
static int take_turn(struct db *db, int64_t project_id, struct err *e)
{
	static const struct sql sql = { "UPDATE branches SET is_default = 1 WHERE project_id = $1 AND is_default = 1" };
	return db_exec(db, &sql, DB_ARGS(db_i(project_id)), e);
}

static int check_name(struct db *db, const struct branch *branch, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct branch *other = NULL;
	int rc = take_turn(db, branch->project_id, e);
	if (rc >= 0)
		rc = branch_find_name(db, arena, branch->project_id, branch->name, &other, e);
	if (rc > 0 && other && other->id != branch->id)
		return fail(e, ERR_BRANCH_DUPLICATE, "There already is a branch with name \"%s\"", branch->name);
	return rc < 0 ? rc : 0;
}

int branch_insert(struct db *db, struct branch *branch, struct err *e)
{
	static const struct sql sql = { "INSERT INTO branches (project_id, id, name, description, created_us, is_default, "
					"creator_token_id, creator_token_name) "
					"VALUES ($1, $2, $3, $4, $5, $6, $7, $8)" };
	struct branch made = *branch;
	made.id = 0;
	made.created_us = now_us();
	int rc = check_name(db, &made, e);
	if (rc < 0 || (rc = db_next_id(db, "branch", &made.id, e)) < 0)
		return rc;
	rc = db_exec(db, &sql,
		DB_ARGS(db_i(made.project_id), db_i(made.id), db_s(made.name), db_s(made.description ? made.description : ""),
			db_i(made.created_us), db_bool(made.is_default), db_i(made.creator_token_id),
			db_s(made.creator_token_name ? made.creator_token_name : "")),
		e);
	if (rc < 0)
		return rc;
	*branch = made;
	return 0;
}

int branch_update(struct db *db, const struct branch *branch, struct err *e)
{
	static const struct sql sql = { "UPDATE branches SET name = $3, description = $4 WHERE project_id = $1 AND id = $2" };
	int rc = check_name(db, branch, e);
	if (rc < 0)
		return rc;
	return db_exec(
		db, &sql, DB_ARGS(db_i(branch->project_id), db_i(branch->id), db_s(branch->name), db_s(branch->description)), e);
}

int branch_remove(struct db *db, const struct branch *branch, struct err *e)
{
	static const struct sql sql = { "DELETE FROM branches WHERE project_id = $1 AND id = $2 AND is_default = 0" };
	struct metadata_object object = { branch->project_id, "branch", branch->id, NULL };
	int rc = db_exec(db, &sql, DB_ARGS(db_i(branch->project_id), db_i(branch->id)), e);
	return rc < 0 ? rc : metadata_remove_all(db, &object, e);
}
