/* What was done in a run: counted from its events and files. */
#ifndef STORE_STATS_H
#define STORE_STATS_H

#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

struct stats_filter {
	int64_t project_id, branch_id;
	const char *run_id; /* exactly this one, not its children */
	int64_t seen_by;    /* 0: everybody's; else only what this token caused (R15) */
};

/* A table, or a tag of files, with the times that it occurred; most first. */
struct stats_item {
	char *name;
	int64_t count;
	double duration_s; /* of imports; 0 when it is not known */
};
struct stats_list {
	struct stats_item *items;
	size_t count;
	int64_t total;
};

int stats_imports(struct db *db, struct arena *arena, const struct stats_filter *filter, struct stats_list *ret, struct err *e);
int stats_exports(struct db *db, struct arena *arena, const struct stats_filter *filter, struct stats_list *ret, struct err *e);
int stats_tags(struct db *db, struct arena *arena, const struct stats_filter *filter, struct stats_list *ret, struct err *e);

/* Files of the run: how many, and their declared sizes. */
struct stats_files {
	int64_t count, total_bytes, most_bytes, least_bytes;
};
int stats_files(struct db *db, const struct stats_filter *filter, struct stats_files *ret, struct err *e);

#endif
