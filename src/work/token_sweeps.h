/* What is done from time to time for tokens: rows of the table in sweepers.c. */
#ifndef WORK_TOKEN_SWEEPS_H
#define WORK_TOKEN_SWEEPS_H

#include "work/app.h"

/* Writes the latest uses; ends answers in memory that may no longer be repeated. */
int sweep_token_uses(struct app *app, int64_t now_us, struct err *e);
/* Deletes expired tokens and records it (R11). */
int sweep_expired_tokens(struct app *app, int64_t now_us, struct err *e);
/* Mails the creator 30, 7 and 1 days before a token expires, once each. */
int sweep_expiry_notices(struct app *app, int64_t now_us, struct err *e);
int sweep_token_replays(struct app *app, int64_t now_us, struct err *e);
/* Forgets links a month after they ended. */
int sweep_token_links(struct app *app, int64_t now_us, struct err *e);

#endif
