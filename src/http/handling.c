/* What happens once a request is complete and its caller admitted: branch, arguments, handler in its place, event, refusal. */
#include <string.h>

#include "base/log.h"
#include "base/own.h"
#include "base/shortage.h"
#include "base/str.h"
#include "http/exchange.h"
#include "http/params.h"
#include "store/branch.h"

enum { LOOP_BODY = 32768 }; /* a body that is larger is taken apart on a worker */

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
	return has_event(x) ? emit(db, &x->rq.origin, x->event, &x->object, e) : 0;
}

static void count_event(struct http_exchange *x)
{
	atomic_fetch_add_explicit(&x->server->events, 1, memory_order_relaxed);
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
	exchange_in_batch();
	if (rc < 0) {
		take_error(x);
		reply_error(x);
	} else {
		count_event(x);
	}
	exchange_finish(x);
}

static void submit(
	struct http_exchange *x, int (*run)(struct db *, struct db_write *, struct err *), void (*done)(struct db_write *, int))
{
	exchange_suspend(x);
	log_context(NULL, 0);
	x->write = (struct db_write){ .run = run, .done = done, .arg = x, .batch_end = exchange_batch_end(x->server) };
	database_submit(x->server->app->database, &x->write);
}

/* The thing that the path names. */
static void name_object(const struct http_exchange *x, struct event_object *object)
{
	static const struct {
		const char *path, *type;
		size_t value;
	} NAMED[] = {
		{ "/v2/storage/buckets/{id}", "bucket", 0 },
		{ "/v2/storage/components/{component}/configs/{id}", "componentConfiguration", 1 },
		{ "/v2/storage/dev-branches/{id}", "devBranch", 0 },
		{ "/v2/storage/files/{id}", "file", 0 },
		{ "/v2/storage/tables/{id}", "table", 0 },
		{ "/v2/storage/tokens/{id}", "token", 0 },
		{ "/v2/storage/triggers/{id}", "trigger", 0 },
	};
	for (size_t i = 0; i < sizeof(NAMED) / sizeof(NAMED[0]); i++) {
		if (str_starts(x->match.route->path, NAMED[i].path)) {
			object->type = NAMED[i].type;
			object->id = x->match.values[NAMED[i].value];
		}
	}
}

static int write_denial(struct db *db, struct db_write *write, struct err *e)
{
	struct http_exchange *x = write->arg;
	own(own_json) json_t *params =
		json_pack("{s:s, s:s, s:s}", "method", x->method, "path", x->match.route->path, "reason", err_text(&x->err));
	json_t *missing = json_object_get(x->err.more, "missing");
	if (missing)
		json_object_set(params, "missing", missing);
	struct event_object object = { .params = params, .tried = x->match.route->event };
	name_object(x, &object);
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
	exchange_in_batch();
	if (rc < 0)
		log_line(LOG_ERROR, "a refusal could not be recorded", "exceptionId", exchange_id(x), "error",
			err_text(&write->err), NULL);
	else
		count_event(x);
	err_done(&write->err);
	exchange_finish(x);
}

/* x->err becomes the answer; a known token that was refused is recorded before it is told. */
void exchange_refuse(struct http_exchange *x)
{
	context(x);
	/* a refusal may be one only because something could not be read */
	(void)shortage_check(0, &x->err);
	int status = x->err.code ? err_status(&x->err) : 500;
	reply_error(x);
	if (x->match.route && x->rq.origin.token_id && (status == 403 || status == 429 || status == 401))
		submit(x, write_denial, denial_written);
	else
		exchange_finish(x);
}

/* --- handling --------------------------------------------------------------------------------------------------------------- */

static void handled(struct http_exchange *x, int rc)
{
	x->rq.db = NULL;
	/* what is committed is not refused: its answer is lost, as on a connection that breaks */
	bool lost = shortage_seen_after_commit();
	if (lost)
		reply_lose(x);
	if (!lost && shortage_check(rc, &x->err) < 0)
		exchange_refuse(x);
	else if (rc >= 0 && has_event(x))
		submit(x, write_event, event_written);
	else
		exchange_finish(x);
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

/* Nothing counts of what an earlier run left, which something was in the way of (db/db.h). */
static void begin_anew(struct http_exchange *x)
{
	const struct route *route = x->match.route;
	reply_reset(x);
	x->after = NULL;
	x->durable = NULL;
	x->event = x->handle == route->stale ? EVENT_NONE : route->event;
	json_decref(x->object.params);
	json_decref(x->object.results);
	x->object = (struct event_object){ 0 };
}

static void is_durable(struct http_exchange *x)
{
	if (x->durable)
		x->durable(&x->rq, x->durable_arg);
	x->durable = NULL;
}

static int write_run(struct db *db, struct db_write *write, struct err *e)
{
	struct http_exchange *x = write->arg;
	context(x);
	begin_anew(x);
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
	shortage_note_commit();
	int rc = db_reader_take(x->server->app->database, &x->rq.db, &x->err);
	if (rc == 0) {
		rc = x->after(&x->rq, &x->err);
		db_reader_give(x->rq.db);
	}
	if (rc >= 0)
		is_durable(x);
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
	caller_drop(x);
	x->handle = x->match.route->stale;
	x->event = EVENT_NONE;
	submit(x, write_run, write_done);
}

static void write_is_durable(struct http_exchange *x)
{
	if (has_event(x))
		count_event(x);
	is_durable(x);
	if (x->after)
		to_worker(x, after_work);
	else
		exchange_finish(x);
}

static void write_done(struct db_write *write, int rc)
{
	struct http_exchange *x = write->arg;
	exchange_in_batch();
	if (became_stale(x, rc)) {
		answer_stale(x);
	} else if (rc < 0) {
		take_error(x);
		exchange_refuse(x);
	} else {
		write_is_durable(x);
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

int exchange_parse_query(struct http_exchange *x)
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
	int rc = exchange_parse_query(x);
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
	struct params_sent sent = { x->query_json, body, x->body.is_json };
	return params ? params_read(params, &sent, &x->rq.args, &x->err) : 0;
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
	exchange_dispatch(work->arg);
}

/* Taking a large body apart and, on PostgreSQL, asking for a branch are no work for a loop. */
static bool dispatch_is_heavy(const struct http_exchange *x)
{
	return x->body.memory.length > LOOP_BODY || (x->match.branch && !x->server->loop_reads);
}

void exchange_dispatch(struct http_exchange *x)
{
	if (!x->suspended && dispatch_is_heavy(x)) {
		to_worker(x, dispatch_work);
		return;
	}
	if (find_branch(x) < 0) {
		exchange_refuse(x);
		return;
	}
	if (!shortage_seen() && x->match.route->quick && x->match.route->quick(&x->rq)) {
		exchange_finish(x);
		return;
	}
	if (shortage_check(parse_args(x), &x->err) < 0)
		exchange_refuse(x);
	else
		run_handler(x);
}
