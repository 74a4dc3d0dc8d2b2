/* Tables as JSON: one or thousands, with a few statements. */
#include <string.h>

#include "base/json_read.h"
#include "base/own.h"
#include "store/branch.h"
#include "store/project.h"
#include "work/resource_json.h"

const struct table_parts TABLE_DETAIL = {
	.columns = true,
	.definition = true,
	.bucket = true,
	.bucket_metadata = true,
	.metadata = true,
	.column_metadata = true,
	.source = true,
	.source_column_metadata = true,
};

/* Up to so many tables are asked for one by one; more are answered from all of the project at once. */
#define ASK_EACH_MOST 16

struct metadata_set {
	struct metadata *items; /* by object, then id */
	size_t count;
};

/* What the rendering of one list needs, read before. */
struct render {
	struct app *app;
	struct db *db;
	struct arena *arena;
	const struct table_parts *parts;
	int64_t branch_id;
	char *project_name;
	struct metadata_set of_tables, of_columns, of_buckets;
	struct bucket *buckets;
	size_t bucket_count;
	json_t **bucket_jsons; /* of each bucket once it was shown: all its tables share one */
};

/* --- reading what is needed ------------------------------------------------------------------------------------------------ */

static bool has_number(const struct table_list *tables, size_t count, int64_t number, bool source)
{
	for (size_t i = 0; i < count; i++)
		if (tables->items[i].number == number || (source && tables->items[i].source_number == number))
			return true;
	return false;
}

static int add_metadata(struct render *render, const struct metadata_object *object, struct metadata_set *set, struct err *e)
{
	struct metadata *more = NULL;
	size_t count = 0;
	int rc = metadata_list(render->db, render->arena, object, &more, &count, e);
	if (rc < 0 || !count)
		return rc;
	struct metadata *items = arena_array(render->arena, struct metadata, set->count + count);
	if (!items)
		return fail(e, ERR_INTERNAL, NULL);
	if (set->count)
		memcpy(items, set->items, set->count * sizeof(*items));
	memcpy(items + set->count, more, count * sizeof(*items));
	set->items = items;
	set->count += count;
	return 0;
}

static int by_object(const void *a, const void *b)
{
	const struct metadata *x = a, *y = b;
	if (x->object_number != y->object_number)
		return x->object_number < y->object_number ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int read_metadata(
	struct render *render, const struct table_list *tables, const char *kind, struct metadata_set *set, struct err *e)
{
	if (tables->count > ASK_EACH_MOST)
		return metadata_list_all(
			render->db, render->arena, tables->items[0].project_id, kind, &set->items, &set->count, e);
	for (size_t i = 0; i < tables->count; i++) {
		const struct table *table = &tables->items[i];
		struct metadata_object object = { table->project_id, kind, table->number, NULL }, source = object;
		source.number = table->source_number;
		int rc = add_metadata(render, &object, set, e);
		bool asked =
			has_number(tables, tables->count, source.number, false) || has_number(tables, i, source.number, true);
		if (rc >= 0 && source.number && !asked)
			rc = add_metadata(render, &source, set, e);
		if (rc < 0)
			return rc;
	}
	if (set->count)
		qsort(set->items, set->count, sizeof(*set->items), by_object);
	return 0;
}

static int read_buckets(struct render *render, const struct table_list *tables, struct err *e)
{
	const struct table *first = &tables->items[0];
	bool same = true;
	for (size_t i = 1; i < tables->count; i++)
		same = same && tables->items[i].bucket_number == first->bucket_number;
	if (same) {
		render->bucket_count = 1;
		return bucket_get(render->db, render->arena, first->project_id, first->bucket_id, &render->buckets, e);
	}
	return bucket_list(render->db, render->arena, first->project_id, &render->buckets, &render->bucket_count, e);
}

static int read_bucket_metadata(struct render *render, int64_t project_id, struct err *e)
{
	if (render->bucket_count != 1)
		return metadata_list_all(
			render->db, render->arena, project_id, "bucket", &render->of_buckets.items, &render->of_buckets.count, e);
	struct metadata_object object = { project_id, "bucket", render->buckets[0].number, NULL };
	return add_metadata(render, &object, &render->of_buckets, e);
}

static int prepare(struct render *render, const struct table_list *tables, struct err *e)
{
	const struct table_parts *parts = render->parts;
	int64_t project_id = tables->items[0].project_id;
	struct project *project = NULL;
	int rc = project_find(render->db, render->arena, project_id, &project, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail_internal(e, ERR_INTERNAL, "tables without a project");
	render->project_name = project->name;
	render->branch_id = project->default_branch_id;
	rc = 0;
	if (parts->metadata || parts->source_metadata)
		rc = read_metadata(render, tables, "table", &render->of_tables, e);
	if (rc >= 0 && (parts->column_metadata || parts->source_column_metadata))
		rc = read_metadata(render, tables, "column", &render->of_columns, e);
	if (rc >= 0 && parts->bucket)
		rc = read_buckets(render, tables, e);
	if (rc >= 0 && parts->bucket && !(render->bucket_jsons = arena_array(render->arena, json_t *, render->bucket_count + 1)))
		rc = fail(e, ERR_INTERNAL, NULL);
	if (rc >= 0 && parts->bucket_metadata)
		rc = read_bucket_metadata(render, project_id, e);
	return rc;
}

/* --- rendering -------------------------------------------------------------------------------------------------------------- */

/* The part of a set about one object. */
static struct metadata_set about(const struct metadata_set *set, int64_t number)
{
	size_t low = 0, high = set->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (set->items[middle].object_number < number)
			low = middle + 1;
		else
			high = middle;
	}
	size_t end = low;
	while (end < set->count && set->items[end].object_number == number)
		end++;
	return (struct metadata_set){ set->items + low, end - low };
}

static json_t *list_about(const struct metadata_set *set, int64_t number)
{
	struct metadata_set found = about(set, number);
	return metadata_json_list(found.items, found.count);
}

static json_t *columns_about(const struct metadata_set *set, int64_t number)
{
	struct metadata_set found = about(set, number);
	return metadata_json_columns(found.items, found.count);
}

static json_t *names_json(char *const *names, size_t count)
{
	json_t *json = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(json, json_string(names[i]));
	return json;
}

static json_t *column_names(const struct table *table)
{
	json_t *json = json_array();
	for (size_t i = 0; i < table->column_count; i++)
		json_array_append_new(json, json_string(table->columns[i].name));
	return json;
}

static json_t *definition_json(const struct table *table)
{
	json_t *columns = json_array();
	for (size_t i = 0; i < table->column_count; i++) {
		json_t *column = json_pack("{s:s}", "name", table->columns[i].name);
		json_t *given = table->columns[i].definition ? json_read(table->columns[i].definition, 0) : NULL;
		if (given)
			json_object_update_missing(column, given);
		json_decref(given);
		json_object_set_new(column, "canBeFiltered", json_true());
		json_array_append_new(columns, column);
	}
	return json_pack(
		"{s:o, s:o}", "primaryKeysNames", names_json(table->primary_key, table->primary_key_count), "columns", columns);
}

static json_t *source_json(const struct render *render, const struct table *table)
{
	json_t *json = json_pack("{s:s, s:o, s:s, s:{s:I, s:s}}", "id", table->source_table_id, "uri",
		json_sprintf("%s/v2/storage/tables/%s", render->app->public_url, table->source_table_id), "name",
		strrchr(table->source_table_id, '.') + 1, "project", "id", (json_int_t)table->project_id, "name",
		render->project_name);
	json_object_set_new(json, "isAlias", json_boolean(table->source_is_alias));
	if (render->parts->source_metadata)
		json_object_set_new(json, "metadata", list_about(&render->of_tables, table->source_number));
	if (render->parts->source_column_metadata)
		json_object_set_new(json, "columnMetadata", columns_about(&render->of_columns, table->source_number));
	return json;
}

static void add_alias(json_t *json, const struct render *render, const struct table *table)
{
	json_object_set_new(json, "isAlias", json_boolean(table->source_number));
	json_object_set_new(json, "isAliasable", json_boolean(!table->alias_filter && !table->alias_columns));
	if (!table->source_number)
		return;
	json_object_set_new(json, "aliasColumnsAutoSync", json_boolean(!table->alias_columns));
	if (table->alias_filter)
		json_object_set_new(json, "aliasFilter", json_read(table->alias_filter, 0));
	if (render->parts->source)
		json_object_set_new(json, "sourceTable", source_json(render, table));
}

static json_t *base_json(const struct render *render, const struct table *table)
{
	json_t *json = json_pack("{s:o, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o}", "uri",
		json_sprintf("%s/v2/storage/tables/%s", render->app->public_url, table->id), "id", table->id, "name", table->name,
		"displayName", table->display_name, "transactional", 0, "primaryKey",
		names_json(table->primary_key, table->primary_key_count), "created", json_time(table->created_us),
		"lastImportDate", json_time(table->last_import_us), "lastChangeDate", json_time(table->last_change_us));
	json_object_set_new(json, "rowsCount", table->alias_filter ? json_null() : json_integer(table->rows_count));
	json_object_set_new(json, "dataSizeBytes", table->alias_filter ? json_null() : json_integer(table->data_size_bytes));
	add_alias(json, render, table);
	json_object_set_new(json, "isTyped", json_boolean(table->is_typed));
	json_object_set_new(json, "timestampType", json_string("MANAGED"));
	json_object_set_new(json, "tableType", json_string(table->source_number ? "alias" : "table"));
	json_object_set_new(json, "path", json_string(table->id));
	return json;
}

static json_t *make_bucket_json(const struct render *render, const struct bucket *bucket)
{
	json_t *json = bucket_json(render->app, render->branch_id, bucket);
	if (render->parts->bucket_metadata)
		json_object_set_new(json, "metadata", list_about(&render->of_buckets, bucket->number));
	return json;
}

/* Borrowed; NULL for a bucket made since the list was read. */
static json_t *bucket_of(const struct render *render, const struct table *table)
{
	size_t low = 0, high = render->bucket_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (render->buckets[middle].number < table->bucket_number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == render->bucket_count || render->buckets[low].number != table->bucket_number)
		return NULL;
	if (!render->bucket_jsons[low])
		render->bucket_jsons[low] = make_bucket_json(render, &render->buckets[low]);
	return render->bucket_jsons[low];
}

static json_t *one_json(const struct render *render, const struct table *table)
{
	const struct table_parts *parts = render->parts;
	json_t *json = base_json(render, table);
	if (parts->columns)
		json_object_set_new(json, "columns", column_names(table));
	if (parts->metadata)
		json_object_set_new(json, "metadata", list_about(&render->of_tables, table->number));
	if (parts->column_metadata)
		json_object_set_new(json, "columnMetadata", columns_about(&render->of_columns, table->number));
	if (parts->definition && table->is_typed)
		json_object_set_new(json, "definition", definition_json(table));
	json_t *bucket = parts->bucket ? bucket_of(render, table) : NULL;
	if (bucket)
		json_object_set(json, "bucket", bucket);
	return json;
}

int tables_json(struct app *app, struct db *db, struct arena *arena, const struct table_list *tables,
	const struct table_parts *parts, json_t **ret, struct err *e)
{
	struct render render = { .app = app, .db = db, .arena = arena, .parts = parts };
	int rc = tables->count ? prepare(&render, tables, e) : 0;
	if (rc < 0)
		return rc;
	json_t *json = json_array();
	for (size_t i = 0; i < tables->count; i++)
		json_array_append_new(json, one_json(&render, &tables->items[i]));
	for (size_t i = 0; i < render.bucket_count; i++)
		json_decref(render.bucket_jsons[i]);
	*ret = json;
	return 0;
}

int table_json(struct app *app, struct db *db, struct arena *arena, const struct table *table, json_t **ret, struct err *e)
{
	struct table one = *table;
	struct table_list tables = { &one, 1 };
	own(own_json) json_t *list = NULL;
	int rc = tables_json(app, db, arena, &tables, &TABLE_DETAIL, &list, e);
	if (rc < 0)
		return rc;
	*ret = json_incref(json_array_get(list, 0));
	return 0;
}
