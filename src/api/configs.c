/* Configurations of components over HTTP: their life from creation over the trash to the purge. */
#include "api/config_common.h"
#include "base/own.h"
#include "base/str.h"
#include "http/req.h"

static const struct config_json_arg CONFIGURATION_ARG = { "configuration", ERR_CONFIG_FORMAT, "configuration" };
static const struct config_json_arg STATE_ARG = { "state", ERR_CONFIG_STATE_FORMAT, "state" };

/* --- reading --------------------------------------------------------------------------------------------------------------- */

static int configs_list(struct req *rq, struct err *e)
{
	static const struct config_parts everything = { true, true, true };
	struct config_key key;
	struct config_list configs = { NULL, 0 };
	int rc = config_path_component(rq, false, &key, e);
	if (rc >= 0)
		rc = config_list(rq->db, rq->arena, &key, arg_bool(rq, "isDeleted", false), &configs, e);
	own(own_json) json_t *list = json_array();
	for (size_t i = 0; i < configs.count && rc >= 0; i++) {
		struct config_row_list rows = { NULL, 0 };
		rc = config_row_list(rq->db, rq->arena, &configs.items[i], &rows, e);
		if (rc >= 0)
			json_array_append_new(list, config_json_rows(&configs.items[i], &everything, &rows));
	}
	if (rc < 0)
		return rc;
	req_object(rq, NULL, NULL, json_pack("{s:s}", "component", key.component_id));
	return reply_json(rq, 200, give_ptr(list));
}

static int configs_detail(struct req *rq, struct err *e)
{
	struct config *config;
	int rc = config_path(rq, false, &config, e);
	if (rc < 0)
		return rc;
	config_event(rq, config);
	return config_reply(rq, 200, config, e);
}

/* --- creating and changing -------------------------------------------------------------------------------------------------- */

static int check_name(const char *name, struct err *e)
{
	return str_empty(name) ? fail(e, ERR_CONFIG_VALIDATION, "Invalid parameters - name: This value should not be blank.") : 0;
}

static int configs_create(struct req *rq, struct err *e)
{
	struct config_key key;
	bool restored;
	int rc = config_path_component(rq, true, &key, e);
	if (rc < 0)
		return rc;
	const char *id = arg_text(rq, "configurationId", NULL);
	struct config config = {
		.project_id = key.project_id,
		.branch_id = key.branch_id,
		.component_id = key.component_id,
		.id = str_empty(id) ? NULL : id,
		.name = arg_text(rq, "name", NULL),
		.description = arg_text(rq, "description", ""),
		.is_disabled = arg_bool(rq, "isDisabled", false),
		.current.change_description = arg_text(rq, "changeDescription", NULL),
	};
	if (!config.name)
		return fail(e, ERR_CONFIG_VALIDATION, "Invalid parameters - name: This field is missing.");
	rc = check_name(config.name, e);
	if (rc >= 0)
		rc = config_arg_json(rq, &CONFIGURATION_ARG, "{}", &config.configuration, e);
	if (rc >= 0)
		rc = config_arg_json(rq, &STATE_ARG, "{}", &config.state, e);
	if (rc >= 0)
		rc = config_make(rq->db, rq->arena, &rq->origin, &config, &restored, e);
	if (rc >= 0)
		rc = config_token_follow(rq, &config, e);
	if (rc < 0)
		return rc;
	if (restored)
		req_event(rq, EVENT_CONFIG_RESTORED);
	config_event(rq, &config);
	return config_reply(rq, 201, &config, e);
}

static bool text_changed(const char **stored, const char *given)
{
	if (!given || str_eq(*stored, given))
		return false;
	*stored = given;
	return true;
}

static bool knows_row(const struct config_row_list *rows, const char *id)
{
	for (size_t i = 0; i < rows->count; i++)
		if (str_eq(rows->items[i].id, id))
			return true;
	return false;
}

/* Every living row once, or nothing at all (back to the order of ids). */
static int check_order(json_t *order, const struct config_row_list *rows, struct err *e)
{
	own(own_json) json_t *seen = json_object();
	size_t i;
	json_t *id;
	json_array_foreach(order, i, id) {
		if (!json_is_string(id) || !knows_row(rows, json_string_value(id)))
			return fail(e, ERR_CONFIG_VALIDATION, "Invalid parameters - rowsSortOrder: there is no row \"%s\".",
				json_is_string(id) ? json_string_value(id) : "");
		json_object_set_new(seen, json_string_value(id), json_true());
	}
	if (json_array_size(order) > 0 && (json_object_size(seen) != rows->count || json_array_size(order) != rows->count))
		return fail(
			e, ERR_CONFIG_SORT_ORDER, "Invalid rowsSortOrder: every row of the configuration must be in it once.");
	return 0;
}

static int read_order(struct req *rq, struct config *config, bool *ret_changed, struct err *e)
{
	struct config_row_list rows = { NULL, 0 };
	json_t *order = arg_json(rq, "rowsSortOrder");
	if (!order)
		return 0;
	int rc = config_row_list(rq->db, rq->arena, config, &rows, e);
	if (rc >= 0)
		rc = check_order(order, &rows, e);
	if (rc < 0)
		return rc;
	own(own_free) char *text = json_dumps(order, JSON_COMPACT);
	*ret_changed |= text_changed(&config->rows_sort_order, arena_strdup(rq->arena, text));
	return 0;
}

/* A state has no versions. */
static int update_state(struct req *rq, struct config *config, struct err *e)
{
	const char *state;
	bool is_development;
	int rc = config_arg_json(rq, &STATE_ARG, NULL, &state, e);
	if (rc < 0 || !state)
		return rc;
	rc = config_branch_is_development(rq, &is_development, e);
	if (rc < 0)
		return rc;
	if (is_development)
		return fail(e, ERR_CONFIG_VALIDATION,
			"Using 'state' parameter on configuration update is restricted for dev/branch context. Use direct API "
			"call.");
	config->state = state;
	return config_update_state(rq->db, config, e);
}

static int configs_update(struct req *rq, struct err *e)
{
	struct config *config;
	const char *configuration;
	bool changed = false;
	int rc = config_path(rq, true, &config, e);
	if (rc >= 0 && arg_given(rq, "name"))
		rc = check_name(arg_text(rq, "name", ""), e);
	if (rc >= 0)
		rc = config_arg_json(rq, &CONFIGURATION_ARG, config->configuration, &configuration, e);
	if (rc >= 0)
		rc = read_order(rq, config, &changed, e);
	if (rc >= 0)
		rc = update_state(rq, config, e);
	if (rc < 0)
		return rc;
	changed |= text_changed(&config->name, arg_text(rq, "name", NULL));
	changed |= text_changed(&config->description, arg_text(rq, "description", NULL));
	changed |= arg_bool(rq, "isDisabled", config->is_disabled) != config->is_disabled;
	config->is_disabled = arg_bool(rq, "isDisabled", config->is_disabled);
	if (!config_json_same(config->configuration, configuration))
		changed |= text_changed(&config->configuration, configuration);
	if (changed) {
		config_next_version(rq->arena, config, &rq->origin, arg_text(rq, "changeDescription", "Configuration updated"));
		rc = config_update(rq->db, config, e);
		if (rc >= 0)
			rc = config_token_follow(rq, config, e);
	} else {
		req_event(rq, arg_given(rq, "state") ? EVENT_CONFIG_STATE_CHANGED : EVENT_CONFIG_READ);
	}
	if (rc < 0)
		return rc;
	config_event(rq, config);
	return config_reply(rq, 200, config, e);
}

static int configs_state(struct req *rq, struct err *e)
{
	struct config *config;
	int rc = config_path(rq, true, &config, e);
	if (rc >= 0)
		rc = config_arg_state(rq, ERR_CONFIG_VALIDATION, "Invalid parameters - state", &config->state, e);
	if (rc >= 0)
		rc = config_update_state(rq->db, config, e);
	if (rc < 0)
		return rc;
	config_event(rq, config);
	return config_reply(rq, 200, config, e);
}

/* --- the trash -------------------------------------------------------------------------------------------------------------- */

static int find_any(struct req *rq, struct config **ret, struct err *e)
{
	struct config_key key;
	int rc = config_path_component(rq, true, &key, e);
	if (rc < 0)
		return rc;
	key.id = req_path(rq, 1);
	rc = config_find(rq->db, rq->arena, &key, ret, e);
	return rc == 0 ? fail(e, ERR_CONFIG_GONE, "Configuration \"%s\" not found", key.id) : rc;
}

static int purge(struct req *rq, struct config *config, struct err *e)
{
	bool is_development;
	int rc = config_branch_is_development(rq, &is_development, e);
	if (rc < 0)
		return rc;
	if (is_development)
		return fail(
			e, ERR_CONFIG_CANNOT_DELETE, "Deleting configuration from trash is not allowed in development branches.");
	rc = permit_purge(rq->who, e);
	if (rc >= 0)
		rc = config_remove(rq->db, config, e);
	if (rc < 0)
		return rc;
	req_event(rq, EVENT_CONFIG_PURGED);
	config_event(rq, config);
	return reply_none(rq, 204);
}

/* The first call moves it into the trash, the second one purges it. */
static int configs_delete(struct req *rq, struct err *e)
{
	struct config *config;
	int rc = find_any(rq, &config, e);
	if (rc < 0)
		return rc;
	if (config->is_deleted)
		return purge(rq, config, e);
	config->is_deleted = true;
	config_next_version(rq->arena, config, &rq->origin, arg_text(rq, "changeDescription", "Configuration deleted"));
	rc = config_update(rq->db, config, e);
	if (rc >= 0)
		rc = config_token_follow(rq, config, e);
	if (rc < 0)
		return rc;
	config_event(rq, config);
	return reply_none(rq, 204);
}

static int configs_restore(struct req *rq, struct err *e)
{
	struct config *config;
	int rc = find_any(rq, &config, e);
	if (rc < 0)
		return rc;
	if (!config->is_deleted)
		return fail(e, ERR_CONFIG_NOT_FOUND, "Deleted configuration %s not found", config->id);
	config->is_deleted = false;
	config_next_version(rq->arena, config, &rq->origin, arg_text(rq, "changeDescription", "Configuration restored"));
	rc = config_update(rq->db, config, e);
	if (rc >= 0)
		rc = config_token_follow(rq, config, e);
	if (rc < 0)
		return rc;
	config_event(rq, config);
	return config_reply(rq, 200, config, e);
}

static const struct param LIST_PARAMS[] = {
	{ "isDeleted", P_BOOL, 0, "Those in the trash" },
	{ NULL },
};

static const struct param CREATE_PARAMS[] = {
	{ "name", P_TEXT, 1024, NULL },
	{ "configurationId", P_TEXT, 255, "Standard: a new number" },
	{ "description", P_TEXT, 0, NULL },
	{ "configuration", P_JSON, CONFIG_JSON_MAX, "Object, or its text" },
	{ "state", P_JSON, CONFIG_JSON_MAX, "Object, or its text" },
	{ "changeDescription", P_TEXT, 0, NULL },
	{ "isDisabled", P_BOOL, 0, NULL },
	{ NULL },
};

static const struct param UPDATE_PARAMS[] = {
	{ "name", P_TEXT, 1024, NULL },
	{ "description", P_TEXT, 0, NULL },
	{ "configuration", P_JSON, CONFIG_JSON_MAX, "Object, or its text" },
	{ "state", P_JSON, CONFIG_JSON_MAX, "Object, or its text" },
	{ "changeDescription", P_TEXT, 0, NULL },
	{ "isDisabled", P_BOOL, 0, NULL },
	{ "rowsSortOrder", P_TEXTS, 0, "Ids of all rows" },
	{ NULL },
};

static const struct param CHANGE_PARAMS[] = {
	{ "changeDescription", P_TEXT, 0, NULL },
	{ NULL },
};

#define CONFIGS "/v2/storage/components/{component}/configs"

const struct route CONFIG_ROUTES[] = {
	{ "GET", CONFIGS, ALLOW_TOKEN, EVENT_CONFIGS_LISTED, RUN_WORK, configs_list, LIST_PARAMS, "List configurations",
		.branched = true },
	{ "POST", CONFIGS, ALLOW_WRITER, EVENT_CONFIG_CREATED, RUN_WRITE, configs_create, CREATE_PARAMS, "Create a configuration",
		.branched = true },
	{ "GET", CONFIGS "/{id}", ALLOW_TOKEN, EVENT_CONFIG_READ, RUN_WORK, configs_detail, NULL, "Read a configuration",
		.branched = true },
	{ "PUT", CONFIGS "/{id}", ALLOW_WRITER, EVENT_CONFIG_CHANGED, RUN_WRITE, configs_update, UPDATE_PARAMS,
		"Change a configuration", .branched = true },
	{ "PUT", CONFIGS "/{id}/state", ALLOW_WRITER, EVENT_CONFIG_STATE_CHANGED, RUN_WRITE, configs_state, CONFIG_STATE_PARAMS,
		"Change the state of a configuration", .branched = true },
	{ "DELETE", CONFIGS "/{id}", ALLOW_WRITER, EVENT_CONFIG_DELETED, RUN_WRITE, configs_delete, CHANGE_PARAMS,
		"Move a configuration into the trash, or purge it", .branched = true },
	{ "POST", CONFIGS "/{id}/restore", ALLOW_WRITER, EVENT_CONFIG_RESTORED, RUN_WRITE, configs_restore, CHANGE_PARAMS,
		"Take a configuration out of the trash", .branched = true },
	{ 0 },
};
