/* Snapshots of tables: what a table was as JSON, its rows in a file that stays until the snapshot goes. */
#include "work/snapshots.h"

#include <stdio.h>

#include <string.h>

#include "auth/permit.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/file.h"
#include "store/metadata.h"
#include "work/events.h"
#include "work/files.h"
#include "work/resource_json.h"
#include "work/slices.h"

/* Definitions of typed columns by name: kept for making the table again, not shown. */
#define DEFINITIONS "columnDefinitions"

/* --- showing ---------------------------------------------------------------------------------------------------------------- */

json_t *snapshot_json(const struct app *app, const struct snapshot *snapshot, bool with_table)
{
	json_t *json = json_pack("{s:I, s:s, s:s, s:{s:I, s:s}}", "id", (json_int_t)snapshot->id, "description",
		snapshot->description, "type", "table", "creatorToken", "id", (json_int_t)snapshot->creator_token_id,
		"description", snapshot->creator_description);
	struct buf uri = { 0 };
	buf_printf(&uri, "%s/v2/storage/snapshots/%lld", app->public_url, (long long)snapshot->id);
	json_object_set_new(json, "uri", json_string(uri.data ? uri.data : ""));
	buf_done(&uri);
	json_object_set_new(json, "createdTime", json_time(snapshot->created_us));
	json_object_set_new(json, "dataFileId", json_integer(snapshot->data_file_id));
	json_t *table = with_table ? json_read(snapshot->definition, 0) : NULL;
	json_object_del(table, DEFINITIONS);
	if (table)
		json_object_set_new(json, "table", table);
	return json;
}

int snapshot_get(struct db *db, struct arena *arena, const struct caller *who, int64_t id, enum bucket_level need,
	struct snapshot **ret, struct err *e)
{
	int rc = snapshot_find(db, arena, who->identity->token.project_id, id, ret, e);
	if (rc < 0)
		return rc;
	bool found = rc > 0;
	char object[40];
	snprintf(object, sizeof(object), "snapshot %lld", (long long)id);
	rc = permit_bucket_behind(who, found ? (*ret)->bucket_id : "", need, object, e);
	if (rc < 0)
		return rc;
	return found ? 0 : fail(e, ERR_SNAPSHOT_NOT_FOUND, "Snapshot \"%lld\" not found", (long long)id);
}

/* --- making --------------------------------------------------------------------------------------------------------------------- */

struct making {
	struct app *app;
	const struct job *job;
	const struct caller *who;
	const struct origin *origin;
	struct arena *arena;
	struct rows_view view;
	struct file file;
	struct slices_sizes sizes;
	struct snapshot snapshot;
};

static int read_view(struct making *making, struct err *e)
{
	struct db *db;
	struct table *table;
	int rc = db_reader_take(making->app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = table_get(db, making->arena, making->job->project_id, making->job->table_id, &table, e);
	if (rc >= 0)
		rc = rows_view_read(db, making->arena, table, NULL, ERR_TABLE_COLUMN_NOT_EXISTS, &making->view, e);
	db_reader_give(db);
	return rc;
}

static int reserve_file(struct db *db, void *arg, struct err *e)
{
	struct making *making = arg;
	const struct token *token = &making->who->identity->token;
	const struct table *table = making->view.table;
	making->file = (struct file){
		.project_id = making->job->project_id,
		.branch_id = making->job->branch_id,
		.name = arena_printf(making->arena, "%s.csv", table->id),
		.is_sliced = true,
		.is_encrypted = true,
		.file_type = arena_strdup(making->arena, "csv"),
		.source_bucket_id = table->bucket_id,
		.creator_token_id = token->id,
		.creator_description = token->description,
	};
	return slices_reserve(db, making->arena, making->job, &making->file, e);
}

/* The table's detail, and what is needed to make it again. */
static int define(struct db *db, struct making *making, char **ret, struct err *e)
{
	const struct table *table = making->view.table;
	own(own_json) json_t *json = NULL;
	int rc = table_json(making->app, db, making->arena, table, &json, e);
	if (rc < 0)
		return rc;
	json_t *definitions = json_object();
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].definition)
			json_object_set_new(definitions, table->columns[i].name, json_string(table->columns[i].definition));
	json_object_set_new(json, DEFINITIONS, definitions);
	own(own_free) char *text = json_dumps(json, JSON_COMPACT);
	*ret = arena_strdup(making->arena, text);
	return *ret ? 0 : fail_internal(e, ERR_INTERNAL, "no memory for a snapshot");
}

static json_t *results_of(const struct making *making)
{
	return snapshot_json(making->app, &making->snapshot, false);
}

static int write_snapshot(struct db *db, void *arg, struct err *e)
{
	struct making *making = arg;
	const struct table *table = making->view.table;
	const char *description = json_string_value(json_object_get(making->job->params, "description"));
	making->snapshot = (struct snapshot){
		.project_id = making->job->project_id,
		.table_number = table->number,
		.table_id = table->id,
		.bucket_id = table->bucket_id,
		.description = arena_strdup(making->arena, description ? description : ""),
		.creator_token_id = making->who->identity->token.id,
		.creator_description = making->who->identity->token.description,
		.data_file_id = making->file.id,
	};
	making->file.size_bytes = making->sizes.stored_bytes;
	int rc = file_insert(db, making->arena, &making->file, e);
	if (rc == 0)
		rc = slices_claimed(db, making->job, e);
	if (rc == 0)
		rc = define(db, making, &making->snapshot.definition, e);
	if (rc == 0)
		rc = snapshot_insert(db, &making->snapshot, e);
	if (rc < 0)
		return rc;
	own(own_json) json_t *results = results_of(making);
	own(own_json) json_t *params = json_pack(
		"{s:I, s:s}", "snapshotId", (json_int_t)making->snapshot.id, "description", making->snapshot.description);
	struct event_object object = { .id = table->id, .name = table->name, .params = params };
	rc = emit(db, making->origin, EVENT_TABLE_SNAPSHOT_CREATED, &object, e);
	return rc < 0 ? rc : job_succeed(db, making->job, results, NULL, e);
}

int snapshot_create_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct making making = { .app = app, .job = job, .who = who, .origin = origin, .arena = arena };
	int rc = permit_bucket(who, table_id_bucket(arena, job->table_id), BUCKET_WRITE, e);
	if (rc == 0)
		rc = read_view(&making, e);
	if (rc == 0)
		rc = database_transact(app->database, reserve_file, &making, e);
	if (rc == 0)
		rc = slices_write(app, &making.file, &making.view, true, &making.sizes, e);
	if (rc == 0)
		rc = job_commit(app, job, write_snapshot, &making, e);
	if (rc == 0)
		ret->results = results_of(&making);
	return rc;
}

/* --- deleting ------------------------------------------------------------------------------------------------------------------- */

/* With its file. */
static int delete_found(struct db *db, const struct origin *origin, const struct snapshot *snapshot, struct err *e)
{
	own(own_json) json_t *params = json_pack("{s:I}", "snapshotId", (json_int_t)snapshot->id);
	struct event_object object = { .id = snapshot->table_id, .params = params };
	int rc = snapshot_remove(db, snapshot->project_id, snapshot->id, e);
	if (rc >= 0)
		rc = file_remove(db, snapshot->project_id, snapshot->data_file_id, e);
	return rc < 0 ? rc : emit(db, origin, EVENT_TABLE_SNAPSHOT_DELETED, &object, e);
}

static int delete_now(struct db *db, void *arg, struct err *e)
{
	const struct making *making = arg;
	const char *text = json_string_value(json_object_get(making->job->params, "snapshotId"));
	int64_t id = 0;
	struct snapshot *snapshot;
	if (!text || !str_to_i64(text, &id))
		return fail_internal(e, ERR_INTERNAL, "a job names no snapshot");
	int rc = snapshot_get(db, making->arena, making->who, id, BUCKET_WRITE, &snapshot, e);
	if (rc == 0)
		rc = delete_found(db, making->origin, snapshot, e);
	return rc < 0 ? rc : job_succeed(db, making->job, json_null(), NULL, e);
}

int snapshot_delete_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct making making = { .app = app, .job = job, .who = who, .origin = origin, .arena = arena };
	int rc = database_transact(app->database, delete_now, &making, e);
	ret->results = rc < 0 ? NULL : json_null();
	return rc;
}

/* --- a table from a snapshot ---------------------------------------------------------------------------------------------------- */

static int find_snapshot(struct load *load, struct snapshot **ret, struct err *e)
{
	int64_t id = json_integer_value(json_object_get(json_object_get(load->job->params, "source"), "snapshotId"));
	struct db *db;
	int rc = db_reader_take(load->app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = snapshot_get(db, load->arena, load->who, id, BUCKET_READ, ret, e);
	if (rc == 0)
		rc = file_find(db, load->arena, load->job->project_id, (*ret)->data_file_id, &load->file, e);
	if (rc == 0)
		rc = fail(e, ERR_FILE_NOT_FOUND, "The file with the snapshot's rows is gone.");
	db_reader_give(db);
	return rc < 0 ? rc : 0;
}

/* Columns and key as they were: names that were good once are not cleaned again. */
static void restore_shape(struct load *load, const json_t *definition)
{
	struct table *table = load->table;
	const json_t *columns = json_object_get(definition, "columns"), *key = json_object_get(definition, "primaryKey");
	const json_t *definitions = json_object_get(definition, DEFINITIONS);
	size_t count = json_array_size(columns);
	table->is_typed = json_is_true(json_object_get(definition, "isTyped"));
	table->columns = arena_array(load->arena, struct column, count + 1);
	load->numbers = arena_array(load->arena, int64_t, count + 1);
	load->names = arena_array(load->arena, char *, count + 1);
	for (size_t i = 0; i < count; i++) {
		const char *name = json_string_value(json_array_get(columns, i));
		load->numbers[i] = (int64_t)i + 1;
		load->names[i] = arena_strdup(load->arena, name ? name : "");
		table->columns[i] = (struct column){ .number = (int64_t)i + 1,
			.name = load->names[i],
			.definition =
				arena_strdup(load->arena, json_string_value(json_object_get(definitions, load->names[i]))) };
	}
	table->column_count = load->name_count = count;
	table->primary_key = arena_array(load->arena, char *, json_array_size(key) + 1);
	for (size_t i = 0; i < json_array_size(key); i++)
		table->primary_key[table->primary_key_count++] =
			arena_strdup(load->arena, json_string_value(json_array_get(key, i)));
}

static int set_all(struct db *db, const struct metadata_object *object, const json_t *list, struct err *e)
{
	size_t i;
	json_t *item;
	int rc = 0;
	json_array_foreach(list, i, item) {
		const char *provider = json_string_value(json_object_get(item, "provider")),
			   *key = json_string_value(json_object_get(item, "key"));
		const char *value = json_string_value(json_object_get(item, "value"));
		if (rc >= 0 && provider && key)
			rc = metadata_set(db, object, provider, key, value ? value : "", e);
	}
	return rc;
}

static int restore_metadata(struct db *db, const struct load *load, struct err *e)
{
	const struct table *table = load->table;
	struct metadata_object object = { table->project_id, "table", table->number, NULL };
	int rc = set_all(db, &object, json_object_get(load->definition, "metadata"), e);
	const char *column;
	json_t *list;
	json_object_foreach(json_object_get(load->definition, "columnMetadata"), column, list) {
		object = (struct metadata_object){ table->project_id, "column", table->number, column };
		if (rc >= 0)
			rc = set_all(db, &object, list, e);
	}
	return rc < 0 ? rc : 0;
}

int snapshot_restore(struct load *load, struct err *e)
{
	struct snapshot *snapshot;
	int rc = find_snapshot(load, &snapshot, e);
	if (rc < 0)
		return rc;
	own(own_json) json_t *definition = json_read(snapshot->definition, 0);
	struct table *table = load->table;
	if (str_empty(table->name))
		table->name = arena_strdup(load->arena, json_string_value(json_object_get(definition, "name")));
	table->id = arena_printf(load->arena, "%s.%s", table->bucket_id, table->name ? table->name : "");
	restore_shape(load, definition);
	load->options = (struct load_options){ .dialect = { ',', '"', 0 }, .ignored_lines = -1, .null_value = "" };
	load->definition = definition;
	load->finish = restore_metadata;
	rc = load_open_file(load, e);
	if (rc == 0)
		rc = table_create_rows(load, e);
	load->definition = NULL;
	return rc;
}
