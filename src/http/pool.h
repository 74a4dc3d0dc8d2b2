/* Threads for long work: as many as conf->workers, each takes the next piece in the order they came. */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include <stdint.h>

#include "base/err.h"

struct pool;

/* One piece; the struct is the caller's and must live until run() was called. */
struct pool_work {
	void (*run)(struct pool_work *work);
	void *arg;
	struct pool_work *next; /* private */
};

int pool_start(int64_t threads, struct pool **ret, struct err *e);
void pool_submit(struct pool *pool, struct pool_work *work);
/* Finishes what is queued, ends the threads. NULL is fine. */
void pool_stop(struct pool *pool);

#endif
