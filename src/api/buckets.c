/* Buckets over HTTP. */
#include "work/buckets.h"
#include "api/jobs.h"
#include "api/tables.h"
#include "base/own.h"
#include "base/str.h"
#include "http/req.h"
#include "store/bucket.h"
#include "store/member.h"
#include "store/metadata.h"
#include "store/names.h"
#include "store/table.h"
#include "store/user.h"
#include "work/drop.h"
#include "work/resource_json.h"

#define BUCKET_NAME_MAX 96
#define DISPLAY_NAME_MAX 255
#define DESCRIPTION_MAX 4096

/* The bucket of the path, for whoever has the level; absent and forbidden are the same to those who have not (R09). */
static int find_permitted(struct req *rq, enum bucket_level need, struct bucket **ret, struct err *e)
{
	const char *id = req_path(rq, 0);
	int rc = permit_bucket(rq->who, id, need, e);
	return rc < 0 ? rc : bucket_get(rq->db, rq->arena, rq->origin.project_id, id, ret, e);
}

/* --- list and detail --------------------------------------------------------------------------------------------------------- */

/* Both lists are in the order of the buckets' numbers. */
static void add_metadata(json_t *json, int64_t bucket_number, const struct metadata *all, size_t count)
{
	size_t from = 0;
	while (from < count && all[from].object_number != bucket_number)
		from++;
	size_t to = from;
	while (to < count && all[to].object_number == bucket_number)
		to++;
	json_object_set_new(json, "metadata", metadata_json_list(all + from, to - from));
}

static int buckets_list(struct req *rq, struct err *e)
{
	struct bucket *buckets = NULL;
	struct metadata *metadata = NULL;
	size_t count, metadata_count = 0, seen = 0;
	int rc = bucket_list(rq->db, rq->arena, rq->origin.project_id, &buckets, &count, e);
	if (rc >= 0 && includes(rq, "metadata"))
		rc = metadata_list_all(rq->db, rq->arena, rq->origin.project_id, "bucket", &metadata, &metadata_count, e);
	if (rc < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		while (seen < metadata_count && metadata[seen].object_number < buckets[i].number)
			seen++;
		if (permit_bucket_level(rq->who, buckets[i].id) == BUCKET_NONE)
			continue;
		json_t *bucket = bucket_json(rq->app, rq->who->identity->default_branch_id, &buckets[i]);
		if (includes(rq, "metadata"))
			add_metadata(bucket, buckets[i].number, metadata + seen, metadata_count - seen);
		if (includes(rq, "linkedBuckets"))
			json_object_set_new(bucket, "linkedBy", json_array());
		json_array_append_new(list, bucket);
	}
	return reply_json(rq, 200, list);
}

static int add_tables(struct req *rq, json_t *json, const struct bucket *bucket, struct err *e)
{
	struct table_parts parts = {
		.columns = includes(rq, "columns"),
		.metadata = includes(rq, "metadata"),
		.column_metadata = includes(rq, "columnMetadata"),
		.source = true,
		.source_metadata = includes(rq, "sourceMetadata"),
		.source_column_metadata = includes(rq, "sourceColumnMetadata"),
	};
	struct table_query query = { bucket->project_id, bucket->number, parts.columns };
	struct table_list tables;
	json_t *list = NULL;
	int rc = table_list(rq->db, rq->arena, &query, &tables, e);
	if (rc < 0 || (rc = tables_json(rq->app, rq->db, rq->arena, &tables, &parts, &list, e)) < 0)
		return rc;
	hide_sources(rq->who, list);
	json_object_set_new(json, "tables", list);
	return 0;
}

static int buckets_detail(struct req *rq, struct err *e)
{
	struct bucket *bucket = NULL;
	int rc = find_permitted(rq, BUCKET_READ, &bucket, e);
	if (rc < 0)
		return rc;
	struct metadata_object object = { bucket->project_id, "bucket", bucket->number, NULL };
	struct metadata *metadata = NULL;
	size_t count;
	rc = metadata_list(rq->db, rq->arena, &object, &metadata, &count, e);
	own(own_json) json_t *json = bucket_json(rq->app, rq->who->identity->default_branch_id, bucket);
	if (rc < 0 || (rc = add_tables(rq, json, bucket, e)) < 0)
		return rc;
	json_object_set_new(json, "metadata", metadata_json_list(metadata, count));
	json_object_set_new(json, "linkedBy", json_array());
	req_object(rq, bucket->id, bucket->name, NULL);
	return reply_json(rq, 200, give_ptr(json));
}

/* --- changes ------------------------------------------------------------------------------------------------------------------ */

static int check_new(struct req *rq, struct bucket *bucket, struct err *e)
{
	const char *name = arg_text(rq, "name", ""), *backend = bucket->backend;
	if (str_empty(name))
		return fail(e, ERR_BUCKET_VALIDATION, "Invalid data - name: Name is required.");
	if (!name_is_plain(name))
		return fail(e, ERR_BUCKET_VALIDATION,
			"Invalid data - name: '%s' contains not allowed characters. Only alphanumeric characters dash and "
			"underscores are allowed.",
			name);
	if (!str_eq(bucket->stage, "in") && !str_eq(bucket->stage, "out"))
		return fail(e, ERR_BUCKET_VALIDATION, "Invalid data - stage: '%s' is not allowed. Possible values are: in, out.",
			bucket->stage);
	if (!str_eq(backend, "snowflake"))
		return fail(e, ERR_BUCKET_VALIDATION, "Invalid data - backend: '%s' is not supported in this project.", backend);
	int rc = bucket->display_name ? bucket_check_display_name(bucket->display_name, false, e) : 0;
	if (rc >= 0 && bucket->color)
		rc = bucket_check_color(bucket->color, e);
	return rc;
}

/* An argument's text in the arena; NULL when it is absent. */
static char *text_of(struct req *rq, const char *name)
{
	return arena_strdup(rq->arena, arg_text(rq, name, NULL));
}

static int buckets_create(struct req *rq, struct err *e)
{
	struct bucket bucket = {
		.project_id = rq->origin.project_id,
		.stage = arena_strdup(rq->arena, arg_text(rq, "stage", "in")),
		.name = arena_printf(rq->arena, "c-%s", arg_text(rq, "name", "")),
		.display_name = text_of(rq, "displayName"),
		.description = arena_strdup(rq->arena, arg_text(rq, "description", "")),
		.color = text_of(rq, "color"),
		.backend = arena_strdup(rq->arena, arg_text(rq, "backend", "snowflake")),
	};
	int rc = check_new(rq, &bucket, e);
	if (rc < 0 || (rc = bucket_insert(rq->db, rq->arena, &bucket, e)) < 0)
		return rc;
	req_object(
		rq, bucket.id, bucket.name, json_pack("{s:s, s:s}", "displayName", bucket.display_name, "stage", bucket.stage));
	json_t *json = bucket_json(rq->app, rq->who->identity->default_branch_id, &bucket);
	json_object_set_new(json, "tables", json_array());
	return reply_json(rq, 201, json);
}

struct update {
	struct req *rq;
	json_t *changes;
	struct bucket *bucket;
};

static int update_now(struct db *db, void *arg, struct err *e)
{
	struct update *update = arg;
	struct still still = { update->rq, req_path(update->rq, 0), BUCKET_MANAGE };
	int rc = still_permitted(db, &still, e);
	return rc < 0 ? rc
		      : bucket_change(db, update->rq->arena, &update->rq->origin, req_path(update->rq, 0), update->changes,
				&update->bucket, e);
}

static int buckets_update(struct req *rq, struct err *e)
{
	struct bucket *bucket = NULL;
	int rc = find_permitted(rq, BUCKET_MANAGE, &bucket, e);
	const char *name = arg_text(rq, "displayName", NULL), *color = arg_text(rq, "color", NULL);
	if (rc >= 0 && name)
		rc = bucket_check_display_name(name, true, e);
	if (rc >= 0 && color)
		rc = bucket_check_color(color, e);
	if (rc < 0)
		return rc;
	own(own_json) json_t *changes = json_object();
	if (name)
		json_object_set_new(changes, "displayName", json_string(name));
	if (color || json_is_null(json_object_get(arg_json(rq, "body"), "color")))
		json_object_set_new(changes, "color", color ? json_string(color) : json_null());
	if (arg_bool(rq, "async", false)) {
		struct new_job job = { .operation = "bucketUpdate", .bucket_id = bucket->id, .params = json_incref(changes) };
		return start_job(rq, &job, e);
	}
	struct update update = { .rq = rq, .changes = changes };
	rc = database_transact(rq->app->database, update_now, &update, e);
	if (rc < 0)
		return rc;
	req_no_event(rq);
	return reply_json(rq, 200, bucket_json(rq->app, rq->who->identity->default_branch_id, update.bucket));
}

static int buckets_delete(struct req *rq, struct err *e)
{
	struct bucket *bucket = NULL;
	int rc = find_permitted(rq, BUCKET_MANAGE, &bucket, e);
	if (rc < 0)
		return rc;
	bool force = arg_bool(rq, "force", false);
	if (arg_bool(rq, "async", false)) {
		struct new_job job = { .operation = "bucketDelete", .bucket_id = bucket->id };
		job.params = json_pack("{s:{s:I, s:b}}", "params", "idBucket", (json_int_t)bucket->number, "force", (int)force);
		return start_job(rq, &job, e);
	}
	struct still still = { rq, bucket->id, BUCKET_MANAGE };
	struct drop drop = {
		.who = rq->who, .origin = &rq->origin, .id = bucket->id, .force = force, .still = still_permitted, .arg = &still
	};
	rc = drop_bucket(rq->app, &drop, e);
	if (rc < 0)
		return rc;
	req_no_event(rq);
	return reply_none(rq, 204);
}

/* --- the owner ---------------------------------------------------------------------------------------------------------------- */

static json_t *owner_json(const struct bucket *bucket)
{
	return json_pack(
		"{s:I, s:s, s:s}", "id", (json_int_t)bucket->owner_id, "name", bucket->owner_name, "email", bucket->owner_email);
}

static int owner_detail(struct req *rq, struct err *e)
{
	struct bucket *bucket = NULL;
	int rc = find_permitted(rq, BUCKET_READ, &bucket, e);
	if (rc < 0)
		return rc;
	if (!bucket->owner_id || !bucket->owner_email)
		return fail(e, ERR_BUCKET_OWNER_NOT_FOUND, "Owner for bucket %s in project %lld not found.", bucket->id,
			(long long)bucket->project_id);
	req_object(rq, bucket->id, bucket->name, NULL);
	return reply_json(rq, 200, owner_json(bucket));
}

/* The member named by id or e-mail; the caller's words when there is none. */
static int find_owner(struct req *rq, const struct bucket *bucket, struct member **ret, struct err *e)
{
	int64_t id = arg_int(rq, "id", 0);
	const char *email = arg_text(rq, "email", NULL);
	struct user *user = NULL;
	if (!id && !email)
		return fail(e, ERR_BUCKET_VALIDATION, "Invalid request:\n - id: \"Name the owner by id or email.\"");
	int rc = email ? user_find_email(rq->db, rq->arena, email, &user, e) : 0;
	if (rc >= 0)
		rc = member_find(rq->db, rq->arena, bucket->project_id, user ? user->id : id, ret, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return fail(e, ERR_BUCKET_OWNER_NOT_FOUND, "Owner %s for bucket %s in project %lld not found.",
		email ? email : arena_printf(rq->arena, "%lld", (long long)id), bucket->id, (long long)bucket->project_id);
}

static int owner_update(struct req *rq, struct err *e)
{
	struct bucket *bucket = NULL;
	struct member *member = NULL;
	int rc = find_permitted(rq, BUCKET_MANAGE, &bucket, e);
	if (rc < 0 || (rc = find_owner(rq, bucket, &member, e)) < 0 ||
		(rc = bucket_set_owner(rq->db, bucket, member->user_id, e)) < 0)
		return rc;
	bucket->owner_name = member->name;
	bucket->owner_email = member->email;
	req_object(rq, bucket->id, bucket->name, json_pack("{s:o}", "owner", owner_json(bucket)));
	return reply_json(rq, 200, owner_json(bucket));
}

/* --- the table ---------------------------------------------------------------------------------------------------------------- */

static const struct param LIST_PARAMS[] = {
	{ "include", P_COMMA, 0, "metadata, linkedBuckets" },
	{ NULL },
};
static const struct param DETAIL_PARAMS[] = {
	{ "include", P_COMMA, 0, "of each table: metadata, columns, columnMetadata, sourceMetadata, sourceColumnMetadata" },
	{ NULL },
};
static const struct param CREATE_PARAMS[] = {
	{ "name", P_TEXT, BUCKET_NAME_MAX, "letters, digits, - and _" },
	{ "stage", P_TEXT, 16, "in (standard) or out" },
	{ "description", P_TEXT, DESCRIPTION_MAX, NULL },
	{ "backend", P_TEXT, 64, NULL },
	{ "displayName", P_TEXT, DISPLAY_NAME_MAX, NULL },
	{ "color", P_TEXT, 64, "as in CSS" },
	{ NULL },
};
static const struct param UPDATE_PARAMS[] = {
	{ "displayName", P_TEXT, DISPLAY_NAME_MAX, NULL },
	{ "color", P_TEXT, 64, "as in CSS; null clears it" },
	{ "body", P_BODY, 0, NULL }, /* null is absent elsewhere */
	{ "async", P_BOOL, 0, "as a job" },
	{ NULL },
};
static const struct param DELETE_PARAMS[] = {
	{ "force", P_BOOL, 0, "with its tables" },
	{ "async", P_BOOL, 0, "as a job" },
	{ NULL },
};
static const struct param OWNER_PARAMS[] = {
	{ "id", P_INT, 0, NULL },
	{ "email", P_TEXT, 254, NULL },
	{ NULL },
};

#define BUCKETS "/v2/storage/buckets"
const struct route BUCKET_ROUTES[] = {
	{ "GET", BUCKETS, ALLOW_TOKEN, EVENT_BUCKETS_LISTED, RUN_WORK, buckets_list, LIST_PARAMS,
		"Buckets that the token may read", true },
	{ "POST", BUCKETS, ALLOW_BUCKET_MANAGER, EVENT_BUCKET_CREATED, RUN_WRITE, buckets_create, CREATE_PARAMS, "Makes a bucket",
		true },
	{ "GET", BUCKETS "/{id}", ALLOW_TOKEN, EVENT_BUCKET_DETAIL, RUN_WORK, buckets_detail, DETAIL_PARAMS,
		"One bucket with its tables", true },
	{ "PUT", BUCKETS "/{id}", ALLOW_WRITER, EVENT_BUCKET_UPDATED, RUN_WORK, buckets_update, UPDATE_PARAMS, "Name and color",
		true },
	{ "DELETE", BUCKETS "/{id}", ALLOW_WRITER, EVENT_BUCKET_DELETED, RUN_WORK, buckets_delete, DELETE_PARAMS,
		"Drops a bucket", true },
	{ "GET", BUCKETS "/{id}/owner", ALLOW_TOKEN, EVENT_BUCKET_DETAIL, RUN_LOOP, owner_detail, NULL,
		"Who answers for the bucket", true },
	{ "POST", BUCKETS "/{id}/owner", ALLOW_WRITER, EVENT_BUCKET_UPDATED, RUN_WRITE, owner_update, OWNER_PARAMS,
		"Says who answers for it", true },
	{ 0 },
};
