/* Answers that show a new token string, given again to whoever lost them. */
#include "api/token_replay.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/token_json.h"
#include "auth/index.h"
#include "auth/undelivered.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "http/delivery.h"

#define KEY_MAX 255
#define KEY_LIFE_US US_PER_DAY
#define LOST_LIFE_US (60 * US_PER_S)
#define WAIT_STEP_US 5000
#define STALE_WAIT_US 500000

static bool many_servers(struct req *rq)
{
	return database_engine(rq->app->database) == DB_POSTGRES;
}

/* --- recognising a call -------------------------------------------------------------------------------------------------------- */

static int key_read(struct req *rq, struct token_replay *like, struct err *e)
{
	const char *key = req_header(rq, "Idempotency-Key");
	if (str_empty(key))
		return 0;
	if (strlen(key) > KEY_MAX)
		return fail(e, ERR_VALIDATION, "Idempotency-Key is longer than %d bytes.", KEY_MAX);
	like->has_key = true;
	secret_hash(key, strlen(key), like->key_hash);
	return 0;
}

int replay_call_read(struct req *rq, int status, struct replay_call *ret, struct err *e)
{
	*ret = (struct replay_call){ .status = status };
	ret->like.project_id = rq->origin.project_id;
	ret->like.caller_token_id = rq->origin.token_id;
	ret->like.address = req_address(rq);
	memcpy(ret->like.caller_hash, rq->who->string_hash, SECRET_HASH_SIZE);
	if (!req_body_hash(rq, ret->like.request_hash))
		return fail(e, ERR_INTERNAL, NULL);
	return key_read(rq, &ret->like, e);
}

static struct shown shown_of(const struct token_replay *like)
{
	struct shown shown = {
		.project_id = like->project_id,
		.caller_token_id = like->caller_token_id,
		.token_id = like->token_id,
		.token_refreshed_us = like->token_refreshed_us,
		.replay_id = like->id,
	};
	memcpy(shown.caller_hash, like->caller_hash, SECRET_HASH_SIZE);
	memcpy(shown.request_hash, like->request_hash, SECRET_HASH_SIZE);
	snprintf(shown.address, sizeof shown.address, "%s", like->address);
	return shown;
}

/* --- watching a reply ---------------------------------------------------------------------------------------------------------- */

struct watch {
	struct app *app;
	uint64_t number;
	int64_t project_id, replay_id;
	struct db_write write;
};

static int lost_run(struct db *db, struct db_write *write, struct err *e)
{
	struct watch *watch = write->arg;
	return token_replay_set_undelivered(db, watch->project_id, watch->replay_id, true, now_us() + LOST_LIFE_US, e);
}

static void lost_done(struct db_write *write, int rc)
{
	(void)rc; /* not marked: the other servers do not repeat the answer, and nothing worse */
	err_done(&write->err);
	free(write->arg);
}

/* A lost one stays in memory: its delivery says that it is. */
static void watch_ended(void *arg, enum delivery_state state)
{
	struct watch *watch = arg;
	if (state == DELIVERY_LOST && watch->replay_id) {
		watch->write = (struct db_write){ .run = lost_run, .done = lost_done, .arg = watch };
		database_submit(watch->app->database, &watch->write);
		return;
	}
	if (state != DELIVERY_LOST)
		undelivered_end(index_undelivered(watch->app->index), watch->number);
	free(watch);
}

static void delivery_drop(void *delivery)
{
	delivery_give(delivery);
}

struct remembered {
	struct shown shown;
	uint64_t instead_of; /* the lost one that this one repeats; 0: none */
};

static void remember_now(struct req *rq, void *arg)
{
	struct remembered *remembered = arg;
	struct shown *shown = &remembered->shown;
	struct watch *watch = calloc(1, sizeof *watch);
	if (remembered->instead_of)
		undelivered_end(index_undelivered(rq->app->index), remembered->instead_of);
	if (!watch)
		return;
	watch->app = rq->app;
	watch->project_id = shown->project_id;
	watch->replay_id = shown->replay_id;
	shown->delivery = reply_watch(rq, watch_ended, watch);
	if (!shown->delivery) {
		free(watch);
		return;
	}
	watch->number = undelivered_add(index_undelivered(rq->app->index), shown, delivery_drop);
}

/* Without memory for it the reply is sent unwatched, and not repeated. */
static void reply_remember(struct req *rq, const struct token_replay *like, uint64_t instead_of)
{
	struct remembered *remembered = arena_new_of(rq->arena, struct remembered);
	if (!remembered)
		return;
	*remembered = (struct remembered){ shown_of(like), instead_of };
	req_when_durable(rq, remember_now, remembered);
}

int replay_remember(struct req *rq, struct replay_call *call, const struct token *token, struct err *e)
{
	struct token_replay *like = &call->like;
	like->token_id = token->id;
	like->token_refreshed_us = token->refreshed_us;
	like->expires_us = now_us() + (like->has_key ? KEY_LIFE_US : LOST_LIFE_US);
	if (like->has_key || many_servers(rq)) {
		int rc = token_replay_insert(rq->db, like, e);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return fail(e, ERR_UNAVAILABLE, "A call with this Idempotency-Key is being answered at this moment.");
	}
	if (!like->has_key)
		reply_remember(rq, like, 0);
	return 0;
}

/* --- answering again ----------------------------------------------------------------------------------------------------------- */

static void record_caller(struct req *rq, const struct identity *identity)
{
	if (rq->origin.token_id)
		return;
	rq->origin.project_id = identity->token.project_id;
	rq->origin.branch_id = identity->default_branch_id;
	rq->origin.token_id = identity->token.id;
	rq->origin.token_description = identity->token.description;
}

static int reply_string(struct req *rq, int status, const struct identity *identity, struct err *e)
{
	const struct token *token = &identity->token;
	char *sealed, id[24];
	own(buf_done) struct buf body = { 0 };
	struct token_view view = { .public_url = rq->app->public_url, .db = rq->db, .arena = rq->arena, .index = rq->app->index };
	int rc = token_sealed(rq->db, rq->arena, token->project_id, token->id, &sealed, e);
	own(own_secret) char *string =
		rc == 1 ? secret_open(sealed, token_seal_context(rq->arena, token->project_id, token->id)) : NULL;
	if (!string)
		return rc < 0 ? rc : fail_internal(e, ERR_INTERNAL, "token %" PRId64 " cannot be opened", token->id);
	if ((rc = token_json_made(&view, identity, string, &body, e)) < 0)
		return rc;
	snprintf(id, sizeof id, "%" PRId64, token->id);
	req_no_event(rq);
	rc = emit(rq->db, &rq->origin, EVENT_TOKEN_REPLAYED, &(struct event_object){ .id = id, .name = token->description }, e);
	return rc < 0 ? rc : reply_text(rq, status, "application/json", &body);
}

/* 1: replied. 0: the string that was shown is not the token's any more, nobody's, or opens nothing. */
static int answer_again(struct req *rq, int status, const struct token_replay *replay, struct err *e)
{
	struct token *token;
	struct token_setting *setting;
	struct identity identity;
	int rc = token_find_whole(rq->db, rq->arena, (int64_t[]){ replay->project_id, replay->token_id }, &token, &setting, e);
	if (rc <= 0 || token->refreshed_us != replay->token_refreshed_us)
		return rc < 0 ? rc : 0;
	identity_derive(&identity, token, setting);
	bool is_own = replay->token_id == replay->caller_token_id;
	/* The caller is told what is wrong with its own token only: another's that is over is no reason to call itself expired. */
	own(err_done) struct err unsaid = { 0 };
	rc = identity_judge(&identity, NULL, is_own ? req_address(rq) : NULL, now_us(), is_own ? e : &unsaid);
	if (rc < 0)
		return is_own ? rc : 0;
	if (is_own)
		record_caller(rq, &identity);
	rc = reply_string(rq, status, &identity, e);
	return rc < 0 ? rc : 1;
}

static int find_by_key(struct req *rq, const struct replay_call *call, enum replay_found *ret, struct err *e)
{
	struct token_replay replay;
	int rc = token_replay_find_key(rq->db, rq->arena, &call->like, now_us(), &replay, e);
	if (rc <= 0)
		return rc;
	if (!secret_equal(replay.request_hash, call->like.request_hash, SECRET_HASH_SIZE))
		return fail(e, ERR_IDEMPOTENCY_MISMATCH, NULL);
	rc = replay.is_spent ? 0 : answer_again(rq, call->status, &replay, e);
	if (rc == 0)
		return fail(e, ERR_IDEMPOTENCY_SPENT, NULL);
	*ret = REPLAY_ANSWERED;
	return rc < 0 ? rc : 0;
}

static int delivery_look(void *delivery, bool ask)
{
	enum delivery_state state = ask ? delivery_state(delivery) : delivery_settled(delivery);
	return state == DELIVERY_LOST ? 1 : state == DELIVERY_PENDING ? 0 : -1;
}

static struct undelivered_search search_memory(struct req *rq, const struct shown *like)
{
	struct undelivered_search search = { .like = like, .look = delivery_look };
	undelivered_find(index_undelivered(rq->app->index), &search);
	return search;
}

/* A row of this call: a lost one, or one of which nothing is known yet. */
static int find_row(struct req *rq, const struct token_replay *like, bool lost, struct token_replay *ret, struct err *e)
{
	struct token_replay sought = *like;
	sought.is_undelivered = lost;
	return token_replay_find_open(rq->db, rq->arena, &sought, now_us(), ret, e);
}

/* A lost answer in *ret: 1. On one server memory knows it all; on many the row is the truth, and memory only knows of the loss earlier. */
static int find_lost(struct req *rq, const struct token_replay *like, const struct undelivered_search *search,
	struct token_replay *ret, struct err *e)
{
	if (!search->is_lost)
		return many_servers(rq) ? find_row(rq, like, true, ret, e) : 0;
	*ret = *like;
	ret->id = search->shown.replay_id;
	ret->token_id = search->shown.token_id;
	ret->token_refreshed_us = search->shown.token_refreshed_us;
	if (!ret->id)
		return 1;
	int spent = token_replay_is_spent(rq->db, ret->project_id, ret->id, e);
	return spent < 0 ? spent : !spent;
}

/* The reply is on its way again, and may be lost again. */
static int send_again(struct req *rq, const struct token_replay *replay, uint64_t number, struct err *e)
{
	if (replay->id) {
		int rc = token_replay_set_undelivered(rq->db, replay->project_id, replay->id, false, now_us() + LOST_LIFE_US, e);
		if (rc < 0)
			return rc;
	}
	reply_remember(rq, replay, number);
	return 0;
}

int replay_find(struct req *rq, const struct replay_call *call, enum replay_found *ret, struct err *e)
{
	*ret = REPLAY_NONE;
	if (call->like.has_key)
		return find_by_key(rq, call, ret, e);
	struct shown like = shown_of(&call->like);
	struct undelivered_search search = search_memory(rq, &like);
	struct token_replay replay;
	int rc = find_lost(rq, &call->like, &search, &replay, e);
	if (rc == 1)
		rc = answer_again(rq, call->status, &replay, e);
	if (rc == 1) {
		*ret = REPLAY_ANSWERED;
		return send_again(rq, &replay, search.is_lost ? search.number : 0, e);
	}
	/* Who lost a reply comes on a new connection. One answer alone is waited for: where there are many, somebody makes many of the
	 * same, and means it. */
	if (rc == 0 && search.pending == 1 && req_is_first(rq))
		*ret = REPLAY_UNDECIDED;
	return rc;
}

/* Is there still something to wait for? Not where more answers than that are on their way. */
static bool is_undecided(struct req *rq, const struct replay_call *call, int pending_most)
{
	struct shown like = shown_of(&call->like);
	struct undelivered_search search = search_memory(rq, &like);
	struct token_replay replay;
	own(err_done) struct err e = { 0 };
	if (search.is_lost || search.pending || !many_servers(rq))
		return search.pending && search.pending <= pending_most && !search.is_lost;
	return find_row(rq, &call->like, true, &replay, &e) == 0 && find_row(rq, &call->like, false, &replay, &e) == 1;
}

void replay_wait(struct req *rq, const struct replay_call *call, int pending_most, int64_t most_us)
{
	const struct timespec step = { .tv_nsec = WAIT_STEP_US * 1000 };
	int64_t until = monotonic_us() + most_us;
	while (is_undecided(rq, call, pending_most) && monotonic_us() < until)
		nanosleep(&step, NULL);
}

/* --- a string that refreshed itself away ----------------------------------------------------------------------------------------- */

/* The call of a token about itself; false when it is another one's, or nothing was answered to this string. */
static int stale_call(struct req *rq, struct replay_call *ret, struct err *e)
{
	int64_t project_id, token_id, path_id;
	const char *string = req_token(rq);
	if (!string || !token_parse(string, &project_id, &token_id) || !str_to_i64(req_path(rq, 0), &path_id) ||
		path_id != token_id)
		return 0;
	int rc = replay_call_read(rq, 200, ret, e);
	if (rc < 0)
		return rc;
	ret->like.project_id = project_id;
	ret->like.caller_token_id = token_id;
	secret_hash(string, strlen(string), ret->like.caller_hash);
	struct shown like = shown_of(&ret->like);
	if (undelivered_self(index_undelivered(rq->app->index), &like))
		return 1;
	return token_replay_self(rq->db, project_id, token_id, ret->like.caller_hash, e);
}

static int stale_answer(struct req *rq, const struct replay_call *call, enum replay_found *ret, struct err *e)
{
	struct token_replay replay;
	*ret = REPLAY_NONE;
	if (call->like.has_key) {
		int rc = token_replay_find_key(rq->db, rq->arena, &call->like, now_us(), &replay, e);
		if (rc <= 0 || !secret_equal(replay.caller_hash, call->like.caller_hash, SECRET_HASH_SIZE))
			return rc < 0 ? rc : 0;
	}
	return replay_find(rq, call, ret, e);
}

struct stale_again {
	struct req *rq;
	struct replay_call *call;
	enum replay_found found;
};

static int stale_again_in(struct db *db, void *arg, struct err *e)
{
	struct stale_again *again = arg;
	struct req *rq = again->rq;
	struct db *reader = rq->db;
	rq->db = db;
	int rc = stale_answer(rq, again->call, &again->found, e);
	rq->db = reader;
	return rc;
}

static int stale_after_wait(struct req *rq, struct err *e)
{
	struct stale_again again = { .rq = rq, .call = req_kept(rq) };
	replay_wait(rq, again.call, INT_MAX, STALE_WAIT_US);
	int rc = database_transact(rq->app->database, stale_again_in, &again, e);
	if (rc < 0)
		return rc;
	return again.found == REPLAY_ANSWERED ? 0 : fail(e, ERR_TOKEN_INVALID, NULL);
}

int replay_stale(struct req *rq, struct err *e)
{
	struct replay_call *call = arena_new_of(rq->arena, struct replay_call);
	enum replay_found found;
	if (!call)
		return fail(e, ERR_INTERNAL, NULL);
	int rc = stale_call(rq, call, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_TOKEN_INVALID, NULL);
	if ((rc = stale_answer(rq, call, &found, e)) < 0 || found == REPLAY_ANSWERED)
		return rc;
	/* Another server may not have noticed yet that its reply was lost. */
	struct token_replay replay;
	if (found == REPLAY_NONE)
		rc = many_servers(rq) && !call->like.has_key ? find_row(rq, &call->like, false, &replay, e) : 0;
	if (rc < 0 || (rc == 0 && found == REPLAY_NONE))
		return rc < 0 ? rc : fail(e, ERR_TOKEN_INVALID, NULL);
	req_no_event(rq);
	req_keep(rq, call);
	req_after_commit(rq, stale_after_wait);
	return 0;
}
