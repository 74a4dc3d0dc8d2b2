/* The life of a request from its first header to its last byte: route, caller, body (handling.c goes on; exchange.h draws the whole). */
#include "http/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"
#include "base/shortage.h"
#include "base/str.h"
#include "http/pages.h"

enum {
	EARLY_BODY = 65536,      /* a body that is larger is let in only after its caller was */
	DISCARD_MOST = 64 << 20, /* so much of a refused body is read, so that its sender gets to read the answer */
};

/* --- begin and end ---------------------------------------------------------------------------------------------------------- */

/* Taking memory from the system and giving it back for each request costs as much as looking the token up. */
static struct arena *take_arena(struct http_server *server, const struct link *link)
{
	struct arena *spare = atomic_exchange(&server->spare[link->fd % SPARE_ARENAS], NULL);
	return spare ? spare : arena_new();
}

static void give_arena(struct http_server *server, const struct link *link, struct arena *arena)
{
	struct arena *none = NULL;
	arena_clear(arena);
	if (!arena_may_stay(arena) || !atomic_compare_exchange_strong(&server->spare[link->fd % SPARE_ARENAS], &none, arena))
		arena_free(arena);
}

struct http_exchange *exchange_new(
	struct http_server *server, struct MHD_Connection *connection, struct link *link, const char *uri)
{
	struct arena *arena = take_arena(server, link);
	struct http_exchange *x = arena_new_of(arena, struct http_exchange);
	char *path = arena_strdup(arena, uri);
	if (!x || !path) {
		arena_free(arena);
		return NULL;
	}
	x->server = server;
	x->connection = connection;
	x->link = link;
	x->begun_us = monotonic_us();
	x->path = path;
	x->query = strchr(path, '?');
	if (x->query)
		*x->query++ = '\0';
	x->rq = (struct req){ .app = server->app, .arena = arena, .who = &x->who, .exchange = x };
	x->method = "";
	x->reply.fd = -1;
	atomic_fetch_add(&server->in_flight, 1); /* before anybody looks whether the server is closed (http_stop) */
	return x;
}

void exchange_free(struct http_exchange *x)
{
	atomic_fetch_sub_explicit(&x->server->in_flight, 1, memory_order_relaxed);
	caller_give(x);
	reply_reset(x);
	body_done(&x->body);
	err_done(&x->err);
	json_decref(x->query_json);
	json_decref(x->rq.args);
	json_decref(x->object.params);
	json_decref(x->object.results);
	give_arena(x->server, x->link, x->rq.arena);
}

const char *exchange_id(struct http_exchange *x)
{
	if (!*x->id)
		uuid_v7(now_us(), x->id);
	return x->id;
}

const char *exchange_header(const struct http_exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

void exchange_suspend(struct http_exchange *x)
{
	if (x->suspended)
		return;
	x->suspended = true;
	x->suspensions++;
	x->phase = PHASE_WORK;
	MHD_suspend_connection(x->connection);
}

/* Waking a loop for each reply of a batch would make it and the thread that finishes them take turns, one reply at a time. So that thread
 * wakes it with the first of them, and the loop resumes the others. */
static _Thread_local struct {
	bool open;
	struct http_exchange *first;
} batch;

void exchange_in_batch(void)
{
	batch.open = true;
}

/* Back to the loop, which goes on with the phase. */
static void resume(struct http_exchange *x, enum phase phase)
{
	bool suspended = x->suspended;
	x->phase = phase;
	x->suspended = false;
	log_context(NULL, 0);
	if (!suspended)
		return;
	if (batch.open) {
		x->next = batch.first;
		batch.first = x;
	} else {
		MHD_resume_connection(x->connection);
	}
}

static void leave_for_loop(struct http_server *server, struct http_exchange *list)
{
	struct http_exchange *last = list;
	while (last->next)
		last = last->next;
	last->next = atomic_load(&server->returned);
	while (!atomic_compare_exchange_weak(&server->returned, &last->next, list))
		;
}

static void batch_ended(void *arg)
{
	struct http_exchange *first = batch.first;
	batch.open = false;
	batch.first = NULL;
	if (!first)
		return;
	struct MHD_Connection *connection = first->connection;
	if (first->next)
		leave_for_loop(arg, first->next);
	MHD_resume_connection(connection);
}

struct db_batch_end exchange_batch_end(struct http_server *server)
{
	return (struct db_batch_end){ batch_ended, server };
}

void exchange_resume_returned(struct http_server *server)
{
	if (!atomic_load_explicit(&server->returned, memory_order_relaxed))
		return;
	struct http_exchange *x = atomic_exchange(&server->returned, NULL);
	for (struct http_exchange *next; x; x = next) {
		next = x->next;
		MHD_resume_connection(x->connection);
	}
}

void exchange_finish(struct http_exchange *x)
{
	if (!x->reply.status)
		reply_error(x);
	resume(x, PHASE_REPLY);
}

/* --- admission -------------------------------------------------------------------------------------------------------------- */

static void fill_origin(struct http_exchange *x)
{
	struct origin *origin = &x->rq.origin;
	const char *forwarded = x->server->app->conf.trust_proxy ? exchange_header(x, "X-Forwarded-For") : NULL;
	origin->address = x->link->address;
	if (forwarded) {
		/* The last one is what our own proxy has seen; what is before it anybody can write. */
		const char *last = strrchr(forwarded, ',');
		last = last ? last + 1 : forwarded;
		last += strspn(last, " \t");
		char *text = arena_strndup(x->rq.arena, last, strcspn(last, " \t"));
		if (!str_empty(text) && strlen(text) < sizeof(x->link->address))
			origin->address = text;
	}
	const char *run_id = exchange_header(x, "X-KBC-RunId");
	origin->run_id = run_id ? run_id : "";
	origin->user_agent = exchange_header(x, "User-Agent");
	origin->client_agent = exchange_header(x, "X-User-Agent");
	origin->referer = exchange_header(x, "Referer");
	origin->via = allow_is_storage(x->match.route->allow) ? "api" : "manage";
}

static int check_origin(struct http_exchange *x)
{
	const char *texts[] = { x->rq.origin.run_id, x->rq.origin.user_agent, x->rq.origin.client_agent, x->rq.origin.referer };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i] && !utf8_valid(texts[i], strlen(texts[i])))
			return fail(&x->err, ERR_MALFORMED, "A header of the request is not UTF-8.");
	return 0;
}

static bool body_is_pending(const struct http_exchange *x)
{
	return x->body.kind != BODY_NONE && !x->body.complete;
}

static int admit(struct http_exchange *x)
{
	int rc = permit_route(&x->who, x->match.route->allow, &x->err);
	/* Counted once, when the whole request is there. */
	if (rc == 0 && x->who.kind == CALLER_STORAGE && !body_is_pending(x))
		rc = index_use(x->server->app->index, x->who.identity, x->rq.origin.address, &x->err);
	return rc;
}

static bool stale_may_answer(struct http_exchange *x, int rc)
{
	return rc == -ERR_TOKEN_INVALID && x->match.route->stale && !body_is_pending(x) && !x->who.session_id;
}

void exchange_caller_found(struct http_exchange *x, int rc)
{
	if (stale_may_answer(x, rc)) {
		err_done(&x->err);
		x->handle = x->match.route->stale;
		x->event = EVENT_NONE;
		exchange_dispatch(x);
		return;
	}
	if (rc == 0)
		rc = admit(x);
	if (body_is_pending(x)) {
		if (rc < 0 && !stale_may_answer(x, rc))
			x->refused = true;
		/* After a suspension the library repeats its first call. */
		resume(x, x->suspended ? PHASE_ADMITTED : PHASE_BODY);
	} else if (rc < 0) {
		exchange_refuse(x);
	} else {
		exchange_dispatch(x);
	}
}

/* --- the body --------------------------------------------------------------------------------------------------------------- */

/* -1: its length is not known. */
static bool has_body(const struct http_exchange *x, int64_t *ret_length)
{
	const char *length = exchange_header(x, "Content-Length");
	*ret_length = -1;
	if (exchange_header(x, "Transfer-Encoding"))
		return true;
	return length && str_to_i64(length, ret_length) && *ret_length != 0;
}

bool exchange_has_body(const struct http_exchange *x)
{
	int64_t ignored;
	return has_body(x, &ignored);
}

/* A refusal while the body is still coming: what is left of it is read and thrown away, unless it is too much or waits for a go-ahead. */
static void refuse_early(struct http_exchange *x, int64_t length)
{
	if (length > DISCARD_MOST || exchange_header(x, "Expect")) {
		exchange_refuse(x);
		return;
	}
	x->refused = true;
	body_discard(&x->body);
	x->phase = PHASE_BODY;
}

static void begin_body(struct http_exchange *x, int64_t length)
{
	const struct route *route = x->match.route;
	assert(route);
	const struct conf *conf = &x->server->app->conf;
	const char *type = exchange_header(x, "Content-Type");
	struct body_plan plan = { x->rq.arena, x->server->tmp, type ? type : "", route->raw_body, conf->body_max_bytes,
		conf->upload_max_bytes };
	int rc = body_begin(&x->body, &plan, &x->err);
	if (rc == 0 && length > x->body.most)
		rc = fail(&x->err, ERR_TOO_LARGE, NULL);
	if (rc == 0)
		rc = exchange_parse_query(x);
	if (rc == 0 && route->before_body)
		rc = route->before_body(&x->rq, &x->err);
	if (rc < 0) {
		refuse_early(x, length);
		return;
	}
	x->phase = PHASE_BODY;
	unsigned suspensions = x->suspensions;
	if (length < 0 || length > EARLY_BODY)
		caller_find(x);
	if (x->suspensions == suspensions && x->refused)
		refuse_early(x, length);
}

void exchange_admitted(struct http_exchange *x)
{
	int64_t length;
	x->phase = PHASE_BODY;
	has_body(x, &length);
	if (x->refused)
		refuse_early(x, length);
}

void exchange_feed(struct http_exchange *x, const char *data, size_t length)
{
	if (x->refused && x->body.kind != BODY_DISCARD)
		body_discard(&x->body);
	if (shortage_check(body_feed(&x->body, data, length, &x->err), &x->err) < 0) {
		x->refused = true;
		body_discard(&x->body);
	}
}

bool exchange_body_is_endless(const struct http_exchange *x)
{
	return x->body.kind == BODY_DISCARD && x->body.received > DISCARD_MOST;
}

void exchange_body_done(struct http_exchange *x)
{
	x->body.complete = true;
	if (x->refused || body_end(&x->body, &x->err) < 0)
		exchange_refuse(x);
	else
		/* Found anew also when it was found before: the body may have taken long (R13). */
		caller_find(x);
}

/* --- headers ---------------------------------------------------------------------------------------------------------------- */

static void answer_options(struct http_exchange *x)
{
	reply_none(&x->rq, 204);
	reply_header(&x->rq, "Allow", x->match.allowed);
	exchange_finish(x);
}

void exchange_begin(struct http_exchange *x, const char *method)
{
	int64_t length;
	x->method = method;
	int rc = memo_route(x, &x->err);
	if (rc == -ERR_ROUTE_NOT_FOUND && pages_answer(x)) {
		exchange_finish(x);
		return;
	}
	if (rc == 0 && x->match.route) {
		x->rq.route = x->match.route;
		x->handle = x->match.route->handle;
		x->event = x->match.route->event;
		fill_origin(x);
		rc = check_origin(x);
	}
	if (rc < 0) {
		if (has_body(x, &length))
			refuse_early(x, length);
		else
			exchange_refuse(x);
	} else if (x->match.options) {
		answer_options(x);
	} else if (has_body(x, &length)) {
		begin_body(x, length);
	} else {
		caller_find(x);
	}
}
