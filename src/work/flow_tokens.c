/* What a flow needs, and the token that may just that. */
#include "work/flow_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "auth/permit.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/branch.h"
#include "store/bucket.h"
#include "store/config_row.h"
#include "work/catalogue.h"
#include "work/tokens.h"

#define TASKS_MAX 1000

/* Sets: component ids, and buckets with the level that is needed. */
struct needs {
	json_t *components, *buckets;
};

static void needs_done(struct needs *needs)
{
	json_decref(needs->components);
	json_decref(needs->buckets);
}

/* --- what the tasks need ------------------------------------------------------------------------------------------------------ */

static void need_bucket(struct needs *needs, const char *bucket_id, size_t length, enum bucket_level level)
{
	json_t *known = json_object_getn(needs->buckets, bucket_id, length);
	if (length && json_integer_value(known) < (json_int_t)level)
		json_object_setn_new(needs->buckets, bucket_id, length, json_integer(level));
}

static void need_tables(struct needs *needs, json_t *tables, const char *member, enum bucket_level level)
{
	size_t i;
	json_t *table;
	json_array_foreach(tables, i, table) {
		const char *id = json_string_value(json_object_get(table, member)), *dot = id ? strrchr(id, '.') : NULL;
		if (dot)
			need_bucket(needs, id, (size_t)(dot - id), level);
	}
}

/* The mappings of one configuration or row. */
static void need_mappings(struct needs *needs, const char *configuration)
{
	own(own_json) json_t *json = json_read(configuration, 0);
	json_t *storage = json_object_get(json, "storage");
	json_t *input = json_object_get(storage, "input"), *output = json_object_get(storage, "output");
	const char *bucket = json_string_value(json_object_get(output, "default_bucket"));
	need_tables(needs, json_object_get(input, "tables"), "source", BUCKET_READ);
	need_tables(needs, json_object_get(output, "tables"), "destination", BUCKET_WRITE);
	if (bucket)
		need_bucket(needs, bucket, strlen(bucket), BUCKET_WRITE);
}

static int need_config(const struct flow_change *change, struct needs *needs, const struct config_key *key, struct err *e)
{
	struct config *config;
	struct config_row_list rows = { NULL, 0 };
	json_object_set_new(needs->components, key->component_id, json_true());
	int rc = key->id ? config_find(change->db, change->arena, key, &config, e) : 0;
	if (rc <= 0 || config->is_deleted)
		return rc < 0 ? rc : 0;
	need_mappings(needs, config->configuration);
	rc = config_row_list(change->db, change->arena, config, &rows, e);
	for (size_t i = 0; i < rows.count && rc >= 0; i++)
		need_mappings(needs, rows.items[i].configuration);
	return rc;
}

/* Both spellings of tasks: {"task": {"componentId", "configId"}} and {"component", "actionParameters": {"config"}}. */
static int need_task(
	const struct flow_change *change, struct needs *needs, const struct config *flow, json_t *item, struct err *e)
{
	json_t *task = json_object_get(item, "task"), *old_parameters = json_object_get(item, "actionParameters");
	const char *component = json_string_value(json_object_get(task, "componentId"));
	const char *config = json_string_value(json_object_get(task, "configId"));
	struct config_key key = {
		.project_id = flow->project_id,
		.branch_id = flow->branch_id,
		.component_id = component ? component : json_string_value(json_object_get(item, "component")),
		.id = config ? config : json_string_value(json_object_get(old_parameters, "config")),
	};
	if (!key.component_id || json_is_false(json_object_get(item, "enabled")) ||
		json_is_false(json_object_get(item, "active")))
		return 0;
	return need_config(change, needs, &key, e);
}

static int needs_of(const struct flow_change *change, const struct config *flow, struct needs *needs, struct err *e)
{
	own(own_json) json_t *json = json_read(flow->configuration, 0);
	json_t *tasks = json_object_get(json, "tasks");
	int rc = 0;
	for (size_t i = 0; i < json_array_size(tasks) && i < TASKS_MAX && rc >= 0; i++)
		rc = need_task(change, needs, flow, json_array_get(tasks, i), e);
	return rc;
}

/* --- what of it is given ------------------------------------------------------------------------------------------------------- */

static bool had_component(const struct token *token, const char *component_id)
{
	for (size_t i = 0; i < token->component_count; i++)
		if (str_eq(token->components[i], component_id))
			return true;
	return false;
}

static enum bucket_level had_bucket(const struct token *token, const char *bucket_id)
{
	for (size_t i = 0; i < token->bucket_count; i++)
		if (str_eq(token->buckets[i].bucket_id, bucket_id))
			return token->buckets[i].level;
	return BUCKET_NONE;
}

static int text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int bucket_order(const void *a, const void *b)
{
	return strcmp(((const struct bucket_permission *)a)->bucket_id, ((const struct bucket_permission *)b)->bucket_id);
}

/* What is needed and (the caller may it, or the token could it before: then somebody who might has given it). */
static void give_components(
	const struct flow_change *change, const struct needs *needs, const struct token *before, struct token *token)
{
	const char *id;
	json_t *ignored;
	token->components = arena_array(change->arena, char *, json_object_size(needs->components) + 1);
	token->component_count = 0;
	json_object_foreach(needs->components, id, ignored) {
		if (token->components && (permit_sees_component(change->who, id) || had_component(before, id)))
			token->components[token->component_count++] = arena_strdup(change->arena, id);
	}
	if (token->component_count > 1)
		qsort(token->components, token->component_count, sizeof(*token->components), text_order);
}

static int give_buckets(const struct flow_change *change, const struct needs *needs, const struct token *before,
	struct token *token, struct err *e)
{
	const char *id;
	json_t *level;
	token->buckets = arena_array(change->arena, struct bucket_permission, json_object_size(needs->buckets) + 1);
	token->bucket_count = 0;
	json_object_foreach(needs->buckets, id, level) {
		struct bucket *bucket;
		enum bucket_level need = (enum bucket_level)json_integer_value(level), may = permit_bucket_level(change->who, id);
		may = may > had_bucket(before, id) ? may : had_bucket(before, id);
		int rc = may ? bucket_find(change->db, change->arena, token->project_id, id, &bucket, e) : 0;
		if (rc < 0)
			return rc;
		if (rc > 0 && token->buckets)
			token->buckets[token->bucket_count++] =
				(struct bucket_permission){ arena_strdup(change->arena, id), need < may ? need : may };
	}
	if (token->bucket_count > 1)
		qsort(token->buckets, token->bucket_count, sizeof(*token->buckets), bucket_order);
	return 0;
}

static int fit(const struct flow_change *change, const struct config *flow, struct token *token, struct err *e)
{
	own(needs_done) struct needs needs = { json_object(), json_object() };
	struct token before = *token;
	int rc = needs_of(change, flow, &needs, e);
	if (rc < 0)
		return rc;
	token->description = arena_printf(change->arena, "Flow \"%s\" (%s %s)", flow->name, flow->component_id, flow->id);
	give_components(change, &needs, &before, token);
	return give_buckets(change, &needs, &before, token, e);
}

/* --- the token's life ----------------------------------------------------------------------------------------------------------- */

static int record(const struct flow_change *change, const struct token *token, enum event_type type, const struct config *flow,
	struct err *e)
{
	own(own_json) json_t *params = json_pack("{s:s, s:s}", "component", flow->component_id, "configurationId", flow->id);
	struct event_object object = {
		.id = arena_printf(change->arena, "%lld", (long long)token->id),
		.name = token->description,
		.params = params,
	};
	return emit(change->db, change->origin, type, &object, e);
}

static int make(const struct flow_change *change, struct config *flow, struct err *e)
{
	own(own_secret) char *string = NULL;
	const struct token *maker = &change->who->identity->token;
	struct token token = {
		.project_id = flow->project_id,
		.creator_token_id = maker->id,
		.creator_description = maker->description,
		.admin_id = maker->admin_id,
		.can_create_jobs = true,
	};
	int rc = fit(change, flow, &token, e);
	if (rc >= 0)
		rc = token_make(change->db, &token, &string, e);
	if (rc >= 0)
		rc = record(change, &token, EVENT_TOKEN_CREATED, flow, e);
	flow->own_token_id = token.id;
	return rc < 0 ? rc : config_update_token(change->db, flow, e);
}

static int change_token(const struct flow_change *change, const struct config *flow, struct token *token, struct err *e)
{
	own(own_secret) char *string = NULL;
	int rc = fit(change, flow, token, e);
	if (rc >= 0)
		rc = token_update(change->db, token, e);
	if (rc >= 0)
		rc = token_renew(change->db, token, &string, e);
	return rc < 0 ? rc : record(change, token, EVENT_TOKEN_REFRESHED, flow, e);
}

static int find_token(const struct flow_change *change, const struct config *flow, struct token **ret, struct err *e)
{
	return flow->own_token_id ? token_find(change->db, change->arena, flow->project_id, flow->own_token_id, ret, e) : 0;
}

static int end(const struct flow_change *change, struct config *config, struct err *e)
{
	struct token *token;
	int rc = find_token(change, config, &token, e);
	if (rc > 0)
		rc = token_end(change->db, token, change->origin, EVENT_TOKEN_DELETED, e);
	if (rc < 0 || !config->own_token_id)
		return rc;
	config->own_token_id = 0;
	return config_update_token(change->db, config, e);
}

int flow_token_keep(const struct flow_change *change, struct config *config, struct err *e)
{
	int64_t default_branch;
	struct token *token;
	if (!catalogue_owns_token(change->app->catalogue, config->component_id))
		return 0;
	int rc = branch_default_id(change->db, config->project_id, &default_branch, e);
	if (rc < 0 || default_branch != config->branch_id)
		return rc;
	if (config->is_deleted)
		return end(change, config, e);
	rc = find_token(change, config, &token, e);
	if (rc < 0)
		return rc;
	return rc > 0 ? change_token(change, config, token, e) : make(change, config, e);
}
