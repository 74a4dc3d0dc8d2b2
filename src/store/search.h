/* Finding things of a project by the beginning of their names. */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* One thing found; memory ends with the call that gets it. Texts that do not apply are "". */
struct search_hit {
	const char *kind; /* "bucket", "table", "configuration", "configuration-row" */
	const char *id, *name;
	int64_t created_us;
	int64_t branch_id; /* 0: the default one (buckets and tables) */
	const char *component_id;
	const char *configuration_id, *configuration_name; /* of a row */
	const char *bucket_id, *bucket_name;               /* of a table */
};

/* Calls each() for everything whose name begins with prefix, whatever the case, ordered by name, until it fails. */
int search_names(struct db *db, struct arena *arena, int64_t project_id, const char *prefix,
	int (*each)(void *arg, const struct search_hit *hit, struct err *e), void *arg, struct err *e);

#endif
