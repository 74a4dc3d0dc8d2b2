/* Management tokens: who one is, and one's own. */
#include <string.h>

#include "api/manage.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "store/manage_token.h"

#define SESSION_TOKEN_S 3600

static void token_owner(json_t *shown, const struct manage_token *token, const struct user *user)
{
	json_object_set_new(shown, "type", json_string(user->is_super ? "super" : "admin"));
	json_object_set_new(shown, "creator", json_pack("{s:I, s:s}", "id", (json_int_t)token->creator_id, "name", user->name));
	json_object_set_new(shown, "user", user_json(user));
}

static int tokens_verify(struct req *rq, struct err *e)
{
	struct manage_token *token = NULL;
	struct user *user = NULL;
	int rc = user_find(rq->db, rq->arena, rq->who->user_id, &user, e);
	if (rc > 0 && rq->who->manage_token_id)
		rc = manage_token_find(rq->db, rq->arena, rq->who->manage_token_id, &token, e);
	if (rc < 0)
		return rc;
	if (!token)
		return fail(e, ERR_MANAGE_TOKEN_INVALID, NULL);
	json_t *shown = manage_token_json(token);
	token_owner(shown, token, user);
	return reply_json(rq, 200, shown);
}

static int tokens_list(struct req *rq, struct err *e)
{
	struct manage_token_list list;
	int rc = manage_token_list(rq->db, rq->arena, rq->who->user_id, &list, e);
	return rc < 0 ? rc : reply_json(rq, 200, manage_list(list, manage_token_json));
}

static const char *const SCOPES[] = { "read-only" };

static int scopes_read(struct req *rq, char **ret, struct err *e)
{
	json_t *scopes = arg_json(rq, "scopes"), *scope;
	size_t i;
	own(own_json) json_t *kept = json_array();
	json_array_foreach(scopes, i, scope) {
		if (!str_eq(json_string_value(scope), SCOPES[0]))
			return fail(e, ERR_MANAGE_VALIDATION, "The scope \"read-only\" is the only one there is.");
		if (json_array_size(kept) == 0)
			json_array_append(kept, scope);
	}
	own(own_free) char *text = json_dumps(kept, JSON_COMPACT);
	*ret = arena_strdup(rq->arena, text);
	return 0;
}

/* A token makes none that outlives it. */
static int limit_life(struct req *rq, struct manage_token *token, struct err *e)
{
	struct manage_token *maker = NULL;
	if (!rq->who->manage_token_id)
		return 0;
	int rc = manage_token_find(rq->db, rq->arena, rq->who->manage_token_id, &maker, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_MANAGE_TOKEN_INVALID, NULL);
	if (maker->expires_us > 0 && (token->expires_us == 0 || token->expires_us > maker->expires_us))
		token->expires_us = maker->expires_us;
	return 0;
}

static int token_answer(struct req *rq, struct manage_token *token, struct err *e)
{
	char *text;
	struct user *user = NULL;
	token->user_id = token->creator_id = rq->who->user_id;
	int rc = limit_life(rq, token, e);
	if (rc < 0 || (rc = manage_token_insert(rq->db, rq->arena, token, &text, e)) < 0 ||
		(rc = user_find(rq->db, rq->arena, token->user_id, &user, e)) <= 0)
		return rc < 0 ? rc : fail(e, ERR_MANAGE_TOKEN_INVALID, NULL);
	json_t *shown = manage_token_json(token);
	token_owner(shown, token, user);
	json_object_set_new(shown, "token", json_string(text));
	return reply_json(rq, 201, shown);
}

static const struct param TOKEN_PARAMS[] = {
	{ "description", P_TEXT, 255, "what it is for" },
	{ "expiresIn", P_INT, 0, "life in seconds; absent: until it is revoked" },
	{ "scopes", P_TEXTS, 10, "read-only: it changes nothing" },
	{ 0 },
};

static int tokens_create(struct req *rq, struct err *e)
{
	struct manage_token token = { 0 };
	const char *description;
	int64_t life_s = arg_int(rq, "expiresIn", 0);
	int rc = arg_required(rq, "description", &description, e);
	if (rc < 0 || (rc = scopes_read(rq, &token.scopes, e)) < 0)
		return rc;
	if ((arg_given(rq, "expiresIn") && life_s < 1) || life_s > INT64_C(3155760000))
		return fail(e, ERR_MANAGE_VALIDATION, "Minimal expiration must be greater or equal to 1 second(s)");
	token.description = arena_strdup(rq->arena, description);
	token.expires_us = life_s ? now_us() + life_s * US_PER_S : 0;
	return token_answer(rq, &token, e);
}

static int tokens_create_session(struct req *rq, struct err *e)
{
	char description[] = "Session";
	struct manage_token token = {
		.description = description, .expires_us = now_us() + SESSION_TOKEN_S * US_PER_S, .is_session = true
	};
	return token_answer(rq, &token, e);
}

/* One's own only. */
static int own_token(struct req *rq, struct manage_token **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	if (!id)
		return -ERR_ROUTE_NOT_FOUND;
	int rc = manage_token_find(rq->db, rq->arena, id, ret, e);
	if (rc < 0)
		return rc;
	return rc > 0 && (*ret)->user_id == rq->who->user_id ? 0 : fail(e, ERR_MANAGE_NOT_FOUND, "The token was not found.");
}

static int tokens_refresh(struct req *rq, struct err *e)
{
	struct manage_token *token = NULL;
	char *text;
	int rc = own_token(rq, &token, e);
	if (rc < 0 || (rc = manage_token_refresh(rq->db, rq->arena, token->id, &text, e)) < 0)
		return rc;
	token->refreshed_us = now_us();
	json_t *shown = manage_token_json(token);
	json_object_set_new(shown, "token", json_string(text));
	return reply_json(rq, 200, shown);
}

static int tokens_revoke(struct req *rq, struct err *e)
{
	struct manage_token *token = NULL;
	int rc = own_token(rq, &token, e);
	if (rc < 0 || (rc = manage_token_remove(rq->db, token->id, e)) < 0)
		return rc;
	return reply_none(rq, 204);
}

const struct route MANAGE_TOKEN_ROUTES[] = {
	{ "GET", "/manage/tokens/verify", ALLOW_USER, EVENT_NONE, RUN_LOOP, tokens_verify,
		.summary = "Whose management token this is" },
	{ "GET", "/manage/current-user/tokens", ALLOW_USER, EVENT_NONE, RUN_LOOP, tokens_list,
		.summary = "One's management tokens" },
	{ "POST", "/manage/current-user/tokens", ALLOW_USER, EVENT_NONE, RUN_WRITE, tokens_create, TOKEN_PARAMS,
		.summary = "Make a management token; its string is shown once" },
	{ "POST", "/manage/current-user/session-token", ALLOW_USER, EVENT_NONE, RUN_WRITE, tokens_create_session,
		.summary = "Make a management token for an hour" },
	{ "POST", "/manage/current-user/tokens/{id}/refresh", ALLOW_USER, EVENT_NONE, RUN_WRITE, tokens_refresh,
		.summary = "A new string; the old one is dead" },
	{ "DELETE", "/manage/current-user/tokens/{id}", ALLOW_USER, EVENT_NONE, RUN_WRITE, tokens_revoke,
		.summary = "Revoke a management token" },
	{ 0 },
};
