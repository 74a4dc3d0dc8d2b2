/* Versions of rows over HTTP: history, going back, copies. */
#include "api/config_common.h"
#include "base/json_read.h"
#include "base/str.h"
#include "http/req.h"
#include "work/resource_json.h"

static const struct config_parts WHOLE_ROW = { .configuration = true, .state = true };

static json_t *version_json(const struct config_row *version, bool whole)
{
	json_t *json = json_pack("{s:I, s:o, s:o, s:s, s:b, s:s}", "version", (json_int_t)version->current.version, "created",
		json_time(version->current.created_us), "creatorToken",
		config_token_json(version->current.token_id, version->current.token_description), "changeDescription",
		version->current.change_description, "isDeleted", 0, "versionIdentifier", version->current.identifier);
	if (!whole)
		return json;
	json_object_set_new(json, "id", json_string(version->id));
	json_object_set_new(json, "name", json_string(version->name));
	json_object_set_new(json, "description", json_string(version->description));
	json_object_set_new(json, "isDisabled", json_boolean(version->is_disabled));
	json_object_set_new(json, "configuration", json_read(version->configuration, JSON_DECODE_ANY));
	return json;
}

static void include_version(json_t *json, const struct config_row *version, const char *what)
{
	if (str_eq(what, "name"))
		json_object_set_new(json, "name", json_string(version->name));
	else if (str_eq(what, "description"))
		json_object_set_new(json, "description", json_string(version->description));
	else if (str_eq(what, "configuration"))
		json_object_set_new(json, "configuration", json_read(version->configuration, JSON_DECODE_ANY));
}

static int row_versions_list(struct req *rq, struct err *e)
{
	struct config *config;
	struct config_row *row;
	struct config_row_list versions = { NULL, 0 };
	int64_t page[2];
	int rc = config_row_path(rq, false, &config, &row, e);
	if (rc >= 0)
		rc = arg_page(rq, 100, 10000, &page[0], &page[1], e);
	if (rc >= 0)
		rc = config_row_version_list(rq->db, rq->arena, row, page, &versions, e);
	if (rc < 0)
		return rc;
	json_t *list = json_array(), *what;
	for (size_t i = 0; i < versions.count; i++) {
		json_t *json = version_json(&versions.items[i], false);
		size_t k;
		json_array_foreach(arg_json(rq, "include"), k, what) {
			include_version(json, &versions.items[i], json_string_value(what));
		}
		json_array_append_new(list, json);
	}
	config_event(rq, config);
	return reply_json(rq, 200, list);
}

/* The row of the path and one of its versions. */
static int find_version(struct req *rq, bool write, struct config **ret_config, struct config_row *ret[2], struct err *e)
{
	int64_t number = req_path_id(rq, 3, e);
	if (number == 0)
		return -ERR_ROUTE_NOT_FOUND;
	int rc = config_row_path(rq, write, ret_config, &ret[0], e);
	if (rc >= 0)
		rc = config_row_version_find(rq->db, rq->arena, ret[0], number, &ret[1], e);
	return rc == 0 ? fail(e, ERR_CONFIG_NOT_FOUND, "Version %lld not found", (long long)number) : rc;
}

static int row_versions_detail(struct req *rq, struct err *e)
{
	struct config *config;
	struct config_row *found[2];
	int rc = find_version(rq, false, &config, found, e);
	if (rc < 0)
		return rc;
	config_event(rq, config);
	return reply_json(rq, 200, version_json(found[1], true));
}

static int row_versions_rollback(struct req *rq, struct err *e)
{
	struct config *config;
	struct config_row *found[2];
	int rc = find_version(rq, true, &config, found, e);
	if (rc < 0)
		return rc;
	struct config_row *row = found[0], *version = found[1];
	json_t *source = config_row_event_params(config, version);
	const char *given = arg_text(rq, "changeDescription", NULL);
	const char *words[2] = { given, given };
	if (!given) {
		words[0] = arena_printf(rq->arena, "Row %s version %lld rollback", row->id, (long long)version->current.version);
		words[1] = arena_printf(rq->arena, "Rollback to version %lld", (long long)version->current.version);
	}
	row->name = version->name;
	row->description = version->description;
	row->is_disabled = version->is_disabled;
	row->configuration = version->configuration;
	rc = config_row_change(rq->db, rq->arena, &rq->origin, config, row, words, e);
	json_t *params = config_row_event_params(config, row);
	json_object_set_new(params, "sourceRow", source);
	req_object(rq, row->id, row->name, params);
	return rc < 0 ? rc : reply_json(rq, 201, config_row_json(row, &WHOLE_ROW));
}

/* Into the same configuration, or into another one of the component. */
static int find_target(struct req *rq, const struct config *source, struct config **ret, struct err *e)
{
	struct config_key key = { source->project_id, source->branch_id, source->component_id,
		arg_text(rq, "targetConfigId", source->id) };
	int rc = config_find(rq->db, rq->arena, &key, ret, e);
	if (rc == 0 || (rc > 0 && (*ret)->is_deleted))
		return fail(e, ERR_CONFIG_GONE, "Configuration \"%s\" not found", key.id);
	return rc;
}

/* A new row with the version's content and no state. */
static int row_versions_copy(struct req *rq, struct err *e)
{
	struct config *source, *target;
	struct config_row *found[2];
	int rc = find_version(rq, true, &source, found, e);
	if (rc >= 0)
		rc = find_target(rq, source, &target, e);
	if (rc < 0)
		return rc;
	struct config_row copy = *found[1];
	const char *given = arg_text(rq, "changeDescription", NULL);
	const char *words = arena_printf(rq->arena, "opied from configuration \"%s\" (%s) row %s version %lld", source->name,
		source->id, found[1]->id, (long long)found[1]->current.version);
	copy.id = NULL;
	copy.state = "{}";
	rc = config_row_name(rq->db, rq->arena, &copy, e);
	if (rc < 0)
		return rc;
	const char *all_words[2] = { given, given };
	if (!given) {
		all_words[0] = arena_printf(rq->arena, "Row %s c%s", copy.id, words);
		all_words[1] = arena_printf(rq->arena, "C%s", words);
	}
	rc = config_row_make(rq->db, rq->arena, &rq->origin, target, &copy, all_words, e);
	if (rc < 0)
		return rc;
	json_t *params = config_row_event_params(target, &copy);
	json_object_set_new(params, "sourceRow", config_row_event_params(source, found[1]));
	req_object(rq, copy.id, copy.name, params);
	return reply_json(rq, 201, config_row_json(&copy, &WHOLE_ROW));
}

static const struct param CHANGE_PARAMS[] = {
	{ "changeDescription", P_TEXT, 0, NULL },
	{ NULL },
};
static const struct param VERSION_LIST_PARAMS[] = {
	{ "include", P_COMMA, 0, "name, description, configuration" },
	{ "limit", P_INT, 0, "Standard 100" },
	{ "offset", P_INT, 0, NULL },
	{ NULL },
};
static const struct param COPY_PARAMS[] = {
	{ "targetConfigId", P_TEXT, 255, "Standard: the same configuration" },
	{ "changeDescription", P_TEXT, 0, NULL },
	{ NULL },
};

#define ROW "/v2/storage/components/{component}/configs/{id}/rows/{row}"

const struct route CONFIG_ROW_VERSION_ROUTES[] = {
	{ "GET", ROW "/versions", ALLOW_TOKEN, EVENT_CONFIG_READ, RUN_WORK, row_versions_list, VERSION_LIST_PARAMS,
		"List versions of a row", .branched = true },
	{ "GET", ROW "/versions/{version}", ALLOW_TOKEN, EVENT_CONFIG_READ, RUN_WORK, row_versions_detail, NULL,
		"Read a version of a row", .branched = true },
	{ "POST", ROW "/versions/{version}/rollback", ALLOW_WRITER, EVENT_CONFIG_ROW_ROLLED_BACK, RUN_WRITE,
		row_versions_rollback, CHANGE_PARAMS, "Go back to a version of a row", .branched = true },
	{ "POST", ROW "/versions/{version}/create", ALLOW_WRITER, EVENT_CONFIG_ROW_COPIED, RUN_WRITE, row_versions_copy,
		COPY_PARAMS, "Copy a version of a row", .branched = true },
	{ 0 },
};
