/* Development branches. */
#include "work/branches.h"

#include <string.h>

#include "auth/permit.h"
#include "base/own.h"
#include "base/str.h"
#include "store/bucket.h"
#include "store/config.h"
#include "store/metadata.h"
#include "work/configs.h"
#include "work/drop.h"
#include "work/events.h"
#include "work/load.h"
#include "work/resource_json.h"

#define NAME_MAX_LETTERS 255

json_t *branch_json(const struct branch *branch)
{
	json_t *creator = json_pack("{s:I, s:s}", "id", (json_int_t)branch->creator_token_id, "name", branch->creator_token_name);
	return json_pack("{s:I, s:s, s:s, s:o, s:b, s:o}", "id", (json_int_t)branch->id, "name", branch->name, "description",
		branch->description, "created", json_time(branch->created_us), "isDefault", (int)branch->is_default,
		"creatorToken", creator);
}

int branch_check_name(const char *name, struct err *e)
{
	if (str_empty(name))
		return fail(e, ERR_BRANCH_VALIDATION, "Invalid request:\n - name: \"This value should not be blank.\"");
	if (utf8_length(name) > NAME_MAX_LETTERS)
		return fail(e, ERR_BRANCH_VALIDATION,
			"Invalid request:\n - name: \"This value is too long. It should have %d characters or less.\"",
			NAME_MAX_LETTERS);
	return 0;
}

int branch_permit_change(const struct caller *who, const struct branch *branch, struct err *e)
{
	const struct identity *identity = who->identity;
	if (identity->can_manage_tokens ||
		(identity->token.is_master && identity->can_write && branch->creator_token_id == identity->token.id))
		return 0;
	return fail(e, ERR_ACCESS_DENIED, NULL);
}

static int emit_branch(
	struct db *db, const struct origin *origin, enum event_type type, const struct branch *branch, struct err *e)
{
	char id[24];
	snprintf(id, sizeof(id), "%lld", (long long)branch->id);
	struct event_object object = { .id = id, .name = branch->name };
	return emit(db, origin, type, &object, e);
}

/* --- making one -------------------------------------------------------------------------------------------------------------- */

struct creation {
	const struct job *job;
	const struct origin *origin;
	struct branch branch;
};

static int copy_metadata(struct db *db, struct arena *arena, const struct branch *branch, int64_t from, struct err *e)
{
	struct metadata_object source = { branch->project_id, "branch", from, NULL }, target = source;
	struct metadata *list = NULL;
	size_t count;
	int rc = metadata_list(db, arena, &source, &list, &count, e);
	target.number = branch->id;
	for (size_t i = 0; rc >= 0 && i < count; i++)
		rc = metadata_set(db, &target, list[i].provider, list[i].key, list[i].value, e);
	return rc;
}

static int create_now(struct db *db, void *arg, struct err *e)
{
	struct creation *creation = arg;
	struct branch *branch = &creation->branch;
	int64_t from_to[2];
	int rc = branch_default_id(db, branch->project_id, &from_to[0], e);
	if (rc < 0 || (rc = branch_insert(db, branch, e)) < 0)
		return rc;
	from_to[1] = branch->id;
	rc = config_copy_branch(db, creation->job->arena, creation->origin, from_to, e);
	if (rc < 0 || (rc = copy_metadata(db, creation->job->arena, branch, from_to[0], e)) < 0)
		return rc;
	if ((rc = emit_branch(db, creation->origin, EVENT_DEV_BRANCH_CREATED, branch, e)) < 0)
		return rc;
	own(own_json) json_t *results = branch_json(branch);
	return job_succeed(db, creation->job, results, NULL, e);
}

static const char *value_of(const struct job *job, const char *name)
{
	return json_string_value(json_object_get(json_object_get(job->params, "values"), name));
}

int job_branch_create(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e)
{
	const char *description = value_of(job, "description");
	struct creation creation = {
		.job = job,
		.origin = origin,
		.branch = {
			.project_id = job->project_id,
			.name = arena_strdup(job->arena, value_of(job, "name")),
			.description = arena_strdup(job->arena, description ? description : ""),
			.creator_token_id = job->token_id,
			.creator_token_name = job->token_description,
		},
	};
	int rc = permit_route(who, ALLOW_MASTER_WRITER, e);
	if (rc < 0 || (rc = database_transact(app->database, create_now, &creation, e)) < 0)
		return rc;
	ret->results = branch_json(&creation.branch);
	return 0;
}

/* --- dropping one ------------------------------------------------------------------------------------------------------------ */

struct deletion {
	const struct job *job;
	const struct origin *origin;
	struct branch *branch;
	struct metadata *marks; /* of buckets: which belong to a branch */
	size_t mark_count;
	struct bucket *buckets;
	size_t bucket_count;
};

static int read_deletion(struct app *app, struct deletion *deletion, struct err *e)
{
	const struct job *job = deletion->job;
	int64_t id = json_integer_value(json_object_get(json_object_get(job->params, "values"), "id"));
	struct db *db;
	int rc = db_reader_take(app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = branch_get(db, job->arena, job->project_id, id, &deletion->branch, e);
	if (rc >= 0)
		rc = metadata_list_all(db, job->arena, job->project_id, "bucket", &deletion->marks, &deletion->mark_count, e);
	if (rc >= 0)
		rc = bucket_list(db, job->arena, job->project_id, &deletion->buckets, &deletion->bucket_count, e);
	db_reader_give(db);
	return rc;
}

static bool belongs(const struct deletion *deletion, const struct bucket *bucket)
{
	char id[24];
	snprintf(id, sizeof(id), "%lld", (long long)deletion->branch->id);
	for (size_t i = 0; i < deletion->mark_count; i++) {
		const struct metadata *mark = &deletion->marks[i];
		if (mark->object_number == bucket->number && str_eq(mark->provider, "system") &&
			str_eq(mark->key, "KBC.createdBy.branch.id") && str_eq(mark->value, id))
			return true;
	}
	return false;
}

static int drop_buckets(struct app *app, const struct deletion *deletion, const struct caller *who, struct err *e)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < deletion->bucket_count; i++) {
		struct drop drop = { .who = who, .origin = deletion->origin, .id = deletion->buckets[i].id, .force = true };
		if (belongs(deletion, &deletion->buckets[i]))
			rc = drop_bucket(app, &drop, e);
	}
	return rc;
}

static int delete_now(struct db *db, void *arg, struct err *e)
{
	struct deletion *deletion = arg;
	const struct branch *branch = deletion->branch;
	int rc = config_remove_branch(db, deletion->job->arena, branch->project_id, branch->id, e);
	if (rc < 0 || (rc = branch_remove(db, branch, e)) < 0)
		return rc;
	rc = emit_branch(db, deletion->origin, EVENT_DEV_BRANCH_DELETED, branch, e);
	return rc < 0 ? rc : job_succeed(db, deletion->job, json_null(), NULL, e);
}

int job_branch_delete(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e)
{
	struct deletion deletion = { .job = job, .origin = origin };
	int rc = read_deletion(app, &deletion, e);
	if (rc < 0 || (rc = branch_permit_change(who, deletion.branch, e)) < 0)
		return rc;
	if ((rc = drop_buckets(app, &deletion, who, e)) < 0 ||
		(rc = database_transact(app->database, delete_now, &deletion, e)) < 0)
		return rc;
	ret->results = json_null();
	return 0;
}
