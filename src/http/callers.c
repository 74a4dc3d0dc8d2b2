/* Who is calling: from the request's headers to a struct caller. A storage token is looked up in the index, at once or on another thread;
 * management tokens and browsers' sessions on a worker, because they ask the database. */
#include <string.h>
#include <strings.h>

#include "auth/account.h"
#include "base/own.h"
#include "base/str.h"
#include "http/exchange.h"

#define SESSION_COOKIE "chatelaine_session"

bool allow_is_storage(enum allow allow)
{
	return allow >= ALLOW_TOKEN && allow <= ALLOW_BUCKET_MANAGER;
}

void caller_give(struct http_exchange *x)
{
	if (x->who.identity)
		identity_give(x->server->app->index, x->who.identity);
	x->who = (struct caller){ .kind = CALLER_NOBODY };
}

void caller_drop(struct http_exchange *x)
{
	if (x->who.identity)
		x->rq.origin.token_description = arena_strdup(x->rq.arena, x->rq.origin.token_description);
	caller_give(x);
}

static void take_identity(struct http_exchange *x, const struct identity *identity)
{
	x->who.kind = CALLER_STORAGE;
	x->who.identity = identity;
	x->rq.origin.project_id = identity->token.project_id;
	x->rq.origin.branch_id = identity->default_branch_id;
	x->rq.origin.token_id = identity->token.id;
	x->rq.origin.token_description = identity->token.description;
	x->rq.origin.via = x->who.session_id ? "session" : "api";
}

/* An expired or disabled token, or one from a wrong address, is known: its refusal is recorded. It is held for that, and is nobody. */
static void note_known_token(struct http_exchange *x)
{
	const struct identity *identity = x->lookup.identity;
	if (!identity)
		return;
	x->who.identity = identity;
	x->rq.origin.project_id = identity->token.project_id;
	x->rq.origin.branch_id = identity->default_branch_id;
	x->rq.origin.token_id = identity->token.id;
	x->rq.origin.token_description = identity->token.description;
	x->rq.origin.via = "api";
}

static void lookup_end(struct http_exchange *x)
{
	int rc = x->lookup.rc;
	if (rc == 0) {
		take_identity(x, x->lookup.identity);
	} else {
		err_done(&x->err);
		x->err = x->lookup.err;
		x->lookup.err = (struct err){ 0 };
		note_known_token(x);
	}
	exchange_caller_found(x, rc);
}

static void lookup_work(struct pool_work *work)
{
	lookup_end(work->arg);
}

/* On a thread of the database, which has no time for handlers: what is not answered at once goes to a worker. */
static void lookup_done(struct index_lookup *lookup)
{
	struct http_exchange *x = lookup->arg;
	const struct route *route = x->match.route;
	exchange_in_batch();
	bool ready = lookup->rc == 0 && route->quick && !x->match.branch && index_rendered(lookup->identity);
	if (lookup->rc < 0 || ready) {
		lookup_end(x);
		return;
	}
	x->work = (struct pool_work){ .run = lookup_work, .arg = x };
	pool_submit(x->server->pool, &x->work);
}

static void lookup_waits(struct index_lookup *lookup)
{
	exchange_suspend(lookup->arg);
}

static void find_by_token(struct http_exchange *x, const char *token)
{
	struct index_lookup *lookup = &x->lookup;
	*lookup = (struct index_lookup){ .address = x->rq.origin.address,
		.waits = lookup_waits,
		.done = lookup_done,
		.arg = x,
		.batch_end = exchange_batch_end(x->server) };
	if (!memo_token(x, token)) {
		exchange_caller_found(x, fail(&x->err, ERR_TOKEN_INVALID, NULL));
		return;
	}
	memcpy(x->who.string_hash, lookup->hash, sizeof lookup->hash);
	if (index_find(x->server->app->index, lookup))
		lookup_end(x);
}

/* --- accounts: on a worker ---------------------------------------------------------------------------------------------------- */

static int session_project(struct http_exchange *x, int64_t project_id, int64_t token_id, struct err *e)
{
	struct index_lookup lookup = {
		.project_id = project_id, .token_id = token_id, .by_id = true, .address = x->rq.origin.address
	};
	int rc = index_find_wait(x->server->app->index, &lookup);
	if (rc == 0) {
		take_identity(x, lookup.identity);
		return 0;
	}
	err_done(e);
	*e = lookup.err;
	return rc;
}

static bool is_changing(const struct http_exchange *x)
{
	return strcmp(x->method, "GET") != 0 && strcmp(x->method, "HEAD") != 0;
}

static int find_session(struct http_exchange *x, struct db *db, bool storage, struct err *e)
{
	const char *project = exchange_header(x, "X-Chatelaine-Project");
	struct session_claim claim = {
		.cookie = MHD_lookup_connection_value(x->connection, MHD_COOKIE_KIND, SESSION_COOKIE),
		.csrf_token = exchange_header(x, "X-CSRF-Token"),
		.changing = is_changing(x),
		.fetch_site = exchange_header(x, "Sec-Fetch-Site"),
		.origin = exchange_header(x, "Origin"),
		.host = exchange_header(x, "Host"),
		.idle_s = x->server->app->conf.session_idle_s,
	};
	if (str_empty(claim.cookie) ||
		(storage && (!project || !str_to_i64(project, &claim.project_id) || claim.project_id <= 0)))
		return fail(e, ERR_TOKEN_MISSING, NULL);
	int64_t token_id = 0;
	int rc = account_by_session(db, x->rq.arena, &claim, &x->who, &token_id, e);
	return rc == 0 && storage ? session_project(x, claim.project_id, token_id, e) : rc;
}

static int find_account(struct http_exchange *x, struct db *db, struct err *e)
{
	bool storage = allow_is_storage(x->match.route->allow);
	const char *token = storage ? NULL : exchange_header(x, "X-KBC-ManageApiToken");
	if (str_empty(token))
		return find_session(x, db, storage, e);
	int rc = account_by_manage_token(db, x->rq.arena, token, &x->who, e);
	if (rc == 0 && x->who.scope_read_only && is_changing(x))
		return fail(e, ERR_ACCESS_DENIED, "This management token was made for reading only.");
	return rc;
}

static void account_work(struct pool_work *work)
{
	struct http_exchange *x = work->arg;
	struct db *db = NULL;
	int rc = db_reader_take(x->server->app->database, &db, &x->err);
	if (rc == 0)
		rc = find_account(x, db, &x->err);
	if (db)
		db_reader_give(db);
	exchange_caller_found(x, rc);
}

static bool has_session(const struct http_exchange *x)
{
	return !str_empty(MHD_lookup_connection_value(x->connection, MHD_COOKIE_KIND, SESSION_COOKIE));
}

static void find_by_account(struct http_exchange *x)
{
	exchange_suspend(x);
	x->work = (struct pool_work){ .run = account_work, .arg = x };
	pool_submit(x->server->pool, &x->work);
}

/* A token that refreshes or deletes itself. */
static bool changes_itself(const struct http_exchange *x)
{
	int64_t id;
	return str_starts(x->match.route->path, "/v2/storage/tokens/{id}") && str_to_i64(x->match.values[0], &id) &&
	       id == x->who.identity->token.id;
}

int caller_recheck(struct http_exchange *x, struct db *db, struct err *e)
{
	if (x->who.kind == CALLER_NOBODY)
		return 0;
	if (x->who.session_id || x->who.kind == CALLER_MANAGE) {
		int rc = account_recheck(db, x->rq.arena, &x->who, e);
		if (rc < 0 || x->who.kind == CALLER_MANAGE)
			return rc;
	}
	int rc = index_recheck(db, &x->who, x->rq.origin.address, changes_itself(x), e);
	if (rc < 0)
		return rc;
	if (rc > 0) /* it lives, but something about it changed while the request waited */
		take_identity(x, x->who.identity);
	/* also when nothing changed: an earlier run of this write may have seen the change, and been refused */
	return permit_route(&x->who, x->match.route->allow, e);
}

/* R03: on a project's route only storage tokens and sessions are looked at, elsewhere only management tokens and sessions. */
void caller_find(struct http_exchange *x)
{
	enum allow allow = x->match.route->allow;
	caller_drop(x);
	if (allow == ALLOW_PUBLIC || allow == ALLOW_SIGNED_URL) {
		exchange_caller_found(x, 0);
		return;
	}
	const char *token = allow_is_storage(allow) ? req_token(&x->rq) : NULL;
	if (token)
		find_by_token(x, token);
	else if (has_session(x) || (!allow_is_storage(allow) && !str_empty(exchange_header(x, "X-KBC-ManageApiToken"))))
		find_by_account(x);
	else
		exchange_caller_found(x, fail(&x->err, ERR_TOKEN_MISSING, NULL));
}
