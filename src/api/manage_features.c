/* Features, of which projects and people have some, and limits of projects. */
#include <stdlib.h>
#include <string.h>

#include "api/manage.h"
#include "base/own.h"
#include "base/str.h"

/* --- the features there are ------------------------------------------------------------------------------------------------------------- */

static int path_feature(struct req *rq, struct feature **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	int rc = id ? feature_find(rq->db, rq->arena, id, ret, e) : -ERR_ROUTE_NOT_FOUND;
	return rc == 0 ? fail(e, ERR_MANAGE_NOT_FOUND, "The feature was not found.") : rc;
}

static const struct param LIST_PARAMS[] = { { "type", P_TEXT, 32, "project, admin or global" }, { 0 } };

static int features_list(struct req *rq, struct err *e)
{
	struct feature_list list;
	int rc = feature_list(rq->db, rq->arena, arg_text(rq, "type", NULL), &list, e);
	return rc < 0 ? rc : reply_json(rq, 200, manage_list(list, feature_json));
}

static int features_get(struct req *rq, struct err *e)
{
	struct feature *feature = NULL;
	int rc = path_feature(rq, &feature, e);
	return rc < 0 ? rc : reply_json(rq, 200, feature_json(feature));
}

static const struct param CREATE_PARAMS[] = {
	{ "name", P_TEXT, 128, NULL },
	{ "type", P_TEXT, 32, "project, admin or global" },
	{ "title", P_TEXT, 255, NULL },
	{ "description", P_TEXT, 4000, NULL },
	{ 0 },
};

static int features_create(struct req *rq, struct err *e)
{
	const char *name, *type;
	int rc = arg_required(rq, "name", &name, e);
	if (rc < 0 || (rc = arg_required(rq, "type", &type, e)) < 0)
		return rc;
	if (!str_eq(type, "project") && !str_eq(type, "admin") && !str_eq(type, "global"))
		return fail(e, ERR_MANAGE_VALIDATION,
			"Invalid request:\n - type: \"This value should be one of project, admin, global.\"");
	struct feature feature = {
		.name = arena_strdup(rq->arena, name),
		.type = arena_strdup(rq->arena, type),
		.title = arena_strdup(rq->arena, arg_text(rq, "title", name)),
		.description = arena_strdup(rq->arena, arg_text(rq, "description", "")),
	};
	rc = feature_insert(rq->db, &feature, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_MANAGE_VALIDATION, "Feature \"%s\" already exists", name);
	return reply_json(rq, 201, feature_json(&feature));
}

static int features_update(struct req *rq, struct err *e)
{
	struct feature *feature = NULL;
	int rc = path_feature(rq, &feature, e);
	if (rc < 0)
		return rc;
	feature->title = arena_strdup(rq->arena, arg_text(rq, "title", feature->title));
	feature->description = arena_strdup(rq->arena, arg_text(rq, "description", feature->description));
	rc = feature_update(rq->db, feature, e);
	return rc < 0 ? rc : reply_json(rq, 200, feature_json(feature));
}

static int features_delete(struct req *rq, struct err *e)
{
	struct feature *feature = NULL;
	int rc = path_feature(rq, &feature, e);
	if (rc < 0 || (rc = feature_remove(rq->db, feature->id, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

/* --- lists of names kept as text ------------------------------------------------------------------------------------------------------- */

/* The list with name once more (add) or without it; the arena's, NULL when memory is short. */
static char *names_change(struct req *rq, const char *kept, const char *name, bool add)
{
	own(own_json) json_t *names = json_kept(kept), *changed = json_array();
	json_t *one;
	size_t i;
	json_array_foreach(names, i, one)
		if (!str_eq(json_string_value(one), name))
			json_array_append(changed, one);
	if (add)
		json_array_append_new(changed, json_string(name));
	own(own_free) char *text = json_dumps(changed, JSON_COMPACT);
	return arena_strdup(rq->arena, text);
}

static bool names_have(const char *kept, const char *name)
{
	own(own_json) json_t *names = json_kept(kept);
	json_t *one;
	size_t i;
	json_array_foreach(names, i, one)
		if (str_eq(json_string_value(one), name))
			return true;
	return false;
}

/* Before it is given: there is such a feature, and it is not there yet. */
static int names_check(struct req *rq, const char *kept, const char *name, const char *type, struct err *e)
{
	int rc = feature_has_name(rq->db, name, type, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return fail(e, ERR_MANAGE_NOT_FOUND, "Feature \"%s\" not found", name);
	return names_have(kept, name) ? fail(e, ERR_MANAGE_UNPROCESSABLE, "Feature \"%s\" is already assigned", name) : 0;
}

static const struct param NAME_PARAMS[] = { { "feature", P_TEXT, 128, "name of the feature" }, { 0 } };

static int project_save(struct req *rq, struct project *project, json_t *changed, struct err *e)
{
	int rc = project_update(rq->db, project, e);
	struct manage_note note = { EVENT_PROJECT_UPDATED, project->id, project->name, changed };
	if (rc < 0) {
		json_decref(changed);
		return rc;
	}
	return manage_record(rq, project, note, e);
}

static int project_feature(struct req *rq, const char *name, bool add, struct err *e)
{
	struct project *project = NULL;
	int rc = manage_project(rq, PROJECT_OWN, &project, e);
	if (rc < 0 || (add && (rc = names_check(rq, project->features, name, "project", e)) < 0))
		return rc;
	project->features = names_change(rq, project->features, name, add);
	rc = project_save(rq, project, json_pack("{s:s}", add ? "featureAdded" : "featureRemoved", name), e);
	return rc < 0 ? rc : reply_json(rq, add ? 201 : 200, project_json(project, NULL));
}

static int project_feature_add(struct req *rq, struct err *e)
{
	const char *name;
	int rc = arg_required(rq, "feature", &name, e);
	return rc < 0 ? rc : project_feature(rq, name, true, e);
}

static int project_feature_remove(struct req *rq, struct err *e)
{
	return project_feature(rq, req_path(rq, 1), false, e);
}

static int user_feature(struct req *rq, const char *name, bool add, struct err *e)
{
	struct user *user = NULL;
	int rc = str_to_i64(req_path(rq, 0), &(int64_t){ 0 }) ? manage_path_user(rq, 0, &user, e)
							      : user_find_email(rq->db, rq->arena, req_path(rq, 0), &user, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_MANAGE_NOT_FOUND, "The user was not found.");
	if (add && (rc = names_check(rq, user->features, name, "admin", e)) < 0)
		return rc;
	user->features = names_change(rq, user->features, name, add);
	rc = user_update(rq->db, user, e);
	return rc < 0 ? rc : reply_json(rq, add ? 201 : 200, user_json(user));
}

static int user_feature_add(struct req *rq, struct err *e)
{
	const char *name;
	int rc = arg_required(rq, "feature", &name, e);
	return rc < 0 ? rc : user_feature(rq, name, true, e);
}

static int user_feature_remove(struct req *rq, struct err *e)
{
	return user_feature(rq, req_path(rq, 1), false, e);
}

/* --- limits ------------------------------------------------------------------------------------------------------------------------------ */

static int refuse_limits(struct err *e)
{
	return fail(e, ERR_MANAGE_VALIDATION,
		"Invalid request:\n - limits: \"Each is an object with a name and a number as value.\"");
}

static int limit_set(json_t *limits, const json_t *limit, struct err *e)
{
	const char *name = json_string_value(json_object_get(limit, "name"));
	const json_t *value = json_object_get(limit, "value");
	if (str_empty(name) || strlen(name) > 128 || !json_is_integer(value))
		return refuse_limits(e);
	json_object_set(limits, name, (json_t *)value);
	return 0;
}

static const struct param LIMIT_PARAMS[] = { { "limits", P_LIST, 100, "objects with name and value" }, { 0 } };

static int limits_save(struct req *rq, struct project *project, json_t *limits, struct err *e)
{
	own(own_free) char *text = json_dumps(limits, JSON_COMPACT);
	project->limits = arena_strdup(rq->arena, text);
	int rc = project_save(rq, project, json_pack("{s:O}", "limits", limits), e);
	return rc < 0 ? rc : reply_json(rq, 200, project_json(project, NULL));
}

static int limits_add(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	json_t *given = arg_json(rq, "limits"), *limit;
	size_t i;
	int rc = manage_project(rq, PROJECT_OWN, &project, e);
	if (rc < 0)
		return rc;
	if (!given)
		return refuse_limits(e);
	own(own_json) json_t *limits = json_kept(project->limits);
	json_array_foreach(given, i, limit)
		if ((rc = limit_set(limits, limit, e)) < 0)
			return rc;
	return limits_save(rq, project, limits, e);
}

static int limits_remove(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	int rc = manage_project(rq, PROJECT_OWN, &project, e);
	if (rc < 0)
		return rc;
	own(own_json) json_t *limits = json_kept(project->limits);
	json_object_del(limits, req_path(rq, 1));
	return limits_save(rq, project, limits, e);
}

const struct route MANAGE_FEATURE_ROUTES[] = {
	{ "GET", "/manage/features", ALLOW_USER, EVENT_NONE, RUN_LOOP, features_list, LIST_PARAMS,
		.summary = "Features that there are" },
	{ "POST", "/manage/features", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, features_create, CREATE_PARAMS,
		.summary = "Make a feature" },
	{ "GET", "/manage/features/{id}", ALLOW_USER, EVENT_NONE, RUN_LOOP, features_get, .summary = "One feature" },
	{ "PATCH", "/manage/features/{id}", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, features_update, CREATE_PARAMS,
		.summary = "Change a feature" },
	{ "DELETE", "/manage/features/{id}", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, features_delete, .summary = "Delete a feature" },
	{ "POST", "/manage/projects/{id}/features", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, project_feature_add, NAME_PARAMS,
		.summary = "Give a feature to a project" },
	{ "DELETE", "/manage/projects/{id}/features/{name}", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, project_feature_remove,
		.summary = "Take a feature from a project" },
	{ "POST", "/manage/projects/{id}/limits", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, limits_add, LIMIT_PARAMS,
		.summary = "Set limits of a project" },
	{ "DELETE", "/manage/projects/{id}/limits/{name}", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, limits_remove,
		.summary = "Forget a limit" },
	{ "POST", "/manage/users/{idOrEmail}/features", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, user_feature_add, NAME_PARAMS,
		.summary = "Give a feature to an account" },
	{ "DELETE", "/manage/users/{idOrEmail}/features/{name}", ALLOW_SUPER, EVENT_NONE, RUN_WRITE, user_feature_remove,
		.summary = "Take a feature from an account" },
	{ 0 },
};
