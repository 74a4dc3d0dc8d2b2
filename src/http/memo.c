/* What the previous request on a connection sent and was answered. */
#include "http/memo.h"

#include <string.h>

#include "http/exchange.h"

int memo_route(struct http_exchange *x, struct err *e)
{
	struct memo *memo = &x->link->memo;
	if (memo->route && !strcmp(memo->path, x->path) && !strcmp(memo->method, x->method)) {
		x->match.route = memo->route;
		x->match.index = memo->route_index;
		return 0;
	}
	int rc = router_find(x->server->router, x->rq.arena, x->method, x->path, &x->match, e);
	size_t length = strlen(x->path);
	if (rc == 0 && x->match.route && !x->match.value_count && !x->match.branch && length <= MEMO_PATH_MAX &&
		!strcmp(x->match.route->method, x->method)) {
		memcpy(memo->path, x->path, length + 1);
		memo->route = x->match.route;
		memo->method = x->match.route->method;
		memo->route_index = x->match.index;
	}
	return rc;
}

bool memo_token(struct http_exchange *x, const char *token)
{
	struct memo *memo = &x->link->memo;
	struct index_lookup *lookup = &x->lookup;
	size_t length = strlen(token);
	if (!length || length != memo->token_length || !secret_equal(memo->token, token, length)) {
		memo->token_length = 0;
		if (length > MEMO_TOKEN_MAX || !token_parse(token, &memo->project_id, &memo->token_id))
			return false;
		secret_hash(token, length, memo->hash);
		memcpy(memo->token, token, length + 1);
		memo->token_length = length;
	}
	lookup->project_id = memo->project_id;
	lookup->token_id = memo->token_id;
	memcpy(lookup->hash, memo->hash, sizeof(lookup->hash));
	return true;
}

static void forget_reply(struct http_server *server, struct memo *memo)
{
	if (memo->response)
		MHD_destroy_response(memo->response);
	if (memo->identity)
		identity_give(server->app->index, memo->identity);
	memo->response = NULL;
	memo->identity = NULL;
	memo->body = NULL;
}

/* The identity goes with the reply: as long as it is held, no other body can stand at the same address. */
struct MHD_Response *memo_reply(struct http_exchange *x)
{
	struct memo *memo = &x->link->memo;
	const struct buf *body = x->reply.shared;
	if (memo->response && memo->body == body)
		return memo->response;
	forget_reply(x->server, memo);
	memo->response = MHD_create_response_from_buffer(body->length, body->data, MHD_RESPMEM_PERSISTENT);
	if (!memo->response)
		return NULL;
	if (!MHD_add_response_header(memo->response, MHD_HTTP_HEADER_CONTENT_TYPE, x->reply.content_type)) {
		forget_reply(x->server, memo);
		return NULL;
	}
	memo->body = body;
	memo->identity = x->who.identity;
	x->who = (struct caller){ .kind = CALLER_NOBODY };
	return memo->response;
}

void memo_done(struct http_server *server, struct memo *memo)
{
	forget_reply(server, memo);
	secret_wipe(memo, sizeof(*memo));
}
