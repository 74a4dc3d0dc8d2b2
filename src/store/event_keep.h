/* Keeping the history as long as was promised, and no longer (R14). */
#ifndef STORE_EVENT_KEEP_H
#define STORE_EVENT_KEEP_H

#include "base/arena.h"
#include "db/db.h"

/* A project with the days that it keeps events (0: the server's setting) and the id of its oldest event ("": none). */
struct event_keeping {
	int64_t project_id, keep_days;
	char *oldest_id;
};
/* Every project, also deleted ones. */
int event_keepings(struct db *db, struct arena *arena, struct event_keeping **ret, size_t *ret_count, struct err *e);

/* Ids of events before this time are smaller. ret holds 14 bytes. */
char *event_id_bound(int64_t time_us, char ret[14]);

/* Inside a write: removes at most limit events of the project that are older. */
int event_remove_before(struct db *db, int64_t project_id, int64_t before_us, int64_t limit, int64_t *ret_removed, struct err *e);

/* PostgreSQL, inside a write; nothing on the embedded engine. Months ahead get their partitions; a month that is over for everybody
 * goes with its partition. */
int event_months_ahead(struct db *db, int64_t now_us, struct err *e);
int event_months_drop(struct db *db, struct arena *arena, int64_t before_us, struct err *e);

#endif
