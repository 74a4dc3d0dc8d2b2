/* Tokens that configurations own (R17): a flow runs others by itself, so it has a token of its own, made with the flow, fitted and
 * refreshed with each of its versions, ended when it goes into the trash. Its string is shown to nobody. It may what the flow's tasks
 * need: their components, the buckets of their mappings; and of that only what whoever changed the flow may too (R05). */
#ifndef WORK_FLOW_TOKENS_H
#define WORK_FLOW_TOKENS_H

#include "auth/caller.h"
#include "base/arena.h"
#include "store/config.h"
#include "work/app.h"

struct flow_change {
	const struct app *app;
	struct db *db; /* a write's */
	struct arena *arena;
	const struct caller *who;
	const struct origin *origin;
};

/* After each change of a configuration; nothing for components that need no token, and in development branches, where nothing runs by itself. */
int flow_token_keep(const struct flow_change *change, struct config *config, struct err *e);

#endif
