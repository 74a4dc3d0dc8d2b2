/* Rows over HTTP: preview, export, deletion. */
#include <string.h>

#include "api/jobs.h"
#include "auth/permit.h"
#include "base/own.h"
#include "base/str.h"
#include "store/table.h"
#include "work/rows_view.h"

#define PREVIEW_STANDARD 100
#define PREVIEW_MOST 1000
#define PREVIEW_CHARACTERS 16384

static int find_table(struct req *rq, enum bucket_level need, struct table **ret, struct err *e)
{
	int rc = permit_bucket(rq->who, table_id_bucket(rq->arena, req_path(rq, 0)), need, e);
	return rc < 0 ? rc : table_get(rq->db, rq->arena, rq->origin.project_id, req_path(rq, 0), ret, e);
}

/* --- preview ---------------------------------------------------------------------------------------------------------------------- */

struct preview {
	const struct rows_view *view;
	struct buf text;
	size_t most_bytes;
	size_t row_count;
	char **heads; /* of a JSON cell: {"columnName":"id","value": */
};

static int check_size(const struct preview *preview, struct err *e)
{
	if (preview->text.failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a preview");
	return preview->text.length > preview->most_bytes
		       ? fail(e, ERR_TABLE_VALIDATION,
				 "The preview is larger than %zu bytes: ask for fewer rows or columns, or export the table.",
				 preview->most_bytes)
		       : 0;
}

static int add_csv_row(void *arg, const char *const *fields, const size_t *lengths, size_t count, struct err *e)
{
	struct preview *preview = arg;
	csv_write(&preview->text, fields, lengths, count);
	return check_size(preview, e);
}

/* The bytes of so many characters, or all of them. */
static size_t cut(const char *text, size_t length, size_t characters)
{
	size_t i = 0;
	if (length <= characters)
		return length;
	for (; i < length; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80 && characters-- == 0)
			break;
	return i;
}

/* JSON put together by hand: a thousand rows of a thousand columns as trees would take hundreds of megabytes. Every text goes through jansson. */
static int add_json_row(void *arg, const char *const *fields, const size_t *lengths, size_t count, struct err *e)
{
	struct preview *preview = arg;
	buf_puts(&preview->text, preview->row_count++ ? ",[" : "[");
	for (size_t i = 0; i < count; i++) {
		size_t length = fields[i] ? cut(fields[i], lengths[i], PREVIEW_CHARACTERS) : 0;
		own(own_json) json_t *value = fields[i] ? json_stringn(fields[i], length) : json_null();
		own(own_free) char *text = json_dumps(value, JSON_ENCODE_ANY);
		if (!text)
			return fail_internal(e, ERR_INTERNAL, "no memory for a preview");
		buf_puts(&preview->text, i ? "," : "");
		buf_puts(&preview->text, preview->heads[i]);
		buf_puts(&preview->text, text);
		buf_puts(&preview->text, fields[i] && length < lengths[i] ? ",\"isTruncated\":true}" : ",\"isTruncated\":false}");
	}
	buf_puts(&preview->text, "]");
	return check_size(preview, e);
}

static void begin_csv(struct req *rq, struct preview *preview)
{
	const struct rows_view *view = preview->view;
	size_t *lengths = arena_array(rq->arena, size_t, view->column_count + 1);
	for (size_t i = 0; i < view->column_count; i++)
		lengths[i] = strlen(view->names[i]);
	csv_write(&preview->text, view->names, lengths, view->column_count);
}

static void begin_json(struct req *rq, struct preview *preview)
{
	const struct rows_view *view = preview->view;
	preview->heads = arena_array(rq->arena, char *, view->column_count + 1);
	buf_puts(&preview->text, "{\"columns\":[");
	for (size_t i = 0; i < view->column_count; i++) {
		own(own_json) json_t *name = json_string(view->names[i]);
		own(own_free) char *text = json_dumps(name, JSON_ENCODE_ANY);
		preview->heads[i] = arena_printf(rq->arena, "{\"columnName\":%s,\"value\":", text);
		buf_printf(&preview->text, "%s%s", i ? "," : "", text);
	}
	buf_puts(&preview->text, "],\"rows\":[");
}

static int reply_preview(struct req *rq, const struct rows_view *view, bool as_json, struct err *e)
{
	struct preview preview = { .view = view, .most_bytes = (size_t)rq->app->conf.preview_max_bytes };
	struct rows_query query = rows_view_query(view);
	if (as_json)
		begin_json(rq, &preview);
	else
		begin_csv(rq, &preview);
	int rc = rows_select(rq->app->database, &query, as_json ? add_json_row : add_csv_row, &preview, e);
	if (as_json)
		buf_puts(&preview.text, "]}");
	if (rc == 0)
		rc = reply_text(rq, 200, as_json ? "application/json" : "text/csv; charset=utf-8", &preview.text);
	buf_done(&preview.text);
	return rc;
}

static int rows_preview(struct req *rq, struct err *e)
{
	struct table *table;
	struct rows_view view = { 0 };
	const char *format = arg_text(rq, "format", "rfc");
	int rc = find_table(rq, BUCKET_READ, &table, e);
	if (rc >= 0)
		rc = rows_view_read(rq->db, rq->arena, table, rq->args, ERR_TABLE_COLUMN_NOT_EXISTS, &view, e);
	if (rc < 0)
		return rc;
	if (!str_eq(format, "rfc") && !str_eq(format, "json"))
		return fail(e, ERR_TABLE_FORMAT, "Invalid format \"%.100s\". Available formats are [rfc|json]", format);
	if (view.filter.limit > PREVIEW_MOST)
		return fail(e, ERR_TABLE_VALIDATION, "The limit must be at most %d rows.", PREVIEW_MOST);
	if (view.filter.limit < 0)
		view.filter.limit = PREVIEW_STANDARD;
	req_object(rq, table->id, table->name, NULL);
	return reply_preview(rq, &view, str_eq(format, "json"), e);
}

/* --- jobs --------------------------------------------------------------------------------------------------------------------------- */

/* What an export misses is the table, also where its bucket is missing. */
static int find_exported(struct req *rq, struct table **ret, struct err *e)
{
	const char *id = req_path(rq, 0), *bucket_id = table_id_bucket(rq->arena, id);
	int rc = find_table(rq, BUCKET_READ, ret, e);
	return rc == -ERR_BUCKET_NOT_FOUND
		       ? fail(e, ERR_TABLE_NOT_FOUND,
				 "The table \"%s\" was not found in the bucket \"%s\" in the project \"%lld\"",
				 id + strlen(bucket_id) + 1, bucket_id, (long long)rq->origin.project_id)
		       : rc;
}

/* Only what an export can be: asked for as something else, it is refused, not made as another. */
static int check_form(struct req *rq, struct err *e)
{
	const char *format = arg_text(rq, "format", "rfc"), *file_type = arg_text(rq, "fileType", "csv");
	if (!str_eq(format, "rfc"))
		return fail(e, ERR_TABLE_FORMAT, "Invalid format \"%.100s\". Tables are exported as [rfc]", format);
	if (!str_eq(file_type, "csv"))
		return fail(e, ERR_TABLE_FORMAT, "Invalid fileType \"%.100s\". Tables are exported as [csv]", file_type);
	return 0;
}

/* What the job says of itself: every member that clients know, and what else was asked for. */
static json_t *export_params(struct req *rq, const struct rows_view *view)
{
	json_t *columns = json_array();
	json_t *export = json_pack("{s:n, s:n, s:n, s:n, s:s, s:[], s:s, s:n}", "tableName", "limit", "changedSince",
		"changedUntil", "format", "rfc", "whereFilters", "fileType", "csv", "timezone");
	json_object_update(export, rq->args);
	json_object_del(export, "gzip");
	for (size_t i = 0; i < view->column_count; i++)
		if (view->columns[i])
			json_array_append_new(columns, json_string(view->names[i]));
	json_object_set_new(export, "columns", columns);
	json_object_set_new(export, "gzipOutput", json_boolean(arg_bool(rq, "gzip", false)));
	return export;
}

static int rows_export(struct req *rq, struct err *e)
{
	struct table *table;
	struct rows_view view = { 0 };
	int rc = find_exported(rq, &table, e);
	if (rc >= 0)
		rc = check_form(rq, e);
	if (rc >= 0)
		rc = rows_view_read(rq->db, rq->arena, table, rq->args, ERR_TABLE_COLUMN_NOT_EXISTS, &view, e);
	if (rc < 0)
		return rc;
	struct new_job job = { .operation = "tableExport",
		.table_id = req_path(rq, 0),
		.params = json_pack("{s:o}", "export", export_params(rq, &view)) };
	return start_job(rq, &job, e);
}

/* What the job says of itself: every member that clients know, and what else was asked for. */
static json_t *remove_params(struct req *rq)
{
	json_t *request = json_pack("{s:n, s:n, s:[]}", "changedUntil", "changedSince", "whereFilters");
	json_object_update(request, rq->args);
	return json_pack("{s:o}", "request", request);
}

static int rows_remove(struct req *rq, struct err *e)
{
	struct table *table;
	struct rows_view view = { 0 };
	int rc = find_table(rq, BUCKET_WRITE, &table, e);
	if (rc >= 0)
		rc = rows_view_read(rq->db, rq->arena, table, rq->args, ERR_ROWS_COLUMN_NOT_EXISTS, &view, e);
	if (rc < 0)
		return rc;
	if (!view.is_filtered && !arg_bool(rq, "allowTruncate", false))
		return fail(e, ERR_TABLE_UNINTENDED_TRUNCATION, NULL);
	struct new_job job = { .operation = "tableRowsDelete", .table_id = req_path(rq, 0), .params = remove_params(rq) };
	return start_job(rq, &job, e);
}

#define FILTER_PARAMS                                                                                                            \
	{ "changedSince", P_TEXT, 100, "imported since then" }, { "changedUntil", P_TEXT, 100, "imported before then" },         \
		{ "whereColumn", P_TEXT, 0, "older spelling of one filter" }, { "whereOperator", P_TEXT, 0, "eq or ne" },        \
		{ "whereValues", P_TEXTS, 0, NULL },                                                                             \
	{                                                                                                                        \
		"whereFilters", P_ANY, 0, "list of {column, operator, values, dataType}"                                         \
	}
#define VIEW_PARAMS                                                                                                              \
	{ "columns", P_COMMA, 0, "which, in this order; standard: all" },                                                        \
		{ "orderBy", P_ANY, 0, "list of {column, order, dataType}" },                                                    \
		{ "fulltextSearch", P_TEXT, 0, "text anywhere in the row" }, { "limit", P_INT, 0, "at most so many rows" },      \
	{                                                                                                                        \
		"includeInternalTimestamp", P_BOOL, 0, "adds the column _timestamp"                                              \
	}

static const struct param PREVIEW_PARAMS[] = { FILTER_PARAMS, VIEW_PARAMS, { "format", P_TEXT, 0, "rfc or json" }, { NULL } };
static const struct param EXPORT_PARAMS[] = { FILTER_PARAMS, VIEW_PARAMS, { "gzip", P_BOOL, 0, "pack the slices" },
	{ "days", P_INT, 0, "older spelling of changedSince" }, { "format", P_TEXT, 0, "rfc" }, { "fileType", P_TEXT, 0, "csv" },
	{ "timezone", P_TEXT, 100, "kept with the job; times are texts here" }, { NULL } };
static const struct param REMOVE_PARAMS[] = { FILTER_PARAMS, { "allowTruncate", P_BOOL, 0, "without filters: all rows" },
	{ NULL } };

const struct route ROW_ROUTES[] = {
	{ "GET", "/v2/storage/tables/{id}/data-preview", ALLOW_TOKEN, EVENT_TABLE_PREVIEWED, RUN_WORK, rows_preview,
		PREVIEW_PARAMS, "The first rows of a table", .branched = true },
	{ "POST", "/v2/storage/tables/{id}/export-async", ALLOW_TOKEN, EVENT_TABLE_EXPORTED, RUN_WORK, rows_export, EXPORT_PARAMS,
		"Export a table into a file: a job", .branched = true },
	{ "DELETE", "/v2/storage/tables/{id}/rows", ALLOW_WRITER, EVENT_TABLE_ROWS_DELETED, RUN_WORK, rows_remove, REMOVE_PARAMS,
		"Delete rows of a table: a job", .branched = true },
	{ 0 },
};
