/* Changes of tables that the API makes at once or as a job. */
#include "work/tables.h"

#include <string.h>

#include "auth/permit.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/names.h"
#include "store/rows/rows.h"
#include "work/drop.h"
#include "work/events.h"
#include "work/load.h"
#include "work/resource_json.h"
#include "work/typed.h"

/* --- what callers may ask for ------------------------------------------------------------------------------------------------ */

int table_check_name(const char *name, struct err *e)
{
	if (!name_is_plain(name))
		return fail(e, ERR_TABLE_VALIDATION,
			"Invalid table name: '%s' contains not allowed characters. Only alphanumeric characters dash and "
			"underscores are allowed.",
			name);
	if (strlen(name) > TABLE_NAME_MAX)
		return fail(e, ERR_TABLE_VALIDATION, "Invalid table name: it is longer than %d characters.", TABLE_NAME_MAX);
	return 0;
}

int table_check_display_name(const char *name, struct err *e)
{
	if (*name == '_')
		return fail(e, ERR_TABLE_VALIDATION,
			"Invalid data - displayName: '%s' contains not allowed characters. Cannot start with underscore.", name);
	if (!name_is_plain(name))
		return fail(e, ERR_TABLE_VALIDATION,
			"Invalid data - displayName: '%s' contains not allowed characters. Only alphanumeric characters dash and "
			"underscores are "
			"allowed.",
			name);
	return 0;
}

static int refuse_alias(const struct table *table, struct err *e)
{
	return table->source_number ? fail(e, ERR_TABLE_ALIAS_IMPORT, "The table %s is an alias; change its source.", table->id)
				    : 0;
}

static const struct column *column_any_case(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (str_eq_nocase(table->columns[i].name, name))
			return &table->columns[i];
	return NULL;
}

int table_check_new_column(
	struct arena *arena, const struct table *table, json_t *column, char **ret, char **ret_definition, struct err *e)
{
	const char *raw = json_string_value(json_object_get(column, "name"));
	char *name = raw ? name_of_column(arena, raw) : NULL, *definition = NULL;
	int rc = refuse_alias(table, e);
	if (rc < 0)
		return rc;
	if (str_empty(name) || utf8_length(raw) > COLUMN_NAME_MAX)
		return fail(e, ERR_TABLE_COLUMN_NAME, "Invalid column name \"%s\".", raw ? raw : "");
	if (column_any_case(table, name))
		return fail(e, ERR_TABLE_COLUMN_EXISTS, "The column %s already exists in the table.", name);
	if (typed_is(column) && !table->is_typed)
		return fail(e, ERR_TABLE_VALIDATION, "Invalid parameters - definition: This field was not expected.");
	if (table->is_typed && (rc = typed_definition(arena, column, false, &definition, e)) < 0)
		return rc;
	*ret = name;
	*ret_definition = definition;
	return 0;
}

static bool in_key(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->primary_key_count; i++)
		if (str_eq(table->primary_key[i], name))
			return true;
	return false;
}

static bool filters_by(const struct table *alias, const char *name)
{
	own(own_json) json_t *filter = alias->alias_filter ? json_read(alias->alias_filter, 0) : NULL;
	return str_eq(json_string_value(json_object_get(filter, "column")), name);
}

/* An alias needs the column when it filters by it or shows it; by force one that shows whatever its source has does without. */
static bool needs_column(const struct table *alias, const char *name, bool force)
{
	if (filters_by(alias, name) || alias->alias_columns)
		return filters_by(alias, name) || table_column(alias, name);
	return !force || alias->alias_filter;
}

/* What is to be asked of every alias of a table, and of their aliases. */
struct asking {
	struct db *db;
	struct arena *arena;
	int (*ask)(const struct table *alias, const struct asking *asking, struct err *e);
	const struct table *table;
	const char *column;
	bool force;
};

static int ask_aliases(const struct asking *asking, const struct table *table, struct err *e)
{
	struct table_list aliases = { 0 };
	int rc = table_list_aliases(asking->db, asking->arena, table, &aliases, e);
	for (size_t i = 0; rc >= 0 && i < aliases.count; i++) {
		rc = asking->ask(&aliases.items[i], asking, e);
		if (rc >= 0)
			rc = ask_aliases(asking, &aliases.items[i], e);
	}
	return rc;
}

static int refuse_needed(const struct table *alias, const struct asking *asking, struct err *e)
{
	if (!needs_column(alias, asking->column, asking->force))
		return 0;
	return fail(e, ERR_TABLE_COLUMN_REFERENCED, "The column %s cannot be deleted because an alias of the table shows it.",
		asking->column);
}

int table_check_drop_column(
	struct db *db, struct arena *arena, const struct table *table, const char *name, bool force, struct err *e)
{
	int rc = refuse_alias(table, e);
	if (rc < 0)
		return rc;
	if (!table_column(table, name))
		return fail(e, ERR_TABLE_COLUMN_NOT_EXISTS, "The column %s does not exist in the table.", name);
	if (in_key(table, name))
		return fail(e, ERR_TABLE_COLUMN_IN_KEY, "The column %s is part of the primary key.", name);
	if (table->column_count == 1)
		return fail(e, ERR_TABLE_VALIDATION, "The last column of a table cannot be deleted.");
	struct asking asking = { db, arena, refuse_needed, table, name, force };
	return ask_aliases(&asking, table, e);
}

int table_check_key(const struct table *table, json_t *columns, struct err *e)
{
	size_t i;
	json_t *item;
	int rc = refuse_alias(table, e);
	if (rc < 0)
		return rc;
	if (!json_array_size(columns))
		return fail(e, ERR_PRIMARY_KEY, "Primary key columns are required.");
	json_array_foreach(columns, i, item) {
		if (!json_is_string(item) || !table_column(table, json_string_value(item)))
			return fail(e, ERR_PRIMARY_KEY, "The column \"%s\" of the primary key is not in the table.",
				json_is_string(item) ? json_string_value(item) : "");
	}
	return 0;
}

static int refuse_key_filter(const struct table *alias, const struct asking *asking, struct err *e)
{
	for (size_t i = 0; i < asking->table->primary_key_count; i++)
		if (filters_by(alias, asking->table->primary_key[i]))
			return fail(e, ERR_TABLE_KEY_COLUMN_REFERENCED,
				"The filter of an alias needs the column %s of the primary key.", asking->table->primary_key[i]);
	return 0;
}

int table_check_drop_key(struct db *db, struct arena *arena, const struct table *table, struct err *e)
{
	struct asking asking = { .db = db, .arena = arena, .ask = refuse_key_filter, .table = table };
	int rc = refuse_alias(table, e);
	return rc < 0 ? rc : ask_aliases(&asking, table, e);
}

int table_change_display_name(
	struct db *db, struct arena *arena, const struct origin *origin, const char *table_id, const char *name, struct err *e)
{
	struct table *table = NULL;
	int rc = table_get(db, arena, origin->project_id, table_id, &table, e);
	if (rc < 0)
		return rc;
	table->display_name = arena_strdup(arena, name);
	rc = table_update(db, table, e);
	if (rc < 0)
		return rc;
	own(own_json) json_t *params = json_pack("{s:s}", "displayName", name);
	struct event_object object = { .id = table->id, .name = table->name, .params = params };
	return emit(db, origin, EVENT_TABLE_UPDATED, &object, e);
}

/* --- jobs -------------------------------------------------------------------------------------------------------------------- */

/* A change of the table of a job: what happens in the write, and what it needs. */
struct change {
	struct app *app;
	const struct job *job;
	const struct origin *origin;
	struct table *table;
	char *name, *definition; /* of the column */
	int64_t number;
	json_t *results;
};

static int read_table(struct change *change, const struct caller *who, struct err *e)
{
	const struct job *job = change->job;
	struct db *db;
	int rc = permit_bucket(who, table_id_bucket(job->arena, job->table_id), BUCKET_WRITE, e);
	if (rc < 0 || (rc = db_reader_take(change->app->database, &db, e)) < 0)
		return rc;
	rc = table_get(db, job->arena, job->project_id, job->table_id, &change->table, e);
	db_reader_give(db);
	return rc;
}

/* The table as it is after the change is the result of the job, which ends with it. */
static int finish(struct db *db, struct change *change, struct err *e)
{
	const struct job *job = change->job;
	own(own_json) json_t *results = NULL;
	struct table *table = NULL;
	int rc = table_get(db, job->arena, job->project_id, job->table_id, &table, e);
	if (rc < 0 || (rc = table_json(change->app, db, job->arena, table, &results, e)) < 0 ||
		(rc = job_succeed(db, job, results, NULL, e)) < 0)
		return rc;
	change->table = table;
	json_decref(change->results);
	change->results = give_ptr(results);
	return 0;
}

static int transact(
	struct change *change, int (*fn)(struct db *db, void *arg, struct err *e), struct job_result *ret, struct err *e)
{
	int rc = database_transact(change->app->database, fn, change, e);
	ret->results = change->results;
	return rc;
}

static int emit_change(struct db *db, const struct change *change, enum event_type type, json_t *stolen_params, struct err *e)
{
	own(own_json) json_t *params = stolen_params;
	struct event_object object = { .id = change->table->id, .name = change->table->name, .params = params };
	return emit(db, change->origin, type, &object, e);
}

JOB_RUN(job_table_drop)
{
	struct drop drop = {
		.who = who,
		.origin = origin,
		.id = job->table_id,
		.force = json_is_true(json_object_get(job->params, "force")),
		.job = job,
	};
	int rc = permit_bucket(who, table_id_bucket(job->arena, job->table_id), BUCKET_WRITE, e);
	if (rc < 0 || (rc = drop_table(app, &drop, e)) < 0)
		return rc;
	ret->results = json_null();
	return 0;
}

static int update_now(struct db *db, void *arg, struct err *e)
{
	struct change *change = arg;
	json_t *values = json_object_get(change->job->params, "values");
	const char *name = json_string_value(json_object_get(values, "displayName"));
	int rc = table_change_display_name(db, change->job->arena, change->origin, change->job->table_id, name ? name : "", e);
	return rc < 0 ? rc : finish(db, change, e);
}

JOB_RUN(job_table_update)
{
	struct change change = { .app = app, .job = job, .origin = origin };
	int rc = read_table(&change, who, e);
	return rc < 0 ? rc : transact(&change, update_now, ret, e);
}

static int reserve_column_now(struct db *db, void *arg, struct err *e)
{
	struct change *change = arg;
	return table_column_reserve(db, change->table, &change->number, e);
}

/* The rows get the column before the table has it: a server that ends in between leaves one that nobody sees. */
static int add_to_rows(struct change *change, struct err *e)
{
	struct table table = *change->table;
	table.columns = arena_array(change->job->arena, struct column, table.column_count + 1);
	if (!table.columns)
		return fail(e, ERR_INTERNAL, NULL);
	memcpy(table.columns, change->table->columns, table.column_count * sizeof(*table.columns));
	table.columns[table.column_count++] = (struct column){ .number = change->number, .name = change->name };
	return rows_column_add(change->app->database, &table, change->number, e);
}

static int add_column_now(struct db *db, void *arg, struct err *e)
{
	struct change *change = arg;
	int rc = table_column_insert(db, change->table,
		&(struct column){ .number = change->number, .name = change->name, .definition = change->definition }, e);
	if (rc >= 0 && change->definition)
		rc = typed_set_column_metadata(db, change->table, change->name, change->definition, e);
	if (rc >= 0)
		rc = emit_change(db, change, EVENT_TABLE_COLUMN_ADDED, json_pack("{s:s}", "column", change->name), e);
	return rc < 0 ? rc : finish(db, change, e);
}

JOB_RUN(job_table_column_add)
{
	struct change change = { .app = app, .job = job, .origin = origin };
	int rc = read_table(&change, who, e);
	if (rc < 0 ||
		(rc = table_check_new_column(job->arena, change.table, job->params, &change.name, &change.definition, e)) < 0 ||
		(rc = database_transact(app->database, reserve_column_now, &change, e)) < 0 || (rc = add_to_rows(&change, e)) < 0)
		return rc;
	return transact(&change, add_column_now, ret, e);
}

static int drop_column_now(struct db *db, void *arg, struct err *e)
{
	struct change *change = arg;
	const struct job *job = change->job;
	const char *name = json_string_value(json_object_get(job->params, "name"));
	bool force = json_is_true(json_object_get(job->params, "force"));
	int rc = table_get(db, job->arena, job->project_id, job->table_id, &change->table, e);
	if (rc < 0 || (rc = table_check_drop_column(db, job->arena, change->table, name, force, e)) < 0)
		return rc;
	change->number = table_column(change->table, name)->number;
	rc = table_column_remove(db, change->table, change->number, e);
	if (rc >= 0)
		rc = emit_change(db, change, EVENT_TABLE_COLUMN_DELETED, json_pack("{s:s}", "column", name), e);
	return rc < 0 ? rc : finish(db, change, e);
}

/* The rows lose the column after the table: until then nobody sees it. */
JOB_RUN(job_table_column_delete)
{
	struct change change = { .app = app, .job = job, .origin = origin };
	int rc = read_table(&change, who, e);
	if (rc < 0 || (rc = transact(&change, drop_column_now, ret, e)) < 0)
		return rc;
	return rows_column_drop(app->database, change.table, change.number, e);
}

static int set_key_now(struct db *db, void *arg, struct err *e)
{
	struct change *change = arg;
	struct table *table = change->table;
	int rc = table_set_key(db, table, (const char *const *)table->primary_key, table->primary_key_count, e);
	json_t *columns = json_array();
	for (size_t i = 0; i < table->primary_key_count; i++)
		json_array_append_new(columns, json_string(table->primary_key[i]));
	enum event_type type = table->primary_key_count ? EVENT_TABLE_PRIMARY_KEY_ADDED : EVENT_TABLE_PRIMARY_KEY_DELETED;
	json_t *params = json_pack("{s:o}", "columns", columns);
	if (rc < 0) {
		json_decref(params);
		return rc;
	}
	rc = emit_change(db, change, type, params, e);
	return rc < 0 ? rc : finish(db, change, e);
}

/* The rows first: they may not allow the key. */
static int set_key(struct change *change, struct job_result *ret, struct err *e)
{
	int rc = rows_key_set(change->app->database, change->table, e);
	return rc < 0 ? rc : transact(change, set_key_now, ret, e);
}

JOB_RUN(job_table_key_add)
{
	struct change change = { .app = app, .job = job, .origin = origin };
	json_t *columns = json_object_get(job->params, "columns");
	int rc = read_table(&change, who, e);
	if (rc < 0 || (rc = table_check_key(change.table, columns, e)) < 0)
		return rc;
	size_t count = json_array_size(columns);
	change.table->primary_key = arena_array(job->arena, char *, count);
	change.table->primary_key_count = count;
	for (size_t i = 0; i < count; i++)
		change.table->primary_key[i] = arena_strdup(job->arena, json_string_value(json_array_get(columns, i)));
	return set_key(&change, ret, e);
}

static int check_drop_key(struct change *change, struct err *e)
{
	struct db *db;
	int rc = db_reader_take(change->app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = table_check_drop_key(db, change->job->arena, change->table, e);
	db_reader_give(db);
	return rc;
}

static int finish_now(struct db *db, void *arg, struct err *e)
{
	return finish(db, arg, e);
}

JOB_RUN(job_table_key_delete)
{
	struct change change = { .app = app, .job = job, .origin = origin };
	int rc = read_table(&change, who, e);
	if (rc < 0 || (rc = check_drop_key(&change, e)) < 0)
		return rc;
	if (!change.table->primary_key_count)
		return transact(&change, finish_now, ret, e);
	change.table->primary_key_count = 0;
	return set_key(&change, ret, e);
}

static int optimize_now(struct db *db, void *arg, struct err *e)
{
	struct change *change = arg;
	int rc = emit_change(db, change, EVENT_TABLE_OPTIMIZED, NULL, e);
	return rc < 0 ? rc : finish(db, change, e);
}

/* Rows lie as they should already: nothing changes but the history. */
JOB_RUN(job_table_optimize)
{
	struct change change = { .app = app, .job = job, .origin = origin };
	int rc = read_table(&change, who, e);
	return rc < 0 ? rc : transact(&change, optimize_now, ret, e);
}
