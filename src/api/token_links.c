/* Sharing a token, and what became of it (R12). */
#include <inttypes.h>
#include <stdio.h>

#include "auth/permit.h"
#include "base/clock.h"
#include "base/own.h"
#include "http/req.h"
#include "work/token_links.h"

#define LIST_MAX 1000

/* Only those who manage tokens come here. */
static int token_of(struct req *rq, struct token **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	return id ? token_get(rq->db, rq->arena, rq->origin.project_id, id, ret, e) : -ERR_ROUTE_NOT_FOUND;
}

static void object_is(struct req *rq, const struct token *token, json_t *stolen_params)
{
	char id[24];
	snprintf(id, sizeof id, "%" PRId64, token->id);
	req_object(rq, id, token->description, stolen_params);
}

static int token_links_share(struct req *rq, struct err *e)
{
	struct token *token;
	struct sharing sharing = { .app = rq->app, .sender = rq->who->identity, .message = arg_text(rq, "message", "") };
	int rc = token_of(rq, &token, e);
	if (rc < 0 || (rc = arg_required(rq, "recipientEmail", &sharing.recipient, e)) < 0)
		return rc;
	sharing.token = token;
	if ((rc = token_share(rq->db, rq->arena, &sharing, e)) < 0)
		return rc;
	object_is(rq, token, json_pack("{s:s}", "recipientEmail", sharing.recipient));
	return reply_none(rq, 204);
}

static json_t *date_json(int64_t time_us)
{
	char text[TIME_TEXT_SIZE];
	return time_us ? json_string(time_text(time_us, text)) : json_null();
}

static json_t *link_json(const struct token_link *link, const struct token *token)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:I}", "id", (json_int_t)link->id, "recipientEmail",
		link->recipient, "message", link->message, "state", share_state_name(share_state(link, token, now_us())),
		"created", date_json(link->created_us), "opened", date_json(link->opened_us), "retrieved",
		date_json(link->retrieved_us), "expires", date_json(link->expires_us), "senderTokenId",
		(json_int_t)link->sender_token_id);
}

static int token_links_list(struct req *rq, struct err *e)
{
	struct token *token;
	struct token_link *links;
	size_t count;
	int rc = token_of(rq, &token, e);
	if (rc < 0 || (rc = token_link_list(
			       rq->db, rq->arena, (int64_t[]){ token->project_id, token->id }, LIST_MAX, &links, &count, e)) < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, link_json(&links[i], token));
	object_is(rq, token, NULL);
	return reply_json(rq, 200, list);
}

static int token_links_revoke(struct req *rq, struct err *e)
{
	struct token *token;
	struct token_link *link;
	int64_t id = req_path_id(rq, 1, e);
	int rc = id ? token_of(rq, &token, e) : -ERR_ROUTE_NOT_FOUND;
	if (rc < 0 || (rc = token_link_lock(rq->db, rq->arena, token->project_id, id, &link, e)) < 0)
		return rc;
	if (rc == 0 || link->token_id != token->id)
		return fail(e, ERR_TOKEN_LINK_NOT_FOUND, NULL);
	if (link->retrieved_us || link->revoked_us) {
		req_no_event(rq);
		return reply_none(rq, 204);
	}
	if ((rc = share_revoke(rq->db, link, e)) < 0)
		return rc;
	object_is(rq, token, json_pack("{s:s, s:I}", "recipientEmail", link->recipient, "linkId", (json_int_t)link->id));
	return reply_none(rq, 204);
}

static const struct param SHARE_PARAMS[] = {
	{ "recipientEmail", P_TEXT, 254, "who gets the link, and must type this address to see the token" },
	{ "message", P_TEXT, 4000, "a message for them" },
	{ NULL },
};

const struct route TOKEN_LINK_ROUTES[] = {
	{ "POST", "/v2/storage/tokens/{id}/share", ALLOW_TOKEN_MANAGER, EVENT_TOKEN_SHARED, RUN_WRITE, token_links_share,
		SHARE_PARAMS, "Mail a link that shows the token once", .branched = true },
	{ "GET", "/v2/storage/tokens/{id}/links", ALLOW_TOKEN_MANAGER, EVENT_TOKEN_LINKS_LISTED, RUN_LOOP, token_links_list,
		.summary = "Links of a token and what became of them" },
	{ "DELETE", "/v2/storage/tokens/{id}/links/{link}", ALLOW_TOKEN_MANAGER, EVENT_TOKEN_LINK_REVOKED, RUN_WRITE,
		token_links_revoke, .summary = "End a link that was not used" },
	{ 0 },
};
