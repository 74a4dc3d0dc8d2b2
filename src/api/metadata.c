/* Metadata of buckets, tables, columns and branches over HTTP. */
#include "store/metadata.h"

#include <ctype.h>
#include <string.h>

#include "api/tables.h"
#include "base/own.h"
#include "base/str.h"
#include "store/branch.h"
#include "store/bucket.h"
#include "work/resource_json.h"

#define KEY_MAX 255
#define PROVIDER_MAX 255
#define ENTRIES_MAX 10000

/* --- judging what is said ----------------------------------------------------------------------------------------------------- */

static bool only_plain(const char *text, const char *beside, size_t most)
{
	size_t length = 0;
	for (; text[length]; length++)
		if (!isalnum((unsigned char)text[length]) && !strchr(beside, text[length]))
			return false;
	return length > 0 && length <= most;
}

static int check_provider(struct req *rq, const char **ret, struct err *e)
{
	const char *provider = arg_text(rq, "provider", NULL);
	if (str_empty(provider))
		return fail(e, ERR_METADATA_PROVIDER, "Provider is required.");
	if (!only_plain(provider, "._-", PROVIDER_MAX))
		return fail(e, ERR_METADATA_PROVIDER, "Invalid metadata provider.");
	*ret = provider;
	return 0;
}

/* A list of {key, value}; name is what the caller called it. */
static int check_entries(json_t *list, const char *name, struct err *e)
{
	size_t i;
	json_t *entry;
	json_array_foreach(list, i, entry) {
		const char *key = json_string_value(json_object_get(entry, "key"));
		json_t *value = json_object_get(entry, "value");
		if (!json_is_object(entry) || !json_object_get(entry, "key") || !value)
			return fail(e, ERR_METADATA_STRUCTURE, NULL);
		if (!key || !only_plain(key, "._-:", KEY_MAX))
			return fail(e, ERR_METADATA_KEY, "Invalid Metadata Key (%s[%zu][key])", name, i);
		if (json_is_object(value) || json_is_array(value))
			return fail(e, ERR_METADATA_STRUCTURE, NULL);
	}
	return 0;
}

/* The argument "metadata" as a list. A form's numbers as keys are a list too. */
static int read_entries(struct req *rq, json_t **ret, struct err *e)
{
	json_t *given = arg_json(rq, "metadata");
	if (!given || (!json_is_array(given) && !json_is_object(given)))
		return fail(e, ERR_METADATA_PARAMETER, NULL);
	json_t *list = given, *item;
	const char *key;
	if (json_is_object(given)) {
		json_object_foreach(given, key, item)
			if (key[strspn(key, "0123456789")] != '\0')
				return fail(e, ERR_METADATA_STRUCTURE, NULL);
		list = json_array();
		json_object_foreach(given, key, item)
			json_array_append(list, item);
		json_object_set_new(rq->args, "metadata", list); /* a write that runs again finds the same list */
	}
	*ret = list;
	return check_entries(list, "metadata", e);
}

static char *value_text(struct arena *arena, json_t *value)
{
	if (json_is_string(value))
		return arena_strdup(arena, json_string_value(value));
	if (json_is_null(value))
		return arena_strdup(arena, "");
	if (json_is_boolean(value))
		return arena_strdup(arena, json_is_true(value) ? "1" : "");
	own(own_free) char *text = json_dumps(value, JSON_ENCODE_ANY);
	return arena_strdup(arena, text);
}

/* What tables with types say of themselves is not for callers to change. */
static int refuse_own_provider(const struct table *table, const char *provider, const char *done, struct err *e)
{
	if (!table || !table->is_typed || !str_eq(provider, "storage"))
		return 0;
	return fail(e, ERR_METADATA_PROVIDER_READONLY, "Metadata with \"storage\" provider cannot be %s by user.", done);
}

static int set_entries(struct req *rq, const struct metadata_object *object, const char *provider, json_t *list, struct err *e)
{
	size_t i;
	json_t *entry;
	json_array_foreach(list, i, entry) {
		const char *key = json_string_value(json_object_get(entry, "key"));
		int rc = metadata_set(rq->db, object, provider, key, value_text(rq->arena, json_object_get(entry, "value")), e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* --- whose metadata ------------------------------------------------------------------------------------------------------------ */

/* What a path names: a bucket, a table, a column or a branch. */
struct target {
	struct metadata_object object;
	struct bucket *bucket;
	struct table *table; /* also of a column */
	const char *id, *name;
};

static int find_bucket(struct req *rq, enum bucket_level need, struct target *ret, struct err *e)
{
	const char *id = req_path(rq, 0);
	int rc = permit_bucket(rq->who, id, need, e);
	if (rc < 0 || (rc = bucket_get(rq->db, rq->arena, rq->origin.project_id, id, &ret->bucket, e)) < 0)
		return rc;
	ret->object = (struct metadata_object){ rq->origin.project_id, "bucket", ret->bucket->number, NULL };
	ret->id = ret->bucket->id;
	ret->name = ret->bucket->name;
	return 0;
}

static int find_table_target(struct req *rq, enum bucket_level need, struct target *ret, struct err *e)
{
	int rc = find_table(rq, need, &ret->table, e);
	if (rc < 0)
		return rc;
	ret->object = (struct metadata_object){ rq->origin.project_id, "table", ret->table->number, NULL };
	ret->id = ret->table->id;
	ret->name = ret->table->name;
	return 0;
}

/* "in.c-main.users.id": the column is what follows the last dot. */
static int find_column(struct req *rq, enum bucket_level need, struct target *ret, struct err *e)
{
	const char *id = req_path(rq, 0);
	const char *table_id = table_id_bucket(rq->arena, id), *column = strrchr(id, '.') ? strrchr(id, '.') + 1 : "";
	int rc = permit_bucket(rq->who, table_id_bucket(rq->arena, table_id), need, e);
	if (rc < 0 || (rc = table_get(rq->db, rq->arena, rq->origin.project_id, table_id, &ret->table, e)) < 0)
		return rc;
	if (!table_column(ret->table, column))
		return fail(e, ERR_NOT_FOUND, "The column \"%s\" was not found in the table \"%s\".", column, table_id);
	ret->object = (struct metadata_object){ rq->origin.project_id, "column", ret->table->number, column };
	ret->id = ret->table->id;
	ret->name = column;
	return 0;
}

typedef int find_target(struct req *rq, enum bucket_level need, struct target *ret, struct err *e);

static int reply_list(struct req *rq, const struct target *target, int status, struct err *e)
{
	struct metadata *list = NULL;
	size_t count;
	int rc = metadata_list(rq->db, rq->arena, &target->object, &list, &count, e);
	return rc < 0 ? rc : reply_json(rq, status, metadata_json_list(list, count));
}

static int list_of(struct req *rq, find_target *find, struct err *e)
{
	struct target target = { 0 };
	int rc = find(rq, BUCKET_READ, &target, e);
	if (rc < 0)
		return rc;
	req_object(rq, target.id, target.name, NULL);
	return reply_list(rq, &target, 200, e);
}

static void name_event(struct req *rq, const struct target *target, const char *provider, json_t *list)
{
	req_object(rq, target->id, target->name, json_pack("{s:s, s:O}", "provider", provider, "metadata", list));
}

static int set_of(struct req *rq, find_target *find, struct err *e)
{
	struct target target = { 0 };
	const char *provider = NULL;
	json_t *list = NULL;
	int rc = find(rq, BUCKET_WRITE, &target, e);
	if (rc < 0 || (rc = check_provider(rq, &provider, e)) < 0 || (rc = read_entries(rq, &list, e)) < 0)
		return rc;
	rc = refuse_own_provider(target.table, provider, "edited", e);
	if (rc < 0 || (rc = set_entries(rq, &target.object, provider, list, e)) < 0)
		return rc;
	if (target.bucket && (rc = bucket_mark_updated(rq->db, target.bucket, e)) < 0)
		return rc;
	name_event(rq, &target, provider, list);
	return reply_list(rq, &target, 201, e);
}

static int refuse_unknown(const struct target *target, const char *id, struct err *e)
{
	if (target->bucket)
		return fail(e, ERR_METADATA_NOT_FOUND, "Metadata \"%s\" not found for bucket \"%s\".", id, target->id);
	return fail(e, ERR_METADATA_NOT_FOUND, NULL);
}

static int remove_of(struct req *rq, find_target *find, struct err *e)
{
	struct target target = { 0 };
	struct metadata *metadata = NULL;
	const char *text = req_path(rq, 1);
	int64_t id;
	int rc = find(rq, BUCKET_WRITE, &target, e);
	if (rc < 0)
		return rc;
	if (!str_to_i64(text, &id))
		return target.bucket ? refuse_unknown(&target, text, e)
				     : fail(e, ERR_METADATA_PARAMETER, "The metadata ID must be a number.");
	rc = metadata_find(rq->db, rq->arena, &target.object, id, &metadata, e);
	if (rc == 0)
		return refuse_unknown(&target, text, e);
	if (rc < 0 || (rc = refuse_own_provider(target.table, metadata->provider, "deleted", e)) < 0)
		return rc;
	rc = metadata_remove(rq->db, rq->origin.project_id, id, e);
	if (rc < 0 || (target.bucket && (rc = bucket_mark_updated(rq->db, target.bucket, e)) < 0))
		return rc;
	req_object(rq, target.id, target.name, json_pack("{s:I, s:s}", "metadataId", (json_int_t)id, "key", metadata->key));
	return reply_none(rq, 204);
}

/* --- buckets and columns -------------------------------------------------------------------------------------------------------- */

static int bucket_list_metadata(struct req *rq, struct err *e)
{
	return list_of(rq, find_bucket, e);
}

static int bucket_set_metadata(struct req *rq, struct err *e)
{
	return set_of(rq, find_bucket, e);
}

static int bucket_remove_metadata(struct req *rq, struct err *e)
{
	return remove_of(rq, find_bucket, e);
}

static int column_list_metadata(struct req *rq, struct err *e)
{
	return list_of(rq, find_column, e);
}

static int column_set_metadata(struct req *rq, struct err *e)
{
	return set_of(rq, find_column, e);
}

static int column_remove_metadata(struct req *rq, struct err *e)
{
	return remove_of(rq, find_column, e);
}

/* --- tables: also many columns in one call ---------------------------------------------------------------------------------------- */

static int table_list_metadata(struct req *rq, struct err *e)
{
	return list_of(rq, find_table_target, e);
}

static int table_remove_metadata(struct req *rq, struct err *e)
{
	return remove_of(rq, find_table_target, e);
}

static int set_column_entry(
	struct req *rq, const struct target *target, const char *provider, const char *column, json_t *entry, struct err *e)
{
	const char *name = json_string_value(json_object_get(entry, "columnName"));
	if (!name)
		name = column;
	if (!name || !table_column(target->table, name))
		return fail(e, ERR_METADATA_STRUCTURE, "Invalid structure. Column \"%s\" is not in the table.", name ? name : "");
	struct metadata_object object = { target->object.project_id, "column", target->object.number, name };
	own(own_json) json_t *one = json_pack("[O]", entry);
	int rc = check_entries(one, "columnsMetadata", e);
	return rc < 0 ? rc : set_entries(rq, &object, provider, one, e);
}

static int set_column_list(
	struct req *rq, const struct target *target, const char *provider, const char *column, json_t *list, struct err *e)
{
	size_t i;
	json_t *entry;
	if (!json_is_array(list))
		return fail(e, ERR_METADATA_STRUCTURE, NULL);
	json_array_foreach(list, i, entry) {
		int rc = set_column_entry(rq, target, provider, column, entry, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* columnsMetadata comes as {column: [...]}, as {any: [{columnName...}]} or as a list of lists. */
static int set_columns(struct req *rq, const struct target *target, const char *provider, struct err *e)
{
	json_t *given = arg_json(rq, "columnsMetadata"), *list;
	const char *column;
	size_t i;
	int rc = 0;
	if (!given)
		return 0;
	if (!json_is_array(given) && !json_is_object(given))
		return fail(e, ERR_METADATA_STRUCTURE, NULL);
	json_array_foreach(given, i, list) {
		if ((rc = set_column_list(rq, target, provider, NULL, list, e)) < 0)
			return rc;
	}
	json_object_foreach(given, column, list) {
		if ((rc = set_column_list(rq, target, provider, column, list, e)) < 0)
			return rc;
	}
	return rc;
}

static bool came_as_json(struct req *rq)
{
	const char *type = req_header(rq, "Content-Type");
	return type && str_starts(type, "application/json");
}

/* A form is answered with the table's own list, JSON with everything. */
static int reply_all(struct req *rq, const struct target *target, struct err *e)
{
	struct metadata_object columns = { target->object.project_id, "column", target->object.number, NULL };
	struct metadata *of_table, *of_columns;
	size_t table_count, column_count;
	if (!came_as_json(rq))
		return reply_list(rq, target, 201, e);
	int rc = metadata_list(rq->db, rq->arena, &target->object, &of_table, &table_count, e);
	if (rc < 0 || (rc = metadata_list(rq->db, rq->arena, &columns, &of_columns, &column_count, e)) < 0)
		return rc;
	return reply_json(rq, 201,
		json_pack("{s:o, s:o}", "metadata", metadata_json_list(of_table, table_count), "columnsMetadata",
			metadata_json_columns(of_columns, column_count)));
}

static int table_set_metadata(struct req *rq, struct err *e)
{
	struct target target = { 0 };
	const char *provider = NULL;
	json_t *list = NULL;
	int rc = find_table_target(rq, BUCKET_WRITE, &target, e);
	if (rc < 0 || (rc = check_provider(rq, &provider, e)) < 0)
		return rc;
	if ((arg_given(rq, "metadata") || !arg_given(rq, "columnsMetadata")) && (rc = read_entries(rq, &list, e)) < 0)
		return rc;
	rc = refuse_own_provider(target.table, provider, "edited", e);
	if (rc < 0 || (rc = set_entries(rq, &target.object, provider, list, e)) < 0 ||
		(rc = set_columns(rq, &target, provider, e)) < 0)
		return rc;
	own(own_json) json_t *shown = list ? json_incref(list) : json_array();
	req_object(rq, target.id, target.name,
		json_pack("{s:s, s:O, s:O*}", "provider", provider, "metadata", shown, "columnsMetadata",
			arg_json(rq, "columnsMetadata")));
	return reply_all(rq, &target, e);
}

/* --- branches ------------------------------------------------------------------------------------------------------------------- */

/* The branch of the path before "metadata". */
static int find_branch(struct req *rq, enum bucket_level need, struct target *ret, struct err *e)
{
	struct branch *branch = NULL;
	(void)need;
	int rc = branch_get(rq->db, rq->arena, rq->origin.project_id, rq->branch_id, &branch, e);
	if (rc < 0)
		return rc;
	ret->object = (struct metadata_object){ rq->origin.project_id, "branch", branch->id, NULL };
	ret->id = arena_printf(rq->arena, "%lld", (long long)branch->id);
	ret->name = branch->name;
	return 0;
}

static json_t *branch_metadata_json(const struct metadata *list, size_t count)
{
	json_t *json = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *one = metadata_json(&list[i]);
		json_object_del(one, "provider");
		json_array_append_new(json, one);
	}
	return json;
}

static int reply_branch(struct req *rq, const struct target *target, int status, struct err *e)
{
	struct metadata *list = NULL;
	size_t count;
	int rc = metadata_list(rq->db, rq->arena, &target->object, &list, &count, e);
	return rc < 0 ? rc : reply_json(rq, status, branch_metadata_json(list, count));
}

static int branch_list_metadata(struct req *rq, struct err *e)
{
	struct target target = { 0 };
	int rc = find_branch(rq, BUCKET_NONE, &target, e);
	if (rc < 0)
		return rc;
	req_object(rq, target.id, target.name, NULL);
	return reply_branch(rq, &target, 200, e);
}

static int branch_set_metadata(struct req *rq, struct err *e)
{
	struct target target = { 0 };
	json_t *list = NULL;
	int rc = find_branch(rq, BUCKET_NONE, &target, e);
	if (rc < 0 || (rc = read_entries(rq, &list, e)) < 0 || (rc = set_entries(rq, &target.object, "", list, e)) < 0)
		return rc;
	req_object(rq, target.id, target.name, json_pack("{s:O}", "metadata", list));
	return reply_branch(rq, &target, 201, e);
}

static int branch_remove_metadata(struct req *rq, struct err *e)
{
	struct target target = { 0 };
	struct metadata *metadata = NULL;
	int64_t id = 0;
	int rc = find_branch(rq, BUCKET_NONE, &target, e);
	if (rc < 0)
		return rc;
	rc = str_to_i64(req_path(rq, 0), &id) ? metadata_find(rq->db, rq->arena, &target.object, id, &metadata, e) : 0;
	if (rc == 0)
		return fail(e, ERR_METADATA_NOT_FOUND, "Metadata with id \"%s\" not found for branch \"%s\"", req_path(rq, 0),
			target.name);
	if (rc < 0 || (rc = metadata_remove(rq->db, rq->origin.project_id, id, e)) < 0)
		return rc;
	req_object(rq, target.id, target.name, json_pack("{s:I, s:s}", "metadataId", (json_int_t)id, "key", metadata->key));
	return reply_none(rq, 204);
}

/* --- the table -------------------------------------------------------------------------------------------------------------------- */

static const struct param SET_PARAMS[] = {
	{ "provider", P_TEXT, 0, "who says it" },
	{ "metadata", P_ANY, 0, "list of {key, value}" },
	{ NULL },
};
static const struct param TABLE_SET_PARAMS[] = {
	{ "provider", P_TEXT, 0, "who says it" },
	{ "metadata", P_ANY, 0, "list of {key, value}" },
	{ "columnsMetadata", P_ANY, 0, "{column: [{key, value}]}" },
	{ NULL },
};
static const struct param BRANCH_SET_PARAMS[] = {
	{ "metadata", P_ANY, 0, "list of {key, value}" },
	{ NULL },
};

#define OF_BUCKET "/v2/storage/buckets/{id}/metadata"
#define OF_TABLE "/v2/storage/tables/{id}/metadata"
#define OF_COLUMN "/v2/storage/columns/{id}/metadata"
#define OF_BRANCH "/v2/storage/metadata"
const struct route METADATA_ROUTES[] = {
	{ "GET", OF_BUCKET, ALLOW_TOKEN, EVENT_BUCKET_METADATA_LISTED, RUN_WORK, bucket_list_metadata, NULL,
		"What is said of a bucket", true },
	{ "POST", OF_BUCKET, ALLOW_WRITER, EVENT_BUCKET_METADATA_SET, RUN_WRITE, bucket_set_metadata, SET_PARAMS, NULL, true },
	{ "DELETE", OF_BUCKET "/{metadata}", ALLOW_WRITER, EVENT_BUCKET_METADATA_DELETED, RUN_WRITE, bucket_remove_metadata, NULL,
		NULL, true },
	{ "GET", OF_TABLE, ALLOW_TOKEN, EVENT_TABLE_METADATA_LISTED, RUN_WORK, table_list_metadata, NULL,
		"What is said of a table", true },
	{ "POST", OF_TABLE, ALLOW_WRITER, EVENT_TABLE_METADATA_SET, RUN_WRITE, table_set_metadata, TABLE_SET_PARAMS, NULL, true },
	{ "DELETE", OF_TABLE "/{metadata}", ALLOW_WRITER, EVENT_TABLE_METADATA_DELETED, RUN_WRITE, table_remove_metadata, NULL,
		NULL, true },
	{ "GET", OF_COLUMN, ALLOW_TOKEN, EVENT_COLUMN_METADATA_LISTED, RUN_WORK, column_list_metadata, NULL,
		"What is said of a column", true },
	{ "POST", OF_COLUMN, ALLOW_WRITER, EVENT_COLUMN_METADATA_SET, RUN_WRITE, column_set_metadata, SET_PARAMS, NULL, true },
	{ "DELETE", OF_COLUMN "/{metadata}", ALLOW_WRITER, EVENT_COLUMN_METADATA_DELETED, RUN_WRITE, column_remove_metadata, NULL,
		NULL, true },
	{ "GET", OF_BRANCH, ALLOW_TOKEN, EVENT_DEV_BRANCH_METADATA_LISTED, RUN_LOOP, branch_list_metadata, NULL,
		"What is said of a branch", true },
	{ "POST", OF_BRANCH, ALLOW_MASTER_WRITER, EVENT_DEV_BRANCH_METADATA_SET, RUN_WRITE, branch_set_metadata,
		BRANCH_SET_PARAMS, NULL, true },
	{ "DELETE", OF_BRANCH "/{metadata}", ALLOW_MASTER_WRITER, EVENT_DEV_BRANCH_METADATA_DELETED, RUN_WRITE,
		branch_remove_metadata, NULL, NULL, true },
	{ 0 },
};
