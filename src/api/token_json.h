/* Tokens as JSON: the shapes of behaviour.md §1.1. Never a token's string but where it was just made (R06). */
#ifndef API_TOKEN_JSON_H
#define API_TOKEN_JSON_H

#include "auth/index.h"
#include "base/json_out.h"

/* What rendering needs besides the token; zero-initialise, set the first four. */
struct token_view {
	const char *public_url;
	struct db *db;
	struct arena *arena;
	struct token_index *index;
	/* {"in.c-a":"manage",...} for tokens that manage, or read, every bucket; made when first needed, once for a whole list */
	const char *manages_all, *reads_all;
};

/* verify and detail: everything, with project and organization; uses: detail shows the last use as well. */
int token_json_whole(struct token_view *view, const struct identity *identity, bool uses, struct buf *ret, struct err *e);
/* An item of the list. */
int token_json_item(struct token_view *view, const struct identity *identity, struct json_out *out, struct err *e);
/* The answer of create, refresh and update; string NULL: without it. */
int token_json_made(struct token_view *view, const struct identity *identity, const char *string, struct buf *ret, struct err *e);

#endif
