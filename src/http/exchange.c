/* The life of a request: headers, caller, body, arguments, handler, event, reply (exchange.h draws the whole). */
#include "http/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "http/metrics.h"
#include "http/pages.h"
#include "http/params.h"
#include "store/branch.h"

enum {
	EARLY_BODY = 65536,      /* a body that is larger is let in only after its caller was */
	LOOP_BODY = 32768,       /* a body that is larger is taken apart on a worker */
	DISCARD_MOST = 64 << 20, /* so much of a refused body is read, so that its sender gets to read the answer */
};

static void dispatch(struct http_exchange *x);
static void refuse(struct http_exchange *x);

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
	if (!atomic_compare_exchange_strong(&server->spare[link->fd % SPARE_ARENAS], &none, arena))
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
	atomic_fetch_add_explicit(&server->in_flight, 1, memory_order_relaxed);
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

/* Back to the loop, which goes on with the phase. */
static void resume(struct http_exchange *x, enum phase phase)
{
	bool suspended = x->suspended;
	x->phase = phase;
	x->waited_for_body = suspended && phase == PHASE_BODY;
	x->suspended = false;
	log_context(NULL, 0);
	if (suspended)
		MHD_resume_connection(x->connection);
}

static void finish(struct http_exchange *x)
{
	if (!x->reply.status)
		reply_error(x);
	resume(x, PHASE_REPLY);
}

static void context(struct http_exchange *x)
{
	log_context(exchange_id(x), x->rq.origin.token_id);
}

/* --- recording -------------------------------------------------------------------------------------------------------------- */

/* What a client posts is recorded by its handler; what is outside projects has no events. */
static bool has_event(const struct http_exchange *x)
{
	return x->event != EVENT_NONE && x->event != EVENT_POSTED && x->rq.origin.project_id;
}

static int record_event(struct http_exchange *x, struct db *db, struct err *e)
{
	if (!has_event(x))
		return 0;
	return emit(db, &x->rq.origin, x->event, &x->object, e);
}

static int write_event(struct db *db, struct db_write *write, struct err *e)
{
	return record_event(write->arg, db, e);
}

static void take_error(struct http_exchange *x)
{
	err_done(&x->err);
	x->err = x->write.err;
	x->write.err = (struct err){ 0 };
}

static void event_written(struct db_write *write, int rc)
{
	struct http_exchange *x = write->arg;
	if (rc < 0) {
		take_error(x);
		reply_error(x);
	}
	finish(x);
}

static void submit(
	struct http_exchange *x, int (*run)(struct db *, struct db_write *, struct err *), void (*done)(struct db_write *, int))
{
	exchange_suspend(x);
	log_context(NULL, 0);
	x->write = (struct db_write){ .run = run, .done = done, .arg = x };
	database_submit(x->server->app->database, &x->write);
}

static int write_denial(struct db *db, struct db_write *write, struct err *e)
{
	struct http_exchange *x = write->arg;
	own(own_json) json_t *params =
		json_pack("{s:s, s:s, s:s}", "method", x->method, "path", x->match.route->path, "reason", err_text(&x->err));
	json_t *missing = json_object_get(x->err.more, "missing");
	if (missing)
		json_object_set(params, "missing", missing);
	struct event_object object = { .params = params };
	/* A token that was refused by the look-up brought no project with it. */
	if (!x->rq.origin.branch_id) {
		int rc = branch_default_id(db, x->rq.origin.project_id, &x->rq.origin.branch_id, e);
		if (rc < 0)
			return rc;
	}
	return emit(db, &x->rq.origin, EVENT_ACCESS_DENIED, &object, e);
}

static void denial_written(struct db_write *write, int rc)
{
	struct http_exchange *x = write->arg;
	if (rc < 0)
		log_line(LOG_ERROR, "a refusal could not be recorded", "exceptionId", exchange_id(x), "error",
			err_text(&write->err), NULL);
	err_done(&write->err);
	finish(x);
}

/* x->err becomes the answer; a known token that was refused is recorded before it is told. */
static void refuse(struct http_exchange *x)
{
	int status = x->err.code ? err_status(&x->err) : 500;
	context(x);
	reply_error(x);
	if (x->match.route && x->rq.origin.token_id && (status == 403 || status == 429 || status == 401))
		submit(x, write_denial, denial_written);
	else
		finish(x);
}

/* --- handling --------------------------------------------------------------------------------------------------------------- */

static void handled(struct http_exchange *x, int rc)
{
	x->rq.db = NULL;
	if (rc < 0)
		refuse(x);
	else if (has_event(x))
		submit(x, write_event, event_written);
	else
		finish(x);
}

static void handle_reading(struct http_exchange *x)
{
	context(x);
	int rc = db_reader_take(x->server->app->database, &x->rq.db, &x->err);
	if (rc == 0) {
		rc = x->handle(&x->rq, &x->err);
		db_reader_give(x->rq.db);
	}
	handled(x, rc);
}

static void handle_memory(struct http_exchange *x)
{
	context(x);
	handled(x, x->handle(&x->rq, &x->err));
}

static void reading_work(struct pool_work *work)
{
	handle_reading(work->arg);
}

static void write_done(struct db_write *write, int rc);

static int write_run(struct db *db, struct db_write *write, struct err *e)
{
	struct http_exchange *x = write->arg;
	context(x);
	reply_reset(x);
	x->rq.db = db;
	int rc = caller_recheck(x, db, e);
	if (rc == 0)
		rc = x->handle(&x->rq, e);
	if (rc >= 0)
		rc = record_event(x, db, e);
	x->rq.db = NULL;
	log_context(NULL, 0);
	return rc < 0 ? rc : 0;
}

static void after_work(struct pool_work *work)
{
	struct http_exchange *x = work->arg;
	context(x);
	int rc = db_reader_take(x->server->app->database, &x->rq.db, &x->err);
	if (rc == 0) {
		rc = x->after(&x->rq, &x->err);
		db_reader_give(x->rq.db);
	}
	x->event = EVENT_NONE;
	handled(x, rc);
}

static void to_worker(struct http_exchange *x, void (*run)(struct pool_work *))
{
	exchange_suspend(x);
	log_context(NULL, 0);
	x->work = (struct pool_work){ .run = run, .arg = x };
	pool_submit(x->server->pool, &x->work);
}

/* The caller's string was good when the request came, and refreshed away while it waited for its write. */
static bool became_stale(const struct http_exchange *x, int rc)
{
	const struct route *route = x->match.route;
	return rc == -ERR_TOKEN_INVALID && route->stale && x->handle != route->stale && !x->who.session_id;
}

static void answer_stale(struct http_exchange *x)
{
	err_done(&x->write.err);
	caller_give(x);
	x->handle = x->match.route->stale;
	x->event = EVENT_NONE;
	submit(x, write_run, write_done);
}

static void write_done(struct db_write *write, int rc)
{
	struct http_exchange *x = write->arg;
	if (became_stale(x, rc)) {
		answer_stale(x);
	} else if (rc < 0) {
		take_error(x);
		refuse(x);
	} else if (x->after) {
		to_worker(x, after_work);
	} else {
		finish(x);
	}
}

static void run_handler(struct http_exchange *x)
{
	enum run run = x->handle == x->match.route->stale ? RUN_WRITE : x->match.route->run;
	if (run == RUN_WRITE)
		submit(x, write_run, write_done);
	else if (run == RUN_MEMORY)
		handle_memory(x);
	else if (x->suspended || (run == RUN_LOOP && x->server->loop_reads))
		handle_reading(x);
	else
		to_worker(x, reading_work);
}

/* --- arguments -------------------------------------------------------------------------------------------------------------- */

static int parse_query(struct http_exchange *x)
{
	if (x->query_json || !x->query || !*x->query)
		return 0;
	return form_parse(x->query, strlen(x->query), &x->query_json, &x->err);
}

static bool takes_body(const struct param *params)
{
	for (; params && params->name; params++)
		if (params->type == P_BODY)
			return true;
	return false;
}

static int parse_args(struct http_exchange *x)
{
	const struct param *params = x->match.route->params;
	own(own_json) json_t *body = NULL;
	int rc = parse_query(x);
	if (rc == 0 && (x->body.kind == BODY_MEMORY || x->body.kind == BODY_MULTIPART))
		rc = body_json(&x->body, &body, &x->err);
	if (rc < 0)
		return rc;
	if (body && !json_is_object(body) && json_array_size(body) == 0 && json_is_array(body))
		json_decref(body), body = json_object();
	if (params && body && !json_is_object(body) && !takes_body(params))
		return fail(&x->err, ERR_MALFORMED, "The request body must be a JSON object.");
	json_decref(x->rq.args);
	x->rq.args = NULL;
	return params ? params_read(params, x->query_json, body, &x->rq.args, &x->err) : 0;
}

/* The branch of the path: "default", or one of the project's. */
static int find_branch(struct http_exchange *x)
{
	const char *text = x->match.branch;
	if (x->who.kind != CALLER_STORAGE)
		return 0;
	int64_t project_id = x->who.identity->token.project_id, id = x->who.identity->default_branch_id;
	int64_t named = id;
	if (text && strcmp(text, "default") != 0 && (!str_to_i64(text, &named) || named <= 0))
		return fail(&x->err, ERR_BRANCH_NOT_FOUND, "Branch id:\"%s\" was not found.", text);
	if (named != id) {
		struct branch *branch;
		struct db *db;
		int rc = db_reader_take(x->server->app->database, &db, &x->err);
		if (rc < 0)
			return rc;
		rc = branch_find(db, x->rq.arena, project_id, named, &branch, &x->err);
		db_reader_give(db);
		if (rc <= 0)
			return rc < 0 ? rc : fail(&x->err, ERR_BRANCH_NOT_FOUND, "Branch id:\"%s\" was not found.", text);
	}
	x->rq.branch_id = x->rq.origin.branch_id = named;
	return 0;
}

static void dispatch_work(struct pool_work *work)
{
	dispatch(work->arg);
}

/* Taking a large body apart and, on PostgreSQL, asking for a branch are no work for a loop. */
static bool dispatch_is_heavy(const struct http_exchange *x)
{
	return x->body.memory.length > LOOP_BODY || (x->match.branch && !x->server->loop_reads);
}

static void dispatch(struct http_exchange *x)
{
	if (!x->suspended && dispatch_is_heavy(x)) {
		to_worker(x, dispatch_work);
		return;
	}
	if (find_branch(x) < 0) {
		refuse(x);
		return;
	}
	if (x->match.route->quick && x->match.route->quick(&x->rq)) {
		finish(x);
		return;
	}
	if (parse_args(x) < 0)
		refuse(x);
	else
		run_handler(x);
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
		dispatch(x);
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
		refuse(x);
	} else {
		dispatch(x);
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
		refuse(x);
		return;
	}
	x->refused = true;
	body_discard(&x->body);
	x->phase = PHASE_BODY;
}

static void begin_body(struct http_exchange *x, int64_t length)
{
	const struct route *route = x->match.route;
	const struct conf *conf = &x->server->app->conf;
	const char *type = exchange_header(x, "Content-Type");
	struct body_plan plan = { x->rq.arena, x->server->tmp, type ? type : "", route->raw_body, conf->body_max_bytes,
		conf->upload_max_bytes };
	int rc = body_begin(&x->body, &plan, &x->err);
	if (rc == 0 && length > x->body.most)
		rc = fail(&x->err, ERR_TOO_LARGE, NULL);
	if (rc == 0)
		rc = parse_query(x);
	if (rc == 0 && route->before_body)
		rc = route->before_body(&x->rq, &x->err);
	if (rc < 0) {
		refuse_early(x, length);
		return;
	}
	x->phase = PHASE_BODY;
	if (length < 0 || length > EARLY_BODY)
		caller_find(x);
	if (x->refused && x->phase == PHASE_BODY)
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
	if (body_feed(&x->body, data, length, &x->err) < 0) {
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
		refuse(x);
	else
		/* Found anew also when it was found before: the body may have taken long (R13). */
		caller_find(x);
}

/* --- headers ---------------------------------------------------------------------------------------------------------------- */

static void answer_options(struct http_exchange *x)
{
	reply_none(&x->rq, 204);
	reply_header(&x->rq, "Allow", x->match.allowed);
	finish(x);
}

void exchange_begin(struct http_exchange *x, const char *method)
{
	int64_t length;
	x->method = method;
	int rc = router_find(x->server->router, x->rq.arena, method, x->path, &x->match, &x->err);
	if (rc == -ERR_ROUTE_NOT_FOUND && pages_answer(x)) {
		finish(x);
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
			refuse(x);
	} else if (x->match.options) {
		answer_options(x);
	} else if (has_body(x, &length)) {
		begin_body(x, length);
	} else {
		caller_find(x);
	}
}
