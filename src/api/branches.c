/* Branches over HTTP. */
#include "work/branches.h"
#include "api/jobs.h"
#include "base/own.h"
#include "base/str.h"
#include "http/req.h"
#include "store/branch.h"

#define DESCRIPTION_MAX 65000

static int branches_list(struct req *rq, struct err *e)
{
	struct branch *branches = NULL;
	size_t count;
	int rc = branch_list(rq->db, rq->arena, rq->origin.project_id, &branches, &count, e);
	if (rc < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, branch_json(&branches[i]));
	return reply_json(rq, 200, list);
}

/* The branch of the path, a number or "default". */
static int find_branch(struct req *rq, struct branch **ret, struct err *e)
{
	const char *text = req_path(rq, 0);
	int64_t id = 0;
	int rc = str_eq(text, "default") ? branch_default_id(rq->db, rq->origin.project_id, &id, e) : 0;
	if (rc < 0)
		return rc;
	if (!id && !str_to_i64(text, &id)) {
		fail(e, ERR_BRANCH_NOT_FOUND, "Branch id:\"%s\" was not found.", text);
		return -ERR_BRANCH_NOT_FOUND;
	}
	return branch_get(rq->db, rq->arena, rq->origin.project_id, id, ret, e);
}

static void name_event(struct req *rq, const struct branch *branch, json_t *stolen_params)
{
	req_object(rq, arena_printf(rq->arena, "%lld", (long long)branch->id), branch->name, stolen_params);
}

static int branches_detail(struct req *rq, struct err *e)
{
	struct branch *branch = NULL;
	int rc = find_branch(rq, &branch, e);
	if (rc < 0)
		return rc;
	name_event(rq, branch, NULL);
	return reply_json(rq, 200, branch_json(branch));
}

static int branches_create(struct req *rq, struct err *e)
{
	const char *name = arg_text(rq, "name", NULL);
	struct branch *other = NULL;
	int rc = branch_check_name(name, e);
	if (rc < 0 || (rc = branch_find_name(rq->db, rq->arena, rq->origin.project_id, name, &other, e)) < 0)
		return rc;
	if (rc > 0)
		return fail(e, ERR_BRANCH_DUPLICATE, "There already is a branch with name \"%s\"", name);
	struct new_job job = {
		.operation = "devBranchCreate",
		.params = json_pack("{s:{s:s, s:s}}", "values", "name", name, "description", arg_text(rq, "description", "")),
	};
	return start_job(rq, &job, e);
}

static int branches_update(struct req *rq, struct err *e)
{
	struct branch *branch = NULL;
	int rc = find_branch(rq, &branch, e);
	if (rc < 0 || (rc = branch_permit_change(rq->who, branch, e)) < 0)
		return rc;
	struct branch changed = *branch;
	if (arg_given(rq, "name")) {
		changed.name = arena_strdup(rq->arena, arg_text(rq, "name", ""));
		if ((rc = branch_check_name(changed.name, e)) < 0)
			return rc;
	}
	if (branch->is_default && !str_eq(changed.name, branch->name))
		return fail(e, ERR_BRANCH_VALIDATION, "You can not update default branch name.");
	if (arg_given(rq, "description"))
		changed.description = arena_strdup(rq->arena, arg_text(rq, "description", ""));
	if ((rc = branch_update(rq->db, &changed, e)) < 0)
		return rc;
	name_event(rq, branch, json_pack("{s:s}", "devBranchName", changed.name));
	return reply_json(rq, 200, branch_json(&changed));
}

static int branches_delete(struct req *rq, struct err *e)
{
	struct branch *branch = NULL;
	int rc = find_branch(rq, &branch, e);
	if (rc < 0 || (rc = branch_permit_change(rq->who, branch, e)) < 0)
		return rc;
	if (branch->is_default)
		return fail(e, ERR_BRANCH_VALIDATION, "Cannot delete Main branch");
	struct new_job job = {
		.operation = "devBranchDelete",
		.params = json_pack("{s:{s:I}}", "values", "id", (json_int_t)branch->id),
	};
	return start_job(rq, &job, e);
}

static const struct param PARAMS[] = {
	{ "name", P_TEXT, 1024, NULL },
	{ "description", P_TEXT, DESCRIPTION_MAX, NULL },
	{ NULL },
};

#define BRANCHES "/v2/storage/dev-branches"
const struct route BRANCH_ROUTES[] = {
	{ "GET", BRANCHES, ALLOW_TOKEN, EVENT_DEV_BRANCHES_LISTED, RUN_LOOP, branches_list, NULL,
		"Branches, the default one first" },
	{ "POST", BRANCHES, ALLOW_MASTER_WRITER, EVENT_DEV_BRANCH_CREATED, RUN_WORK, branches_create, PARAMS, "Makes a branch" },
	{ "GET", BRANCHES "/{id}", ALLOW_TOKEN, EVENT_DEV_BRANCH_DETAIL, RUN_LOOP, branches_detail, NULL, "One branch" },
	{ "PUT", BRANCHES "/{id}", ALLOW_MASTER_WRITER, EVENT_DEV_BRANCH_UPDATED, RUN_WRITE, branches_update, PARAMS,
		"Name and description" },
	{ "DELETE", BRANCHES "/{id}", ALLOW_MASTER_WRITER, EVENT_DEV_BRANCH_DELETED, RUN_WORK, branches_delete, NULL,
		"Drops a branch" },
	{ 0 },
};
