/* Tables from files and files into tables, over HTTP: each is a job; the older calls wait for it. */
#include <string.h>

#include "api/jobs.h"
#include "auth/permit.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/blob/blob.h"
#include "store/file.h"
#include "store/job.h"
#include "store/table.h"
#include "work/load.h"

#define INLINE_MAX (64 * 1024 * 1024)
/* The older calls wait so long for their job; then the client polls as it does for the newer ones. */
#define SYNC_WAIT_US (INT64_C(3600) * 1000000)

/* --- the job's parameters -------------------------------------------------------------------------------------------------------- */

static void copy_args(struct req *rq, const char *const *names, json_t *to)
{
	for (; *names; names++)
		if (arg_given(rq, *names))
			json_object_set(to, *names, arg_json(rq, *names));
}

/* "params": what was sent, with the standard values that clients look for. */
static json_t *load_params(struct req *rq)
{
	static const char *const NAMES[] = { "name", "primaryKey", "delimiter", "enclosure", "escapedBy", "columns",
		"incremental", "withoutHeaders", "ignoredLinesCount", "treatValuesAsNull", "useTimestampFromDataFile",
		"deduplicationStrategy", NULL };
	json_t *params = json_pack("{s:b, s:b, s:[], s:s, s:s}", "incremental", 0, "withoutHeaders", 0, "columns", "delimiter",
		",", "escapedBy", "");
	if (!arg_given(rq, "escapedBy") || str_empty(arg_text(rq, "escapedBy", "")))
		json_object_set_new(params, "enclosure", json_string("\""));
	copy_args(rq, NAMES, params);
	return params;
}

/* "source"; a file that this call brought along comes first. */
static int load_source(struct req *rq, int64_t file_id, json_t **ret, struct err *e)
{
	if (!file_id)
		file_id = arg_int(rq, "dataFileId", 0);
	if (file_id) {
		*ret = json_pack("{s:I, s:s}", "fileId", (json_int_t)file_id, "type", "file");
		return 0;
	}
	const char *object = arg_text(rq, "dataObject", arg_text(rq, "dataTableName", ""));
	if (arg_given(rq, "dataWorkspaceId")) {
		*ret = json_pack("{s:I, s:s, s:s, s:s}", "workspaceId", (json_int_t)arg_int(rq, "dataWorkspaceId", 0),
			"dataObject", object, "tableName", object, "type", "workspace");
		return 0;
	}
	if (arg_given(rq, "snapshotId")) {
		*ret = json_pack("{s:I, s:s}", "snapshotId", (json_int_t)arg_int(rq, "snapshotId", 0), "type", "snapshot");
		return 0;
	}
	if (arg_given(rq, "sourceTableId"))
		return fail(e, ERR_NOT_IMPLEMENTED, "Not implemented: a table as it was at another time.");
	return fail(e, ERR_TABLE_VALIDATION, "No data: send dataFileId (or data, dataString where the call takes them).");
}

/* Judges what can be judged at once and makes the job's parameters. */
static int load_job(struct req *rq, int64_t file_id, json_t **ret, struct err *e)
{
	own(own_json) json_t *params = load_params(rq);
	json_t *source = NULL;
	struct load_options options;
	int rc = load_options_parse(params, &options, e);
	if (rc == 0)
		rc = load_source(rq, file_id, &source, e);
	if (rc < 0)
		return rc;
	*ret = json_pack("{s:O, s:o}", "params", params, "source", source);
	if (arg_given(rq, "name"))
		json_object_set(*ret, "name", arg_json(rq, "name"));
	return 0;
}

/* --- contents that come with the call --------------------------------------------------------------------------------------------- */

struct upload {
	struct req *rq;
	struct file *file;
};

static int insert_file(struct db *db, void *arg, struct err *e)
{
	struct upload *upload = arg;
	return file_insert(db, upload->rq->arena, upload->file, e);
}

static int reserve_file(struct db *db, void *arg, struct err *e)
{
	struct upload *upload = arg;
	upload->file->id = 0; /* one of a run that was rolled back belongs to nobody */
	return file_reserve(db, upload->rq->arena, upload->file, e);
}

static int write_text(struct req *rq, const struct file *file, const char *text, struct err *e)
{
	struct blob_writer *writer = NULL;
	int rc = blob_write_open(rq->app->blobs, file->container, file->blob, &writer, e);
	if (rc < 0)
		return rc;
	rc = blob_write(writer, text, strlen(text), e);
	if (rc == 0)
		return blob_write_commit(writer, NULL, e);
	blob_write_abort(writer);
	return rc;
}

/* Makes a file of the project out of what came with the call, so that the job finds it whatever happens to this server. 0: nothing came. */
static int keep_contents(struct req *rq, int64_t *ret_file_id, struct err *e)
{
	const char *path = NULL, *name = "data.csv", *text = arg_text(rq, "dataString", arg_text(rq, "data", NULL));
	int64_t size = text ? (int64_t)strlen(text) : 0;
	bool uploaded = req_upload(rq, "data", &path, &name, &size);
	*ret_file_id = 0;
	if (!uploaded && !text)
		return 0;
	const struct token *token = &rq->who->identity->token;
	struct file file = { .project_id = rq->origin.project_id,
		.branch_id = rq->branch_id,
		.name = arena_strdup(rq->arena, str_empty(name) ? "data.csv" : name),
		.max_age_days = rq->app->conf.file_keep_days,
		.size_bytes = size,
		.is_encrypted = true,
		.creator_token_id = token->id,
		.creator_description = token->description,
		.run_id = str_empty(rq->origin.run_id) ? NULL : arena_strdup(rq->arena, rq->origin.run_id) };
	struct upload upload = { rq, &file };
	int rc = database_transact(rq->app->database, reserve_file, &upload, e);
	if (rc == 0)
		rc = uploaded ? blob_put_file(rq->app->blobs, file.container, file.blob, path, NULL, e)
			      : write_text(rq, &file, text, e);
	if (rc == 0)
		rc = database_transact(rq->app->database, insert_file, &upload, e);
	if (rc == 0)
		*ret_file_id = file.id;
	return rc;
}

/* --- waiting ------------------------------------------------------------------------------------------------------------------------- */

/* The job's error as this call's: the row of its wire code. */
static int fail_as(const char *error, const char *results, struct err *e)
{
	own(own_json) json_t *json = json_read(error ? error : "{}", 0);
	own(own_json) json_t *more = results ? json_read(results, 0) : NULL;
	const char *message = json_string_value(json_object_get(json, "message")),
		   *code = json_string_value(json_object_get(json, "code"));
	enum err_code found = ERR_STORAGE_VALIDATION;
	for (int i = ERR_COUNT - 1; code && i > 0; i--) {
		const struct err known = { .code = (enum err_code)i };
		if (str_eq(err_wire_code(&known), code))
			found = (enum err_code)i;
	}
	int rc = fail(e, found, "%s", message ? message : "The job failed.");
	const char *key;
	json_t *value;
	json_object_foreach(more, key, value) {
		err_more(e, key, json_incref(value));
	}
	return rc;
}

struct insertion {
	struct req *rq;
	const struct new_job *job;
	int64_t id;
};

static int insert_job(struct db *db, void *arg, struct err *e)
{
	struct insertion *insertion = arg;
	const struct new_job *job = insertion->job;
	return job_insert(db, &insertion->rq->origin, job->operation, job->table_id, job->bucket_id, json_incref(job->params),
		&insertion->id, e);
}

/* Starts the job and answers with its results when it has ended. */
static int wait_for_job(struct req *rq, const struct new_job *job, int status, struct err *e)
{
	struct insertion insertion = { .rq = rq, .job = job };
	struct job_row *row;
	int rc = database_transact(rq->app->database, insert_job, &insertion, e);
	json_decref(job->params);
	if (rc < 0)
		return rc;
	runner_wake(rq->app->runner, rq->origin.project_id, insertion.id, SYNC_WAIT_US);
	req_no_event(rq);
	rc = job_row_find(rq->db, rq->arena, rq->origin.project_id, insertion.id, &row, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_JOB_NOT_FOUND, NULL);
	if (str_eq(row->status, "error"))
		return fail_as(row->error, row->results, e);
	json_t *results = str_eq(row->status, "success") && row->results ? json_read(row->results, JSON_DECODE_ANY) : NULL;
	if (status == 200) /* an import */
		json_object_set_new(results, "status", json_string("ok"));
	return results ? reply_json(rq, status, results) : reply_job(rq, insertion.id, e);
}

/* --- creating -------------------------------------------------------------------------------------------------------------------------- */

static int check_create(struct req *rq, struct err *e)
{
	json_t *key = arg_json(rq, "primaryKey");
	int rc = permit_bucket(rq->who, req_path(rq, 0), BUCKET_WRITE, e);
	if (rc < 0)
		return rc;
	if (str_empty(arg_text(rq, "name", NULL)) && !arg_given(rq, "snapshotId"))
		return fail(e, ERR_TABLE_VALIDATION, "Table create option \"name\" is required and cannot be empty.");
	return key && !json_is_string(key)
		       ? fail(e, ERR_PRIMARY_KEY, "The primary key must be a text: columns with commas between.")
		       : 0;
}

static int tables_create_async(struct req *rq, struct err *e)
{
	struct new_job job = { .operation = "tableCreate", .bucket_id = req_path(rq, 0) };
	int rc = check_create(rq, e);
	if (rc == 0)
		rc = load_job(rq, 0, &job.params, e);
	return rc < 0 ? rc : start_job(rq, &job, e);
}

static int tables_create(struct req *rq, struct err *e)
{
	struct new_job job = { .operation = "tableCreate", .bucket_id = req_path(rq, 0) };
	int64_t file_id = 0;
	int rc = check_create(rq, e);
	if (rc == 0)
		rc = keep_contents(rq, &file_id, e);
	if (rc == 0)
		rc = load_job(rq, file_id, &job.params, e);
	return rc < 0 ? rc : wait_for_job(rq, &job, 201, e);
}

/* --- importing ------------------------------------------------------------------------------------------------------------------------- */

static int check_import(struct req *rq, struct err *e)
{
	struct table *table;
	int rc = permit_bucket(rq->who, table_id_bucket(rq->arena, req_path(rq, 0)), BUCKET_WRITE, e);
	if (rc >= 0)
		rc = table_get(rq->db, rq->arena, rq->origin.project_id, req_path(rq, 0), &table, e);
	if (rc < 0)
		return rc;
	return table->source_number ? fail(e, ERR_TABLE_ALIAS_IMPORT, "Data cannot be loaded into the alias \"%s\".", table->id)
				    : 0;
}

static int tables_import_async(struct req *rq, struct err *e)
{
	struct new_job job = { .operation = "tableImport", .table_id = req_path(rq, 0) };
	int rc = check_import(rq, e);
	if (rc == 0)
		rc = load_job(rq, 0, &job.params, e);
	return rc < 0 ? rc : start_job(rq, &job, e);
}

static int tables_import(struct req *rq, struct err *e)
{
	struct new_job job = { .operation = "tableImport", .table_id = req_path(rq, 0) };
	int64_t file_id = 0;
	int rc = check_import(rq, e);
	if (rc == 0)
		rc = keep_contents(rq, &file_id, e);
	if (rc == 0)
		rc = load_job(rq, file_id, &job.params, e);
	return rc < 0 ? rc : wait_for_job(rq, &job, 200, e);
}

#define SOURCE_PARAMS                                                                                                            \
	{ "dataFileId", P_INT, 0, "file with the rows" }, { "dataWorkspaceId", P_INT, 0, NULL },                                 \
		{ "dataObject", P_TEXT, 0, NULL }, { "dataTableName", P_TEXT, 0, NULL },                                         \
		{ "delimiter", P_TEXT, 16, "between fields; standard: ," },                                                      \
		{ "enclosure", P_TEXT, 16, "around fields; standard: \"" },                                                      \
		{ "escapedBy", P_TEXT, 16, "instead of an enclosure" },                                                          \
	{                                                                                                                        \
		"columns", P_TEXTS, CSV_FIELDS_MAX, "names of the fields; the file has no header then"                           \
	}
#define INLINE_PARAMS                                                                                                            \
	{ "data", P_TEXT, INLINE_MAX, "the CSV: a part of a multipart body" },                                                   \
	{                                                                                                                        \
		"dataString", P_TEXT, INLINE_MAX, "the CSV as text"                                                              \
	}
#define CREATE_PARAMS                                                                                                            \
	{ "name", P_TEXT, 0, "of the new table" }, { "primaryKey", P_ANY, 0, "columns with commas between" },                    \
		{ "snapshotId", P_INT, 0, NULL },                                                                                \
	{                                                                                                                        \
		"sourceTableId", P_TEXT, 0, NULL                                                                                 \
	}
#define IMPORT_PARAMS                                                                                                            \
	{ "incremental", P_BOOL, 0, "add to the rows that are there" },                                                          \
		{ "withoutHeaders", P_BOOL, 0, "the file's first line is data" },                                                \
		{ "ignoredLinesCount", P_INT, 0, "lines to pass over" },                                                         \
		{ "treatValuesAsNull", P_TEXTS, 100, "texts that become null; standard: the empty one" },                        \
		{ "useTimestampFromDataFile", P_BOOL, 0, "the field _timestamp is the row's time" },                             \
	{                                                                                                                        \
		"deduplicationStrategy", P_TEXT, 0, "upsert or insert"                                                           \
	}

static const struct param CREATE_ASYNC_PARAMS[] = { CREATE_PARAMS, SOURCE_PARAMS, { NULL } };
static const struct param CREATE_SYNC_PARAMS[] = { CREATE_PARAMS, SOURCE_PARAMS, INLINE_PARAMS, { NULL } };
static const struct param IMPORT_ASYNC_PARAMS[] = { IMPORT_PARAMS, SOURCE_PARAMS, { NULL } };
static const struct param IMPORT_SYNC_PARAMS[] = { IMPORT_PARAMS, SOURCE_PARAMS, INLINE_PARAMS, { NULL } };

/* The jobs record what they did (start_job, wait_for_job). */
const struct route IMPORT_ROUTES[] = {
	{ "POST", "/v2/storage/buckets/{id}/tables-async", ALLOW_WRITER, EVENT_TABLE_CREATED, RUN_WORK, tables_create_async,
		CREATE_ASYNC_PARAMS, "Make a table from a file: a job", .branched = true },
	{ "POST", "/v2/storage/buckets/{id}/tables", ALLOW_WRITER, EVENT_TABLE_CREATED, RUN_WORK, tables_create,
		CREATE_SYNC_PARAMS, "Make a table from a file and wait for it", .branched = true },
	{ "POST", "/v2/storage/tables/{id}/import-async", ALLOW_WRITER, EVENT_TABLE_IMPORT_DONE, RUN_WORK, tables_import_async,
		IMPORT_ASYNC_PARAMS, "Load a file into a table: a job", .branched = true },
	{ "POST", "/v2/storage/tables/{id}/import", ALLOW_WRITER, EVENT_TABLE_IMPORT_DONE, RUN_WORK, tables_import,
		IMPORT_SYNC_PARAMS, "Load a file into a table and wait for it", .branched = true },
	{ 0 },
};
