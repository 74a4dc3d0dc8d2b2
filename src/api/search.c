/* Search over the names of a project, of what the caller may see. */
#include "store/search.h"

#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "http/req.h"
#include "store/branch.h"
#include "work/catalogue.h"
#include "work/resource_json.h"

struct search {
	struct req *rq;
	struct branch *branches; /* the default one first */
	size_t branch_count;
	int64_t limit, offset, all;
	json_t *items, *by_type;
};

static const struct branch *branch_of(const struct search *search, int64_t id)
{
	for (size_t i = 0; i < search->branch_count; i++)
		if (search->branches[i].id == id || (id == 0 && search->branches[i].is_default))
			return &search->branches[i];
	return NULL;
}

/* Flows, transformations and shared code are configurations with names of their own. */
static const char *type_of(struct req *rq, const struct search_hit *hit)
{
	json_t *component = *hit->component_id ? catalogue_find(rq->app->catalogue, hit->component_id) : NULL;
	if (!str_eq(hit->kind, "configuration"))
		return hit->kind;
	if (str_eq(hit->component_id, "keboola.flow") || str_eq(hit->component_id, "keboola.orchestrator"))
		return "flow";
	if (str_eq(hit->component_id, "keboola.shared-code"))
		return "shared-code";
	return str_eq(json_string_value(json_object_get(component, "type")), "transformation") ? "transformation" : hit->kind;
}

/* --- what is wanted and allowed --------------------------------------------------------------------------------------------- */

static bool listed_text(json_t *list, const char *text)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item) {
		if (str_eq(json_string_value(item), text))
			return true;
	}
	return json_array_size(list) == 0;
}

static bool listed_number(struct req *rq, const char *name, int64_t number)
{
	return listed_text(arg_json(rq, name), arena_printf(rq->arena, "%lld", (long long)number));
}

static bool permitted(struct req *rq, const struct search_hit *hit)
{
	if (str_eq(hit->kind, "bucket"))
		return permit_bucket_level(rq->who, hit->id) >= BUCKET_READ;
	if (str_eq(hit->kind, "table"))
		return permit_bucket_level(rq->who, hit->bucket_id) >= BUCKET_READ;
	return permit_sees_component(rq->who, hit->component_id);
}

static bool wanted(struct req *rq, const char *type, const struct branch *branch)
{
	return listed_text(arg_json(rq, "types"), type) && listed_number(rq, "projectIds", rq->origin.project_id) &&
	       listed_text(arg_json(rq, "branchTypes"), branch->is_default ? "production" : "development") &&
	       listed_number(rq, "branchIds", branch->id);
}

/* --- as JSON ------------------------------------------------------------------------------------------------------------------ */

static json_t *path_json(struct req *rq, const struct search_hit *hit, const struct branch *branch)
{
	json_t *path = json_pack("{s:{s:I, s:s}, s:{s:I, s:s, s:b, s:b}}", "project", "id", (json_int_t)rq->origin.project_id,
		"name", rq->who->identity->project_name, "branch", "id", (json_int_t)branch->id, "name", branch->name,
		"isDefault", (int)branch->is_default, "isNative", 1);
	if (*hit->component_id) {
		json_t *component = catalogue_find(rq->app->catalogue, hit->component_id);
		const char *name = json_string_value(json_object_get(component, "name"));
		json_object_set_new(
			path, "component", json_pack("{s:s, s:s}", "id", hit->component_id, "name", name ? name : ""));
	}
	if (*hit->configuration_id)
		json_object_set_new(path, "configuration",
			json_pack("{s:s, s:s}", "id", hit->configuration_id, "name", hit->configuration_name));
	if (*hit->bucket_id)
		json_object_set_new(path, "bucket", json_pack("{s:s, s:s}", "id", hit->bucket_id, "name", hit->bucket_name));
	return path;
}

static json_t *hit_json(struct req *rq, const struct search_hit *hit, const char *type, const struct branch *branch)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:s*, s:I, s:I, s:s, s:o}", "id", hit->id, "type", type, "name", hit->name,
		"fullPath", path_json(rq, hit, branch), "componentId", *hit->component_id ? hit->component_id : NULL,
		"organizationId", (json_int_t)rq->who->identity->organization_id, "projectId", (json_int_t)rq->origin.project_id,
		"projectName", rq->who->identity->project_name, "created", json_time(hit->created_us));
}

static int take_hit(void *arg, const struct search_hit *hit, struct err *e)
{
	struct search *search = arg;
	struct req *rq = search->rq;
	const struct branch *branch = branch_of(search, hit->branch_id);
	const char *type = type_of(rq, hit);
	(void)e;
	if (!branch || !permitted(rq, hit) || !wanted(rq, type, branch))
		return 0;
	int64_t place = search->all++;
	json_object_set_new(search->by_type, type, json_integer(json_integer_value(json_object_get(search->by_type, type)) + 1));
	if (place >= search->offset && place < search->offset + search->limit)
		json_array_append_new(search->items, hit_json(rq, hit, type, branch));
	return 0;
}

static int search_global(struct req *rq, struct err *e)
{
	const char *query;
	own(own_json) json_t *items = json_array();
	own(own_json) json_t *by_type = json_object();
	struct search search = { .rq = rq, .items = items, .by_type = by_type };
	int rc = arg_required(rq, "query", &query, e);
	if (rc >= 0 && arg_given(rq, "mode"))
		return fail(e, ERR_NOT_IMPLEMENTED, "Not implemented: names are searched by their beginning, not by a %.32s.",
			arg_text(rq, "mode", ""));
	if (rc >= 0)
		rc = arg_page(rq, 50, 1000, &search.limit, &search.offset, e);
	if (rc >= 0)
		rc = branch_list(rq->db, rq->arena, rq->origin.project_id, &search.branches, &search.branch_count, e);
	if (rc >= 0)
		rc = search_names(rq->db, rq->arena, rq->origin.project_id, query, take_hit, &search, e);
	if (rc < 0)
		return rc;
	char project[24];
	snprintf(project, sizeof(project), "%lld", (long long)rq->origin.project_id);
	json_object_set_new(by_type, "total", json_integer(search.all));
	req_object(rq, NULL, NULL, json_pack("{s:s}", "query", query));
	return reply_json(rq, 200,
		json_pack("{s:I, s:O, s:O, s:{s:s}}", "all", (json_int_t)search.all, "items", items, "byType", by_type,
			"byProject", project, rq->who->identity->project_name));
}

static const struct param SEARCH_PARAMS[] = {
	{ "query", P_TEXT, 1024, "Beginning of the name" },
	{ "types", P_TEXTS, 0, "bucket, table, configuration, configuration-row, transformation, flow, shared-code" },
	{ "projectIds", P_TEXTS, 0, NULL },
	{ "branchTypes", P_TEXTS, 0, "production, development" },
	{ "branchIds", P_TEXTS, 0, NULL },
	{ "limit", P_INT, 0, "Standard 50" },
	{ "offset", P_INT, 0, NULL },
	{ "mode", P_TEXT, 0, "Refused: there is one mode" },
	{ NULL },
};

const struct route SEARCH_ROUTES[] = {
	{ "GET", "/v2/storage/global-search", ALLOW_TOKEN, EVENT_GLOBAL_SEARCHED, RUN_WORK, search_global, SEARCH_PARAMS,
		"Search by name" },
	{ 0 },
};
