/* Making a table out of a file: the rows are written first, the table is there when they all are. */
#include <string.h>

#include "auth/permit.h"
#include "base/own.h"
#include "base/str.h"
#include "store/bucket.h"
#include "store/job_place.h"
#include "store/names.h"
#include "store/rows/rows.h"
#include "store/table.h"
#include "work/events.h"
#include "work/load.h"
#include "work/resource_json.h"
#include "work/snapshots.h"

static const char *param(const struct load *load, const char *key)
{
	return json_string_value(json_object_get(json_object_get(load->job->params, "params"), key));
}

/* --- what the table will be --------------------------------------------------------------------------------------------------- */

static int check_name(const char *name, struct err *e)
{
	if (!name || !name_is_plain(name))
		return fail(e, ERR_TABLE_VALIDATION,
			"Invalid table name: '%.100s' contains not allowed characters. Only alphanumeric characters dash and "
			"underscores are allowed.",
			name ? name : "");
	if (strlen(name) > TABLE_NAME_MAX)
		return fail(
			e, ERR_TABLE_VALIDATION, "Invalid table name: it cannot be longer than %d characters.", TABLE_NAME_MAX);
	return 0;
}

static int name_columns(struct load *load, struct err *e)
{
	struct table *table = load->table;
	if (load->name_count == 0)
		return load->file->is_sliced
			       ? fail(e, ERR_TABLE_INVALID_COLUMN_NAME, "A sliced file has no header: send its columns.")
			       : fail(e, ERR_TABLE_NO_COLUMNS, "The file is empty: it has no header.");
	table->columns = arena_array(load->arena, struct column, load->name_count);
	load->numbers = arena_array(load->arena, int64_t, load->name_count);
	for (size_t i = 0; i < load->name_count; i++) {
		int rc = load_new_name(load, load->names[i], &load->names[i], e);
		if (rc < 0)
			return rc;
		load->numbers[i] = (int64_t)i + 1;
		table->columns[table->column_count++] = (struct column){ .number = (int64_t)i + 1, .name = load->names[i] };
	}
	return load_check_duplicates(load, ERR_TABLE_VALIDATION, e);
}

/* One name of the key, as the header has it or as the column is called. */
static int add_key(struct load *load, const char *raw, struct err *e)
{
	struct table *table = load->table;
	const struct column *column = table_column(table, raw);
	if (!column)
		column = table_column(table, name_of_column(load->arena, raw));
	if (!column)
		return fail(e, ERR_TABLE_KEY_COLUMNS, "Primary key columns \"%.100s\" not found in \"%.1000s\"", raw,
			param(load, "primaryKey"));
	for (size_t i = 0; i < table->primary_key_count; i++)
		if (str_eq(table->primary_key[i], column->name))
			return 0;
	table->primary_key[table->primary_key_count++] = column->name;
	return 0;
}

/* "id,name" */
static int name_key(struct load *load, struct err *e)
{
	char *rest = arena_strdup(load->arena, param(load, "primaryKey"));
	int rc = 0;
	if (str_empty(rest))
		return 0;
	load->table->primary_key = arena_array(load->arena, char *, strlen(rest) / 2 + 1);
	for (char *name; rc == 0 && (name = strsep(&rest, ","));) {
		name += strspn(name, " ");
		for (size_t length = strlen(name); length && name[length - 1] == ' '; length--)
			name[length - 1] = '\0';
		if (*name)
			rc = add_key(load, name, e);
	}
	return rc;
}

/* --- writing ---------------------------------------------------------------------------------------------------------------------- */

/* Finds the bucket and reserves the table's number, which names the place of its rows. */
static int reserve(struct db *db, void *arg, struct err *e)
{
	struct load *load = arg;
	struct table *table = load->table;
	struct bucket *bucket;
	struct table *taken;
	int rc = bucket_get(db, load->arena, table->project_id, table->bucket_id, &bucket, e);
	if (rc < 0)
		return rc;
	table->bucket_number = bucket->number;
	rc = table_find(db, load->arena, table->project_id, table->id, &taken, e);
	if (rc > 0)
		return fail(e, ERR_TABLE_EXISTS, "The table \"%s\" already exists in the bucket \"%s\".", table->name,
			table->bucket_id);
	if (rc == 0)
		rc = job_place_find(db, table->project_id, load->job->id, &table->number, e);
	if (rc < 0 || table->number)
		return rc;
	rc = table_reserve(db, &table->number, e);
	return rc < 0 ? rc : job_place_keep(db, table->project_id, load->job->id, table->number, e);
}

/* Finds what this job reserved, now or before a crash: load->table->number and the number of its bucket. */
static int find_place(struct db *db, void *arg, struct err *e)
{
	struct load *load = arg;
	struct table *table = load->table;
	struct bucket *bucket = NULL;
	int rc = job_place_find(db, table->project_id, load->job->id, &table->number, e);
	if (rc == 0 && table->number)
		rc = bucket_get(db, load->arena, table->project_id, table->bucket_id, &bucket, e);
	if (rc == 0 && bucket)
		table->bucket_number = bucket->number;
	return rc;
}

static int forget_place(struct db *db, void *arg, struct err *e)
{
	const struct load *load = arg;
	return job_place_forget(db, load->job->project_id, load->job->id, e);
}

/* The job failed: nothing of the table is left. */
static void abandon(struct load *load)
{
	const struct table *table = load->table;
	struct err ignored = { 0 };
	int rc = database_transact(load->app->database, find_place, load, &ignored);
	if (rc == 0 && table->number)
		rc = rows_drop(load->app->database, table->project_id, table->bucket_number, table->number, &ignored);
	if (rc == 0 && table->number)
		database_transact(load->app->database, forget_place, load, &ignored);
	err_done(&ignored);
}

static int emit_created(struct db *db, const struct load *load, struct err *e)
{
	own(own_json) json_t *params = json_pack("{s:s, s:[], s:[]}", "name", load->table->name, "columns", "primaryKey");
	for (size_t i = 0; i < load->table->column_count; i++)
		json_array_append_new(json_object_get(params, "columns"), json_string(load->table->columns[i].name));
	for (size_t i = 0; i < load->table->primary_key_count; i++)
		json_array_append_new(json_object_get(params, "primaryKey"), json_string(load->table->primary_key[i]));
	struct event_object object = { .id = load->table->id, .name = load->table->name, .params = params };
	return emit(db, load->origin, EVENT_TABLE_CREATED, &object, e);
}

/* The table with its rows, its three events and the job's end: all of it or nothing. */
static int write_table(struct db *db, void *arg, struct err *e)
{
	struct load *load = arg;
	struct table *table;
	own(own_json) json_t *results = NULL, *metrics = source_metrics(load->source);
	int rc = table_insert(db, load->arena, load->table, e);
	if (rc == 0)
		rc = forget_place(db, load, e);
	if (rc == 0)
		rc = table_rows_changed(db, load->table, load->result.rows_count, load->result.data_size_bytes, true, e);
	if (rc == 0 && load->finish)
		rc = load->finish(db, load, e);
	if (rc == 0)
		rc = emit_created(db, load, e);
	if (rc == 0)
		rc = load_emit_started(db, load, e);
	if (rc == 0)
		rc = load_emit_done(db, load, e);
	if (rc == 0)
		rc = table_get(db, load->arena, load->table->project_id, load->table->id, &table, e);
	if (rc == 0)
		rc = table_json(load->app, db, load->arena, table, &results, e);
	if (rc == 0)
		rc = job_succeed(db, load->job, results, metrics, e);
	if (rc < 0)
		return rc;
	json_decref(load->job_result->results);
	load->job_result->results = give_ptr(results);
	return 0;
}

int table_create_rows(struct load *load, struct err *e)
{
	struct table *table = load->table;
	int rc = database_transact(load->app->database, reserve, load, e);
	if (rc < 0)
		return rc;
	rc = rows_create(load->app->database, table, e);
	if (rc == 0)
		rc = load_rows(load, e);
	if (rc < 0)
		return rc;
	rc = job_commit(load->app, load->job, write_table, load, e);
	load->in_doubt = rc == -ERR_UNAVAILABLE;
	return rc;
}

static int create_from_file(struct load *load, struct err *e)
{
	int rc = load_open(load, e);
	if (rc == 0)
		rc = load_read_names(load, NULL, e);
	if (rc == 0)
		rc = name_columns(load, e);
	if (rc == 0)
		rc = name_key(load, e);
	return rc < 0 ? rc : table_create_rows(load, e);
}

int table_create_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e)
{
	own(load_done) struct load load = {
		.app = app, .job = job, .who = who, .origin = origin, .arena = arena_new(), .job_result = ret
	};
	int rc = permit_bucket(who, job->bucket_id, BUCKET_WRITE, e);
	if (rc < 0)
		return rc;
	struct table table = {
		.project_id = job->project_id, .bucket_id = job->bucket_id, .name = arena_strdup(load.arena, param(&load, "name"))
	};
	table.id = arena_printf(load.arena, "%s.%s", table.bucket_id, table.name ? table.name : "");
	load.table = &table;
	bool from_snapshot = json_object_get(json_object_get(job->params, "source"), "snapshotId");
	if (!from_snapshot || !str_empty(table.name))
		rc = check_name(table.name, e);
	if (rc == 0)
		rc = from_snapshot ? snapshot_restore(&load, e) : create_from_file(&load, e);
	if (rc == 0)
		ret->metrics = source_metrics(load.source);
	else if (!load.in_doubt)
		abandon(&load);
	return rc;
}
