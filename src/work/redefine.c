/* Changes of a table's definition. */
#include "work/redefine.h"

#include <stdlib.h>

#include "auth/permit.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/metadata.h"
#include "work/events.h"
#include "work/load.h"
#include "work/resource_json.h"
#include "work/tables.h"
#include "work/typed.h"

/* --- what callers may ask for ------------------------------------------------------------------------------------------------ */

/* Types whose length may grow, and how far. */
struct growing {
	const char *type;
	int64_t most;
};
static const struct growing GROWING[] = { { "BINARY", 8388608 }, { "NUMBER", 38 }, { "VARCHAR", 16777216 }, { NULL, 0 } };

struct length {
	int64_t size, scale;
};

static int refuse(const char *column, const char *why, struct err *e)
{
	return fail(e, ERR_TABLE_VALIDATION, "Invalid request:\n - columns[%s]: \"%s\"", column, why);
}

/* "12" or "12,2". */
static bool read_length(const char *text, struct length *ret)
{
	char *end = NULL;
	if (str_empty(text))
		return false;
	ret->size = strtoll(text, &end, 10);
	ret->scale = *end == ',' ? strtoll(end + 1, &end, 10) : 0;
	return *end == '\0' && ret->size > 0 && ret->scale >= 0;
}

static int set_length(json_t *definition, const char *column, const char *wanted, struct err *e)
{
	const char *was = json_string_value(json_object_get(definition, "length"));
	const struct growing *growing = GROWING;
	struct length before, after;
	if (str_eq(was, wanted))
		return 0;
	while (growing->type && !str_eq(growing->type, json_string_value(json_object_get(definition, "type"))))
		growing++;
	if (!growing->type)
		return refuse(column, "The length of this type cannot be changed.", e);
	if (!read_length(was, &before) || !read_length(wanted, &after))
		return refuse(column, "This value is not a valid length.", e);
	if (after.size < before.size || after.size > growing->most || after.scale != before.scale)
		return refuse(column, "A length can only grow, as far as its type goes, and its scale stays.", e);
	json_object_set_new(definition, "length", json_string(wanted));
	return 0;
}

static int set_nullable(json_t *definition, const struct table *table, const char *column, json_t *wanted, struct err *e)
{
	bool nullable = typed_nullable(wanted, json_is_true(json_object_get(definition, "nullable")));
	for (size_t i = 0; nullable && i < table->primary_key_count; i++)
		if (str_eq(table->primary_key[i], column))
			return refuse(column, "A column of the primary key cannot be null.", e);
	json_object_set_new(definition, "nullable", json_boolean(nullable));
	return 0;
}

static int set_default(json_t *definition, const char *column, const char *wanted, struct err *e)
{
	if (wanted && !str_eq(wanted, json_string_value(json_object_get(definition, "default"))))
		return refuse(column, "A standard value can be removed, not added or changed.", e);
	if (!wanted)
		json_object_del(definition, "default");
	return 0;
}

static bool is_given(json_t *wish, const char *key)
{
	json_t *value = json_object_get(wish, key);
	return value && !json_is_null(value);
}

/* *ret is the column's definition as it will be, NULL when it stays. */
static int define_column(
	struct arena *arena, const struct table *table, const struct column *column, json_t *wish, char **ret, struct err *e)
{
	json_t *standard = json_object_get(wish, "default");
	bool is_asked = is_given(wish, "length") || is_given(wish, "nullable") || standard;
	int rc = 0;
	*ret = NULL;
	if (!is_asked)
		return 0;
	if (!column->definition)
		return refuse(column->name, "Only a typed column has a length, nulls, and a standard value.", e);
	own(own_json) json_t *whole = json_read(column->definition, 0);
	json_t *definition = json_object_get(whole, "definition");
	if (is_given(wish, "length"))
		rc = set_length(definition, column->name, typed_text(arena, json_object_get(wish, "length")), e);
	if (rc >= 0 && is_given(wish, "nullable"))
		rc = set_nullable(definition, table, column->name, json_object_get(wish, "nullable"), e);
	if (rc >= 0 && standard)
		rc = set_default(definition, column->name, typed_text(arena, standard), e);
	if (rc < 0)
		return rc;
	own(own_free) char *text = json_dumps(whole, JSON_COMPACT);
	*ret = arena_strdup(arena, text);
	return *ret ? 0 : fail(e, ERR_INTERNAL, NULL);
}

static int check_description(const char *what, json_t *description, struct err *e)
{
	return !description || json_is_null(description) || json_is_string(description)
		       ? 0
		       : refuse(what, "A description should be of type string.", e);
}

/* The columns that are asked for, of either job; the caller's. */
static json_t *wished_columns(json_t *params)
{
	json_t *name = json_object_get(params, "columnName"), *columns = json_object_get(params, "columns");
	if (!name)
		return columns ? json_incref(columns) : json_array();
	json_t *one = json_deep_copy(json_object_get(params, "columnDefinition"));
	json_object_set(one, "name", name);
	return json_pack("[o]", one);
}

static int find_column(const struct table *table, json_t *wish, const struct column **ret, struct err *e)
{
	const char *name = json_string_value(json_object_get(wish, "name"));
	*ret = name ? table_column(table, name) : NULL;
	if (!*ret)
		return fail(e, ERR_TABLE_COLUMN_NOT_EXISTS, "The column %s does not exist in the table.", name ? name : "");
	return check_description(name, json_object_get(wish, "description"), e);
}

int redefine_check(struct arena *arena, const struct table *table, json_t *params, struct err *e)
{
	own(own_json) json_t *columns = wished_columns(params);
	const char *display_name = json_string_value(json_object_get(params, "displayName"));
	json_t *wish;
	size_t i;
	if (table->source_number)
		return fail(e, ERR_TABLE_ALIAS_IMPORT, "The table %s is an alias; change its source.", table->id);
	int rc = check_description("", json_object_get(params, "description"), e);
	if (rc >= 0 && display_name)
		rc = table_check_display_name(display_name, e);
	json_array_foreach(columns, i, wish) {
		const struct column *column = NULL;
		char *definition;
		if (rc >= 0)
			rc = find_column(table, wish, &column, e);
		if (rc >= 0)
			rc = define_column(arena, table, column, wish, &definition, e);
	}
	return rc;
}

/* --- the job ------------------------------------------------------------------------------------------------------------------- */

struct redefinition {
	struct app *app;
	const struct job *job;
	const struct origin *origin;
	json_t *results;
};

static int forget(struct db *db, struct arena *arena, const struct metadata_object *object, const char *provider, const char *key,
	struct err *e)
{
	struct metadata *list = NULL;
	size_t count = 0;
	int rc = metadata_list(db, arena, object, &list, &count, e);
	for (size_t i = 0; rc >= 0 && i < count; i++)
		if (str_eq(list[i].provider, provider) && str_eq(list[i].key, key))
			rc = metadata_remove(db, object->project_id, list[i].id, e);
	return rc;
}

/* A description is the metadata that people write, whoever they write it with; none (NULL: not asked for) and "" are the same. */
static int describe(struct db *db, struct arena *arena, const struct metadata_object *object, json_t *description, struct err *e)
{
	if (!description)
		return 0;
	return json_string_length(description)
		       ? metadata_set(db, object, "user", "KBC.description", json_string_value(description), e)
		       : forget(db, arena, object, "user", "KBC.description", e);
}

static int change_column(struct db *db, struct arena *arena, const struct table *table, json_t *wish, struct err *e)
{
	const struct column *column = NULL;
	char *definition = NULL;
	int rc = find_column(table, wish, &column, e);
	if (rc < 0 || (rc = define_column(arena, table, column, wish, &definition, e)) < 0)
		return rc;
	struct metadata_object object = { table->project_id, "column", table->number, column->name };
	if (definition) {
		struct column changed = { column->number, column->name, definition };
		rc = table_column_define(db, table, &changed, e);
		if (rc >= 0)
			rc = forget(db, arena, &object, "storage", "KBC.datatype.default", e);
		if (rc >= 0)
			rc = typed_set_column_metadata(db, table, column->name, definition, e);
	}
	return rc < 0 ? rc : describe(db, arena, &object, json_object_get(wish, "description"), e);
}

static int change_table(struct db *db, struct arena *arena, struct table *table, json_t *params, struct err *e)
{
	struct metadata_object object = { table->project_id, "table", table->number, NULL };
	const char *display_name = json_string_value(json_object_get(params, "displayName"));
	own(own_json) json_t *columns = wished_columns(params);
	json_t *wish;
	size_t i;
	int rc = describe(db, arena, &object, json_object_get(params, "description"), e);
	if (rc >= 0 && display_name) {
		table->display_name = arena_strdup(arena, display_name);
		rc = table_update(db, table, e);
	}
	json_array_foreach(columns, i, wish) {
		if (rc >= 0)
			rc = change_column(db, arena, table, wish, e);
	}
	return rc;
}

static int redefine_now(struct db *db, void *arg, struct err *e)
{
	struct redefinition *redefinition = arg;
	const struct job *job = redefinition->job;
	struct table *table = NULL;
	int rc = table_get(db, job->arena, job->project_id, job->table_id, &table, e);
	if (rc < 0 || (rc = redefine_check(job->arena, table, job->params, e)) < 0 ||
		(rc = change_table(db, job->arena, table, job->params, e)) < 0)
		return rc;
	struct event_object object = { .id = table->id, .name = table->name, .params = job->params };
	json_decref(give_ptr(redefinition->results));
	if ((rc = emit(db, redefinition->origin, EVENT_TABLE_UPDATED, &object, e)) < 0 ||
		(rc = table_get(db, job->arena, job->project_id, job->table_id, &table, e)) < 0 ||
		(rc = table_json(redefinition->app, db, job->arena, table, &redefinition->results, e)) < 0)
		return rc;
	return job_succeed(db, job, redefinition->results, NULL, e);
}

JOB_RUN(job_table_redefine)
{
	struct redefinition redefinition = { .app = app, .job = job, .origin = origin };
	int rc = permit_bucket(who, table_id_bucket(job->arena, job->table_id), BUCKET_WRITE, e);
	if (rc < 0)
		return rc;
	rc = database_transact(app->database, redefine_now, &redefinition, e);
	ret->results = redefinition.results;
	return rc;
}
