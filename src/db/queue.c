/* The queue of writes: one short lock, one wake-up when somebody waits. */
#include "db/engine.h"

#include "base/clock.h"

void db_queue_init(struct db_queue *queue)
{
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->filled, NULL);
	queue->last = &queue->first;
}

void db_queue_done(struct db_queue *queue)
{
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->lock);
}

void db_queue_put(struct db_queue *queue, struct db_write *write)
{
	write->next = NULL;
	write->rc = 0;
	write->err = (struct err){ 0 };
	write->queued_us = monotonic_us();
	pthread_mutex_lock(&queue->lock);
	*queue->last = write;
	queue->last = &write->next;
	atomic_fetch_add_explicit(&queue->length, 1, memory_order_relaxed);
	bool wake = queue->waiting > 0;
	pthread_mutex_unlock(&queue->lock);
	if (wake)
		pthread_cond_signal(&queue->filled);
}

struct db_write *db_queue_take(struct db_queue *queue, size_t most)
{
	pthread_mutex_lock(&queue->lock);
	queue->waiting++;
	while (!queue->first && !queue->closed)
		pthread_cond_wait(&queue->filled, &queue->lock);
	queue->waiting--;
	struct db_write *list = queue->first, **end = &queue->first;
	size_t count = 0;
	for (; *end && count < most; count++)
		end = &(*end)->next;
	struct db_write *rest = *end;
	*end = NULL;
	queue->first = rest;
	if (!rest)
		queue->last = &queue->first;
	atomic_fetch_sub_explicit(&queue->length, count, memory_order_relaxed);
	pthread_mutex_unlock(&queue->lock);
	return count ? list : NULL;
}

void db_queue_close(struct db_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	pthread_mutex_unlock(&queue->lock);
	pthread_cond_broadcast(&queue->filled);
}
