/* Signed checkpoints of each project's events. */
#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

#include "store/event.h"

#define CHECKPOINT_HASH_SIZE 65 /* 64 hexadecimal digits */

/* All memory belongs to the arena that it was read into. */
struct checkpoint {
	int64_t project_id, number;
	const char *from_id, *until_id; /* events with from_id <= id < until_id */
	int64_t event_count;
	const char *previous_hash, *hash;
	const char *signature;
	int64_t created_us;
};
struct checkpoint_list {
	struct checkpoint *items;
	size_t count;
};

/* The newest one: 1, 0, negative. */
int checkpoint_last(struct db *db, struct arena *arena, int64_t project_id, struct checkpoint **ret, struct err *e);
/* At most limit of those after number after, oldest first. */
int checkpoint_list(struct db *db, struct arena *arena, int64_t project_id, const int64_t after_limit[2],
	struct checkpoint_list *ret, struct err *e);
/* Inside a write; 0 also when another server was faster with the same number. */
int checkpoint_insert(struct db *db, const struct checkpoint *checkpoint, struct err *e);
/* Inside a write: those whose events are all older than the id. */
int checkpoint_remove_before(struct db *db, int64_t project_id, const char *id, struct err *e);

/* At most limit events of the range in the order of their ids, each handed over as in event_list(). */
int checkpoint_events(struct db *db, const struct checkpoint *range, int64_t limit, event_each *each, void *arg, struct err *e);
/* How many events there are from this id on. */
int checkpoint_count_from(struct db *db, int64_t project_id, const char *from_id, int64_t *ret, struct err *e);

#endif
