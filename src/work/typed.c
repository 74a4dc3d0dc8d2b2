/* Typed columns. */
#include "work/typed.h"

#include <string.h>

#include "auth/permit.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/bucket.h"
#include "store/metadata.h"
#include "store/names.h"
#include "store/rows/rows.h"
#include "work/events.h"
#include "work/load.h"
#include "work/resource_json.h"
#include "work/tables.h"

/* A type as callers spell it, the type that it is, its standard length (NULL: none), its base type. */
struct spelling {
	const char *name, *type, *length, *base;
};
static const struct spelling TYPES[] = {
	{ "ARRAY", "ARRAY", NULL, "STRING" },
	{ "BIGINT", "NUMBER", "38,0", "NUMERIC" },
	{ "BINARY", "BINARY", "8388608", "STRING" },
	{ "BOOLEAN", "BOOLEAN", NULL, "BOOLEAN" },
	{ "BYTEINT", "NUMBER", "38,0", "NUMERIC" },
	{ "CHAR", "VARCHAR", "1", "STRING" },
	{ "CHARACTER", "VARCHAR", "1", "STRING" },
	{ "DATE", "DATE", NULL, "DATE" },
	{ "DATETIME", "TIMESTAMP_NTZ", "9", "TIMESTAMP" },
	{ "DECIMAL", "NUMBER", "38,0", "NUMERIC" },
	{ "DOUBLE", "FLOAT", NULL, "FLOAT" },
	{ "DOUBLE PRECISION", "FLOAT", NULL, "FLOAT" },
	{ "FLOAT", "FLOAT", NULL, "FLOAT" },
	{ "FLOAT4", "FLOAT", NULL, "FLOAT" },
	{ "FLOAT8", "FLOAT", NULL, "FLOAT" },
	{ "INT", "NUMBER", "38,0", "NUMERIC" },
	{ "INTEGER", "NUMBER", "38,0", "NUMERIC" },
	{ "NUMBER", "NUMBER", "38,0", "NUMERIC" },
	{ "NUMERIC", "NUMBER", "38,0", "NUMERIC" },
	{ "NVARCHAR", "VARCHAR", "16777216", "STRING" },
	{ "OBJECT", "OBJECT", NULL, "STRING" },
	{ "REAL", "FLOAT", NULL, "FLOAT" },
	{ "SMALLINT", "NUMBER", "38,0", "NUMERIC" },
	{ "STRING", "VARCHAR", "16777216", "STRING" },
	{ "TEXT", "VARCHAR", "16777216", "STRING" },
	{ "TIME", "TIME", "9", "STRING" },
	{ "TIMESTAMP", "TIMESTAMP_NTZ", "9", "TIMESTAMP" },
	{ "TIMESTAMP_LTZ", "TIMESTAMP_LTZ", "9", "TIMESTAMP" },
	{ "TIMESTAMP_NTZ", "TIMESTAMP_NTZ", "9", "TIMESTAMP" },
	{ "TIMESTAMP_TZ", "TIMESTAMP_TZ", "9", "TIMESTAMP" },
	{ "TINYINT", "NUMBER", "38,0", "NUMERIC" },
	{ "VARBINARY", "BINARY", "8388608", "STRING" },
	{ "VARCHAR", "VARCHAR", "16777216", "STRING" },
	{ "VARIANT", "VARIANT", NULL, "STRING" },
	{ NULL, NULL, NULL, NULL },
};
/* The same for a column that says only its base type. */
static const struct spelling BASE_TYPES[] = {
	{ "BOOLEAN", "BOOLEAN", NULL, "BOOLEAN" },
	{ "DATE", "DATE", NULL, "DATE" },
	{ "FLOAT", "FLOAT", NULL, "FLOAT" },
	{ "INTEGER", "NUMBER", "38,0", "NUMERIC" },
	{ "NUMERIC", "NUMBER", "38,9", "NUMERIC" },
	{ "STRING", "VARCHAR", "16777216", "STRING" },
	{ "TIMESTAMP", "TIMESTAMP_LTZ", "9", "TIMESTAMP" },
	{ NULL, NULL, NULL, NULL },
};
#define TEXT_MAX 4096

static const struct spelling *find_spelling(const struct spelling *list, const char *name)
{
	for (; name && list->name; list++)
		if (str_eq_nocase(list->name, name))
			return list;
	return NULL;
}

bool typed_is(json_t *column)
{
	return json_string_length(json_object_get(column, "basetype")) > 0 ||
	       json_string_length(json_object_get(json_object_get(column, "definition"), "type")) > 0;
}

char *typed_text(struct arena *arena, json_t *value)
{
	if (json_is_integer(value))
		return arena_printf(arena, "%lld", (long long)json_integer_value(value));
	if (json_is_real(value))
		return arena_printf(arena, "%.15g", json_real_value(value));
	if (json_is_boolean(value))
		return arena_strdup(arena, json_is_true(value) ? "true" : "false");
	const char *text = json_string_value(value);
	return text && strlen(text) <= TEXT_MAX ? arena_strdup(arena, text) : NULL;
}

bool typed_nullable(json_t *given, bool standard)
{
	bool flag = standard;
	if (json_is_boolean(given))
		flag = json_is_true(given);
	else if (json_is_integer(given))
		flag = json_integer_value(given) != 0;
	else if (json_is_string(given))
		str_to_bool(json_string_value(given), &flag);
	return flag;
}

int typed_definition(struct arena *arena, json_t *column, bool in_key, char **ret, struct err *e)
{
	json_t *given = json_object_get(column, "definition");
	const char *type = json_string_value(json_object_get(given, "type"));
	const char *base = json_string_value(json_object_get(column, "basetype"));
	const char *name = json_string_value(json_object_get(column, "name"));
	const struct spelling *spelling = type ? find_spelling(TYPES, type) : find_spelling(BASE_TYPES, base ? base : "STRING");
	if (!spelling)
		return fail(e, ERR_TABLE_VALIDATION, "Invalid request:\n - columns[%s]: \"The type %s is not supported.\"",
			name ? name : "", type ? type : base);
	char *length = typed_text(arena, json_object_get(given, "length")),
	     *standard = typed_text(arena, json_object_get(given, "default"));
	if (!length && spelling->length)
		length = arena_strdup(arena, spelling->length);
	own(own_json) json_t *definition = json_pack("{s:s, s:b}", "type", spelling->type, "nullable",
		(int)typed_nullable(json_object_get(given, "nullable"), !in_key));
	if (!str_empty(length))
		json_object_set_new(definition, "length", json_string(length));
	if (standard)
		json_object_set_new(definition, "default", json_string(standard));
	own(own_json) json_t *whole = json_pack("{s:O, s:s}", "definition", definition, "basetype", spelling->base);
	own(own_free) char *text = json_dumps(whole, JSON_COMPACT);
	*ret = arena_strdup(arena, text);
	return *ret ? 0 : fail(e, ERR_INTERNAL, NULL);
}

/* --- a table from its definition --------------------------------------------------------------------------------------------- */

static bool in_list(json_t *names, const char *name)
{
	size_t i;
	json_t *item;
	json_array_foreach(names, i, item) {
		if (str_eq(json_string_value(item), name))
			return true;
	}
	return false;
}

static bool taken(const struct table *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(table->columns[i].name, name))
			return true;
	return false;
}

static int read_column(struct arena *arena, json_t *column, json_t *key, struct table *table, size_t at, struct err *e)
{
	const char *raw = json_string_value(json_object_get(column, "name"));
	char *name = raw ? name_of_column(arena, raw) : NULL;
	if (str_empty(name) || utf8_length(raw) > COLUMN_NAME_MAX || taken(table, at, name))
		return fail(
			e, ERR_TABLE_INVALID_COLUMN_NAME, "Invalid column name \"%s\" at position %zu.", raw ? raw : "", at + 1);
	table->columns[at].name = name;
	return table->is_typed ? typed_definition(arena, column, in_list(key, raw), &table->columns[at].definition, e) : 0;
}

static int read_key(struct arena *arena, json_t *key, struct table *table, struct err *e)
{
	size_t i;
	json_t *item;
	table->primary_key = arena_array(arena, char *, json_array_size(key) + 1);
	json_array_foreach(key, i, item) {
		char *name = json_is_string(item) ? name_of_column(arena, json_string_value(item)) : NULL;
		if (!name || !table_column(table, name))
			return fail(e, ERR_TABLE_KEY_COLUMNS, "The column \"%s\" of the primary key is not among the columns.",
				json_is_string(item) ? json_string_value(item) : "");
		table->primary_key[table->primary_key_count++] = name;
	}
	return 0;
}

int typed_table(struct arena *arena, json_t *args, struct table *ret, struct err *e)
{
	json_t *columns = json_object_get(args, "columns"), *key = json_object_get(args, "primaryKeysNames"), *column;
	const char *name = json_string_value(json_object_get(args, "name"));
	size_t i, count = json_array_size(columns);
	struct table table = { .name = arena_strdup(arena, name), .column_count = count };
	if (str_empty(name))
		return fail(e, ERR_TABLE_VALIDATION, "Table create option \"name\" is required and cannot be empty.");
	int rc = table_check_name(name, e);
	if (rc < 0)
		return rc;
	if (!count)
		return fail(e, ERR_TABLE_NO_COLUMNS, "Invalid request:\n - columns: \"This value should not be blank.\"");
	table.columns = arena_array(arena, struct column, count);
	if (!table.columns)
		return fail(e, ERR_INTERNAL, NULL);
	json_array_foreach(columns, i, column) {
		table.is_typed = table.is_typed || typed_is(column);
	}
	json_array_foreach(columns, i, column) {
		rc = read_column(arena, column, key, &table, i, e);
		if (rc < 0)
			return rc;
	}
	rc = read_key(arena, key, &table, e);
	if (rc >= 0)
		*ret = table;
	return rc;
}

/* --- what the provider "storage" says ------------------------------------------------------------------------------------------ */

int typed_set_column_metadata(struct db *db, const struct table *table, const char *column, const char *definition, struct err *e)
{
	struct metadata_object object = { table->project_id, "column", table->number, column };
	own(own_json) json_t *whole = json_read(definition, 0);
	json_t *inner = json_object_get(whole, "definition");
	const char *said[][2] = {
		{ "KBC.datatype.type", json_string_value(json_object_get(inner, "type")) },
		{ "KBC.datatype.nullable", json_is_true(json_object_get(inner, "nullable")) ? "1" : "" },
		{ "KBC.datatype.basetype", json_string_value(json_object_get(whole, "basetype")) },
		{ "KBC.datatype.length", json_string_value(json_object_get(inner, "length")) },
		{ "KBC.datatype.default", json_string_value(json_object_get(inner, "default")) },
	};
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < sizeof(said) / sizeof(said[0]); i++)
		if (said[i][1])
			rc = metadata_set(db, &object, "storage", said[i][0], said[i][1], e);
	return rc;
}

int typed_set_metadata(struct db *db, const struct table *table, struct err *e)
{
	struct metadata_object object = { table->project_id, "table", table->number, NULL };
	int rc = metadata_set(db, &object, "storage", "KBC.dataTypesEnabled", "true", e);
	for (size_t i = 0; rc >= 0 && i < table->column_count; i++)
		if (table->columns[i].definition)
			rc = typed_set_column_metadata(db, table, table->columns[i].name, table->columns[i].definition, e);
	return rc;
}

/* --- the job ------------------------------------------------------------------------------------------------------------------- */

struct creation {
	struct app *app;
	const struct job *job;
	const struct origin *origin;
	struct table table;
	json_t *results;
};

/* Finds the bucket and a number, which name the place of the rows. */
static int reserve_now(struct db *db, void *arg, struct err *e)
{
	struct creation *creation = arg;
	struct bucket *bucket = NULL;
	int rc = bucket_get(db, creation->job->arena, creation->job->project_id, creation->job->bucket_id, &bucket, e);
	if (rc < 0)
		return rc;
	creation->table.project_id = bucket->project_id;
	creation->table.bucket_id = bucket->id;
	creation->table.bucket_number = bucket->number;
	for (size_t i = 0; i < creation->table.column_count; i++)
		creation->table.columns[i].number = (int64_t)i + 1;
	return table_reserve(db, &creation->table.number, e);
}

static int create_now(struct db *db, void *arg, struct err *e)
{
	struct creation *creation = arg;
	struct table *table = &creation->table;
	int rc = table_insert(db, creation->job->arena, table, e);
	if (rc < 0 || (table->is_typed && (rc = typed_set_metadata(db, table, e)) < 0))
		return rc;
	struct event_object object = { .id = table->id, .name = table->name };
	json_decref(give_ptr(creation->results));
	if ((rc = emit(db, creation->origin, EVENT_TABLE_CREATED, &object, e)) < 0 ||
		(rc = table_json(creation->app, db, creation->job->arena, table, &creation->results, e)) < 0)
		return rc;
	return job_succeed(db, creation->job, creation->results, NULL, e);
}

/* The place of the rows first: a table that is there can be read. */
static int create(struct creation *creation, struct err *e)
{
	struct database *database = creation->app->database;
	struct table *table = &creation->table;
	int rc = database_transact(database, reserve_now, creation, e);
	if (rc < 0 || (rc = rows_create(database, table, e)) < 0)
		return rc;
	rc = database_transact(database, create_now, creation, e);
	if (rc < 0 && rc != -ERR_UNAVAILABLE) { /* a commit whose answer was lost may have happened */
		own(err_done) struct err ignored = { 0 };
		rows_drop(database, table->project_id, table->bucket_number, table->number, &ignored);
	}
	return rc;
}

JOB_RUN(job_table_definition)
{
	struct creation creation = { .app = app, .job = job, .origin = origin };
	int rc = permit_bucket(who, job->bucket_id, BUCKET_WRITE, e);
	if (rc < 0 || (rc = typed_table(job->arena, job->params, &creation.table, e)) < 0)
		return rc;
	rc = create(&creation, e);
	ret->results = creation.results;
	return rc;
}
