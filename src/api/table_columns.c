/* Columns and the primary key of a table over HTTP. Each call is judged at once and done as a job. */
#include "api/jobs.h"
#include "api/tables.h"
#include "base/str.h"
#include "work/tables.h"

#define KEY_COLUMNS_MAX 1000

static int columns_add(struct req *rq, struct err *e)
{
	struct table *table = NULL;
	char *name, *definition;
	int rc = find_table(rq, BUCKET_WRITE, &table, e);
	if (rc < 0 || (rc = table_check_new_column(rq->arena, table, rq->args, &name, &definition, e)) < 0)
		return rc;
	struct new_job job = { .operation = "tableColumnAdd", .table_id = table->id, .params = json_deep_copy(rq->args) };
	return start_job(rq, &job, e);
}

static int columns_delete(struct req *rq, struct err *e)
{
	struct table *table = NULL;
	const char *name = req_path(rq, 1);
	bool force = arg_bool(rq, "force", false);
	int rc = find_table(rq, BUCKET_WRITE, &table, e);
	if (rc < 0 || (rc = table_check_drop_column(rq->db, rq->arena, table, name, force, e)) < 0)
		return rc;
	struct new_job job = {
		.operation = "tableColumnDelete",
		.table_id = table->id,
		.params = json_pack("{s:s, s:b}", "name", name, "force", (int)force),
	};
	return start_job(rq, &job, e);
}

static int key_add(struct req *rq, struct err *e)
{
	struct table *table = NULL;
	int rc = find_table(rq, BUCKET_WRITE, &table, e);
	if (rc < 0 || (rc = table_check_key(table, arg_json(rq, "columns"), e)) < 0)
		return rc;
	struct new_job job = { .operation = "tablePrimaryKeyAdd", .table_id = table->id, .params = json_deep_copy(rq->args) };
	return start_job(rq, &job, e);
}

static int key_delete(struct req *rq, struct err *e)
{
	struct table *table = NULL;
	int rc = find_table(rq, BUCKET_WRITE, &table, e);
	if (rc < 0 || (rc = table_check_drop_key(rq->db, rq->arena, table, e)) < 0)
		return rc;
	struct new_job job = { .operation = "tablePrimaryKeyDelete", .table_id = table->id };
	return start_job(rq, &job, e);
}

static const struct param ADD_PARAMS[] = {
	{ "name", P_TEXT, 0, NULL },
	{ "definition", P_MAP, 16, "of a typed table: type, length, nullable, default" },
	{ "basetype", P_TEXT, 64, NULL },
	{ NULL },
};
static const struct param DELETE_PARAMS[] = {
	{ "force", P_BOOL, 0, "also when aliases show it" },
	{ "async", P_BOOL, 0, NULL },
	{ NULL },
};
static const struct param KEY_PARAMS[] = {
	{ "columns", P_TEXTS, KEY_COLUMNS_MAX, NULL },
	{ "skipDuplicatesCheck", P_BOOL, 0, NULL },
	{ NULL },
};

#define COLUMNS "/v2/storage/tables/{id}/columns"
#define KEY "/v2/storage/tables/{id}/primary-key"
const struct route TABLE_COLUMN_ROUTES[] = {
	{ "POST", COLUMNS, ALLOW_WRITER, EVENT_TABLE_COLUMN_ADDED, RUN_WORK, columns_add, ADD_PARAMS, "Adds a column", true },
	{ "DELETE", COLUMNS "/{column}", ALLOW_WRITER, EVENT_TABLE_COLUMN_DELETED, RUN_WORK, columns_delete, DELETE_PARAMS,
		"Drops a column", true },
	{ "POST", KEY, ALLOW_WRITER, EVENT_TABLE_PRIMARY_KEY_ADDED, RUN_WORK, key_add, KEY_PARAMS, "Sets the primary key", true },
	{ "DELETE", KEY, ALLOW_WRITER, EVENT_TABLE_PRIMARY_KEY_DELETED, RUN_WORK, key_delete, NULL, "Removes the primary key",
		true },
	{ 0 },
};
