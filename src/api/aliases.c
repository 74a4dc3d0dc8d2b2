/* Aliases over HTTP: tables that show the rows of another one. Whoever makes an alias, or changes what it shows, must be allowed to read
 * the source (R09). */
#include "api/tables.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/bucket.h"
#include "store/metadata.h"
#include "work/resource_json.h"
#include "work/tables.h"

#define COLUMNS_MAX 5000
#define VALUES_MAX 10000

/* --- what an alias shows ------------------------------------------------------------------------------------------------------- */

static int read_columns(struct req *rq, const struct table *source, struct table *alias, struct err *e)
{
	json_t *list = arg_json(rq, "aliasColumns"), *item;
	size_t i, count = json_array_size(list);
	if (!count)
		return 0;
	alias->alias_columns = arena_array(rq->arena, char *, count);
	if (!alias->alias_columns)
		return fail(e, ERR_INTERNAL, NULL);
	json_array_foreach(list, i, item) {
		const struct column *column = table_column(source, json_string_value(item));
		if (!column)
			return fail(e, ERR_TABLE_NON_EXISTING_COLUMNS, "The column \"%s\" is not in the table %s.",
				json_string_value(item), source->id);
		alias->alias_columns[alias->alias_column_count++] = column->name;
	}
	return 0;
}

static bool all_texts(json_t *list)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item) {
		if (!json_is_string(item) && !json_is_integer(item))
			return false;
	}
	return json_array_size(list) > 0 && json_array_size(list) <= VALUES_MAX;
}

/* {column, operator, values} of a caller as the text that is kept; before is what a part that is absent stays (NULL: nothing). */
static int filter_text(struct req *rq, const struct table *source, json_t *given, json_t *before, char **ret, struct err *e)
{
	json_t *column = json_object_get(given, "column"), *values = json_object_get(given, "values"),
	       *how = json_object_get(given, "operator");
	column = column ? column : json_object_get(before, "column");
	values = values ? values : json_object_get(before, "values");
	how = how ? how : json_object_get(before, "operator");
	const char *operator= how ? json_string_value(how) : "eq";
	if (!json_is_string(column) || !table_column(source, json_string_value(column)))
		return fail(e, ERR_TABLE_COLUMN_NOT_EXISTS, "Can't filter by column %s, column does not exist",
			json_is_string(column) ? json_string_value(column) : "");
	if (!str_eq(operator, "eq") && !str_eq(operator, "ne"))
		return fail(e, ERR_TABLE_VALIDATION, "Invalid where operator %s", operator? operator: "");
	if (!json_is_array(values) || !all_texts(values))
		return fail(e, ERR_TABLE_VALIDATION,
			"Invalid request:\n - aliasFilter[values]: \"This value should be a list of texts.\"");
	own(own_json) json_t *texts = json_array();
	size_t i;
	json_t *item;
	json_array_foreach(values, i, item) {
		json_array_append_new(texts, json_is_string(item)
						     ? json_incref(item)
						     : json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(item)));
	}
	own(own_json) json_t *filter = json_pack("{s:O, s:s, s:O}", "column", column, "operator", operator, "values", texts);
	own(own_free) char *text = filter ? json_dumps(filter, JSON_COMPACT) : NULL;
	*ret = arena_strdup(rq->arena, text);
	return *ret ? 0 : fail(e, ERR_INTERNAL, NULL);
}

/* Buckets of development branches carry a mark. */
static int refuse_branch_bucket(struct req *rq, int64_t bucket_number, const char *what, struct err *e)
{
	struct metadata_object object = { rq->origin.project_id, "bucket", bucket_number, NULL };
	struct metadata *list = NULL;
	size_t count = 0;
	int rc = metadata_list(rq->db, rq->arena, &object, &list, &count, e);
	for (size_t i = 0; rc >= 0 && i < count; i++)
		if (str_eq(list[i].provider, "system") && str_eq(list[i].key, "KBC.createdBy.branch.id"))
			return fail(e, ERR_TABLE_VALIDATION, "Creating aliases %s is not supported yet.", what);
	return rc;
}

/* --- making one ---------------------------------------------------------------------------------------------------------------- */

static int find_source(struct req *rq, struct table **ret, struct err *e)
{
	const char *id = NULL;
	struct table *source = NULL;
	int rc = arg_required(rq, "sourceTable", &id, e);
	if (rc < 0 || (rc = permit_bucket(rq->who, table_id_bucket(rq->arena, id), BUCKET_READ, e)) < 0)
		return rc;
	rc = table_get(rq->db, rq->arena, rq->origin.project_id, id, &source, e);
	if (rc < 0)
		return rc;
	if (source->source_number && !table_is_simple_alias(source))
		return fail(e, ERR_TABLE_VALIDATION, "Aliasing an advanced alias is not allowed.");
	*ret = source;
	return refuse_branch_bucket(rq, source->bucket_number, "from Dev/Branch tables", e);
}

static int find_target(struct req *rq, struct bucket **ret, struct err *e)
{
	const char *id = req_path(rq, 0);
	int rc = permit_bucket(rq->who, id, BUCKET_WRITE, e);
	if (rc < 0 || (rc = bucket_get(rq->db, rq->arena, rq->origin.project_id, id, ret, e)) < 0)
		return rc;
	return refuse_branch_bucket(rq, (*ret)->number, "in Dev/Branch buckets", e);
}

/* With its source, which find_source() and find_alias() let only those name who may read it. */
static int reply_alias(struct req *rq, int status, const char *id, struct err *e)
{
	struct table *alias = NULL;
	json_t *json = NULL;
	int rc = table_get(rq->db, rq->arena, rq->origin.project_id, id, &alias, e);
	if (rc < 0 || (rc = table_json(rq->app, rq->db, rq->arena, alias, &json, e)) < 0)
		return rc;
	return reply_json(rq, status, json);
}

static int aliases_create(struct req *rq, struct err *e)
{
	struct bucket *bucket = NULL;
	struct table *source = NULL;
	int rc = find_target(rq, &bucket, e);
	if (rc < 0 || (rc = find_source(rq, &source, e)) < 0)
		return rc;
	struct table alias = {
		.project_id = rq->origin.project_id,
		.bucket_id = bucket->id,
		.name = arena_strdup(rq->arena, arg_text(rq, "name", source->name)),
		.source_number = source->number,
	};
	json_t *filter = arg_json(rq, "aliasFilter");
	rc = table_check_name(alias.name, e);
	if (rc < 0 || (rc = read_columns(rq, source, &alias, e)) < 0)
		return rc;
	if (json_object_size(filter) && (rc = filter_text(rq, source, filter, NULL, &alias.alias_filter, e)) < 0)
		return rc;
	if ((rc = table_insert(rq->db, rq->arena, &alias, e)) < 0)
		return rc;
	req_object(rq, alias.id, alias.name, json_pack("{s:s}", "sourceTable", source->id));
	return reply_alias(rq, 201, alias.id, e);
}

/* --- changing what it shows ------------------------------------------------------------------------------------------------------ */

/* An alias that the caller may change, and whose source they may read: a change may show more of it. */
static int find_alias(struct req *rq, const char *refusal, struct table **ret, struct err *e)
{
	struct table *alias = NULL;
	struct table_list dependents = { 0 };
	int rc = find_table(rq, BUCKET_WRITE, &alias, e);
	if (rc < 0)
		return rc;
	if (!alias->source_number)
		return fail(e, ERR_TABLE_VALIDATION, "The table %s is not an alias.", alias->id);
	const char *source = table_id_bucket(rq->arena, alias->source_table_id);
	if ((rc = permit_bucket_behind(rq->who, source, BUCKET_READ, arena_printf(rq->arena, "source of %s", alias->id), e)) < 0)
		return rc;
	if ((rc = table_list_aliases(rq->db, rq->arena, alias, &dependents, e)) < 0)
		return rc;
	if (dependents.count)
		return fail(e, ERR_TABLE_VALIDATION, "Cannot change %s - table has dependent aliases", refusal);
	*ret = alias;
	return 0;
}

static int save_alias(struct req *rq, const struct table *alias, struct err *e)
{
	int rc = table_update(rq->db, alias, e);
	if (rc >= 0)
		req_object(rq, alias->id, alias->name, NULL);
	return rc;
}

static int filter_set(struct req *rq, struct err *e)
{
	struct table *alias = NULL, *source = NULL;
	int rc = find_alias(rq, "alias filter", &alias, e);
	if (rc < 0 || (rc = table_get(rq->db, rq->arena, alias->project_id, alias->source_table_id, &source, e)) < 0)
		return rc;
	if (!json_object_size(rq->args)) {
		req_no_event(rq);
		return reply_alias(rq, 200, alias->id, e);
	}
	own(own_json) json_t *before = alias->alias_filter ? json_read(alias->alias_filter, 0) : NULL;
	rc = filter_text(rq, source, rq->args, before, &alias->alias_filter, e);
	if (rc < 0 || (rc = save_alias(rq, alias, e)) < 0)
		return rc;
	return reply_alias(rq, 200, alias->id, e);
}

static int filter_remove(struct req *rq, struct err *e)
{
	struct table *alias = NULL;
	int rc = find_alias(rq, "alias filter", &alias, e);
	if (rc < 0)
		return rc;
	alias->alias_filter = NULL;
	rc = save_alias(rq, alias, e);
	return rc < 0 ? rc : reply_none(rq, 204);
}

static int sync_enable(struct req *rq, struct err *e)
{
	struct table *alias = NULL;
	int rc = find_alias(rq, "auto sync settings", &alias, e);
	if (rc < 0)
		return rc;
	alias->alias_columns = NULL;
	alias->alias_column_count = 0;
	rc = save_alias(rq, alias, e);
	return rc < 0 ? rc : reply_none(rq, 204);
}

/* From now on it shows the columns that it shows now. */
static int sync_disable(struct req *rq, struct err *e)
{
	struct table *alias = NULL;
	int rc = find_alias(rq, "auto sync settings", &alias, e);
	if (rc < 0)
		return rc;
	alias->alias_columns = arena_array(rq->arena, char *, alias->column_count + 1);
	if (!alias->alias_columns)
		return fail(e, ERR_INTERNAL, NULL);
	alias->alias_column_count = alias->column_count;
	for (size_t i = 0; i < alias->column_count; i++)
		alias->alias_columns[i] = alias->columns[i].name;
	rc = save_alias(rq, alias, e);
	return rc < 0 ? rc : reply_none(rq, 204);
}

static const struct param CREATE_PARAMS[] = {
	{ "sourceTable", P_TEXT, 0, "id of the table that it shows" },
	{ "name", P_TEXT, 0, "standard: the source's" },
	{ "aliasColumns", P_TEXTS, COLUMNS_MAX, "only these columns" },
	{ "aliasFilter", P_MAP, 16, "{column, operator, values}" },
	{ NULL },
};
static const struct param FILTER_PARAMS[] = {
	{ "column", P_TEXT, 0, NULL },
	{ "operator", P_TEXT, 0, "eq or ne" },
	{ "values", P_TEXTS, VALUES_MAX, NULL },
	{ NULL },
};

#define FILTER "/v2/storage/tables/{id}/alias-filter"
#define SYNC "/v2/storage/tables/{id}/alias-columns-auto-sync"
const struct route ALIAS_ROUTES[] = {
	{ "POST", "/v2/storage/buckets/{id}/table-aliases", ALLOW_WRITER, EVENT_TABLE_ALIAS_CREATED, RUN_WRITE, aliases_create,
		CREATE_PARAMS, "Makes an alias of a table", true },
	{ "POST", FILTER, ALLOW_WRITER, EVENT_TABLE_UPDATED, RUN_WRITE, filter_set, FILTER_PARAMS, "Which rows an alias shows",
		true },
	{ "DELETE", FILTER, ALLOW_WRITER, EVENT_TABLE_UPDATED, RUN_WRITE, filter_remove, NULL, "An alias shows all rows again",
		true },
	{ "POST", SYNC, ALLOW_WRITER, EVENT_TABLE_UPDATED, RUN_WRITE, sync_enable, NULL, "An alias shows all columns", true },
	{ "DELETE", SYNC, ALLOW_WRITER, EVENT_TABLE_UPDATED, RUN_WRITE, sync_disable, NULL, "An alias keeps the columns of now",
		true },
	{ 0 },
};
