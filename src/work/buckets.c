/* Changes of buckets that the API makes at once or as a job. */
#include "work/buckets.h"

#include <string.h>

#include "auth/permit.h"
#include "base/own.h"
#include "base/str.h"
#include "store/branch.h"
#include "store/names.h"
#include "work/drop.h"
#include "work/events.h"
#include "work/load.h"
#include "work/resource_json.h"

#define COLOR_MAX 64

int bucket_check_display_name(const char *name, bool symfony, struct err *e)
{
	static const char RULE[] =
		"contains not allowed characters. Only alphanumeric characters dash and underscores are allowed.";
	if (name_is_plain(name))
		return 0;
	if (symfony)
		return fail(e, ERR_BUCKET_VALIDATION, "Invalid request:\n - displayName: \"'%s' %s\"", name, RULE);
	return fail(e, ERR_BUCKET_VALIDATION, "Invalid data - displayName: '%s' %s", name, RULE);
}

int bucket_check_color(const char *color, struct err *e)
{
	static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#(),.%/ -";
	size_t length = strlen(color);
	if (length > 0 && length <= COLOR_MAX && strspn(color, ALLOWED) == length)
		return 0;
	return fail(e, ERR_BUCKET_VALIDATION, "Invalid request:\n - color: \"This value is not a valid CSS color.\"");
}

int bucket_change(struct db *db, struct arena *arena, const struct origin *origin, const char *bucket_id, json_t *changes,
	struct bucket **ret, struct err *e)
{
	struct bucket *bucket = NULL;
	int rc = bucket_get(db, arena, origin->project_id, bucket_id, &bucket, e);
	if (rc < 0)
		return rc;
	json_t *name = json_object_get(changes, "displayName"), *color = json_object_get(changes, "color");
	if (json_is_string(name))
		bucket->display_name = arena_strdup(arena, json_string_value(name));
	if (color)
		bucket->color = arena_strdup(arena, json_string_value(color));
	rc = bucket_update(db, bucket, e);
	if (rc < 0)
		return rc;
	struct event_object object = { .id = bucket->id, .name = bucket->name, .params = changes };
	rc = emit(db, origin, EVENT_BUCKET_UPDATED, &object, e);
	if (rc >= 0)
		*ret = bucket;
	return rc;
}

struct update {
	struct app *app;
	const struct job *job;
	const struct origin *origin;
	struct bucket *bucket;
	json_t *results;
};

static int update_now(struct db *db, void *arg, struct err *e)
{
	struct update *update = arg;
	const struct job *job = update->job;
	int64_t branch_id = 0;
	int rc = branch_default_id(db, job->project_id, &branch_id, e);
	if (rc < 0 || (rc = bucket_change(db, job->arena, update->origin, job->bucket_id, job->params, &update->bucket, e)) < 0)
		return rc;
	json_decref(update->results);
	update->results = bucket_json(update->app, branch_id, update->bucket);
	return job_succeed(db, job, update->results, NULL, e);
}

int job_bucket_update(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e)
{
	struct update update = { .app = app, .job = job, .origin = origin };
	int rc = permit_bucket(who, job->bucket_id, BUCKET_MANAGE, e);
	if (rc >= 0)
		rc = database_transact(app->database, update_now, &update, e);
	ret->results = update.results;
	return rc;
}

int job_bucket_delete(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e)
{
	struct drop drop = {
		.who = who,
		.origin = origin,
		.id = job->bucket_id,
		.force = json_is_true(json_object_get(json_object_get(job->params, "params"), "force")),
		.job = job,
	};
	int rc = permit_bucket(who, job->bucket_id, BUCKET_MANAGE, e);
	if (rc < 0 || (rc = drop_bucket(app, &drop, e)) < 0)
		return rc;
	ret->results = json_null();
	return 0;
}
