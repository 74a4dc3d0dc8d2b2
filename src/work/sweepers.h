/* What is done from time to time: one table in sweepers.c, one thread. A sweep does a bounded piece of work and returns. */
#ifndef WORK_SWEEPERS_H
#define WORK_SWEEPERS_H

#include "work/app.h"

struct sweepers;

/* Run every period_s, first some seconds after the start. now_us is the clock. 0 nothing (more) to do; 1: call again at once, there is
 * more; negative: failed (logged, tried again at the next period). Runs on the sweepers' thread: may take readers and transact. */
struct sweep {
	const char *name;
	int64_t period_s;
	int (*run)(struct app *app, int64_t now_us, struct err *e);
};
/* One row per sweep; ends with a row whose name is NULL. Add yours in sweepers.c. */
extern const struct sweep SWEEPS[];

int sweepers_start(struct app *app, struct sweepers **ret, struct err *e);
void sweepers_stop(struct sweepers *sweepers);

#endif
