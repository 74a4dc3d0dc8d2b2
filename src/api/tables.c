/* Tables over HTTP: lists, detail, definition, name, end. Their rows are in api/rows.c. */
#include "api/tables.h"

#include "api/jobs.h"
#include "base/own.h"
#include "base/str.h"
#include "store/bucket.h"
#include "work/drop.h"
#include "work/resource_json.h"
#include "work/tables.h"
#include "work/typed.h"

#define DISPLAY_NAME_MAX 255
#define COLUMNS_MAX 5000

bool includes(struct req *rq, const char *word)
{
	json_t *list = arg_json(rq, "include"), *item;
	size_t i;
	json_array_foreach(list, i, item) {
		if (str_eq(json_string_value(item), word))
			return true;
	}
	return false;
}

int find_table(struct req *rq, enum bucket_level need, struct table **ret, struct err *e)
{
	const char *id = req_path(rq, 0);
	int rc = permit_bucket(rq->who, table_id_bucket(rq->arena, id), need, e);
	return rc < 0 ? rc : table_get(rq->db, rq->arena, rq->origin.project_id, id, ret, e);
}

static void hide_source(const struct caller *who, json_t *table)
{
	const char *source = json_string_value(json_object_get(json_object_get(table, "sourceTable"), "id"));
	if (!source)
		return;
	own(own_arena) struct arena *arena = arena_new();
	if (permit_bucket_level(who, table_id_bucket(arena, source)) == BUCKET_NONE)
		json_object_del(table, "sourceTable");
}

void hide_sources(const struct caller *who, json_t *tables)
{
	size_t i;
	json_t *table;
	if (json_is_object(tables))
		hide_source(who, tables);
	json_array_foreach(tables, i, table) {
		hide_source(who, table);
	}
}

int still_permitted(struct db *db, void *arg, struct err *e)
{
	struct still *still = arg;
	int rc = req_recheck(still->rq, db, e);
	return rc < 0 ? rc : permit_bucket(still->rq->who, still->bucket_id, still->need, e);
}

/* --- lists ------------------------------------------------------------------------------------------------------------------- */

/* Without include= a list shows the bucket and all metadata; with an empty one nothing beside the tables' own keys. */
static struct table_parts parts_asked(struct req *rq)
{
	bool all = !arg_given(rq, "include");
	return (struct table_parts){
		.columns = includes(rq, "columns"),
		.bucket = all || includes(rq, "buckets") || includes(rq, "bucketsWithoutSourceTables"),
		.metadata = all || includes(rq, "metadata"),
		.column_metadata = all || includes(rq, "columnMetadata"),
		.source = true,
		.source_metadata = includes(rq, "sourceMetadata"),
		.source_column_metadata = all || includes(rq, "columnMetadata") || includes(rq, "sourceColumnMetadata"),
	};
}

int reply_tables(struct req *rq, struct table_list *tables, struct err *e)
{
	struct table_parts parts = parts_asked(rq);
	json_t *list = NULL;
	int rc = tables_json(rq->app, rq->db, rq->arena, tables, &parts, &list, e);
	if (rc < 0)
		return rc;
	hide_sources(rq->who, list);
	return reply_json(rq, 200, list);
}

void keep_permitted(const struct caller *who, struct table_list *tables)
{
	size_t kept = 0;
	for (size_t i = 0; i < tables->count; i++)
		if (permit_bucket_level(who, tables->items[i].bucket_id) != BUCKET_NONE)
			tables->items[kept++] = tables->items[i];
	tables->count = kept;
}

static int tables_list(struct req *rq, struct err *e)
{
	struct table_query query = { rq->origin.project_id, 0, includes(rq, "columns") };
	struct table_list tables;
	int rc = table_list(rq->db, rq->arena, &query, &tables, e);
	if (rc < 0)
		return rc;
	keep_permitted(rq->who, &tables);
	return reply_tables(rq, &tables, e);
}

static int bucket_tables_list(struct req *rq, struct err *e)
{
	const char *bucket_id = req_path(rq, 0);
	struct bucket *bucket = NULL;
	int rc = permit_bucket(rq->who, bucket_id, BUCKET_READ, e);
	if (rc < 0 || (rc = bucket_get(rq->db, rq->arena, rq->origin.project_id, bucket_id, &bucket, e)) < 0)
		return rc;
	struct table_query query = { bucket->project_id, bucket->number, includes(rq, "columns") };
	struct table_list tables;
	rc = table_list(rq->db, rq->arena, &query, &tables, e);
	if (rc < 0)
		return rc;
	req_object(rq, bucket->id, bucket->name, NULL);
	return reply_tables(rq, &tables, e);
}

/* --- one table --------------------------------------------------------------------------------------------------------------- */

static int tables_detail(struct req *rq, struct err *e)
{
	struct table *table = NULL;
	json_t *json = NULL;
	int rc = find_table(rq, BUCKET_READ, &table, e);
	if (rc < 0 || (rc = table_json(rq->app, rq->db, rq->arena, table, &json, e)) < 0)
		return rc;
	hide_sources(rq->who, json);
	req_object(rq, table->id, table->name, NULL);
	return reply_json(rq, 200, json);
}

struct update {
	struct req *rq;
	const struct table *table;
	const char *display_name;
};

static int update_now(struct db *db, void *arg, struct err *e)
{
	struct update *update = arg;
	struct still still = { update->rq, update->table->bucket_id, BUCKET_WRITE };
	int rc = still_permitted(db, &still, e);
	return rc < 0 ? rc
		      : table_change_display_name(
				db, update->rq->arena, &update->rq->origin, update->table->id, update->display_name, e);
}

static int tables_update(struct req *rq, struct err *e)
{
	struct table *table = NULL;
	const char *name;
	json_t *json = NULL;
	int rc = find_table(rq, BUCKET_WRITE, &table, e);
	if (rc < 0 || (rc = arg_required(rq, "displayName", &name, e)) < 0 || (rc = table_check_display_name(name, e)) < 0)
		return rc;
	if (arg_bool(rq, "async", false)) {
		struct new_job job = { .operation = "tableUpdate",
			.table_id = table->id,
			.params = json_pack("{s:{s:s}}", "values", "displayName", name) };
		return start_job(rq, &job, e);
	}
	struct update update = { rq, table, name };
	rc = database_transact(rq->app->database, update_now, &update, e);
	if (rc < 0 || (rc = table_get(rq->db, rq->arena, table->project_id, table->id, &table, e)) < 0)
		return rc;
	if ((rc = table_json(rq->app, rq->db, rq->arena, table, &json, e)) < 0)
		return rc;
	req_no_event(rq);
	return reply_json(rq, 200, json);
}

static int tables_delete(struct req *rq, struct err *e)
{
	struct table *table = NULL;
	int rc = find_table(rq, BUCKET_WRITE, &table, e);
	if (rc < 0)
		return rc;
	bool force = arg_bool(rq, "force", false);
	if (arg_bool(rq, "async", false)) {
		struct new_job job = {
			.operation = "tableDrop", .table_id = table->id, .params = json_pack("{s:b}", "force", (int)force)
		};
		return start_job(rq, &job, e);
	}
	struct still still = { rq, table->bucket_id, BUCKET_WRITE };
	struct drop drop = {
		.who = rq->who, .origin = &rq->origin, .id = table->id, .force = force, .still = still_permitted, .arg = &still
	};
	rc = drop_table(rq->app, &drop, e);
	if (rc < 0)
		return rc;
	req_no_event(rq);
	return reply_none(rq, 204);
}

static int tables_optimize(struct req *rq, struct err *e)
{
	struct table *table = NULL;
	int rc = find_table(rq, BUCKET_WRITE, &table, e);
	if (rc < 0)
		return rc;
	struct new_job job = { .operation = "tableOptimize", .table_id = table->id, .params = json_object() };
	return start_job(rq, &job, e);
}

static int tables_define(struct req *rq, struct err *e)
{
	const char *bucket_id = req_path(rq, 0);
	struct bucket *bucket = NULL;
	struct table table;
	int rc = permit_bucket(rq->who, bucket_id, BUCKET_WRITE, e);
	if (rc < 0 || (rc = bucket_get(rq->db, rq->arena, rq->origin.project_id, bucket_id, &bucket, e)) < 0)
		return rc;
	if ((rc = typed_table(rq->arena, rq->args, &table, e)) < 0)
		return rc;
	struct new_job job = {
		.operation = "tableDefinitionCreate", .bucket_id = bucket->id, .params = json_deep_copy(rq->args)
	};
	return start_job(rq, &job, e);
}

/* --- the table --------------------------------------------------------------------------------------------------------------- */

static const struct param LIST_PARAMS[] = {
	{ "include", P_COMMA, 0, "columns, metadata, columnMetadata, buckets, sourceMetadata, sourceColumnMetadata" },
	{ NULL },
};
static const struct param UPDATE_PARAMS[] = {
	{ "displayName", P_TEXT, DISPLAY_NAME_MAX, NULL },
	{ "async", P_BOOL, 0, "as a job" },
	{ NULL },
};
static const struct param DELETE_PARAMS[] = {
	{ "force", P_BOOL, 0, "with its aliases" },
	{ "async", P_BOOL, 0, "as a job" },
	{ NULL },
};
static const struct param DEFINE_PARAMS[] = {
	{ "name", P_TEXT, 0, NULL },
	{ "primaryKeysNames", P_TEXTS, COLUMNS_MAX, NULL },
	{ "columns", P_LIST, COLUMNS_MAX, "{name, definition{type, length, nullable, default} or basetype}" },
	{ "timestampType", P_TEXT, 16, "MANAGED" },
	{ NULL },
};

#define TABLES "/v2/storage/tables"
#define BUCKET_TABLES "/v2/storage/buckets/{id}/tables"
const struct route TABLE_ROUTES[] = {
	{ "GET", TABLES, ALLOW_TOKEN, EVENT_TABLES_LISTED, RUN_WORK, tables_list, LIST_PARAMS, "Tables that the token may read",
		true },
	{ "GET", BUCKET_TABLES, ALLOW_TOKEN, EVENT_BUCKET_TABLES_LISTED, RUN_WORK, bucket_tables_list, LIST_PARAMS,
		"Tables of a bucket", true },
	{ "POST", BUCKET_TABLES "-definition", ALLOW_WRITER, EVENT_TABLE_CREATED, RUN_WORK, tables_define, DEFINE_PARAMS,
		"Makes an empty table", true },
	{ "GET", TABLES "/{id}", ALLOW_TOKEN, EVENT_TABLE_DETAIL, RUN_WORK, tables_detail, NULL, "One table", true },
	{ "PUT", TABLES "/{id}", ALLOW_WRITER, EVENT_TABLE_UPDATED, RUN_WORK, tables_update, UPDATE_PARAMS, "Name that is shown",
		true },
	{ "DELETE", TABLES "/{id}", ALLOW_WRITER, EVENT_TABLE_DELETED, RUN_WORK, tables_delete, DELETE_PARAMS, "Drops a table",
		true },
	{ "POST", TABLES "/{id}/optimize", ALLOW_WRITER, EVENT_TABLE_OPTIMIZED, RUN_WORK, tables_optimize, NULL,
		"Changes nothing: rows need no care", true },
	{ 0 },
};
