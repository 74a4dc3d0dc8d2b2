/* Threads for long work. The queue is bounded by what feeds it: each connection has one piece in it at most. */
#include "http/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/shortage.h"

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct pool_work *first, **last;
	bool ending;
	size_t count;
	pthread_t threads[];
};

static struct pool_work *pool_take(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (!pool->first && !pool->ending)
		pthread_cond_wait(&pool->filled, &pool->lock);
	struct pool_work *work = pool->first;
	if (work) {
		pool->first = work->next;
		if (!pool->first)
			pool->last = &pool->first;
	}
	pthread_mutex_unlock(&pool->lock);
	return work;
}

static void *pool_thread(void *arg)
{
	struct pool *pool = arg;
	struct pool_work *work;
	while ((work = pool_take(pool))) {
		shortage_forget();
		work->run(work);
	}
	return NULL;
}

int pool_start(int64_t threads, struct pool **ret, struct err *e)
{
	struct pool *pool = calloc(1, sizeof(*pool) + (size_t)threads * sizeof(pthread_t));
	if (!pool)
		return fail(e, ERR_INTERNAL, NULL);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->filled, NULL);
	pool->last = &pool->first;
	while (pool->count < (size_t)threads && pthread_create(&pool->threads[pool->count], NULL, pool_thread, pool) == 0)
		pool->count++;
	if (!pool->count) {
		pool_stop(pool);
		return fail(e, ERR_INTERNAL, "No thread can be started.");
	}
	*ret = pool;
	return 0;
}

void pool_submit(struct pool *pool, struct pool_work *work)
{
	work->next = NULL;
	pthread_mutex_lock(&pool->lock);
	*pool->last = work;
	pool->last = &work->next;
	pthread_mutex_unlock(&pool->lock);
	pthread_cond_signal(&pool->filled);
}

void pool_stop(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_mutex_unlock(&pool->lock);
	pthread_cond_broadcast(&pool->filled);
	for (size_t i = 0; i < pool->count; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->filled);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
