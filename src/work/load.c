/* Loading a file into a table: options, names of columns, rows, events. */
#include "work/load.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/shortage.h"
#include "base/str.h"
#include "base/webalize.h"
#include "store/job.h"
#include "store/names.h"
#include "work/events.h"
#include "work/files.h"

#define TIMESTAMP_COLUMN "_timestamp"
#define COMMIT_TRIES 4 /* after 1, 2, 4, 8 seconds */

/* --- options ------------------------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *params, const char *key)
{
	return json_string_value(json_object_get(params, key));
}

/* Nothing given: empty fields are null. An empty list: only what stands without enclosures. */
static int null_value(const json_t *params, struct load_options *options, struct err *e)
{
	const json_t *values = json_object_get(params, "treatValuesAsNull");
	options->null_value = "";
	if (!json_is_array(values))
		return 0;
	if (json_array_size(values) > 1)
		return fail(e, ERR_TABLE_VALIDATION,
			"Invalid request:\n - treatValuesAsNull: \"This collection should contain 1 element or less.\"");
	options->null_value = json_string_value(json_array_get(values, 0));
	return 0;
}

int load_options_parse(const json_t *params, struct load_options *ret, struct err *e)
{
	struct load_options options = { .ignored_lines = -1 };
	const char *strategy = text_of(params, "deduplicationStrategy");
	json_t *lines = json_object_get(params, "ignoredLinesCount");
	int rc = csv_dialect_parse(
		text_of(params, "delimiter"), text_of(params, "enclosure"), text_of(params, "escapedBy"), &options.dialect, e);
	if (rc == 0)
		rc = null_value(params, &options, e);
	if (rc < 0)
		return rc;
	if (strategy && !str_eq(strategy, "upsert") && !str_eq(strategy, "insert"))
		return fail(e, ERR_TABLE_VALIDATION,
			"Invalid request:\n - deduplicationStrategy: \"The value is none of upsert, insert.\"");
	options.keep_existing = str_eq(strategy, "insert");
	options.incremental = json_is_true(json_object_get(params, "incremental"));
	options.without_headers = json_is_true(json_object_get(params, "withoutHeaders"));
	options.use_timestamp = json_is_true(json_object_get(params, "useTimestampFromDataFile"));
	options.columns = json_object_get(params, "columns");
	if (json_array_size(options.columns) == 0)
		options.columns = NULL;
	if (json_is_integer(lines))
		options.ignored_lines = json_integer_value(lines);
	if (json_is_integer(lines) && options.ignored_lines < 0)
		return fail(e, ERR_TABLE_VALIDATION,
			"Invalid request:\n - ignoredLinesCount: \"This value should be either positive or zero.\"");
	*ret = options;
	return 0;
}

/* --- the file -------------------------------------------------------------------------------------------------------------- */

/* The file, when the caller of today may read it; who may not read everybody's learns of none whether it is there. */
static int find_file(struct load *load, int64_t file_id, struct err *e)
{
	struct db *db;
	int rc = db_reader_take(load->app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = file_find(db, load->arena, load->job->project_id, file_id, &load->file, e);
	if (rc > 0)
		rc = file_permit(db, load->who, load->file, false, e);
	else if (rc == 0)
		rc = file_absent(db, load->who, file_id, false, e);
	if (rc == -ERR_FILE_NOT_FOUND)
		rc = fail(e, ERR_FILE_NOT_FOUND, "File with id \"%lld\" was not found.", (long long)file_id);
	db_reader_give(db);
	return rc;
}

int load_open_file(struct load *load, struct err *e)
{
	int rc = source_open(load->app, load->arena, load->file, &load->source, e);
	if (rc < 0)
		return rc;
	struct csv_source bytes = source_csv(load->source);
	return csv_open(&load->options.dialect, &bytes, (size_t)load->app->conf.csv_record_max_bytes, &load->csv, e);
}

int load_open(struct load *load, struct err *e)
{
	json_t *source = json_object_get(load->job->params, "source"), *workspace = json_object_get(source, "workspaceId");
	if (workspace)
		return fail(
			e, ERR_WORKSPACE_NOT_FOUND, "Workspace \"%lld\" not found.", (long long)json_integer_value(workspace));
	int rc = load_options_parse(json_object_get(load->job->params, "params"), &load->options, e);
	if (rc == 0)
		rc = find_file(load, json_integer_value(json_object_get(source, "fileId")), e);
	return rc < 0 ? rc : load_open_file(load, e);
}

void load_done(struct load *load)
{
	csv_close(load->csv);
	source_close(load->source);
	arena_free(load->arena);
}

/* --- names of the fields --------------------------------------------------------------------------------------------------- */

static int add_name(struct load *load, const char *name, size_t length, struct err *e)
{
	char *copy = arena_strndup(load->arena, name, length);
	if (!copy)
		return fail_internal(e, ERR_INTERNAL, "no memory for a column's name");
	load->names[load->name_count++] = copy;
	return 0;
}

/* The first record. Files whose lines end with a CR alone would be one record: they are refused with words that say so. */
static int read_header(struct load *load, struct err *e)
{
	const struct csv_field *fields;
	size_t count;
	int rc = csv_read(load->csv, &fields, &count, e);
	if (rc <= 0)
		return rc;
	load->names = arena_array(load->arena, char *, count);
	for (size_t i = 0; rc >= 0 && i < count; i++) {
		if (!fields[i].is_quoted && memchr(fields[i].data, '\r', fields[i].length))
			return fail(e, ERR_CSV_INVALID, "Invalid line break. Please use unix \\n or win \\r\\n line breaks.");
		rc = add_name(load, fields[i].data, fields[i].length, e);
	}
	return rc < 0 ? rc : 0;
}

static int names_of_options(struct load *load, struct err *e)
{
	size_t i;
	json_t *name;
	bool has_time = false;
	int rc = 0;
	load->names = arena_array(load->arena, char *, json_array_size(load->options.columns) + 1);
	json_array_foreach(load->options.columns, i, name) {
		const char *text = json_is_string(name) ? json_string_value(name) : "";
		has_time |= str_eq(text, TIMESTAMP_COLUMN);
		if (rc >= 0)
			rc = add_name(load, text, strlen(text), e);
	}
	/* The time stands in the file whether it is listed or not: last then. */
	if (rc >= 0 && load->options.use_timestamp && !has_time)
		rc = add_name(load, TIMESTAMP_COLUMN, strlen(TIMESTAMP_COLUMN), e);
	return rc;
}

static int names_of_table(struct load *load, const struct table *table, struct err *e)
{
	int rc = 0;
	load->names = arena_array(load->arena, char *, table->column_count + 1);
	for (size_t i = 0; rc >= 0 && i < table->column_count; i++)
		rc = add_name(load, table->columns[i].name, strlen(table->columns[i].name), e);
	if (rc >= 0 && load->options.use_timestamp)
		rc = add_name(load, TIMESTAMP_COLUMN, strlen(TIMESTAMP_COLUMN), e);
	return rc;
}

int load_read_names(struct load *load, const struct table *positional, struct err *e)
{
	const struct load_options *options = &load->options;
	int rc = options->ignored_lines > 0 ? csv_skip_lines(load->csv, options->ignored_lines, e) : 0;
	if (rc < 0)
		return rc;
	if (options->columns)
		return names_of_options(load, e);
	if (positional && options->without_headers && options->ignored_lines < 0)
		return names_of_table(load, positional, e);
	/* Slices have no header: each would be needed to have the same. */
	return load->file->is_sliced ? 0 : read_header(load, e);
}

int load_new_name(struct load *load, const char *raw, char **ret, struct err *e)
{
	struct buf name = { 0 };
	webalize_column(raw, &name);
	size_t length = name.length;
	buf_done(&name);
	if (length == 0)
		return fail(e, ERR_TABLE_INVALID_COLUMN_NAME, "\"%.100s\" is not a valid column name: no letter or digit in it.",
			raw);
	if (length > COLUMN_NAME_MAX)
		return fail(e, ERR_TABLE_INVALID_COLUMN_NAME, "Column name \"%.100s\" cannot be longer than %d characters.", raw,
			COLUMN_NAME_MAX);
	*ret = name_of_column(load->arena, raw);
	return *ret ? 0 : fail_internal(e, ERR_INTERNAL, "no memory for a column's name");
}

int load_check_duplicates(const struct load *load, enum err_code code, struct err *e)
{
	for (size_t i = 0; i < load->name_count; i++)
		for (size_t other = 0; other < i; other++)
			if (str_eq_nocase(load->names[i], load->names[other]))
				return fail(e, code, "There are duplicate columns in the CSV file: \"%.100s\".", load->names[i]);
	return 0;
}

/* --- rows and events ----------------------------------------------------------------------------------------------------------- */

int load_rows(struct load *load, struct err *e)
{
	const struct load_options *options = &load->options;
	struct rows_import import = {
		.table = load->table,
		.columns = load->numbers,
		.column_count = load->name_count,
		.incremental = options->incremental,
		.keep_existing = options->keep_existing,
		.null_value = options->null_value,
		.timestamp_from_file = options->use_timestamp,
		.time_us = now_us(),
		.job_id = load->job->id,
	};
	int64_t before = csv_record(load->csv);
	int rc = rows_import(load->app->database, &import, load->csv, &load->result, e);
	load->read_rows = csv_record(load->csv) - before;
	return rc;
}

static json_t *names_json(const struct load *load)
{
	json_t *names = json_array();
	for (size_t i = 0; i < load->name_count; i++)
		if (load->numbers[i] > 0)
			json_array_append_new(names, json_string(load->names[i]));
	return names;
}

json_t *load_results(const struct load *load)
{
	json_t *results = json_pack("{s:[], s:n, s:o, s:I, s:I}", "warnings", "transaction", "importedColumns", names_json(load),
		"totalRowsCount", (json_int_t)load->result.rows_count, "totalDataSizeBytes",
		(json_int_t)load->result.data_size_bytes);
	if (!load->result.was_applied)
		json_object_set_new(results, "importedRowsCount", json_integer(load->read_rows));
	return results;
}

static json_t *event_params(const struct load *load)
{
	return json_pack("{s:b, s:{s:I, s:s}}", "incremental", load->options.incremental, "source", "fileId",
		(json_int_t)load->file->id, "type", "file");
}

int load_emit_started(struct db *db, const struct load *load, struct err *e)
{
	own(own_json) json_t *params = event_params(load);
	struct event_object object = { .id = load->table->id, .name = load->table->name, .params = params };
	return emit(db, load->origin, EVENT_TABLE_IMPORT_STARTED, &object, e);
}

int load_emit_done(struct db *db, const struct load *load, struct err *e)
{
	own(own_json) json_t *params = event_params(load), *results = load_results(load), *attachments = json_array();
	json_array_append_new(attachments, file_attachment(load->file));
	struct event_object object = {
		.id = load->table->id, .name = load->table->name, .params = params, .results = results, .attachments = attachments
	};
	return emit(db, load->origin, EVENT_TABLE_IMPORT_DONE, &object, e);
}

int job_succeed(struct db *db, const struct job *job, json_t *results, json_t *metrics, struct err *e)
{
	own(own_free) char *results_text = json_dumps(results, JSON_COMPACT);
	own(own_free) char *metrics_text = metrics ? json_dumps(metrics, JSON_COMPACT) : NULL;
	const struct job_row row = { .project_id = job->project_id,
		.id = job->id,
		.table_id = job->table_id,
		.status = (char[]){ "success" },
		.results = results_text,
		.metrics = metrics_text };
	return job_row_end(db, &row, NULL, e);
}

struct last_change {
	const struct job *job;
	int (*fn)(struct db *db, void *arg, struct err *e);
	void *arg;
};

static int change_once(struct db *db, void *arg, struct err *e)
{
	const struct last_change *change = arg;
	own(own_arena) struct arena *arena = arena_new();
	struct job_row *row;
	int rc = job_row_find(db, arena, change->job->project_id, change->job->id, &row, e);
	if (rc > 0 && str_eq(row->status, "success"))
		return 0; /* it did happen */
	return rc < 0 ? rc : change->fn(db, change->arg, e);
}

int job_commit(
	struct app *app, const struct job *job, int (*fn)(struct db *db, void *arg, struct err *e), void *arg, struct err *e)
{
	struct last_change change = { job, fn, arg };
	int rc = shortage_check(0, e); /* of what was prepared: trying again would not make it whole */
	for (int tries = 0; rc >= 0; tries++) {
		rc = database_transact(app->database, change_once, &change, e);
		if (rc != -ERR_UNAVAILABLE || tries == COMMIT_TRIES)
			return rc;
		err_done(e);
		rc = 0;
		nanosleep(&(struct timespec){ .tv_sec = 1 << tries }, NULL);
	}
	return rc;
}
