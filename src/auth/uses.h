/* Who used which token when and from where, until the sweeper writes it; and the requests of the current minute. Private to auth/. */
#ifndef AUTH_USES_H
#define AUTH_USES_H

#include <stdbool.h>

#include "store/token.h"

struct uses;
struct uses *uses_new(void);
void uses_free(struct uses *uses);

/* Counts one request. False when it is one more than most (0: no limit) in this minute; *ret_wait_s says when the next begins. */
bool uses_count(struct uses *uses, const struct token *token, const char *address, int *ret_wait_s);
/* The latest use that is not written yet; false when there is none. */
bool uses_latest(struct uses *uses, int64_t project_id, int64_t token_id, struct token_use *ret);
/* Takes at most most of those not written yet, oldest table first. */
size_t uses_take(struct uses *uses, struct token_use *ret, size_t most);

#endif
