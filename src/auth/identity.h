/* Making an identity of what the database says, and judging it: private to auth/. */
#ifndef AUTH_IDENTITY_H
#define AUTH_IDENTITY_H

#include <stdatomic.h>

#include "auth/index.h"

/* What identity_give() gets is the address of the first member. One block of memory. */
struct held {
	struct identity identity;
	atomic_int references;
	/* What the counters of the index said before the row was read: the entry is good while they say the same. */
	uint64_t generations[3];
	_Atomic(struct buf *) rendered;
	bool replay_open;      /* an answer that showed the string may be repeated until its first use ... */
	atomic_bool is_proven; /* ... which was seen here */
	size_t bytes;
	/* of the index, under its shard's lock */
	struct held *chain, *newer, *older;
	bool listed;
};

/* A copy in one block with one reference, everything derived from the role filled in. NULL when memory is short. */
struct held *held_new(const struct token *token, const struct token_setting *setting);
void held_give(struct held *held);

#endif
