/* Rows of configurations over HTTP. Every change of a row is a version of its configuration too. */
#include "api/config_common.h"
#include "base/str.h"
#include "http/req.h"

static const struct config_parts WHOLE_ROW = { .configuration = true, .state = true };
static const struct config_json_arg CONFIGURATION_ARG = { "configuration", ERR_CONFIG_FORMAT, "configuration" };
static const struct config_json_arg STATE_ARG = { "state", ERR_CONFIG_STATE_FORMAT, "state" };

static int rows_list(struct req *rq, struct err *e)
{
	struct config *config;
	struct config_row_list rows = { NULL, 0 };
	int rc = config_path(rq, false, &config, e);
	if (rc >= 0)
		rc = config_row_list(rq->db, rq->arena, config, &rows, e);
	if (rc < 0)
		return rc;
	config_event(rq, config);
	return reply_json(rq, 200, config_row_list_json(&rows, &WHOLE_ROW));
}

static int rows_detail(struct req *rq, struct err *e)
{
	struct config *config;
	struct config_row *row;
	int rc = config_row_path(rq, false, &config, &row, e);
	if (rc < 0)
		return rc;
	config_event(rq, config);
	return reply_json(rq, 200, config_row_json(row, &WHOLE_ROW));
}

static int rows_create(struct req *rq, struct err *e)
{
	struct config *config;
	const char *id = arg_text(rq, "rowId", NULL);
	struct config_row row = {
		.id = str_empty(id) ? NULL : id,
		.name = arg_text(rq, "name", ""),
		.description = arg_text(rq, "description", ""),
		.is_disabled = arg_bool(rq, "isDisabled", false),
	};
	const char *words = arg_text(rq, "changeDescription", NULL);
	int rc = config_path(rq, true, &config, e);
	if (rc >= 0)
		rc = config_arg_json(rq, &CONFIGURATION_ARG, "{}", &row.configuration, e);
	if (rc >= 0)
		rc = config_arg_json(rq, &STATE_ARG, "{}", &row.state, e);
	if (rc >= 0)
		rc = config_row_name(rq->db, rq->arena, &row, e);
	if (rc >= 0)
		rc = config_row_make(rq->db, rq->arena, &rq->origin, config, &row, (const char *[]){ words, words }, e);
	if (rc < 0)
		return rc;
	config_row_event(rq, config, &row);
	return reply_json(rq, 201, config_row_json(&row, &WHOLE_ROW));
}

/* --- changing --------------------------------------------------------------------------------------------------------------- */

/* A name that is sent makes a version even when it is the same; everything else only when it differs (clients.md §2.2). */
static int read_changes(struct req *rq, struct config_row *row, bool *ret_changed, struct err *e)
{
	const char *configuration, *description = arg_text(rq, "description", row->description);
	bool is_disabled = arg_bool(rq, "isDisabled", row->is_disabled);
	int rc = config_arg_json(rq, &CONFIGURATION_ARG, row->configuration, &configuration, e);
	if (rc < 0)
		return rc;
	*ret_changed = arg_given(rq, "name") || !str_eq(description, row->description) || is_disabled != row->is_disabled ||
		       !config_json_same(configuration, row->configuration);
	row->name = arg_text(rq, "name", row->name);
	row->description = description;
	row->is_disabled = is_disabled;
	row->configuration = configuration;
	return 0;
}

static int update_state(struct req *rq, struct config_row *row, struct err *e)
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
		return fail(e, ERR_CONFIG_ROWS_VALIDATION,
			"Using 'state' parameter on configuration row update is restricted for dev/branch context. Use direct "
			"API call.");
	row->state = state;
	return config_row_update_state(rq->db, row, e);
}

static int rows_update(struct req *rq, struct err *e)
{
	struct config *config;
	struct config_row *row;
	bool changed = false;
	int rc = config_row_path(rq, true, &config, &row, e);
	if (rc >= 0)
		rc = read_changes(rq, row, &changed, e);
	if (rc >= 0)
		rc = update_state(rq, row, e);
	if (rc < 0)
		return rc;
	if (changed) {
		const char *words = arg_text(rq, "changeDescription", arena_printf(rq->arena, "Row %s changed", row->id));
		rc = config_row_change(rq->db, rq->arena, &rq->origin, config, row, (const char *[]){ words, words }, e);
	}
	if (rc < 0)
		return rc;
	config_row_event(rq, config, row);
	if (!changed) {
		req_event(rq, arg_given(rq, "state") ? EVENT_CONFIG_ROW_STATE_CHANGED : EVENT_CONFIG_READ);
		config_event(rq, config);
	}
	return reply_json(rq, 200, config_row_json(row, &WHOLE_ROW));
}

static int rows_state(struct req *rq, struct err *e)
{
	struct config *config;
	struct config_row *row;
	int rc = config_row_path(rq, true, &config, &row, e);
	if (rc >= 0)
		rc = config_arg_state(rq, ERR_CONFIG_STATE_FORMAT, "Invalid state body format", &row->state, e);
	if (rc >= 0)
		rc = config_row_update_state(rq->db, row, e);
	if (rc < 0)
		return rc;
	config_row_event(rq, config, row);
	return reply_json(rq, 200, config_row_json(row, &WHOLE_ROW));
}

static int rows_delete(struct req *rq, struct err *e)
{
	struct config *config;
	struct config_row *row;
	int rc = config_row_path(rq, true, &config, &row, e);
	if (rc < 0)
		return rc;
	const char *words = arena_printf(rq->arena, "Row %s deleted", row->id);
	config->rows_sort_order = sort_order_without(rq->arena, config->rows_sort_order, row->id);
	config_next_version(rq->arena, config, &rq->origin, arg_text(rq, "changeDescription", words));
	rc = config_update(rq->db, config, e);
	if (rc >= 0)
		rc = config_row_remove(rq->db, config, row, e);
	if (rc < 0)
		return rc;
	config_row_event(rq, config, row);
	return reply_none(rq, 204);
}

static const struct param CREATE_PARAMS[] = {
	{ "rowId", P_TEXT, 255, "Standard: a new number" },
	{ "name", P_TEXT, 1024, NULL },
	{ "description", P_TEXT, 0, NULL },
	{ "configuration", P_JSON, CONFIG_JSON_MAX, "Object, or its text" },
	{ "state", P_JSON, CONFIG_JSON_MAX, "Object, or its text" },
	{ "changeDescription", P_TEXT, 0, NULL },
	{ "isDisabled", P_BOOL, 0, NULL },
	{ NULL },
};
#define UPDATE_PARAMS (CREATE_PARAMS + 1) /* a row keeps its id */
static const struct param CHANGE_PARAMS[] = {
	{ "changeDescription", P_TEXT, 0, NULL },
	{ NULL },
};
#define ROWS "/v2/storage/components/{component}/configs/{id}/rows"

const struct route CONFIG_ROW_ROUTES[] = {
	{ "GET", ROWS, ALLOW_TOKEN, EVENT_CONFIG_READ, RUN_WORK, rows_list, NULL, "List rows of a configuration",
		.branched = true },
	{ "POST", ROWS, ALLOW_WRITER, EVENT_CONFIG_ROW_CREATED, RUN_WRITE, rows_create, CREATE_PARAMS, "Add a row",
		.branched = true },
	{ "GET", ROWS "/{row}", ALLOW_TOKEN, EVENT_CONFIG_READ, RUN_WORK, rows_detail, NULL, "Read a row", .branched = true },
	{ "PUT", ROWS "/{row}", ALLOW_WRITER, EVENT_CONFIG_ROW_CHANGED, RUN_WRITE, rows_update, UPDATE_PARAMS, "Change a row",
		.branched = true },
	{ "PUT", ROWS "/{row}/state", ALLOW_WRITER, EVENT_CONFIG_ROW_STATE_CHANGED, RUN_WRITE, rows_state, CONFIG_STATE_PARAMS,
		"Change the state of a row", .branched = true },
	{ "DELETE", ROWS "/{row}", ALLOW_WRITER, EVENT_CONFIG_ROW_DELETED, RUN_WRITE, rows_delete, CHANGE_PARAMS, "Delete a row",
		.branched = true },
	{ 0 },
};
