/* Columns, definition and primary key of a table over HTTP. Each call is judged at once and done as a job. */
#include "api/jobs.h"
#include "api/tables.h"
#include "base/own.h"
#include "base/str.h"
#include "work/redefine.h"
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

/* What the body says of the keys, null too: to a definition that is an answer. */
static json_t *definition_asked(struct req *rq, const struct param *params)
{
	json_t *body = arg_json(rq, "body"), *asked = json_object();
	for (; params->name; params++) {
		json_t *value = arg_json(rq, params->name);
		if (params->type != P_BODY && (value || json_is_null(json_object_get(body, params->name))))
			json_object_set(asked, params->name, value ? value : json_null());
	}
	return asked;
}

static int redefine(struct req *rq, const char *operation, json_t *stolen_asked, struct err *e)
{
	own(own_json) json_t *asked = stolen_asked;
	struct table *table = NULL;
	int rc = find_table(rq, BUCKET_WRITE, &table, e);
	if (rc < 0 || (rc = redefine_check(rq->arena, table, asked, e)) < 0)
		return rc;
	struct new_job job = { .operation = operation, .table_id = table->id, .params = give_ptr(asked) };
	return start_job(rq, &job, e);
}

static const struct param DEFINITION_PARAMS[] = {
	{ "displayName", P_TEXT, 255, NULL },
	{ "description", P_TEXT, 0, "null: none" },
	{ "columns", P_LIST, 5000, "{name, description, length, nullable, default}; a null description or default: none" },
	{ "body", P_BODY, 0, NULL },
	{ NULL },
};
static int definition_update(struct req *rq, struct err *e)
{
	return redefine(rq, "tableDefinitionUpdate", definition_asked(rq, DEFINITION_PARAMS), e);
}

static const struct param COLUMN_DEFINITION_PARAMS[] = {
	{ "description", P_TEXT, 0, "null: none" },
	{ "length", P_TEXT, 64, "longer than it is" },
	{ "nullable", P_BOOL, 0, NULL },
	{ "default", P_TEXT, 0, "null: none" },
	{ "body", P_BODY, 0, NULL },
	{ NULL },
};
static int column_definition_update(struct req *rq, struct err *e)
{
	json_t *asked = definition_asked(rq, COLUMN_DEFINITION_PARAMS);
	return redefine(rq, "tableColumnDefinitionUpdate",
		json_pack("{s:s, s:o}", "columnName", req_path(rq, 1), "columnDefinition", asked), e);
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
	{ "PUT", COLUMNS "/{column}/definition", ALLOW_WRITER, EVENT_TABLE_UPDATED, RUN_WORK, column_definition_update,
		COLUMN_DEFINITION_PARAMS, "What a column is", true },
	{ "PUT", "/v2/storage/tables/{id}/definition", ALLOW_WRITER, EVENT_TABLE_UPDATED, RUN_WORK, definition_update,
		DEFINITION_PARAMS, "What a table and its columns are", true },
	{ "POST", KEY, ALLOW_WRITER, EVENT_TABLE_PRIMARY_KEY_ADDED, RUN_WORK, key_add, KEY_PARAMS, "Sets the primary key", true },
	{ "DELETE", KEY, ALLOW_WRITER, EVENT_TABLE_PRIMARY_KEY_DELETED, RUN_WORK, key_delete, NULL, "Removes the primary key",
		true },
	{ 0 },
};
