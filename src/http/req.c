/* One request as its handler sees it: arguments, headers, files, its event. */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "http/exchange.h"

const char *req_path(struct req *rq, int n)
{
	const struct route_match *match = &rq->exchange->match;
	return n < match->value_count ? match->values[n] : "";
}

int64_t req_path_id(struct req *rq, int n, struct err *e)
{
	int64_t id;
	const char *text = req_path(rq, n);
	if (*text >= '0' && *text <= '9' && str_to_i64(text, &id) && id > 0)
		return id;
	fail(e, ERR_ROUTE_NOT_FOUND, NULL);
	return 0;
}

bool arg_given(struct req *rq, const char *name)
{
	return json_object_get(rq->args, name) != NULL;
}

const char *arg_text(struct req *rq, const char *name, const char *standard)
{
	const char *text = json_string_value(json_object_get(rq->args, name));
	return text ? text : standard;
}

int64_t arg_int(struct req *rq, const char *name, int64_t standard)
{
	json_t *value = json_object_get(rq->args, name);
	return json_is_integer(value) ? json_integer_value(value) : standard;
}

bool arg_bool(struct req *rq, const char *name, bool standard)
{
	json_t *value = json_object_get(rq->args, name);
	return json_is_boolean(value) ? json_is_true(value) : standard;
}

json_t *arg_json(struct req *rq, const char *name)
{
	return json_object_get(rq->args, name);
}

static int refuse(const char *name, const char *why, struct err *e)
{
	int rc = fail(e, ERR_VALIDATION, "Invalid request:\n - %s: \"%s\"", name, why);
	err_field(e, name, why);
	return rc;
}

int arg_required(struct req *rq, const char *name, const char **ret, struct err *e)
{
	if (!arg_given(rq, name))
		return refuse(name, "This field is missing.", e);
	const char *text = arg_text(rq, name, "");
	if (!*text)
		return refuse(name, "This value should not be blank.", e);
	*ret = text;
	return 0;
}

int arg_filled(struct req *rq, const char *name, const char *standard, const char **ret, struct err *e)
{
	if (arg_given(rq, name))
		return arg_required(rq, name, ret, e);
	*ret = standard;
	return 0;
}

/* There are never so many: whoever leaves out more gets an empty page, and sums with it stay numbers. */
#define OFFSET_MOST (INT64_C(1) << 53)

int arg_page(struct req *rq, int64_t standard, int64_t most, int64_t *ret_limit, int64_t *ret_offset, struct err *e)
{
	int64_t limit = arg_int(rq, "limit", standard), offset = arg_int(rq, "offset", 0);
	char why[80];
	snprintf(why, sizeof(why), "This value should be between 1 and %lld.", (long long)most);
	if (limit < 1 || limit > most)
		return refuse("limit", why, e);
	if (offset < 0)
		return refuse("offset", "This value should be 0 or more.", e);
	*ret_limit = limit;
	*ret_offset = offset < OFFSET_MOST ? offset : OFFSET_MOST;
	return 0;
}

const char *req_header(struct req *rq, const char *name)
{
	return exchange_header(rq->exchange, name);
}

const char *req_address(struct req *rq)
{
	return rq->origin.address;
}

const char *req_method(struct req *rq)
{
	return rq->exchange->method;
}

const char *req_raw_path(struct req *rq)
{
	return rq->exchange->path;
}

const char *req_raw_query(struct req *rq, const char *name)
{
	json_t *value = json_object_get(rq->exchange->query_json, name);
	if (json_is_array(value))
		value = json_array_get(value, json_array_size(value) - 1);
	return json_string_value(value);
}

const char *req_token(struct req *rq)
{
	const char *token = req_header(rq, "X-StorageApi-Token");
	if (!str_empty(token))
		return token;
	const char *bearer = req_header(rq, "Authorization");
	return bearer && !strncasecmp(bearer, "Bearer ", 7) && bearer[7] ? bearer + 7 : NULL;
}

bool req_is_first(struct req *rq)
{
	return rq->exchange->link->requests == 1;
}

bool req_body_hash(struct req *rq, uint8_t ret[SECRET_HASH_SIZE])
{
	struct http_exchange *x = rq->exchange;
	own(buf_done) struct buf all = { 0 };
	/* The arguments as they were understood: a client that repeats itself may spell them differently. */
	char *args = rq->args ? json_dumps(rq->args, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	buf_printf(&all, "%s %s\n%s", x->method, x->path, args ? args : "");
	free(args);
	if (all.failed)
		return false;
	plain_hash(all.data, all.length, ret);
	return true;
}

bool req_upload(struct req *rq, const char *name, const char **ret_path, const char **ret_filename, int64_t *ret_size)
{
	if (rq->exchange->body.kind != BODY_MULTIPART)
		return false;
	for (const struct upload *upload = rq->exchange->body.uploads; upload; upload = upload->next) {
		if (!str_eq(upload->name, name))
			continue;
		*ret_path = upload->path;
		*ret_filename = upload->filename;
		*ret_size = upload->size;
		return true;
	}
	return false;
}

const char *req_body_file(struct req *rq, int64_t *ret_size)
{
	const struct body *body = &rq->exchange->body;
	*ret_size = body->received;
	return body->kind == BODY_SPOOL && body->received ? body->uploads->path : NULL;
}

void req_after_commit(struct req *rq, handler *after)
{
	rq->exchange->after = after;
}

void req_when_durable(struct req *rq, void (*call)(struct req *rq, void *arg), void *arg)
{
	rq->exchange->durable = call;
	rq->exchange->durable_arg = arg;
}

int req_recheck(struct req *rq, struct db *db, struct err *e)
{
	return caller_recheck(rq->exchange, db, e);
}

void req_keep(struct req *rq, void *pointer)
{
	rq->exchange->kept = pointer;
}

void *req_kept(struct req *rq)
{
	return rq->exchange->kept;
}

void req_object(struct req *rq, const char *id, const char *name, json_t *stolen_params)
{
	struct event_object *object = &rq->exchange->object;
	object->id = arena_strdup(rq->arena, id);
	object->name = arena_strdup(rq->arena, name);
	json_decref(object->params);
	object->params = stolen_params;
}

void req_results(struct req *rq, json_t *stolen_results)
{
	struct event_object *object = &rq->exchange->object;
	json_decref(object->results);
	object->results = stolen_results;
}

void req_no_event(struct req *rq)
{
	rq->exchange->event = EVENT_NONE;
}

void req_event(struct req *rq, enum event_type type)
{
	rq->exchange->event = type;
}

const char *req_public_url(struct req *rq)
{
	return rq->app->public_url;
}
