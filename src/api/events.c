/* Events over HTTP: what clients post, what a token may see of the history (R14, R15). */
#include "api/events.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/shortage.h"
#include "base/signature.h"
#include "base/str.h"
#include "http/req.h"
#include "store/bucket.h"
#include "store/checkpoint.h"
#include "store/event.h"
#include "store/table.h"
#include "work/catalogue.h"
#include "work/files.h"
#include "work/resource_json.h"

#define EVENT_SIZE_MAX (200 * 1024)
#define LIST_SIZE_MAX (32 * 1024 * 1024)

/* --- one event as JSON ------------------------------------------------------------------------------------------------------- */

static json_t *text_or_null(const char *text)
{
	return str_empty(text) ? json_null() : json_string(text);
}

/* Stored JSON again; what is empty is an object, never a list (behaviour.md §3.1). */
static json_t *stored_json(const char *text, json_t *empty)
{
	json_t *value = str_empty(text) ? NULL : json_read(text, 0);
	if (!value)
		return empty;
	json_decref(empty);
	return value;
}

static json_t *performance_json(const struct event *event)
{
	return event->has_duration ? json_pack("{s:f}", "duration", event->duration_s) : json_object();
}

static json_t *context_json(const struct event *event)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:b, s:o}", "remoteAddr", text_or_null(event->address), "httpReferer",
		text_or_null(event->referer), "httpUserAgent", text_or_null(event->user_agent), "apiVersion", "v2", "userAgent",
		text_or_null(event->client_agent), "async", (int)event->is_async, "via", text_or_null(event->via));
}

json_t *event_json(const char *public_url, const struct event *event)
{
	char token_id[24], uri[512];
	snprintf(token_id, sizeof(token_id), "%lld", (long long)event->token_id);
	snprintf(uri, sizeof(uri), "%s/v2/storage/events/%s", public_url, event->id);
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "id", event->id, "uuid",
		event->id, "event", event->name, "component", event->component, "message", event->message, "description",
		event->description, "type", event->level, "runId", text_or_null(event->run_id), "created",
		json_time(event->created_us), "configurationId", text_or_null(event->configuration_id), "objectId",
		text_or_null(event->object_id), "objectName", text_or_null(event->object_name), "objectType",
		text_or_null(event->object_type));
	json_object_set_new(json, "context", context_json(event));
	json_object_set_new(json, "params", stored_json(event->params, json_object()));
	json_object_set_new(json, "results", stored_json(event->results, json_object()));
	json_object_set_new(json, "performance", performance_json(event));
	json_object_set_new(json, "token",
		event->token_id ? json_pack("{s:s, s:s}", "id", token_id, "name", event->token_name) : json_null());
	json_object_set_new(json, "idBranch", json_integer(event->branch_id));
	json_object_set_new(json, "uri", json_string(uri));
	json_object_set_new(json, "attachments", stored_json(event->attachments, json_array()));
	json_object_set_new(json, "operation", json_string(event->operation));
	json_object_set_new(json, "outcome", json_string(event->outcome));
	return json;
}

/* --- reading --------------------------------------------------------------------------------------------------------------- */

/* What a limited token sees is what it caused; a master token sees everything (R15). */
static int64_t seen_by(struct req *rq)
{
	return permit_sees_all_events(rq->who) ? 0 : rq->who->identity->token.id;
}

static int read_event_id(struct req *rq, const char *name, const char **ret, struct err *e)
{
	const char *text = arg_text(rq, name, NULL);
	if (str_empty(text))
		return 0;
	if (!uuid_valid(text)) {
		fail(e, ERR_VALIDATION, "Invalid request:\n - %s: \"This is not the uuid of an event.\"", name);
		err_field(e, name, "This is not the uuid of an event.");
		return -ERR_VALIDATION;
	}
	char *id = arena_strdup(rq->arena, text);
	str_lower(id);
	*ret = id;
	return 0;
}

static int read_filter(struct req *rq, struct event_filter *ret, struct err *e)
{
	const char *order = arg_text(rq, "sortOrder", "desc");
	*ret = (struct event_filter){
		.project_id = rq->origin.project_id,
		.branch_id = rq->branch_id,
		.seen_by = seen_by(rq),
		.component = arg_text(rq, "component", NULL),
		.configuration_id = arg_text(rq, "configurationId", NULL),
		.run_id = arg_text(rq, "runId", NULL),
		.operation = arg_text(rq, "operation", NULL),
		.outcome = arg_text(rq, "outcome", NULL),
		.q = arg_text(rq, "q", NULL),
		.oldest_first = str_eq(order, "asc"),
	};
	if (!str_empty(order) && !str_eq(order, "asc") && !str_eq(order, "desc"))
		return fail(e, ERR_VALIDATION, "Invalid request:\n - sortOrder: \"Possible values are asc and desc.\"");
	int rc = read_event_id(rq, "sinceId", &ret->since_id, e);
	if (rc == 0)
		rc = read_event_id(rq, "maxId", &ret->max_id, e);
	return rc < 0 ? rc : arg_page(rq, 100, 10000, &ret->limit, &ret->offset, e);
}

static int show_attachments(struct req *rq, json_t *json, struct err *e)
{
	return file_attachments_show(rq->app, rq->db, rq->arena, rq->who, json_object_get(json, "attachments"), e);
}

struct listing {
	struct req *rq;
	json_t *list;
	size_t size;
};

static int list_event(void *arg, const struct event *event, struct err *e)
{
	struct listing *listing = arg;
	int rc = shortage_check(0, e);
	if (rc < 0)
		return rc;
	listing->size += strlen(event->message) + strlen(event->description) + strlen(event->params) + strlen(event->results);
	if (listing->size > LIST_SIZE_MAX)
		return fail(e, ERR_TOO_LARGE, "These events are too large for one answer: ask for fewer with limit.");
	json_t *json = event_json(req_public_url(listing->rq), event);
	if (json_array_append_new(listing->list, json) < 0)
		return fail(e, ERR_INTERNAL, NULL);
	return show_attachments(listing->rq, json, e);
}

static int reply_events(struct req *rq, const struct event_filter *filter, struct err *e)
{
	struct listing listing = { rq, json_array(), 0 };
	int rc = event_list(rq->db, rq->arena, filter, list_event, &listing, e);
	if (rc < 0) {
		json_decref(listing.list);
		return rc;
	}
	return reply_json(rq, 200, listing.list);
}

static int events_list(struct req *rq, struct err *e)
{
	struct event_filter filter;
	int rc = read_filter(rq, &filter, e);
	return rc < 0 ? rc : reply_events(rq, &filter, e);
}

static int events_detail(struct req *rq, struct err *e)
{
	struct event event;
	struct event_filter who = { .project_id = rq->origin.project_id, .branch_id = rq->branch_id, .seen_by = seen_by(rq) };
	char *id = arena_strdup(rq->arena, req_path(rq, 0));
	if (!id)
		return fail(e, ERR_UNAVAILABLE, NULL);
	str_lower(id);
	int rc = event_find(rq->db, rq->arena, &who, id, &event, e);
	if (rc == 0)
		return fail(e, ERR_EVENT_NOT_FOUND, NULL);
	if (rc < 0)
		return rc;
	json_t *json = event_json(req_public_url(rq), &event);
	rc = show_attachments(rq, json, e);
	if (rc < 0) {
		json_decref(json);
		return rc;
	}
	return reply_json(rq, 200, json);
}

/* The history of a token that is gone is still there. */
static int events_list_token(struct req *rq, struct err *e)
{
	struct event_filter filter;
	int64_t token_id = req_path_id(rq, 0, e);
	if (token_id == 0)
		return -ERR_ROUTE_NOT_FOUND;
	int rc = permit_token_read(rq->who, token_id, e);
	if (rc == 0)
		rc = read_filter(rq, &filter, e);
	if (rc < 0)
		return rc;
	filter.about_token = token_id;
	return reply_events(rq, &filter, e);
}

static int events_list_bucket(struct req *rq, struct err *e)
{
	struct event_filter filter;
	struct bucket *bucket;
	const char *bucket_id = req_path(rq, 0);
	int rc = permit_bucket(rq->who, bucket_id, BUCKET_READ, e);
	if (rc == 0)
		rc = bucket_get(rq->db, rq->arena, rq->origin.project_id, bucket_id, &bucket, e);
	if (rc >= 0)
		rc = read_filter(rq, &filter, e);
	if (rc < 0)
		return rc;
	filter.object_type = "bucket";
	filter.object_id = bucket_id;
	return reply_events(rq, &filter, e);
}

static int events_list_table(struct req *rq, struct err *e)
{
	struct event_filter filter;
	struct table *table;
	const char *table_id = req_path(rq, 0), *dot = strrchr(table_id, '.');
	const char *bucket_id = dot ? arena_strndup(rq->arena, table_id, (size_t)(dot - table_id)) : table_id;
	int rc = permit_bucket(rq->who, bucket_id, BUCKET_READ, e);
	if (rc == 0)
		rc = table_get(rq->db, rq->arena, rq->origin.project_id, table_id, &table, e);
	if (rc >= 0)
		rc = read_filter(rq, &filter, e);
	if (rc < 0)
		return rc;
	filter.object_type = "table";
	filter.object_id = table_id;
	return reply_events(rq, &filter, e);
}

/* --- checkpoints ------------------------------------------------------------------------------------------------------------ */

static json_t *checkpoint_json(const struct checkpoint *checkpoint)
{
	return json_pack("{s:I, s:s, s:s, s:I, s:s, s:s, s:s, s:o}", "number", (json_int_t)checkpoint->number, "from",
		checkpoint->from_id, "until", checkpoint->until_id, "events", (json_int_t)checkpoint->event_count, "previousHash",
		checkpoint->previous_hash, "hash", checkpoint->hash, "signature", checkpoint->signature, "created",
		json_time(checkpoint->created_us));
}

/* Whoever keeps one of these elsewhere can prove later what the history was. */
static int events_checkpoints(struct req *rq, struct err *e)
{
	struct checkpoint_list list = { NULL, 0 };
	char public_key[SIGNATURE_KEY_TEXT_SIZE];
	int64_t limit, offset;
	int rc = arg_page(rq, 100, 1000, &limit, &offset, e);
	if (rc >= 0)
		rc = checkpoint_list(
			rq->db, rq->arena, rq->origin.project_id, (const int64_t[]){ arg_int(rq, "after", 0), limit }, &list, e);
	if (rc < 0)
		return rc;
	json_t *checkpoints = json_array();
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(checkpoints, checkpoint_json(&list.items[i]));
	signature_public_key(public_key);
	return reply_json(rq, 200, json_pack("{s:s, s:o}", "publicKey", public_key, "checkpoints", checkpoints));
}

/* --- posting --------------------------------------------------------------------------------------------------------------- */

static int invalid_member(const char *name, const char *message, struct err *e)
{
	fail(e, ERR_VALIDATION, "Invalid request:\n - %s: \"%s\"", name, message);
	err_field(e, name, message);
	return -ERR_VALIDATION;
}

static int read_posted_json(struct req *rq, const char *name, const char **ret, struct err *e)
{
	json_t *value = arg_json(rq, name);
	*ret = "";
	if (json_object_size(value) == 0)
		return 0;
	own(own_free) char *text = json_dumps(value, JSON_COMPACT);
	*ret = arena_strdup(rq->arena, text);
	return *ret ? 0 : fail_internal(e, ERR_INTERNAL, "no memory for an event");
}

static int check_type(const char *type, struct err *e)
{
	static const char *const types[] = { "info", "success", "warn", "error" };
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_eq(type, types[i]))
			return 0;
	return invalid_member("type", "Possible values are info, success, warn, error.", e);
}

static int read_posted(struct req *rq, struct event *ret, struct err *e)
{
	const char *type = arg_text(rq, "type", "");
	json_t *duration = arg_json(rq, "duration");
	*ret = (struct event){
		.configuration_id = arg_text(rq, "configurationId", ""),
		.description = arg_text(rq, "description", ""),
		.level = str_empty(type) ? "info" : type,
		.run_id = arg_text(rq, "runId", rq->origin.run_id),
		.has_duration = json_is_number(duration),
		.duration_s = json_number_value(duration),
	};
	int rc = arg_required(rq, "component", &ret->component, e);
	if (rc == 0)
		rc = arg_required(rq, "message", &ret->message, e);
	if (rc == 0)
		rc = check_type(ret->level, e);
	if (rc == 0)
		rc = read_posted_json(rq, "params", &ret->params, e);
	if (rc == 0)
		rc = read_posted_json(rq, "results", &ret->results, e);
	if (rc < 0)
		return rc;
	size_t size = strlen(ret->message) + strlen(ret->description) + strlen(ret->params) + strlen(ret->results) +
		      strlen(ret->component) + strlen(ret->configuration_id);
	if (size > EVENT_SIZE_MAX)
		return fail(e, ERR_TOO_LARGE, "The event is too large: the most is 200 KB.");
	return catalogue_check_event(rq->app->catalogue, ret->component, arg_json(rq, "params"), arg_json(rq, "results"), e);
}

static int events_post(struct req *rq, struct err *e)
{
	struct event event;
	char id[UUID_TEXT_SIZE];
	int rc = read_posted(rq, &event, e);
	if (rc < 0)
		return rc;
	event.project_id = rq->origin.project_id;
	event.branch_id = rq->branch_id;
	event.created_us = now_us();
	event.id = uuid_v7(event.created_us, id);
	event.name = arena_printf(rq->arena, "ext.%s.%s", event.component, event.configuration_id);
	event.token_id = rq->origin.token_id;
	event.token_name = rq->origin.token_description;
	event.operation = operation_class_name(OP_WRITE);
	event.outcome = str_eq(event.level, "error") ? "error" : "success";
	event.address = rq->origin.address;
	event.user_agent = rq->origin.user_agent;
	event.client_agent = rq->origin.client_agent;
	event.referer = rq->origin.referer;
	event.via = rq->origin.via;
	rc = event_insert(rq->db, &event, e);
	if (rc < 0)
		return rc;
	req_no_event(rq);
	return reply_json(rq, 201, json_pack("{s:s, s:s}", "id", id, "uuid", id));
}

/* No body is larger: what is too large is said to be so, see EVENT_SIZE_MAX. */
#define POSTED_TEXT_MAX (1024 * 1024 * 1024)

static const struct param POST_PARAMS[] = {
	{ "component", P_TEXT, 1024, "Component that the event is of" },
	{ "message", P_TEXT, POSTED_TEXT_MAX, "What happened" },
	{ "description", P_TEXT, POSTED_TEXT_MAX, "More about it" },
	{ "type", P_TEXT, 0, "info (standard), success, warn or error" },
	{ "configurationId", P_TEXT, 1024, NULL },
	{ "runId", P_TEXT, 1024, "Standard: the header X-KBC-RunId" },
	{ "params", P_MAP, EVENT_SIZE_MAX, "Object, or its text" },
	{ "results", P_MAP, EVENT_SIZE_MAX, "Object, or its text" },
	{ "duration", P_NUMBER, 0, "Seconds" },
	{ NULL },
};

static const struct param LIST_PARAMS[] = {
	{ "limit", P_INT, 0, "At most 10000, standard 100" },
	{ "offset", P_INT, 0, NULL },
	{ "sinceId", P_TEXT, 0, "Only events after this one" },
	{ "maxId", P_TEXT, 0, "Only events before this one" },
	{ "forceUuid", P_BOOL, 0, "Ids are always uuids" },
	{ "component", P_TEXT, 0, NULL },
	{ "configurationId", P_TEXT, 0, NULL },
	{ "runId", P_TEXT, 0, "This run and the runs below it" },
	{ "operation", P_TEXT, 0, "read, write or manage" },
	{ "outcome", P_TEXT, 0, "success, refused or error" },
	{ "q", P_TEXT, 0, "event:storage.tableCreated AND NOT token.id:12; see the documentation" },
	{ "sortOrder", P_TEXT, 0, "desc (standard) or asc" },
	{ NULL },
};

static const struct param CHECKPOINT_PARAMS[] = {
	{ "after", P_INT, 0, "Only those after this number" },
	{ "limit", P_INT, 0, "At most 1000, standard 100" },
	{ NULL },
};

const struct route EVENT_ROUTES[] = {
	{ "GET", "/v2/storage/events/checkpoints", ALLOW_MASTER, EVENT_NONE, RUN_WORK, events_checkpoints, CHECKPOINT_PARAMS,
		"Signed checkpoints of the project's events" },
	{ "GET", "/v2/storage/events", ALLOW_TOKEN, EVENT_NONE, RUN_WORK, events_list, LIST_PARAMS, "List events",
		.branched = true },
	{ "POST", "/v2/storage/events", ALLOW_TOKEN, EVENT_POSTED, RUN_WRITE, events_post, POST_PARAMS, "Post an event",
		.branched = true },
	{ "GET", "/v2/storage/events/{id}", ALLOW_TOKEN, EVENT_NONE, RUN_WORK, events_detail, NULL, "Read an event",
		.branched = true },
	{ "GET", "/v2/storage/tokens/{id}/events", ALLOW_TOKEN, EVENT_NONE, RUN_WORK, events_list_token, LIST_PARAMS,
		"List events of a token", .branched = false },
	{ "GET", "/v2/storage/buckets/{id}/events", ALLOW_TOKEN, EVENT_NONE, RUN_WORK, events_list_bucket, LIST_PARAMS,
		"List events of a bucket", .branched = true },
	{ "GET", "/v2/storage/tables/{id}/events", ALLOW_TOKEN, EVENT_NONE, RUN_WORK, events_list_table, LIST_PARAMS,
		"List events of a table", .branched = true },
	{ 0 },
};
