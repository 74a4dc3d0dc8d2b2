/* Answers that show a new token string, given again to whoever lost them: by Idempotency-Key for 24 hours, or without one when the reply
 * was provably not delivered, for 60 seconds and the same address. Never once the string was used, or replaced.
 *
 * What survives what: an answer to a call with a key is a row. An answer without one is remembered in this process until its reply turns out
 * delivered; on PostgreSQL, where the repeat may come to another server, it is a row as well, marked when the reply was lost. The string
 * itself is kept nowhere else than sealed in the token's row. */
#ifndef API_TOKEN_REPLAY_H
#define API_TOKEN_REPLAY_H

#include "http/req.h"
#include "store/token_replay.h"

/* One call of create or refresh, as it is recognised again. */
struct replay_call {
	struct token_replay like;
	int status; /* of its answer */
};
/* By the caller's header, path, arguments and address. ERR_VALIDATION: a key that is too long. */
int replay_call_read(struct req *rq, int status, struct replay_call *ret, struct err *e);

enum replay_found {
	REPLAY_NONE,      /* a new call */
	REPLAY_ANSWERED,  /* it was answered before: replied again */
	REPLAY_UNDECIDED, /* an answer is on its way, and may yet turn out lost: ask again in a moment */
};
/* Inside a write. ERR_IDEMPOTENCY_MISMATCH, ERR_IDEMPOTENCY_SPENT. */
int replay_find(struct req *rq, const struct replay_call *call, enum replay_found *ret, struct err *e);
/* Inside the write that made the string, before the reply: remembers the answer. */
int replay_remember(struct req *rq, struct replay_call *call, const struct token *token, struct err *e);

/* Waits, at most so long, until it is known what became of the answers on their way; not where these are more than pending_most: then
 * somebody makes many of the same. Never on a loop or inside a write. */
void replay_wait(struct req *rq, const struct replay_call *call, int pending_most, int64_t most_us);

/* Handler for `stale` of the refresh route: a string that was refreshed away by itself, for the one repeat of that refresh. */
int replay_stale(struct req *rq, struct err *e);

#endif
