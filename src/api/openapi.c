/* The API described from its own routing table: an OpenAPI 3.1 document for programs, a page for people. */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "http/observe.h"

static bool in_project(const struct route *route)
{
	return route->allow >= ALLOW_TOKEN && route->allow <= ALLOW_BUCKET_MANAGER;
}

static bool is_public(const struct route *route)
{
	return route->allow == ALLOW_PUBLIC || route->allow == ALLOW_SIGNED_URL;
}

static bool has_body(const struct route *route)
{
	return !strcmp(route->method, "POST") || !strcmp(route->method, "PUT") || !strcmp(route->method, "PATCH");
}

/* "/v2/storage/files/{id}/tags/{tag*}" without the star; under_branch: with the branch behind /v2/storage. */
static char *shown_path(struct req *rq, const struct route *route, bool under_branch)
{
	static const char prefix[] = "/v2/storage";
	const char *path = route->path;
	char *text = under_branch ? arena_printf(rq->arena, "%s/branch/{branch}%s", prefix, path + strlen(prefix))
				  : arena_strdup(rq->arena, path);
	char *star = text ? strstr(text, "*}") : NULL;
	if (star)
		memmove(star, star + 1, strlen(star));
	return text;
}

/* --- the document ------------------------------------------------------------------------------------------------------------- */

static json_t *schema_of(const struct param *param)
{
	static const char *const types[] = {
		[P_TEXT] = "string",
		[P_INT] = "integer",
		[P_NUMBER] = "number",
		[P_BOOL] = "boolean",
		[P_TEXTS] = "array",
		[P_COMMA] = "array",
		[P_MAP] = "object",
		[P_LIST] = "array",
		[P_JSON] = NULL,
		[P_ANY] = NULL,
		[P_BODY] = NULL,
	};
	json_t *schema = json_object();
	if (types[param->type])
		json_object_set_new(schema, "type", json_string(types[param->type]));
	if (param->type == P_TEXTS || param->type == P_COMMA)
		json_object_set_new(schema, "items", json_pack("{s:s}", "type", "string"));
	if (param->max && param->type == P_TEXT)
		json_object_set_new(schema, "maxLength", json_integer((json_int_t)param->max));
	if (param->max && (param->type == P_TEXTS || param->type == P_COMMA || param->type == P_LIST))
		json_object_set_new(schema, "maxItems", json_integer((json_int_t)param->max));
	if (param->help)
		json_object_set_new(schema, "description", json_string(param->help));
	return schema;
}

static void add_path_parameters(json_t *list, const char *path)
{
	for (const char *open = strchr(path, '{'); open; open = strchr(open + 1, '{')) {
		int length = (int)strcspn(open + 1, "}");
		json_array_append_new(list, json_pack("{s:s#, s:s, s:b, s:{s:s}}", "name", open + 1, length, "in", "path",
						    "required", 1, "schema", "type", "string"));
	}
}

static void add_query_parameters(json_t *list, const struct route *route)
{
	for (const struct param *param = route->params; param && param->name; param++) {
		json_t *item = json_pack("{s:s, s:s, s:o}", "name", param->name, "in", "query", "schema", schema_of(param));
		if (param->type == P_COMMA)
			json_object_set_new(item, "explode", json_false());
		json_array_append_new(list, item);
	}
}

static json_t *body_schema(const struct route *route)
{
	json_t *properties = json_object();
	for (const struct param *param = route->params; param && param->name; param++) {
		if (param->type == P_BODY) {
			json_decref(properties);
			return json_object();
		}
		json_object_set_new(properties, param->name, schema_of(param));
	}
	return json_pack("{s:s, s:o}", "type", "object", "properties", properties);
}

static json_t *request_body(const struct route *route)
{
	if (route->raw_body)
		return json_pack("{s:{s:{}}}", "content", "application/octet-stream");
	json_t *schema = body_schema(route);
	return json_pack("{s:{s:{s:O}, s:{s:o}}}", "content", "application/json", "schema", schema,
		"application/x-www-form-urlencoded", "schema", schema);
}

static json_t *security(const struct route *route)
{
	if (is_public(route))
		return json_array();
	return in_project(route) ? json_pack("[{s:[]}, {s:[]}]", "storageToken", "bearer") : json_pack("[{s:[]}]", "manageToken");
}

static json_t *operation(const struct route *route, const char *path)
{
	json_t *parameters = json_array();
	json_t *made = json_pack("{s:s, s:o, s:{s:{s:s}, s:{s:s}, s:{s:s}}, s:s}", "summary",
		route->summary ? route->summary : "", "security", security(route), "responses", "2XX", "description", "Done.",
		"4XX", "$ref", "#/components/responses/Error", "5XX", "$ref", "#/components/responses/Error", "x-authorization",
		allow_name(route->allow));
	add_path_parameters(parameters, path);
	if (has_body(route) && (route->params || route->raw_body))
		json_object_set_new(made, "requestBody", request_body(route));
	else
		add_query_parameters(parameters, route);
	if (route->event != EVENT_NONE && route->event != EVENT_POSTED)
		json_object_set_new(made, "x-event", json_string(event_name(route->event)));
	if (json_array_size(parameters))
		json_object_set_new(made, "parameters", parameters);
	else
		json_decref(parameters);
	return made;
}

static void add_operation(struct req *rq, json_t *paths, const struct route *route, bool under_branch)
{
	char *path = shown_path(rq, route, under_branch);
	char *method = arena_strdup(rq->arena, route->method);
	if (!path || !method)
		return;
	str_lower(method);
	json_t *item = json_object_get(paths, path);
	if (!item) {
		item = json_object();
		json_object_set_new(paths, path, item);
	}
	json_object_set_new(item, method, operation(route, path));
}

static json_t *components(void)
{
	return json_pack("{s:{s:{s:s, s:s, s:s}, s:{s:s, s:s}, s:{s:s, s:s, s:s}}, s:{s:{s:s, s:{s:{s:{s:s, s:{s:{s:s}, s:{}, "
			 "s:{s:s}, s:{s:s}}}}}}}}",
		"securitySchemes", "storageToken", "type", "apiKey", "in", "header", "name", "X-StorageApi-Token", "bearer",
		"type", "http", "scheme", "bearer", "manageToken", "type", "apiKey", "in", "header", "name",
		"X-KBC-ManageApiToken", "responses", "Error", "description",
		"Refused, or not possible at the moment; exceptionId finds it in the server's log.", "content",
		"application/json", "schema", "type", "object", "properties", "error", "type", "string", "code", "exceptionId",
		"type", "string", "status", "type", "string");
}

static int openapi_show(struct req *rq, struct err *e)
{
	(void)e;
	json_t *paths = json_object();
	const struct route *route;
	for (size_t i = 0; (route = observe_route(rq, i)); i++) {
		add_operation(rq, paths, route, false);
		if (route->branched)
			add_operation(rq, paths, route, true);
	}
	return reply_json(rq, 200,
		json_pack("{s:s, s:{s:s, s:s, s:s}, s:[{s:s}], s:o, s:o}", "openapi", "3.1.0", "info", "title", "Chatelaine",
			"version", VERSION, "description", "Generated from the routing table of this server.", "servers", "url",
			req_public_url(rq), "paths", paths, "components", components()));
}

/* --- the page ----------------------------------------------------------------------------------------------------------------- */

static void add_escaped(struct buf *html, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			buf_puts(html, "&lt;");
			break;
		case '&':
			buf_puts(html, "&amp;");
			break;
		case '"':
			buf_puts(html, "&quot;");
			break;
		default:
			buf_putc(html, *text);
		}
	}
}

static void add_cell(struct buf *html, const char *tag, const char *text)
{
	buf_printf(html, "<%s>", tag);
	add_escaped(html, text);
	buf_printf(html, "</%s>", tag);
}

static const char *type_name(enum param_type type)
{
	static const char *const names[] = {
		[P_TEXT] = "text",
		[P_INT] = "whole number",
		[P_NUMBER] = "number",
		[P_BOOL] = "true or false",
		[P_TEXTS] = "texts",
		[P_COMMA] = "texts, or one with commas",
		[P_MAP] = "object",
		[P_LIST] = "list",
		[P_JSON] = "JSON, or text that holds it",
		[P_ANY] = "any",
		[P_BODY] = "the whole body",
	};
	return names[type];
}

static void add_route(struct buf *html, const struct route *route)
{
	buf_puts(html, "<details><summary>");
	add_cell(html, "b", route->method);
	buf_putc(html, ' ');
	add_cell(html, "code", route->path);
	buf_putc(html, ' ');
	add_cell(html, "span", route->summary ? route->summary : "");
	buf_puts(html, "</summary><p>Who may call: ");
	add_cell(html, "em", allow_name(route->allow));
	if (route->event != EVENT_NONE && route->event != EVENT_POSTED) {
		buf_puts(html, ". Recorded as ");
		add_cell(html, "code", event_name(route->event));
	}
	buf_puts(html, route->branched ? ". Also below <code>/v2/storage/branch/{branch}</code>.</p>" : ".</p>");
	if (route->params) {
		buf_puts(html, "<table><thead><tr><th scope=\"col\">Argument</th><th scope=\"col\">Type</th><th "
			       "scope=\"col\">Meaning</th></tr></thead><tbody>");
		for (const struct param *param = route->params; param->name; param++) {
			buf_puts(html, "<tr>");
			add_cell(html, "td", param->name);
			add_cell(html, "td", type_name(param->type));
			add_cell(html, "td", param->help ? param->help : "");
			buf_puts(html, "</tr>");
		}
		buf_puts(html, "</tbody></table>");
	}
	buf_puts(html, "</details>\n");
}

/* The word of the path that the page is divided by. */
static const char *section_of(struct req *rq, const struct route *route)
{
	static const char *const prefixes[] = { "/v2/storage/branch/{branch}/", "/v2/storage/", "/manage/", "/" };
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t length = strlen(prefixes[i]);
		if (str_starts(route->path, prefixes[i]))
			return arena_printf(rq->arena, "%s%.*s", str_starts(route->path, "/manage/") ? "Management: " : "",
				(int)strcspn(route->path + length, "/"), route->path + length);
	}
	return "other";
}

struct entry {
	const char *section;
	size_t index;
	const struct route *route;
};

static int by_section(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->section, y->section);
	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static void add_routes(struct req *rq, struct buf *html)
{
	size_t count = 0;
	while (observe_route(rq, count))
		count++;
	struct entry *entries = arena_array(rq->arena, struct entry, count);
	for (size_t i = 0; entries && i < count; i++)
		entries[i] = (struct entry){ section_of(rq, observe_route(rq, i)), i, observe_route(rq, i) };
	if (!entries || !count)
		return;
	qsort(entries, count, sizeof(*entries), by_section);
	for (size_t i = 0; i < count; i++) {
		if (!i || strcmp(entries[i].section, entries[i - 1].section) != 0)
			add_cell(html, "h2", *entries[i].section ? entries[i].section : "index");
		add_route(html, entries[i].route);
	}
}

static int docs_show(struct req *rq, struct err *e)
{
	(void)e;
	struct buf html = { 0 };
	buf_puts(&html,
		"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
		"content=\"width=device-width, initial-scale=1\"><title>Chatelaine: the API</title>"
		"<link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body><main><h1>The API of this server</h1>"
		"<p>For programs the same is at <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI 3.1). Storage calls carry "
		"<code>X-StorageApi-Token</code>, management calls <code>X-KBC-ManageApiToken</code>. Arguments come as JSON, as "
		"form "
		"fields or in the query.</p>\n");
	add_routes(rq, &html);
	buf_puts(&html, "</main></body></html>\n");
	return reply_text(rq, 200, "text/html; charset=utf-8", &html);
}

static int docs_style(struct req *rq, struct err *e)
{
	(void)e;
	struct buf css = { 0 };
	buf_puts(&css, ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}"
		       "main{max-width:60rem;margin:0 auto;padding:1rem}h2{margin:2rem 0 .5rem;text-transform:capitalize}"
		       "details{border-top:1px solid #8888;padding:.4rem 0}summary{cursor:pointer;overflow-wrap:anywhere}"
		       "summary b{display:inline-block;min-width:4.5rem}table{border-collapse:collapse;width:100%}"
		       "td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}code{font-size:.95em}");
	reply_header(rq, "Cache-Control", "max-age=3600");
	return reply_text(rq, 200, "text/css; charset=utf-8", &css);
}

const struct route OPENAPI_ROUTES[] = {
	{ "GET", "/openapi.json", ALLOW_PUBLIC, EVENT_NONE, RUN_WORK, openapi_show, NULL, "The API as an OpenAPI document" },
	{ "GET", "/docs", ALLOW_PUBLIC, EVENT_NONE, RUN_WORK, docs_show, NULL, "The API as a page" },
	{ "GET", "/docs/style.css", ALLOW_PUBLIC, EVENT_NONE, RUN_WORK, docs_style, NULL, "Its style" },
	{ 0 },
};
