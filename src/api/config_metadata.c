/* Metadata of configurations over HTTP, and the search by it. */
#include <string.h>

#include "api/config_common.h"
#include "base/own.h"
#include "base/str.h"
#include "http/req.h"
#include "store/metadata.h"
#include "work/resource_json.h"

#define METADATA_KEY_MAX 255

static struct metadata_object object_of(const struct config *config)
{
	return (struct metadata_object){ .project_id = config->project_id, .kind = "configuration", .number = config->number };
}

static json_t *item_json(const struct metadata *metadata)
{
	return json_pack("{s:o, s:s, s:s, s:o}", "id", json_sprintf("%lld", (long long)metadata->id), "key", metadata->key,
		"value", metadata->value, "timestamp", json_time(metadata->changed_us));
}

static int reply_metadata(struct req *rq, int status, const struct config *config, struct err *e)
{
	struct metadata_object object = object_of(config);
	struct metadata *list = NULL;
	size_t count = 0;
	int rc = metadata_list(rq->db, rq->arena, &object, &list, &count, e);
	if (rc < 0)
		return rc;
	json_t *json = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(json, item_json(&list[i]));
	return reply_json(rq, status, json);
}

static int metadata_get(struct req *rq, struct err *e)
{
	struct config *config;
	int rc = config_path(rq, false, &config, e);
	if (rc < 0)
		return rc;
	config_event(rq, config);
	return reply_metadata(rq, 200, config, e);
}

/* --- changing --------------------------------------------------------------------------------------------------------------- */

static bool key_valid(const char *key)
{
	size_t length = strlen(key);
	if (length == 0 || length > METADATA_KEY_MAX)
		return false;
	return strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:") == length;
}

static int set_one(struct req *rq, const struct config *config, size_t i, json_t *item, struct err *e)
{
	struct metadata_object object = object_of(config);
	const char *key = json_string_value(json_object_get(item, "key"));
	json_t *value = json_object_get(item, "value");
	if (!key || !value)
		return fail(e, ERR_METADATA_STRUCTURE, NULL);
	if (!key_valid(key))
		return fail(e, ERR_METADATA_KEY, "Invalid Metadata Key (metadata[%zu][key])", i);
	own(own_free) char *json = json_is_string(value) || json_is_null(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
	const char *text = json_is_string(value) ? json_string_value(value) : json ? json : "";
	return metadata_set(rq->db, &object, "user", key, text, e);
}

static int metadata_post(struct req *rq, struct err *e)
{
	struct config *config;
	json_t *list = arg_json(rq, "metadata"), *item;
	size_t i;
	int rc = config_path(rq, true, &config, e);
	if (rc >= 0 && json_array_size(list) == 0)
		rc = fail(e, ERR_METADATA_PARAMETER, NULL);
	if (rc < 0)
		return rc;
	json_array_foreach(list, i, item) {
		rc = set_one(rq, config, i, item, e);
		if (rc < 0)
			return rc;
	}
	config_event(rq, config);
	req_results(rq, json_pack("{s:O}", "metadata", list));
	return reply_metadata(rq, 201, config, e);
}

static int not_found(struct req *rq, const struct config *config, struct err *e)
{
	return fail(e, ERR_METADATA_NOT_FOUND,
		"Metadata with id \"%s\" not found for \"%s\" configuration \"%s\" in branch \"%lld\"", req_path(rq, 2),
		config->component_id, config->id, (long long)config->branch_id);
}

static int metadata_delete(struct req *rq, struct err *e)
{
	struct config *config;
	struct metadata *metadata;
	bool is_development;
	int64_t id;
	int rc = config_path(rq, true, &config, e);
	if (rc >= 0)
		rc = config_branch_is_development(rq, &is_development, e);
	if (rc < 0)
		return rc;
	if (is_development)
		return fail(e, ERR_NOT_IMPLEMENTED, "Delete metadata is not implemented for development branch");
	struct metadata_object object = object_of(config);
	if (!str_to_i64(req_path(rq, 2), &id))
		return not_found(rq, config, e);
	rc = metadata_find(rq->db, rq->arena, &object, id, &metadata, e);
	if (rc == 0)
		return not_found(rq, config, e);
	if (rc > 0)
		rc = metadata_remove(rq->db, config->project_id, id, e);
	if (rc < 0)
		return rc;
	json_t *params = config_event_params(config);
	json_object_set_new(params, "metadataId", json_integer(id));
	json_object_set_new(params, "key", json_string(metadata->key));
	req_object(rq, config->id, config->name, params);
	return reply_none(rq, 204);
}

/* --- search ----------------------------------------------------------------------------------------------------------------- */

static bool key_wanted(json_t *keys, const char *key)
{
	size_t i;
	json_t *wanted;
	json_array_foreach(keys, i, wanted) {
		if (str_eq(json_string_value(wanted), key))
			return true;
	}
	return json_array_size(keys) == 0;
}

/* The configuration with its metadata of the keys wanted; NULL when there are keys wanted and it has none of them. */
static int search_one(struct req *rq, const struct config *config, json_t **ret, struct err *e)
{
	json_t *keys = arg_json(rq, "metadataKeys");
	struct metadata_object object = object_of(config);
	struct metadata *list = NULL;
	size_t count = 0;
	int rc = metadata_list(rq->db, rq->arena, &object, &list, &count, e);
	if (rc < 0)
		return rc;
	own(own_json) json_t *found = json_array();
	for (size_t i = 0; i < count; i++)
		if (key_wanted(keys, list[i].key))
			json_array_append_new(found, item_json(&list[i]));
	*ret = NULL;
	if (json_array_size(keys) > 0 && json_array_size(found) == 0)
		return 0;
	*ret = json_pack("{s:s, s:s}", "idComponent", config->component_id, "configurationId", config->id);
	if (json_array_size(arg_json(rq, "include")) > 0)
		json_object_set(*ret, "metadata", found);
	return 0;
}

static json_t *list_or_empty(json_t *list)
{
	return list ? json_incref(list) : json_array();
}

static void search_event(struct req *rq, const struct config_key *key)
{
	req_object(rq, NULL, NULL,
		json_pack("{s:s?, s:s?, s:o, s:o}", "idComponent", key->component_id, "configurationId", key->id, "metadataKeys",
			list_or_empty(arg_json(rq, "metadataKeys")), "include", list_or_empty(arg_json(rq, "include"))));
}

/* What the caller may not read is not found either (R10). */
static int configs_search(struct req *rq, struct err *e)
{
	struct config_key key = {
		.project_id = rq->origin.project_id,
		.branch_id = rq->branch_id,
		.component_id = arg_text(rq, "idComponent", arg_text(rq, "componentId", NULL)),
		.id = arg_text(rq, "configurationId", NULL),
	};
	struct config_list configs = { NULL, 0 };
	own(own_json) json_t *list = json_array();
	if (!strstr(req_raw_path(rq), "/branch/"))
		return fail(e, ERR_NOT_IMPLEMENTED,
			"Not implemented: search configurations in a branch (/v2/storage/branch/default/...).");
	int rc = config_list(rq->db, rq->arena, &key, false, &configs, e);
	for (size_t i = 0; i < configs.count && rc >= 0; i++) {
		const struct config *config = &configs.items[i];
		json_t *found = NULL;
		if (!permit_sees_component(rq->who, config->component_id) || (!str_empty(key.id) && !str_eq(key.id, config->id)))
			continue;
		rc = search_one(rq, config, &found, e);
		if (found)
			json_array_append_new(list, found);
	}
	if (rc < 0)
		return rc;
	search_event(rq, &key);
	return reply_json(rq, 200, give_ptr(list));
}

static const struct param POST_PARAMS[] = {
	{ "metadata", P_LIST, 1000, "Items of key and value" },
	{ NULL },
};
static const struct param SEARCH_PARAMS[] = {
	{ "idComponent", P_TEXT, 0, NULL },
	{ "componentId", P_TEXT, 0, "The same as idComponent" },
	{ "configurationId", P_TEXT, 0, NULL },
	{ "metadataKeys", P_TEXTS, 0, "Those that have one of these keys" },
	{ "include", P_COMMA, 0, "filteredMetadata" },
	{ NULL },
};

#define METADATA "/v2/storage/components/{component}/configs/{id}/metadata"

const struct route CONFIG_METADATA_ROUTES[] = {
	{ "GET", METADATA, ALLOW_TOKEN, EVENT_CONFIG_READ, RUN_WORK, metadata_get, NULL, "List metadata of a configuration",
		.branched = true },
	{ "POST", METADATA, ALLOW_WRITER, EVENT_CONFIG_METADATA_SET, RUN_WRITE, metadata_post, POST_PARAMS,
		"Set metadata of a configuration", .branched = true },
	{ "DELETE", METADATA "/{metadata}", ALLOW_WRITER, EVENT_CONFIG_METADATA_DELETED, RUN_WRITE, metadata_delete, NULL,
		"Delete metadata of a configuration", .branched = true },
	{ "GET", "/v2/storage/search/component-configurations", ALLOW_TOKEN, EVENT_COMPONENTS_SEARCHED, RUN_WORK, configs_search,
		SEARCH_PARAMS, "Search configurations by metadata", .branched = true },
	{ 0 },
};
