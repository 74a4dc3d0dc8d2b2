/* Components over HTTP: the catalogue, and what of it is used in a project. */
#include "api/config_common.h"
#include "base/own.h"
#include "base/str.h"
#include "http/req.h"
#include "work/catalogue.h"

/* A copy with the address where the component is found. */
static json_t *component_json(struct req *rq, json_t *component)
{
	json_t *json = json_copy(component);
	json_object_set_new(json, "uri",
		json_sprintf(
			"%s/v2/storage/components/%s", req_public_url(rq), json_string_value(json_object_get(component, "id"))));
	return json;
}

static int components_detail(struct req *rq, struct err *e)
{
	json_t *component = catalogue_find(rq->app->catalogue, req_path(rq, 0));
	if (!component)
		return fail(e, ERR_COMPONENT_NOT_FOUND, "Component %s not found", req_path(rq, 0));
	return reply_json(rq, 200, component_json(rq, component));
}

/* --- the project's components ------------------------------------------------------------------------------------------------ */

static int read_include(struct req *rq, struct config_parts *ret, struct err *e)
{
	size_t i;
	json_t *item;
	*ret = (struct config_parts){ 0 };
	json_array_foreach(arg_json(rq, "include"), i, item) {
		const char *part = json_string_value(item);
		if (str_eq(part, "configuration")) {
			ret->configuration = true;
		} else if (str_eq(part, "rows")) {
			ret->rows = true;
		} else if (str_eq(part, "state")) {
			ret->state = true;
		} else {
			const char *message = arena_printf(rq->arena,
				"Invalid include parameters: \"%s\". Only following are allowed: configuration, rows, state.",
				part);
			fail(e, ERR_VALIDATION, "Invalid request:\n - include: \"%s\"", message);
			err_field(e, "include", message);
			return -ERR_VALIDATION;
		}
	}
	return 0;
}

/* Is the component one that the caller asked for and may see? */
static json_t *wanted_component(struct req *rq, const char *component_id)
{
	const char *type = arg_text(rq, "componentType", NULL);
	json_t *component = catalogue_find(rq->app->catalogue, component_id);
	if (!component || !permit_sees_component(rq->who, component_id))
		return NULL;
	if (!str_empty(type) && !str_eq(type, json_string_value(json_object_get(component, "type"))))
		return NULL;
	return component;
}

/* Configurations come ordered by component: the same component's go into the last item of the list. */
static json_t *item_of_component(struct req *rq, json_t *list, json_t *component)
{
	json_t *last = json_array_get(list, json_array_size(list) - 1);
	if (last && json_equal(json_object_get(last, "id"), json_object_get(component, "id")))
		return json_object_get(last, "configurations");
	json_t *item = component_json(rq, component), *configurations = json_array();
	json_object_set_new(item, "configurations", configurations);
	json_array_append_new(list, item);
	return configurations;
}

static int add_config(struct req *rq, const struct config *config, const struct config_parts *parts, json_t *list, struct err *e)
{
	struct config_row_list rows = { NULL, 0 };
	json_t *component = wanted_component(rq, config->component_id);
	int rc = component && parts->rows ? config_row_list(rq->db, rq->arena, config, &rows, e) : 0;
	if (rc < 0 || !component)
		return rc;
	json_array_append_new(item_of_component(rq, list, component), config_json_rows(config, parts, &rows));
	return 0;
}

static int components_list(struct req *rq, struct err *e)
{
	struct config_key key = { .project_id = rq->origin.project_id, .branch_id = rq->branch_id };
	struct config_parts parts;
	struct config_list configs = { NULL, 0 };
	own(own_json) json_t *list = json_array();
	int rc = permit_some_component(rq->who, e);
	if (rc >= 0)
		rc = read_include(rq, &parts, e);
	if (rc >= 0)
		rc = config_list(rq->db, rq->arena, &key, arg_bool(rq, "isDeleted", false), &configs, e);
	for (size_t i = 0; i < configs.count && rc >= 0; i++)
		rc = add_config(rq, &configs.items[i], &parts, list, e);
	return rc < 0 ? rc : reply_json(rq, 200, give_ptr(list));
}

static const struct param LIST_PARAMS[] = {
	{ "include", P_COMMA, 0, "configuration, rows, state" },
	{ "componentType", P_TEXT, 0, "extractor, writer, application, transformation..." },
	{ "isDeleted", P_BOOL, 0, "Configurations in the trash instead" },
	{ NULL },
};

const struct route COMPONENT_ROUTES[] = {
	{ "GET", "/v2/storage/components", ALLOW_TOKEN, EVENT_COMPONENTS_LISTED, RUN_WORK, components_list, LIST_PARAMS,
		"List components that have configurations", .branched = true },
	{ "GET", "/v2/storage/components/{id}", ALLOW_PUBLIC, EVENT_NONE, RUN_LOOP, components_detail, NULL, "Read a component" },
	{ "GET", "/v2/storage/branch/{branch}/components/{id}", ALLOW_TOKEN, EVENT_NONE, RUN_LOOP, components_detail, NULL,
		"Read a component in a branch" },
	{ 0 },
};
