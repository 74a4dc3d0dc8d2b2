/* /v2/storage/files: prepared here, uploaded to and downloaded from the blob endpoint (blobs.c). */
#include <stdio.h>
#include <string.h>

#include "api/jobs.h"
#include "base/str.h"
#include "http/req.h"
#include "store/file_query.h"
#include "work/files.h"

#define NAME_MAX_BYTES 1000
#define TAG_MAX_BYTES 500
#define TAGS_MAX 200
#define LIST_MAX 10000
#define DELETE_WAIT_US INT64_C(2000000)

/* The event is about this file. */
static void about(struct req *rq, const struct file *file, json_t *stolen_params)
{
	char id[24];
	snprintf(id, sizeof(id), "%lld", (long long)file->id);
	req_object(rq, id, file->name, stolen_params);
}

/* A list of texts, also with gaps in its numbers (an object then). NULL when it is neither. */
static json_t *values_of(json_t *list)
{
	json_t *values = json_array(), *item;
	const char *key;
	size_t i;
	if (json_is_array(list))
		json_array_foreach(list, i, item)
			json_array_append(values, item);
	else
		json_object_foreach(list, key, item)
			json_array_append(values, item);
	return values;
}

static int tags_invalid(struct err *e, const char *key, const char *message)
{
	err_field(e, key, message);
	return fail(e, ERR_STORAGE_VALIDATION, "Invalid request:\n - %s: \"%s\"", key, message);
}

static int read_tags(struct req *rq, json_t *list, char ***ret, size_t *ret_count, struct err *e)
{
	if (!list)
		return 0;
	if (!json_is_array(list) && !json_is_object(list))
		return tags_invalid(e, "tags", "This value should be of type array.");
	json_t *values = values_of(list);
	size_t count = json_array_size(values), i;
	char **tags = arena_array(rq->arena, char *, count + 1);
	json_t *item;
	int rc = count > TAGS_MAX || !tags ? tags_invalid(e, "tags", "There are too many tags.") : 0;
	json_array_foreach(values, i, item) {
		if (rc == 0 && (!json_string_length(item) || json_string_length(item) > TAG_MAX_BYTES))
			rc = tags_invalid(e, "tags", "A tag should be a text of 1 to 500 characters.");
		if (rc == 0)
			tags[i] = arena_strdup(rq->arena, json_string_value(item));
	}
	json_decref(values);
	if (rc < 0)
		return rc;
	*ret = tags;
	*ret_count = count;
	return 0;
}

static int read_file(struct req *rq, struct file *file, struct err *e)
{
	const struct identity *who = rq->who->identity;
	const char *name;
	int rc = arg_required(rq, "name", &name, e);
	if (rc < 0)
		return rc;
	*file = (struct file){
		.project_id = who->token.project_id,
		.branch_id = rq->branch_id,
		.name = arena_strdup(rq->arena, name),
		.max_age_days = arg_bool(rq, "isPermanent", false) ? 0 : rq->app->conf.file_keep_days,
		.size_bytes = arg_int(rq, "sizeBytes", -1),
		.is_sliced = arg_bool(rq, "isSliced", false),
		.is_encrypted = true,
		.notify = arg_bool(rq, "notify", false),
		.creator_token_id = who->token.id,
		.creator_description = who->token.description,
		.run_id = str_empty(rq->origin.run_id) ? NULL : arena_strdup(rq->arena, rq->origin.run_id),
	};
	if (arg_given(rq, "sizeBytes") && file->size_bytes < 0)
		return fail(e, ERR_VALIDATION, "Invalid request:\n - sizeBytes: \"This value should be positive.\"");
	return read_tags(rq, arg_json(rq, "tags"), &file->tags, &file->tag_count, e);
}

static int files_prepare(struct req *rq, struct err *e)
{
	struct file *file = arena_new_of(rq->arena, struct file);
	int rc = file ? read_file(rq, file, e) : fail_internal(e, ERR_INTERNAL, "out of memory");
	if (rc == 0)
		rc = file_insert(rq->db, rq->arena, file, e);
	if (rc < 0)
		return rc;
	about(rq, file, NULL);
	json_t *json = file_json(rq->app, rq->arena, rq->who->identity, file);
	file_json_upload(rq->app, rq->arena, rq->who->identity, file, json);
	return reply_json(rq, 201, json);
}

/* Who may not read an export's bucket does not learn that the export is there (R09). */
static bool list_sees(void *arg, const struct file *file)
{
	struct req *rq = arg;
	return !file->source_bucket_id || permit_bucket_level(rq->who, file->source_bucket_id) >= BUCKET_READ;
}

static int refuse_public(struct req *rq, struct err *e)
{
	bool value;
	json_t *given = arg_json(rq, "isPublic");
	const char *text = json_string_value(given);
	if (!given)
		return 0;
	if (json_is_boolean(given) || (text && !str_empty(text) && str_to_bool(text, &value)) ||
		(json_is_integer(given) && (json_integer_value(given) | 1) == 1))
		return fail(e, ERR_STORAGE_VALIDATION, "FileListFilter is not yet implemented");
	return tags_invalid(e, "isPublic", "The value is not boolean. Possible values are true, false, 1, 0.");
}

static int read_filter(struct req *rq, struct file_filter *filter, struct err *e)
{
	const struct token *token = &rq->who->identity->token;
	char **tags = NULL;
	*filter = (struct file_filter){
		.project_id = token->project_id,
		.token_id = token->can_read_all_files ? 0 : token->id,
		.since_id = arg_int(rq, "sinceId", 0),
		.max_id = arg_int(rq, "maxId", 0),
		.run_id = arg_text(rq, "runId", NULL),
		.show_expired = arg_bool(rq, "showExpired", false),
		.sees = list_sees,
		.arg = rq,
	};
	int rc = refuse_public(rq, e);
	if (rc == 0)
		rc = arg_page(rq, 100, LIST_MAX, &filter->limit, &filter->offset, e);
	if (rc == 0)
		rc = read_tags(rq, arg_json(rq, "tags"), &tags, &filter->tag_count, e);
	filter->tags = (const char *const *)tags;
	return rc < 0 ? rc : file_query_parse(rq->arena, arg_text(rq, "q", ""), &filter->query, e);
}

static int files_list(struct req *rq, struct err *e)
{
	struct file_filter filter;
	struct file **files = NULL;
	size_t count = 0;
	int rc = read_filter(rq, &filter, e);
	if (rc == 0)
		rc = file_list(rq->db, rq->arena, &filter, &files, &count, e);
	if (rc < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, file_json(rq->app, rq->arena, rq->who->identity, files[i]));
	return reply_json(rq, 200, list);
}

/* The file of the path, which the caller may read. */
static int find_readable(struct req *rq, struct file **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	if (!id)
		return -ERR_ROUTE_NOT_FOUND;
	int rc = file_find(rq->db, rq->arena, rq->who->identity->token.project_id, id, ret, e);
	if (rc == 0)
		return file_absent(rq->db, rq->who, id, false, e);
	return rc < 0 ? rc : file_permit(rq->db, rq->who, *ret, false, e);
}

/* The same, which the caller may change, locked until the commit. */
static int lock_writable(struct req *rq, struct file **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	if (!id)
		return -ERR_ROUTE_NOT_FOUND;
	int rc = file_lock(rq->db, rq->arena, rq->who->identity->token.project_id, id, ret, e);
	if (rc == -ERR_FILE_NOT_FOUND)
		return file_absent(rq->db, rq->who, id, true, e);
	return rc < 0 ? rc : file_permit(rq->db, rq->who, *ret, true, e);
}

static int files_detail(struct req *rq, struct err *e)
{
	struct file *file;
	int rc = find_readable(rq, &file, e);
	if (rc < 0)
		return rc;
	about(rq, file, NULL);
	json_t *json = file_json(rq->app, rq->arena, rq->who->identity, file);
	if (arg_bool(rq, "federationToken", false))
		file_json_read(rq->app, rq->arena, rq->who->identity, file, json);
	return reply_json(rq, 200, json);
}

static int files_refresh(struct req *rq, struct err *e)
{
	struct file *file;
	int rc = lock_writable(rq, &file, e);
	if (rc < 0)
		return rc;
	about(rq, file, NULL);
	json_t *json = file_json(rq->app, rq->arena, rq->who->identity, file);
	file_json_upload(rq->app, rq->arena, rq->who->identity, file, json);
	return reply_json(rq, 200, json);
}

static int delete_started(struct req *rq, struct err *e)
{
	int64_t *job_id = req_kept(rq);
	runner_wake(rq->app->runner, rq->who->identity->token.project_id, *job_id, DELETE_WAIT_US);
	return reply_job(rq, *job_id, e);
}

static int delete_later(struct req *rq, const struct file *file, struct err *e)
{
	int64_t *job_id = arena_new_of(rq->arena, int64_t);
	if (!job_id)
		return fail_internal(e, ERR_INTERNAL, "out of memory");
	json_t *params = json_pack("{s:I, s:I}", "fileId", (json_int_t)file->id, "branchId", (json_int_t)file->branch_id);
	int rc = job_insert(rq->db, &rq->origin, "fileDelete", NULL, NULL, params, job_id, e);
	if (rc < 0)
		return rc;
	req_no_event(rq); /* the job records the deletion */
	req_keep(rq, job_id);
	req_after_commit(rq, delete_started);
	return 0;
}

static int files_delete(struct req *rq, struct err *e)
{
	struct file *file;
	int rc = lock_writable(rq, &file, e);
	if (rc < 0)
		return rc;
	if (arg_bool(rq, "async", false))
		return delete_later(rq, file, e);
	about(rq, file, NULL);
	rc = file_remove(rq->db, file->project_id, file->id, e);
	return rc < 0 ? rc : reply_none(rq, 204);
}

static int files_tag_add(struct req *rq, struct err *e)
{
	struct file *file;
	const char *tag = NULL;
	int rc = lock_writable(rq, &file, e);
	if (rc == 0)
		rc = arg_required(rq, "tag", &tag, e);
	if (rc == 0 && file->tag_count >= TAGS_MAX)
		rc = fail(e, ERR_VALIDATION, "The file has %d tags already.", TAGS_MAX);
	if (rc == 0)
		rc = file_tag_add(rq->db, rq->arena, file, tag, e);
	if (rc < 0)
		return rc;
	about(rq, file, json_pack("{s:s}", "tag", tag));
	return reply_none(rq, 204);
}

/* The rest of the path is the tag, slashes included; one at its end may be the address's own. */
static int files_tag_delete(struct req *rq, struct err *e)
{
	struct file *file;
	const char *path = req_path(rq, 1);
	int rc = lock_writable(rq, &file, e);
	if (rc < 0)
		return rc;
	rc = file_tag_remove(rq->db, rq->arena, file, path, e);
	if (rc == 0 && str_ends(path, "/"))
		rc = file_tag_remove(rq->db, rq->arena, file, arena_strndup(rq->arena, path, strlen(path) - 1), e);
	if (rc < 0)
		return rc;
	about(rq, file, json_pack("{s:s}", "tag", path));
	return reply_none(rq, 204);
}

static const struct param PREPARE_PARAMS[] = {
	{ "name", P_TEXT, NAME_MAX_BYTES, "Name of the file" },
	{ "sizeBytes", P_INT, 0, "Its size" },
	{ "tags", P_ANY, 0, "Tags, an array of texts" },
	{ "isPermanent", P_BOOL, 0, "Kept forever" },
	{ "isSliced", P_BOOL, 0, "Many blobs and a manifest" },
	{ "isPublic", P_BOOL, 0, "Accepted; contents are never public" },
	{ "isEncrypted", P_BOOL, 0, "Accepted" },
	{ "notify", P_BOOL, 0, "Accepted and kept" },
	{ "federationToken", P_BOOL, 0, "Accepted; upload credentials are always given" },
	{ "contentType", P_TEXT, 255, "Accepted; the upload itself says it" },
	{ NULL },
};
static const struct param LIST_PARAMS[] = {
	{ "limit", P_INT, 0, "At most so many (100)" },
	{ "offset", P_INT, 0, "Leave out the first" },
	{ "tags", P_ANY, 0, "Files with any of these tags" },
	{ "sinceId", P_INT, 0, "Newer than this file" },
	{ "maxId", P_INT, 0, "Older than this file" },
	{ "runId", P_TEXT, 255, "Files of this run" },
	{ "q", P_TEXT, 0, "Parts of the name, id:123, tags:x, with AND, OR, NOT" },
	{ "showExpired", P_BOOL, 0, "Expired ones too" },
	{ "isPublic", P_ANY, 0, "Not implemented" },
	{ NULL },
};
static const struct param DETAIL_PARAMS[] = { { "federationToken", P_BOOL, 0, "With credentials to read the contents" },
	{ NULL } };
static const struct param DELETE_PARAMS[] = { { "async", P_BOOL, 0, "As a job" }, { NULL } };
static const struct param TAG_PARAMS[] = { { "tag", P_TEXT, TAG_MAX_BYTES, "The tag" }, { NULL } };

const struct route FILE_ROUTES[] = {
	{ "POST", "/v2/storage/files/prepare", ALLOW_WRITER, EVENT_FILE_CREATED, RUN_WRITE, files_prepare, PREPARE_PARAMS,
		"Announce a file and get credentials to upload it", .branched = true },
	{ "GET", "/v2/storage/files", ALLOW_TOKEN, EVENT_FILES_LISTED, RUN_WORK, files_list, LIST_PARAMS, "List files",
		.branched = true },
	{ "GET", "/v2/storage/files/{id}", ALLOW_TOKEN, EVENT_FILE_DETAIL, RUN_LOOP, files_detail, DETAIL_PARAMS,
		"A file, with credentials to download it", .branched = true },
	{ "PUT", "/v2/storage/files/{id}/refresh", ALLOW_WRITER, EVENT_FILE_REFRESHED, RUN_WRITE, files_refresh, NULL,
		"New credentials to upload a file", .branched = true },
	{ "DELETE", "/v2/storage/files/{id}", ALLOW_WRITER, EVENT_FILE_DELETED, RUN_WRITE, files_delete, DELETE_PARAMS,
		"Delete a file", .branched = true },
	{ "POST", "/v2/storage/files/{id}/tags", ALLOW_WRITER, EVENT_FILE_TAG_ADDED, RUN_WRITE, files_tag_add, TAG_PARAMS,
		"Tag a file", .branched = true },
	{ "DELETE", "/v2/storage/files/{id}/tags/{tag*}", ALLOW_WRITER, EVENT_FILE_TAG_DELETED, RUN_WRITE, files_tag_delete, NULL,
		"Take a tag off a file", .branched = true },
	{ 0 },
};
