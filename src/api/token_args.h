/* The arguments of create and update, read into a token and judged. */
#ifndef API_TOKEN_ARGS_H
#define API_TOKEN_ARGS_H

#include "http/req.h"

extern const struct param TOKEN_CREATE_PARAMS[], TOKEN_UPDATE_PARAMS[];

/* Everything that was given, into token (which has project_id); update: what only a creation may set is left alone.
 * Unknown buckets, levels other than read and write: ERR_TOKEN_PERMISSIONS. */
int token_args_read(struct req *rq, struct token *token, bool update, struct err *e);
/* description and expiresIn, all that a guest may say; the project's longest life of a token holds. */
int token_args_read_minimal(struct req *rq, struct token *token, struct err *e);

#endif
