/* What the calls on configurations, rows and versions share. */
#include "api/config_common.h"

#include <string.h>

#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/branch.h"
#include "work/catalogue.h"
#include "work/flow_tokens.h"
#include "work/resource_json.h"

/* --- which one -------------------------------------------------------------------------------------------------------------- */

int config_path_component(struct req *rq, bool write, struct config_key *ret, struct err *e)
{
	const char *component_id = req_path(rq, 0);
	int rc = permit_component(rq->who, component_id, write, e);
	if (rc < 0)
		return rc;
	if (!catalogue_find(rq->app->catalogue, component_id))
		return fail(e, ERR_COMPONENT_NOT_FOUND, "Component %s not found", component_id);
	*ret = (struct config_key){
		.project_id = rq->origin.project_id, .branch_id = rq->branch_id, .component_id = component_id
	};
	return 0;
}

int config_path(struct req *rq, bool write, struct config **ret, struct err *e)
{
	struct config_key key;
	int rc = config_path_component(rq, write, &key, e);
	if (rc < 0)
		return rc;
	key.id = req_path(rq, 1);
	rc = config_find(rq->db, rq->arena, &key, ret, e);
	if (rc < 0)
		return rc;
	if (rc > 0 && !(*ret)->is_deleted)
		return 0;
	if (write)
		return fail(e, ERR_CONFIG_GONE, "Configuration \"%s\" not found", key.id);
	return fail(e, ERR_CONFIG_NOT_FOUND, "Configuration %s not found", key.id);
}

int config_row_path(struct req *rq, bool write, struct config **ret_config, struct config_row **ret_row, struct err *e)
{
	int rc = config_path(rq, write, ret_config, e);
	if (rc >= 0)
		rc = config_row_find(rq->db, rq->arena, *ret_config, req_path(rq, 2), ret_row, e);
	if (rc < 0)
		return rc;
	if (rc == 0 || (*ret_row)->is_deleted)
		return fail(e, ERR_CONFIG_NOT_FOUND, "Row %s not found", req_path(rq, 2));
	return 0;
}

int config_branch_is_development(struct req *rq, bool *ret, struct err *e)
{
	int64_t default_id;
	int rc = branch_default_id(rq->db, rq->origin.project_id, &default_id, e);
	if (rc >= 0)
		*ret = default_id != rq->branch_id;
	return rc;
}

/* --- arguments -------------------------------------------------------------------------------------------------------------- */

int config_arg_json(struct req *rq, const struct config_json_arg *arg, const char *standard, const char **ret, struct err *e)
{
	json_t *value = arg_json(rq, arg->name);
	*ret = standard;
	if (!value || (json_is_string(value) && str_empty(json_string_value(value))))
		return 0;
	if (!json_is_object(value) && !json_is_array(value))
		return fail(e, arg->code, "Invalid %s body format: This value should be valid JSON.", arg->what);
	own(own_free) char *text = json_dumps(value, JSON_COMPACT);
	*ret = arena_strdup(rq->arena, text);
	if (!*ret)
		return fail_internal(e, ERR_INTERNAL, "no memory for the %s", arg->what);
	return strlen(*ret) > CONFIG_JSON_MAX ? fail(e, ERR_TOO_LARGE, "The %s is too large: the most is 4 MB.", arg->what) : 0;
}

const struct param CONFIG_STATE_PARAMS[] = {
	{ "state", P_JSON, CONFIG_JSON_MAX, "Object, or its text" },
	/* Declared so that they can be refused. */
	{ "name", P_ANY, 0, NULL },
	{ "description", P_ANY, 0, NULL },
	{ "configuration", P_ANY, 0, NULL },
	{ "changeDescription", P_ANY, 0, NULL },
	{ "isDisabled", P_ANY, 0, NULL },
	{ "rowsSortOrder", P_ANY, 0, NULL },
	{ NULL },
};

int config_arg_state(struct req *rq, enum err_code code, const char *prefix, const char **ret, struct err *e)
{
	json_t *state = arg_json(rq, "state");
	bool is_row = code == ERR_CONFIG_STATE_FORMAT;
	for (const struct param *other = CONFIG_STATE_PARAMS + 1; other->name; other++)
		if (arg_given(rq, other->name))
			return fail(e, is_row ? ERR_CONFIG_ROWS_VALIDATION : ERR_CONFIG_VALIDATION,
				"Invalid parameters - %s: This field was not expected.", other->name);
	if (!state)
		return fail(e, code, "%s: This field is missing.", prefix);
	if (json_is_string(state) && str_empty(json_string_value(state)))
		return fail(e, code, "%s: This value should not be blank.", prefix);
	if (!json_is_object(state) && !json_is_array(state))
		return fail(e, code, "%s: This value should be valid JSON.", prefix);
	return config_arg_json(rq, &(struct config_json_arg){ "state", code, "state" }, "{}", ret, e);
}

/* --- as JSON ---------------------------------------------------------------------------------------------------------------- */

json_t *config_token_json(int64_t token_id, const char *description)
{
	return json_pack("{s:I, s:s}", "id", (json_int_t)token_id, "description", description);
}

static json_t *revision_json(const struct revision *revision)
{
	return json_pack("{s:o, s:o, s:s, s:s}", "created", json_time(revision->created_us), "creatorToken",
		config_token_json(revision->token_id, revision->token_description), "changeDescription",
		revision->change_description, "versionIdentifier", revision->identifier);
}

static void set_json(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_read(text, JSON_DECODE_ANY));
}

json_t *config_row_json(const struct config_row *row, const struct config_parts *parts)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:b, s:I, s:o, s:o, s:s, s:s}", "id", row->id, "name", row->name, "description",
		row->description, "isDisabled", (int)row->is_disabled, "version", (json_int_t)row->current.version, "created",
		json_time(row->created_us), "creatorToken", config_token_json(row->creator_token_id, row->creator_description),
		"changeDescription", row->current.change_description, "versionIdentifier", row->current.identifier);
	if (parts->configuration)
		set_json(json, "configuration", row->configuration);
	if (parts->state)
		set_json(json, "state", row->state);
	return json;
}

json_t *config_row_list_json(const struct config_row_list *rows, const struct config_parts *parts)
{
	json_t *list = json_array();
	for (size_t i = 0; i < rows->count; i++)
		json_array_append_new(list, config_row_json(&rows->items[i], parts));
	return list;
}

json_t *config_json_rows(const struct config *config, const struct config_parts *parts, const struct config_row_list *rows)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:s, s:b, s:b}", "id", config->id, "name", config->name,
		"description", config->description, "created", json_time(config->created_us), "creatorToken",
		config_token_json(config->creator_token_id, config->creator_description), "version",
		(json_int_t)config->current.version, "changeDescription", config->current.change_description, "isDisabled",
		(int)config->is_disabled, "isDeleted", (int)config->is_deleted);
	if (parts->configuration)
		set_json(json, "configuration", config->configuration);
	if (parts->rows) {
		set_json(json, "rowsSortOrder", config->rows_sort_order);
		json_object_set_new(json, "rows", config_row_list_json(rows, parts));
	}
	if (parts->state)
		set_json(json, "state", config->state);
	json_object_set_new(json, "currentVersion", revision_json(&config->current));
	return json;
}

int config_reply(struct req *rq, int status, const struct config *config, struct err *e)
{
	static const struct config_parts everything = { true, true, true };
	struct config_row_list rows = { NULL, 0 };
	int rc = config_row_list(rq->db, rq->arena, config, &rows, e);
	return rc < 0 ? rc : reply_json(rq, status, config_json_rows(config, &everything, &rows));
}

int config_token_follow(struct req *rq, struct config *config, struct err *e)
{
	struct flow_change change = { rq->app, rq->db, rq->arena, rq->who, &rq->origin };
	return flow_token_keep(&change, config, e);
}

/* --- what is recorded ------------------------------------------------------------------------------------------------------- */

json_t *config_event_params(const struct config *config)
{
	return json_pack("{s:s, s:s, s:s, s:I}", "component", config->component_id, "configurationId", config->id, "name",
		config->name, "version", (json_int_t)config->current.version);
}

void config_event(struct req *rq, const struct config *config)
{
	req_object(rq, config->id, config->name, config_event_params(config));
}

json_t *config_row_event_params(const struct config *config, const struct config_row *row)
{
	return json_pack("{s:s, s:s, s:I, s:o}", "rowId", row->id, "name", row->name, "version", (json_int_t)row->current.version,
		"configuration", config_event_params(config));
}

void config_row_event(struct req *rq, const struct config *config, const struct config_row *row)
{
	req_object(rq, row->id, row->name, config_row_event_params(config, row));
}
