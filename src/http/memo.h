/* What the previous request on a connection sent and was answered: clients that stay connected send the same token again and again, and ask
 * for the same answer. Saves taking the token apart and hashing it, and making the library's reply; never a look-up (R13). */
#ifndef HTTP_MEMO_H
#define HTTP_MEMO_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"

struct buf;
struct http_exchange;
struct identity;
struct http_server;
struct route;

#define MEMO_TOKEN_MAX 95
#define MEMO_PATH_MAX 63

struct memo {
	char token[MEMO_TOKEN_MAX + 1]; /* wiped when the connection ends (R07) */
	size_t token_length;
	int64_t project_id, token_id;
	uint8_t hash[SECRET_HASH_SIZE];
	/* The row that a path without placeholders led to. */
	char path[MEMO_PATH_MAX + 1];
	const char *method; /* the row's */
	const struct route *route;
	size_t route_index;
	/* The reply made of a shared body, with the identity that keeps the body alive. */
	const struct identity *identity;
	const struct buf *body;
	struct MHD_Response *response;
};

/* As router_find(), into x->match. */
int memo_route(struct http_exchange *x, struct err *e);
/* Takes the token apart and hashes it, into x->lookup: false when it is junk. */
bool memo_token(struct http_exchange *x, const char *token);
/* The library's reply to x, whose body is shared; the memo's, do not destroy it. NULL when memory is short. */
struct MHD_Response *memo_reply(struct http_exchange *x);
void memo_done(struct http_server *server, struct memo *memo);

#endif
