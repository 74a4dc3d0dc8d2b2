/* Dropping tables and buckets: the rows of the database in one transaction with their events, the places of rows afterwards. */
#ifndef WORK_DROP_H
#define WORK_DROP_H

#include "auth/caller.h"
#include "work/app.h"
#include "work/runner.h"

struct drop {
	const struct caller *who;
	const struct origin *origin;
	const char *id;        /* of the table or bucket */
	bool force;            /* a table's aliases, a bucket's tables go too */
	const struct job *job; /* ends as successful in the same transaction; NULL: none */
	/* Asked in the transaction before anything is dropped: may the caller of a moment ago still do it (R13)? NULL: not asked. */
	int (*still)(struct db *db, void *arg, struct err *e);
	void *arg;
};

/* Waits: for workers and jobs. ERR_TABLE_HAS_ALIASES without force; with it every alias needs the right to write its bucket. */
int drop_table(struct app *app, const struct drop *drop, struct err *e);
/* ERR_BUCKET_NOT_EMPTY without force. Every token's permission for the bucket goes with it (R09). */
int drop_bucket(struct app *app, const struct drop *drop, struct err *e);

/* Drops the places of rows whose tables are gone. What can't be dropped now, or is left over from a server that ended in between, is tried
 * again at the next call and at the next start. */
void drop_leftover_rows(struct app *app);

#endif
