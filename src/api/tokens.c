/* Tokens: behaviour.md §1. What a repeated create or refresh answers is in token_replay.c. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/token_args.h"
#include "api/token_json.h"
#include "api/token_replay.h"
#include "auth/index.h"
#include "auth/permit.h"
#include "base/clock.h"
#include "base/own.h"
#include "http/req.h"
#include "work/tokens.h"

#define LIST_MAX 100000
#define CREATE_WAIT_US 100000

static struct token_view view_of(struct req *rq)
{
	return (struct token_view){
		.public_url = rq->app->public_url, .db = rq->db, .arena = rq->arena, .index = rq->app->index
	};
}

static void object_is(struct req *rq, const struct token *token, json_t *stolen_params)
{
	char id[24];
	snprintf(id, sizeof id, "%" PRId64, token->id);
	req_object(rq, id, token->description, stolen_params);
}

/* --- reading ------------------------------------------------------------------------------------------------------------------ */

static bool tokens_verify_quick(struct req *rq)
{
	const struct buf *rendered = index_rendered(rq->who->identity);
	return rendered && reply_shared(rq, 200, "application/json", rendered) == 0;
}

static int tokens_verify(struct req *rq, struct err *e)
{
	own(buf_done) struct buf body = { 0 };
	struct token_view view = view_of(rq);
	int rc = token_json_whole(&view, rq->who->identity, false, &body, e);
	if (rc < 0)
		return rc;
	index_keep_rendered(rq->app->index, rq->who->identity, &body);
	const struct buf *rendered = index_rendered(rq->who->identity);
	return rendered ? reply_shared(rq, 200, "application/json", rendered) : fail(e, ERR_INTERNAL, NULL);
}

/* Own and foreign: what may not be read is refused before it is looked for. */
static int whole_of(struct req *rq, struct token **ret, struct identity *ret_identity, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	if (!id)
		return -ERR_ROUTE_NOT_FOUND;
	int rc = permit_token_read(rq->who, id, e);
	if (rc < 0)
		return rc;
	struct token_setting *setting;
	rc = token_find_whole(rq->db, rq->arena, (int64_t[]){ rq->origin.project_id, id }, ret, &setting, e);
	if (rc == 0)
		return fail(e, ERR_TOKEN_NOT_FOUND, "Token with id \"%" PRId64 "\" was not found.", id);
	if (rc < 0)
		return rc;
	identity_derive(ret_identity, *ret, setting);
	return 0;
}

static int tokens_detail(struct req *rq, struct err *e)
{
	struct token *token;
	struct identity identity;
	own(buf_done) struct buf body = { 0 };
	int rc = whole_of(rq, &token, &identity, e);
	if (rc < 0)
		return rc;
	struct token_view view = view_of(rq);
	if ((rc = token_json_whole(&view, &identity, true, &body, e)) < 0)
		return rc;
	object_is(rq, token, NULL);
	return reply_text(rq, 200, "application/json", &body);
}

struct listing {
	struct token_view view;
	struct json_out out;
};

static int list_one(const struct token *token, const struct token_setting *setting, void *arg, struct err *e)
{
	struct listing *listing = arg;
	struct identity identity;
	identity_derive(&identity, token, setting);
	return token_json_item(&listing->view, &identity, &listing->out, e);
}

static int list_all(struct req *rq, struct listing *listing, struct err *e)
{
	struct token_listing all = { .project_id = rq->origin.project_id, .one = list_one, .arg = listing };
	int64_t count;
	char text[24];
	int rc = arg_page(rq, LIST_MAX, LIST_MAX, &all.limit, &all.offset, e);
	if (rc < 0 || (rc = token_count(rq->db, all.project_id, &count, e)) < 0)
		return rc;
	snprintf(text, sizeof text, "%" PRId64, count);
	reply_header(rq, "X-Total-Count", text);
	return token_list(rq->db, &all, e);
}

/* All for those who manage tokens, for others exactly their own. */
static int tokens_list(struct req *rq, struct err *e)
{
	own(buf_done) struct buf body = { 0 };
	struct listing listing = { view_of(rq), { &body, false } };
	out_array(&listing.out, NULL);
	int rc = rq->who->identity->can_manage_tokens ? list_all(rq, &listing, e)
						      : token_json_item(&listing.view, rq->who->identity, &listing.out, e);
	if (rc < 0)
		return rc;
	out_array_end(&listing.out);
	return reply_text(rq, 200, "application/json", &body);
}

/* --- create ------------------------------------------------------------------------------------------------------------------- */

static json_t *texts_json(char *const *texts, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(texts[i]));
	return list;
}

/* What an event says of a token: what it may, from where and how long, never its string. */
static json_t *powers_json(const struct token *token)
{
	char expires[TIME_TEXT_SIZE];
	json_t *buckets = json_object();
	for (size_t i = 0; i < token->bucket_count; i++)
		json_object_set_new(
			buckets, token->buckets[i].bucket_id, json_string(bucket_level_name(token->buckets[i].level)));
	return json_pack("{s:o, s:o, s:b, s:b, s:b, s:b, s:s?, s:b, s:o, s:I}", "bucketPermissions", buckets, "componentAccess",
		texts_json(token->components, token->component_count), "canManageBuckets", token->can_manage_buckets,
		"canReadAllFileUploads", (int)token->can_read_all_files, "canPurgeTrash", (int)token->can_purge_trash,
		"canCreateJobs", (int)token->can_create_jobs, "expires",
		token->expires_us ? time_text(token->expires_us, expires) : NULL, "isDisabled", (int)token->is_disabled,
		"allowedAddresses", texts_json(token->addresses, token->address_count), "requestsPerMinute",
		(json_int_t)token->requests_per_minute);
}

/* A new token has nothing but what is asked for (R08), and a guest may ask for nothing (R05). */
static int new_token(struct req *rq, struct token *token, struct err *e)
{
	const struct identity *creator = rq->who->identity;
	*token = (struct token){
		.project_id = creator->token.project_id,
		.description = arena_printf(rq->arena, "Created by %s", creator->token.description),
		.creator_token_id = creator->token.id,
		.creator_description = creator->token.description,
		.admin_id = creator->token.admin_id,
	};
	return creator->can_manage_tokens ? token_args_read(rq, token, false, e) : token_args_read_minimal(rq, token, e);
}

static int reply_made(struct req *rq, int status, const struct token *token, const char *string, struct err *e)
{
	struct identity identity;
	struct token_setting setting = { .admin_name = rq->who->identity->admin_name,
		.admin_email = rq->who->identity->admin_email };
	own(buf_done) struct buf body = { 0 };
	struct token_view view = view_of(rq);
	identity_derive(&identity, token, &setting);
	int rc = token_json_made(&view, &identity, string, &body, e);
	return rc < 0 ? rc : reply_text(rq, status, "application/json", &body);
}

static int create_now(struct req *rq, struct replay_call *call, struct token *token, struct err *e)
{
	own(own_secret) char *string = NULL;
	int rc = new_token(rq, token, e);
	if (rc < 0 || (rc = token_make(rq->db, token, &string, e)) < 0 || (rc = replay_remember(rq, call, token, e)) < 0)
		return rc;
	object_is(rq, token, powers_json(token));
	return reply_made(rq, 201, token, string, e);
}

struct creation {
	struct req *rq;
	struct replay_call *call;
};

static int create_again_in(struct db *db, void *arg, struct err *e)
{
	struct creation *creation = arg;
	struct req *rq = creation->rq;
	struct token token;
	enum replay_found found;
	char id[24];
	rq->db = db;
	int rc = req_recheck(rq, db, e);
	if (rc < 0 || (rc = replay_find(rq, creation->call, &found, e)) < 0 || found == REPLAY_ANSWERED ||
		(rc = create_now(rq, creation->call, &token, e)) < 0)
		return rc;
	own(own_json) json_t *params = powers_json(&token);
	snprintf(id, sizeof id, "%" PRId64, token.id);
	return emit(db, &rq->origin, EVENT_TOKEN_CREATED,
		&(struct event_object){ .id = id, .name = token.description, .params = params }, e);
}

/* On a worker: the answer to the same call is just on its way to somebody, and may be found lost in a moment. */
static int create_after_wait(struct req *rq, struct err *e)
{
	struct creation creation = { rq, req_kept(rq) };
	struct db *reader = rq->db;
	replay_wait(rq, creation.call, 1, CREATE_WAIT_US);
	int rc = database_transact(rq->app->database, create_again_in, &creation, e);
	rq->db = reader;
	return rc;
}

static int tokens_create(struct req *rq, struct err *e)
{
	struct replay_call *call = arena_new_of(rq->arena, struct replay_call);
	struct token token;
	enum replay_found found;
	if (!call)
		return fail(e, ERR_INTERNAL, NULL);
	int rc = replay_call_read(rq, 201, call, e);
	if (rc < 0 || (rc = replay_find(rq, call, &found, e)) < 0 || found == REPLAY_ANSWERED)
		return rc;
	if (found == REPLAY_NONE)
		return create_now(rq, call, &token, e);
	req_no_event(rq);
	req_keep(rq, call);
	req_after_commit(rq, create_after_wait);
	return 0;
}

/* --- change ------------------------------------------------------------------------------------------------------------------- */

/* The token of the path, which the caller may change. */
static int token_of(struct req *rq, struct token **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	if (!id)
		return -ERR_ROUTE_NOT_FOUND;
	int rc = permit_token_read(rq->who, id, e);
	return rc < 0 ? rc : token_get(rq->db, rq->arena, rq->origin.project_id, id, ret, e);
}

static int reply_whole(struct req *rq, struct err *e)
{
	struct token *token;
	struct identity identity;
	own(buf_done) struct buf body = { 0 };
	struct token_view view = view_of(rq);
	int rc = whole_of(rq, &token, &identity, e);
	if (rc < 0 || (rc = token_json_made(&view, &identity, NULL, &body, e)) < 0)
		return rc;
	return reply_text(rq, 200, "application/json", &body);
}

static int tokens_update(struct req *rq, struct err *e)
{
	struct token *token;
	int rc = token_of(rq, &token, e);
	if (rc < 0 || (rc = permit_token_change(rq->who, token, e)) < 0)
		return rc;
	bool was_disabled = token->is_disabled;
	if ((rc = token_args_read(rq, token, true, e)) < 0 || (rc = token_update(rq->db, token, e)) < 0)
		return rc;
	object_is(rq, token, powers_json(token));
	if (token->is_disabled != was_disabled && json_object_size(rq->args) == 1)
		req_event(rq, token->is_disabled ? EVENT_TOKEN_DISABLED : EVENT_TOKEN_ENABLED);
	return reply_whole(rq, e);
}

static int set_disabled(struct req *rq, bool is_disabled, struct err *e)
{
	struct token *token;
	int rc = token_of(rq, &token, e);
	if (rc < 0 || (rc = permit_token_change(rq->who, token, e)) < 0)
		return rc;
	token->is_disabled = is_disabled;
	if ((rc = token_update(rq->db, token, e)) < 0)
		return rc;
	object_is(rq, token, NULL);
	return reply_whole(rq, e);
}

static int tokens_disable(struct req *rq, struct err *e)
{
	return set_disabled(rq, true, e);
}

static int tokens_enable(struct req *rq, struct err *e)
{
	return set_disabled(rq, false, e);
}

static int tokens_delete(struct req *rq, struct err *e)
{
	struct token *token;
	int rc = token_of(rq, &token, e);
	if (rc < 0 || (rc = permit_token_change(rq->who, token, e)) < 0)
		return rc;
	if ((rc = token_end(rq->db, token, &rq->origin, EVENT_TOKEN_DELETED, e)) < 0)
		return rc;
	req_no_event(rq); /* token_end() recorded it */
	return reply_none(rq, 204);
}

static int tokens_refresh(struct req *rq, struct err *e)
{
	struct token *token;
	struct replay_call call;
	enum replay_found found;
	own(own_secret) char *string = NULL;
	int rc = token_of(rq, &token, e);
	if (rc < 0 || (rc = permit_token_refresh(rq->who, token, e)) < 0 || (rc = replay_call_read(rq, 200, &call, e)) < 0)
		return rc;
	if ((rc = replay_find(rq, &call, &found, e)) < 0 || found == REPLAY_ANSWERED)
		return rc;
	if ((rc = token_renew(rq->db, token, &string, e)) < 0 || (rc = replay_remember(rq, &call, token, e)) < 0)
		return rc;
	object_is(rq, token, NULL);
	return reply_made(rq, 200, token, string, e);
}

static const struct param LIST_PARAMS[] = {
	{ "limit", P_INT, 0, "most tokens" },
	{ "offset", P_INT, 0, "tokens left out at the beginning" },
	{ NULL },
};

const struct route TOKEN_ROUTES[] = {
	{ "GET", "/v2/storage/tokens/verify", ALLOW_TOKEN, EVENT_NONE, RUN_LOOP, tokens_verify,
		.summary = "What the token is and may", .branched = true, .quick = tokens_verify_quick },
	{ "GET", "/v2/storage/tokens", ALLOW_TOKEN, EVENT_TOKENS_LISTED, RUN_WORK, tokens_list, LIST_PARAMS,
		"All tokens, or one's own", .branched = true },
	{ "POST", "/v2/storage/tokens", ALLOW_TOKEN_CREATOR, EVENT_TOKEN_CREATED, RUN_WRITE, tokens_create, TOKEN_CREATE_PARAMS,
		"Make a token", .branched = true },
	{ "GET", "/v2/storage/tokens/{id}", ALLOW_TOKEN, EVENT_TOKEN_DETAIL, RUN_LOOP, tokens_detail, .summary = "One token",
		.branched = true },
	{ "PUT", "/v2/storage/tokens/{id}", ALLOW_TOKEN_MANAGER, EVENT_TOKEN_UPDATED, RUN_WRITE, tokens_update,
		TOKEN_UPDATE_PARAMS, "Change what a token may", .branched = true },
	{ "DELETE", "/v2/storage/tokens/{id}", ALLOW_TOKEN, EVENT_TOKEN_DELETED, RUN_WRITE, tokens_delete,
		.summary = "Delete a token", .branched = true },
	{ "POST", "/v2/storage/tokens/{id}/refresh", ALLOW_TOKEN, EVENT_TOKEN_REFRESHED, RUN_WRITE, tokens_refresh,
		.summary = "A new string; the old one is dead at once", .branched = true, .stale = replay_stale },
	{ "POST", "/v2/storage/tokens/{id}/disable", ALLOW_TOKEN_MANAGER, EVENT_TOKEN_DISABLED, RUN_WRITE, tokens_disable,
		.summary = "Refuse a token until it is enabled again" },
	{ "POST", "/v2/storage/tokens/{id}/enable", ALLOW_TOKEN_MANAGER, EVENT_TOKEN_ENABLED, RUN_WRITE, tokens_enable,
		.summary = "Let a disabled token in again" },
	{ 0 },
};
