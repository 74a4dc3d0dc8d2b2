/* Versions of configurations over HTTP: history, going back, copies. */
#include "api/config_common.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "http/req.h"
#include "store/branch.h"
#include "work/resource_json.h"

static const struct config_parts ROWS_OF_VERSION = { .configuration = true };

static void include_part(json_t *json, const struct config *version, const char *what)
{
	if (str_eq(what, "name"))
		json_object_set_new(json, "name", json_string(version->name));
	else if (str_eq(what, "description"))
		json_object_set_new(json, "description", json_string(version->description));
	else if (str_eq(what, "configuration"))
		json_object_set_new(json, "configuration", json_read(version->configuration, JSON_DECODE_ANY));
}

/* What was asked for; name and description when nothing was. A state has no versions: asking for it brings nothing. */
static json_t *version_json(const struct config *version, json_t *include)
{
	json_t *what, *json = json_pack("{s:I, s:o, s:o, s:s, s:b, s:b, s:s}", "version", (json_int_t)version->current.version,
			      "created", json_time(version->current.created_us), "creatorToken",
			      config_token_json(version->current.token_id, version->current.token_description),
			      "changeDescription", version->current.change_description, "isDeleted", (int)version->is_deleted,
			      "isDisabled", (int)version->is_disabled, "versionIdentifier", version->current.identifier);
	size_t i;
	if (json_array_size(include) == 0) {
		include_part(json, version, "name");
		include_part(json, version, "description");
	}
	json_array_foreach(include, i, what) {
		include_part(json, version, json_string_value(what));
	}
	return json;
}

static int versions_list(struct req *rq, struct err *e)
{
	struct config *config;
	struct config_list versions = { NULL, 0 };
	int64_t page[2];
	int rc = config_path(rq, false, &config, e);
	if (rc >= 0)
		rc = arg_page(rq, 100, 10000, &page[0], &page[1], e);
	if (rc >= 0)
		rc = config_version_list(rq->db, rq->arena, config, page, &versions, e);
	if (rc < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < versions.count; i++)
		json_array_append_new(list, version_json(&versions.items[i], arg_json(rq, "include")));
	config_event(rq, config);
	return reply_json(rq, 200, list);
}

static int find_version(struct req *rq, bool write, struct config **ret_config, struct config **ret, struct err *e)
{
	int64_t number = req_path_id(rq, 2, e);
	if (number == 0)
		return -ERR_ROUTE_NOT_FOUND;
	int rc = config_path(rq, write, ret_config, e);
	if (rc >= 0)
		rc = config_version_find(rq->db, rq->arena, *ret_config, number, ret, e);
	return rc == 0 ? fail(e, ERR_CONFIG_NOT_FOUND, "Version %lld not found", (long long)number) : rc;
}

static int versions_detail(struct req *rq, struct err *e)
{
	struct config *config, *version;
	struct config_row_list rows = { NULL, 0 };
	int rc = find_version(rq, false, &config, &version, e);
	if (rc >= 0)
		rc = config_row_list_at(rq->db, rq->arena, version, &rows, e);
	if (rc < 0)
		return rc;
	json_t *json = version_json(version, NULL);
	include_part(json, version, "configuration");
	json_object_set_new(json, "rowsSortOrder", json_read(version->rows_sort_order, 0));
	json_object_set_new(json, "rows", config_row_list_json(&rows, &ROWS_OF_VERSION));
	config_event(rq, config);
	return reply_json(rq, 200, json);
}

/* The event's params of what it became, with those of where it came from. */
static void event_with_source(struct req *rq, const struct config *config, const struct config *version)
{
	json_t *params = config_event_params(config);
	json_object_set_new(params, "sourceConfiguration", config_event_params(version));
	req_object(rq, config->id, config->name, params);
}

static int versions_rollback(struct req *rq, struct err *e)
{
	struct config *config, *version;
	int rc = find_version(rq, true, &config, &version, e);
	if (rc < 0)
		return rc;
	const char *words = arena_printf(rq->arena, "Rollback to version %lld", (long long)version->current.version);
	rc = config_roll_back(rq->db, rq->arena, &rq->origin, config, version, arg_text(rq, "changeDescription", words), e);
	if (rc >= 0)
		rc = config_token_follow(rq, config, e);
	if (rc < 0)
		return rc;
	event_with_source(rq, config, version);
	return reply_json(rq, 201, json_pack("{s:I}", "version", (json_int_t)config->current.version));
}

/* A development branch's configuration becomes what it is in the default branch. */
static int versions_reset(struct req *rq, struct err *e)
{
	struct config *config, *source;
	struct config_key key = { .project_id = rq->origin.project_id };
	int rc = config_path(rq, true, &config, e);
	if (rc >= 0)
		rc = branch_default_id(rq->db, key.project_id, &key.branch_id, e);
	if (rc < 0)
		return rc;
	if (key.branch_id == rq->branch_id)
		return fail(e, ERR_NOT_IMPLEMENTED, "Reset to default branch is not implemented for default branch");
	key.component_id = config->component_id;
	key.id = config->id;
	rc = config_find(rq->db, rq->arena, &key, &source, e);
	if (rc == 0 || (rc > 0 && source->is_deleted))
		return fail(e, ERR_CONFIG_GONE, "Configuration \"%s\" not found in the default branch", config->id);
	if (rc > 0)
		rc = config_roll_back(rq->db, rq->arena, &rq->origin, config, source, "Reset to default branch", e);
	if (rc < 0)
		return rc;
	event_with_source(rq, config, source);
	return reply_none(rq, 204);
}

static int versions_copy(struct req *rq, struct err *e)
{
	struct config *config, *version;
	int rc = find_version(rq, true, &config, &version, e);
	if (rc < 0)
		return rc;
	struct config copy = {
		.project_id = config->project_id,
		.branch_id = config->branch_id,
		.component_id = config->component_id,
		.name = arg_text(rq, "name", NULL),
		.description = arg_text(rq, "description", version->description),
		.current.change_description = arg_text(rq, "changeDescription", NULL),
	};
	if (str_empty(copy.name))
		return fail(e, ERR_CONFIG_VALIDATION, "Invalid parameters - name: This field is missing.");
	rc = config_copy(rq->db, rq->arena, &rq->origin, version, &copy, e);
	if (rc >= 0)
		rc = config_token_follow(rq, &copy, e);
	if (rc < 0)
		return rc;
	event_with_source(rq, &copy, version);
	return reply_json(rq, 201, json_pack("{s:s}", "id", copy.id));
}

static const struct param LIST_PARAMS[] = {
	{ "include", P_COMMA, 0, "name, description, configuration; standard: name, description" },
	{ "limit", P_INT, 0, "Standard 100" },
	{ "offset", P_INT, 0, NULL },
	{ NULL },
};
static const struct param CHANGE_PARAMS[] = {
	{ "changeDescription", P_TEXT, 0, NULL },
	{ NULL },
};
static const struct param COPY_PARAMS[] = {
	{ "name", P_TEXT, 1024, NULL },
	{ "description", P_TEXT, 0, NULL },
	{ "changeDescription", P_TEXT, 0, NULL },
	{ NULL },
};

#define VERSIONS "/v2/storage/components/{component}/configs/{id}/versions"

const struct route CONFIG_VERSION_ROUTES[] = {
	{ "GET", VERSIONS, ALLOW_TOKEN, EVENT_CONFIG_READ, RUN_WORK, versions_list, LIST_PARAMS,
		"List versions of a configuration", .branched = true },
	{ "GET", VERSIONS "/{version}", ALLOW_TOKEN, EVENT_CONFIG_READ, RUN_WORK, versions_detail, NULL,
		"Read a version of a configuration", .branched = true },
	{ "POST", VERSIONS "/{version}/rollback", ALLOW_WRITER, EVENT_CONFIG_ROLLED_BACK, RUN_WRITE, versions_rollback,
		CHANGE_PARAMS, "Go back to a version of a configuration", .branched = true },
	{ "POST", "/v2/storage/components/{component}/configs/{id}/reset-to-default", ALLOW_WRITER, EVENT_CONFIG_ROLLED_BACK,
		RUN_WRITE, versions_reset, NULL, "Make a configuration what it is in the default branch", .branched = true },
	{ "POST", VERSIONS "/{version}/create", ALLOW_WRITER, EVENT_CONFIG_COPIED, RUN_WRITE, versions_copy, COPY_PARAMS,
		"Copy a version of a configuration", .branched = true },
	{ 0 },
};
