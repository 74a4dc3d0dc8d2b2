/* The index of the API: what is served here and where (clients.md §0.10, behaviour.md §10.3). */
#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "http/req.h"
#include "work/catalogue.h"

/* Keys that a component keeps under exclude=componentDetails. */
static const char *const SHORT_KEYS[] = { "id", "name", "type", "ico64", "ico128", "description", "features", "flags",
	"categories" };

static json_t *component_short(const json_t *component)
{
	json_t *small = json_object();
	for (size_t i = 0; i < sizeof(SHORT_KEYS) / sizeof(SHORT_KEYS[0]); i++) {
		json_t *value = json_object_get(component, SHORT_KEYS[i]);
		if (value)
			json_object_set(small, SHORT_KEYS[i], value);
	}
	return small;
}

static json_t *component_full(struct req *rq, const json_t *component)
{
	json_t *full = json_copy((json_t *)component);
	const char *id = json_string_value(json_object_get(component, "id"));
	json_object_set_new(full, "uri", json_sprintf("%s/v2/storage/components/%s", req_public_url(rq), id ? id : ""));
	return full;
}

static bool is_excluded(struct req *rq, const char *part)
{
	size_t i;
	json_t *one;
	json_array_foreach(arg_json(rq, "exclude"), i, one)
		if (str_eq(json_string_value(one), part))
			return true;
	return false;
}

static json_t *components(struct req *rq)
{
	json_t *list = json_array();
	size_t i;
	json_t *component;
	bool is_short = is_excluded(rq, "componentDetails");
	json_array_foreach(catalogue_list(rq->app->catalogue), i, component)
		json_array_append_new(list, is_short ? component_short(component) : component_full(rq, component));
	return list;
}

/* Other services that clients look for here; all are served at our own address. */
static json_t *services(struct req *rq)
{
	static const char *const ids[] = { "encryption", "notification", "queue", "scheduler" };
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "id", ids[i], "url", req_public_url(rq)));
	return list;
}

static int index_show(struct req *rq, struct err *e)
{
	(void)e;
	const char *url = req_public_url(rq);
	const char *host = strstr(url, "://");
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "host", host ? host + 3 : url, "api", "storage", "version",
		"v2", "revision", VERSION, "stack", host ? host + 3 : url, "documentation",
		arena_printf(rq->arena, "%s/docs", url));
	if (!is_excluded(rq, "components"))
		json_object_set_new(body, "components", components(rq));
	json_object_set_new(body, "services", services(rq));
	json_object_set_new(body, "features", json_array());
	json_object_set_new(body, "urlTemplates",
		json_pack("{s:s}", "orchestrationJob", arena_printf(rq->arena, "%s/projects/%%d/jobs/%%d", url)));
	return reply_json(rq, 200, body);
}

static const struct param INDEX_PARAMS[] = {
	{ "exclude", P_COMMA, 0, "components, or componentDetails" },
	{ NULL },
};

const struct route INDEX_ROUTES[] = {
	{ "GET", "/v2/storage", ALLOW_PUBLIC, EVENT_NONE, RUN_WORK, index_show, INDEX_PARAMS, "What is served here, and where" },
	{ 0 },
};
