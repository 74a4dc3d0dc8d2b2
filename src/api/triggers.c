/* Triggers over HTTP: who may make a configuration run when a table changes, and with which token. */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "http/req.h"
#include "store/table.h"
#include "store/trigger.h"
#include "work/resource_json.h"

static json_t *watched_json(const struct trigger *trigger)
{
	own(own_json) json_t *ids = json_read(trigger->table_ids, 0);
	json_t *tables = json_array(), *id;
	size_t i;
	json_array_foreach(ids, i, id) {
		json_array_append_new(tables, json_pack("{s:O}", "tableId", id));
	}
	return tables;
}

static json_t *trigger_json(const struct trigger *trigger)
{
	return json_pack("{s:I, s:I, s:s, s:s, s:o, s:I, s:{s:I, s:s}, s:o}", "id", (json_int_t)trigger->id, "runWithTokenId",
		(json_int_t)trigger->run_with_token_id, "component", trigger->component_id, "configurationId",
		trigger->configuration_id, "lastRun", json_time(trigger->last_run_us), "coolDownPeriodMinutes",
		(json_int_t)trigger->cool_down_minutes, "creatorToken", "id", (json_int_t)trigger->creator_token_id,
		"description", trigger->creator_description, "tables", watched_json(trigger));
}

static void trigger_event(struct req *rq, const struct trigger *trigger)
{
	req_object(rq, arena_printf(rq->arena, "%lld", (long long)trigger->id), NULL,
		json_pack("{s:s, s:s, s:I, s:o}", "component", trigger->component_id, "configurationId",
			trigger->configuration_id, "runWithTokenId", (json_int_t)trigger->run_with_token_id, "tableIds",
			json_read(trigger->table_ids, 0)));
}

/* --- who -------------------------------------------------------------------------------------------------------------------- */

/* Master tokens and those that manage buckets may all triggers; the others need every component named. */
static int permit_trigger(struct req *rq, const char *const components[2], struct err *e)
{
	own(buf_done) struct buf missing = { 0 };
	for (int i = 0; i < 2; i++) {
		if (!components[i] || permit_sees_component(rq->who, components[i]) ||
			(i == 1 && str_eq(components[0], components[1])))
			continue;
		buf_printf(&missing, "%s%s", missing.length ? ", " : "", components[i]);
	}
	if (!missing.length)
		return 0;
	return fail(e, ERR_ACCESS_DENIED,
		"Your token does not have sufficient privilege. Token is neither admin token nor does it have canManageBucket "
		"permission nor does it have access to component(s) \"%s\".",
		missing.data);
}

static int check_token(struct req *rq, int64_t token_id, struct err *e)
{
	struct token *token;
	int rc = token_find(rq->db, rq->arena, rq->origin.project_id, token_id, &token, e);
	if (rc == 0)
		return fail(e, ERR_TOKEN_NOT_FOUND, "Token with id \"%lld\" was not found.", (long long)token_id);
	if (rc < 0)
		return rc;
	if (token->expires_us)
		return fail(e, ERR_TRIGGER_VALIDATION, "The 'runByToken' has expiration set. Use token without expiration.");
	if (token->is_master && !rq->who->identity->token.is_master)
		return fail(e, ERR_TRIGGER_VALIDATION,
			"The 'runByToken' cannot be admin's token when your main token is not admin's");
	return token->is_master ? 0 : token_hold(rq->db, token->project_id, token->id, e);
}

/* The permission is asked before the table is looked up: the same answer for absent and forbidden. */
static int check_tables(struct req *rq, json_t *ids, struct err *e)
{
	size_t i;
	json_t *id;
	json_array_foreach(ids, i, id) {
		struct table *table;
		const char *table_id = json_string_value(id), *dot = strrchr(table_id, '.');
		const char *bucket_id = dot ? arena_strndup(rq->arena, table_id, (size_t)(dot - table_id)) : table_id;
		int rc = permit_bucket(rq->who, bucket_id, BUCKET_READ, e);
		if (rc >= 0)
			rc = table_get(rq->db, rq->arena, rq->origin.project_id, table_id, &table, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* --- reading ----------------------------------------------------------------------------------------------------------------- */

static bool wanted(struct req *rq, const struct trigger *trigger)
{
	const char *component = arg_text(rq, "component", NULL), *configuration = arg_text(rq, "configurationId", NULL);
	return permit_sees_component(rq->who, trigger->component_id) &&
	       (str_empty(component) || str_eq(component, trigger->component_id)) &&
	       (str_empty(configuration) || str_eq(configuration, trigger->configuration_id));
}

static int triggers_list(struct req *rq, struct err *e)
{
	struct trigger_list triggers = { NULL, 0 };
	int rc = trigger_list(rq->db, rq->arena, rq->origin.project_id, &triggers, e);
	if (rc < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < triggers.count; i++)
		if (wanted(rq, &triggers.items[i]))
			json_array_append_new(list, trigger_json(&triggers.items[i]));
	return reply_json(rq, 200, list);
}

static int find_trigger(struct req *rq, struct trigger **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	if (id == 0)
		return -ERR_ROUTE_NOT_FOUND;
	int rc = trigger_find(rq->db, rq->arena, rq->origin.project_id, id, ret, e);
	return rc == 0 ? fail(e, ERR_TRIGGER_NOT_FOUND, NULL) : rc;
}

static int triggers_detail(struct req *rq, struct err *e)
{
	struct trigger *trigger;
	int rc = find_trigger(rq, &trigger, e);
	if (rc < 0)
		return rc;
	if (!permit_sees_component(rq->who, trigger->component_id))
		return fail(e, ERR_TRIGGER_NOT_FOUND, NULL);
	trigger_event(rq, trigger);
	return reply_json(rq, 200, trigger_json(trigger));
}

/* --- changing ---------------------------------------------------------------------------------------------------------------- */

static int missing(const char *field, struct err *e)
{
	return fail(e, ERR_TRIGGER_VALIDATION, "Invalid parameters - %s: This field is missing.", field);
}

/* What was given replaces what is there. */
static int read_trigger(struct req *rq, struct trigger *trigger, struct err *e)
{
	json_t *tables = arg_json(rq, "tableIds");
	trigger->component_id = arg_text(rq, "component", trigger->component_id);
	trigger->configuration_id = arg_text(rq, "configurationId", trigger->configuration_id);
	trigger->run_with_token_id = arg_int(rq, "runWithTokenId", trigger->run_with_token_id);
	trigger->cool_down_minutes = arg_int(rq, "coolDownPeriodMinutes", trigger->cool_down_minutes);
	if (json_array_size(tables) > 0) {
		own(own_free) char *text = json_dumps(tables, JSON_COMPACT);
		trigger->table_ids = arena_strdup(rq->arena, text);
	}
	if (str_empty(trigger->component_id))
		return missing("component", e);
	if (str_empty(trigger->configuration_id))
		return missing("configurationId", e);
	if (!trigger->run_with_token_id)
		return missing("runWithTokenId", e);
	if (!trigger->table_ids)
		return missing("tableIds", e);
	if (trigger->cool_down_minutes < 1)
		return fail(e, ERR_TRIGGER_VALIDATION, "Minimal cool down period is 1 minute");
	return 0;
}

/* The token before the tables (behaviour.md §9). */
static int check_trigger(struct req *rq, const struct trigger *trigger, const char *old_component, struct err *e)
{
	int rc = permit_trigger(rq, (const char *const[]){ trigger->component_id, old_component }, e);
	if (rc >= 0 && arg_given(rq, "runWithTokenId"))
		rc = check_token(rq, trigger->run_with_token_id, e);
	return rc < 0 ? rc : check_tables(rq, arg_json(rq, "tableIds"), e);
}

static int triggers_create(struct req *rq, struct err *e)
{
	struct trigger trigger = {
		.project_id = rq->origin.project_id,
		.last_run_us = now_us(),
		.creator_token_id = rq->origin.token_id,
		.creator_description = rq->origin.token_description,
	};
	int rc = read_trigger(rq, &trigger, e);
	if (rc >= 0)
		rc = check_trigger(rq, &trigger, NULL, e);
	if (rc >= 0)
		rc = trigger_insert(rq->db, &trigger, e);
	if (rc < 0)
		return rc;
	trigger_event(rq, &trigger);
	return reply_json(rq, 201, trigger_json(&trigger));
}

static int triggers_update(struct req *rq, struct err *e)
{
	struct trigger *trigger;
	int rc = find_trigger(rq, &trigger, e);
	if (rc < 0)
		return rc;
	const char *old_component = trigger->component_id;
	rc = read_trigger(rq, trigger, e);
	if (rc >= 0)
		rc = check_trigger(rq, trigger, old_component, e);
	if (rc >= 0)
		rc = trigger_update(rq->db, trigger, e);
	if (rc < 0)
		return rc;
	trigger_event(rq, trigger);
	return reply_json(rq, 200, trigger_json(trigger));
}

static int triggers_delete(struct req *rq, struct err *e)
{
	struct trigger *trigger;
	int rc = find_trigger(rq, &trigger, e);
	if (rc >= 0)
		rc = permit_trigger(rq, (const char *const[]){ trigger->component_id, NULL }, e);
	if (rc >= 0)
		rc = trigger_remove(rq->db, trigger, e);
	if (rc < 0)
		return rc;
	trigger_event(rq, trigger);
	return reply_none(rq, 204);
}

static const struct param LIST_PARAMS[] = {
	{ "component", P_TEXT, 0, NULL },
	{ "configurationId", P_TEXT, 0, NULL },
	{ NULL },
};

static const struct param TRIGGER_PARAMS[] = {
	{ "component", P_TEXT, 255, "Component whose configuration is to run" },
	{ "configurationId", P_TEXT, 255, NULL },
	{ "runWithTokenId", P_INT, 0, "Token that it runs with" },
	{ "coolDownPeriodMinutes", P_INT, 0, "Shortest time between two runs" },
	{ "tableIds", P_TEXTS, 1000, "Tables whose change starts it" },
	{ NULL },
};

const struct route TRIGGER_ROUTES[] = {
	{ "GET", "/v2/storage/triggers", ALLOW_TOKEN, EVENT_TRIGGERS_LISTED, RUN_WORK, triggers_list, LIST_PARAMS,
		"List triggers" },
	{ "POST", "/v2/storage/triggers", ALLOW_WRITER, EVENT_TRIGGER_CREATED, RUN_WRITE, triggers_create, TRIGGER_PARAMS,
		"Create a trigger" },
	{ "GET", "/v2/storage/triggers/{id}", ALLOW_TOKEN, EVENT_TRIGGER_READ, RUN_WORK, triggers_detail, NULL,
		"Read a trigger" },
	{ "PUT", "/v2/storage/triggers/{id}", ALLOW_WRITER, EVENT_TRIGGER_UPDATED, RUN_WRITE, triggers_update, TRIGGER_PARAMS,
		"Change a trigger" },
	{ "DELETE", "/v2/storage/triggers/{id}", ALLOW_WRITER, EVENT_TRIGGER_DELETED, RUN_WRITE, triggers_delete, NULL,
		"Delete a trigger" },
	{ 0 },
};
