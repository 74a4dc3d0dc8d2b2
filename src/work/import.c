/* Importing a file into a table that exists. */
#include <string.h>

#include "auth/permit.h"
#include "base/own.h"
#include "base/str.h"
#include "store/names.h"
#include "store/table.h"
#include "work/events.h"
#include "work/load.h"

/* --- columns ------------------------------------------------------------------------------------------------------------------ */

static bool is_time(const struct load *load, const char *name)
{
	return load->options.use_timestamp && str_eq(name, "_timestamp");
}

/* The names of the file as the table's: by its own name, else as a header becomes a name. New ones get number -1. */
static int match_names(struct load *load, size_t *ret_new, struct err *e)
{
	size_t count = 0;
	load->numbers = arena_array(load->arena, int64_t, load->name_count + 1);
	for (size_t i = 0; i < load->name_count; i++) {
		if (is_time(load, load->names[i]))
			continue;
		const struct column *column = table_column(load->table, load->names[i]);
		if (!column) {
			int rc = load_new_name(load, load->names[i], &load->names[i], e);
			if (rc < 0)
				return rc;
			column = table_column(load->table, load->names[i]);
		}
		load->numbers[i] = column ? column->number : -1;
		count += !column;
	}
	*ret_new = count;
	return 0;
}

static bool has_number(const struct load *load, int64_t number)
{
	for (size_t i = 0; i < load->name_count; i++)
		if (load->numbers[i] == number)
			return true;
	return false;
}

static char *join(struct arena *arena, json_t *names)
{
	struct buf text = { 0 };
	size_t i;
	json_t *name;
	buf_puts(&text, "");
	json_array_foreach(names, i, name) {
		buf_puts(&text, i ? "," : "");
		buf_puts(&text, json_string_value(name));
	}
	char *joined = arena_strdup(arena, text.data);
	buf_done(&text);
	return joined;
}

/* Every column of the table must be in the file. */
static int check_missing(struct load *load, struct err *e)
{
	own(own_json) json_t *missing = json_array(), *expected = json_array();
	for (size_t i = 0; i < load->table->column_count; i++) {
		const struct column *column = &load->table->columns[i];
		json_array_append_new(expected, json_string(column->name));
		if (!has_number(load, column->number))
			json_array_append_new(missing, json_string(column->name));
	}
	bool has_time = !load->options.use_timestamp || has_number(load, 0);
	if (!has_time)
		json_array_append_new(missing, json_string("_timestamp"));
	if (json_array_size(missing) == 0)
		return 0;
	load->job_result->error_results = json_pack("{s:O, s:O}", "missingColumns", missing, "expectedColumns", expected);
	return fail(e, ERR_CSV_COLUMNS,
		"Some columns are missing in the csv file. Missing columns: %s. Expected columns: %s. "
		"Please check if the expected delimiter \"%c\" is used in the csv file.",
		join(load->arena, missing), join(load->arena, expected), load->options.dialect.delimiter);
}

/* --- what is written besides the rows ----------------------------------------------------------------------------------------- */

/* New columns come last in the table. They are there before the rows: a crash between leaves a column without values, and the job runs again. */
static int write_start(struct db *db, void *arg, struct err *e)
{
	struct load *load = arg;
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < load->name_count; i++)
		if (!is_time(load, load->names[i]) && !table_column(load->table, load->names[i]))
			rc = table_column_add(db, load->table, load->names[i], NULL, &load->numbers[i], e);
	return rc < 0 ? rc : load_emit_started(db, load, e);
}

static int write_end(struct db *db, void *arg, struct err *e)
{
	struct load *load = arg;
	own(own_json) json_t *results = load_results(load), *metrics = source_metrics(load->source);
	int rc = table_rows_changed(db, load->table, load->result.rows_count, load->result.data_size_bytes, true, e);
	if (rc == 0)
		rc = load_emit_done(db, load, e);
	return rc < 0 ? rc : job_succeed(db, load->job, results, metrics, e);
}

/* The table is as it was: columns that this import added go again. */
static int write_failure(struct db *db, void *arg, struct err *e)
{
	const struct load *load = arg;
	int rc = 0;
	for (size_t i = load->old_column_count; rc >= 0 && i < load->table->column_count; i++)
		rc = table_column_remove(db, load->table, load->table->columns[i].number, e);
	return rc;
}

/* --- the job --------------------------------------------------------------------------------------------------------------------- */

static int read_table(struct load *load, struct err *e)
{
	struct db *db;
	int rc = db_reader_take(load->app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = table_get(db, load->arena, load->job->project_id, load->job->table_id, &load->table, e);
	db_reader_give(db);
	return rc;
}

/* The table as it is after new columns were added. */
static int start(struct load *load, struct err *e)
{
	int rc = database_transact(load->app->database, write_start, load, e);
	if (rc == 0)
		rc = read_table(load, e);
	if (rc == 0)
		rc = rows_create(load->app->database, load->table, e);
	return rc;
}

static int import(struct load *load, struct err *e)
{
	size_t new_columns = 0;
	load->old_column_count = load->table->column_count;
	int rc = load_open(load, e);
	if (rc == 0)
		rc = load_read_names(load, load->table, e);
	if (rc == 0)
		rc = load_check_duplicates(load, ERR_CSV_COLUMNS, e);
	if (rc == 0)
		rc = match_names(load, &new_columns, e);
	if (rc == 0)
		rc = load_check_duplicates(load, ERR_CSV_COLUMNS, e);
	if (rc == 0)
		rc = check_missing(load, e);
	if (rc == 0)
		rc = start(load, e);
	if (rc == 0)
		rc = load_rows(load, e);
	if (rc == 0)
		return job_commit(load->app, load->job, write_end, load, e);
	if (load->table->column_count > load->old_column_count) {
		struct err ignored = { 0 };
		database_transact(load->app->database, write_failure, load, &ignored);
		err_done(&ignored);
	}
	return rc;
}

int import_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e)
{
	own(load_done) struct load load = {
		.app = app, .job = job, .who = who, .origin = origin, .arena = arena_new(), .job_result = ret
	};
	int rc = permit_bucket(who, table_id_bucket(load.arena, job->table_id), BUCKET_WRITE, e);
	if (rc == 0)
		rc = read_table(&load, e);
	if (rc == 0 && load.table->source_number)
		rc = fail(e, ERR_TABLE_ALIAS_IMPORT, "Data cannot be loaded into the alias \"%s\".", load.table->id);
	if (rc == 0)
		rc = import(&load, e);
	if (rc < 0)
		return rc;
	ret->results = load_results(&load);
	ret->metrics = source_metrics(load.source);
	return 0;
}
