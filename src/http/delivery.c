/* Was a reply delivered? The kernel's counters tell: each byte of the client and the end of its sending (FIN) move bytes_received, a reset
 * does not. So a closed connection whose counter stands where it stood when the request was answered was reset. */
#include "http/delivery.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "http/exchange.h"
#include "http/link.h"

enum { STATE_CLOSE = 7, STATE_CLOSE_WAIT = 8 }; /* of tcp_info.tcpi_state, as in the kernel */

struct delivery {
	atomic_int references;
	pthread_mutex_t lock;
	int fd; /* -1: the connection is gone */
	uint64_t received;
	bool client_done; /* it had ended its sending already */
	_Atomic enum delivery_state state;
	void (*ended)(void *arg, enum delivery_state state);
	void *arg;
};

static bool tcp_look(int fd, struct tcp_info *ret)
{
	socklen_t size = sizeof(*ret);
	*ret = (struct tcp_info){ 0 };
	return fd >= 0 && getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret, &size) == 0;
}

struct delivery *reply_watch(struct req *rq, void (*ended)(void *arg, enum delivery_state state), void *arg)
{
	struct http_exchange *x = rq->exchange;
	struct tcp_info info;
	struct delivery *d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	pthread_mutex_init(&d->lock, NULL);
	atomic_init(&d->references, 2);
	d->fd = x->link->fd;
	d->ended = ended;
	d->arg = arg;
	if (tcp_look(d->fd, &info)) {
		d->received = info.tcpi_bytes_received;
		d->client_done = info.tcpi_state == STATE_CLOSE_WAIT;
	}
	x->delivery = d;
	return d;
}

void delivery_keep(struct delivery *d)
{
	atomic_fetch_add(&d->references, 1);
}

void delivery_give(struct delivery *d)
{
	if (!d || atomic_fetch_sub(&d->references, 1) > 1)
		return;
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* What the socket says, with the lock held. A client that had ended its sending before is reset by nothing that could be told from an
 * orderly end here: only an unsent rest shows it (delivery_broken). */
static enum delivery_state look(const struct delivery *d)
{
	struct tcp_info info;
	enum delivery_state state = atomic_load_explicit(&d->state, memory_order_relaxed);
	if (state != DELIVERY_PENDING || d->client_done || !tcp_look(d->fd, &info))
		return state;
	if (info.tcpi_bytes_received != d->received)
		return DELIVERY_ENDED;
	return info.tcpi_state == STATE_CLOSE ? DELIVERY_LOST : DELIVERY_PENDING;
}

enum delivery_state delivery_state(struct delivery *d)
{
	pthread_mutex_lock(&d->lock);
	enum delivery_state state = look(d);
	pthread_mutex_unlock(&d->lock);
	return state;
}

enum delivery_state delivery_settled(struct delivery *d)
{
	return atomic_load_explicit(&d->state, memory_order_relaxed);
}

/* The state is final: kept, told, and the server's reference given. */
static void settle(struct delivery *d, enum delivery_state state)
{
	pthread_mutex_lock(&d->lock);
	atomic_store_explicit(&d->state, state, memory_order_relaxed);
	d->fd = -1;
	pthread_mutex_unlock(&d->lock);
	if (d->ended)
		d->ended(d->arg, state);
	delivery_give(d);
}

void delivery_sent(struct http_exchange *x, bool complete)
{
	struct delivery *d = x->delivery;
	x->delivery = NULL;
	if (!d)
		return;
	if (complete)
		x->link->sent = d;
	else
		settle(d, DELIVERY_LOST);
}

void delivery_not_sent(struct http_exchange *x)
{
	if (x->delivery)
		settle(x->delivery, DELIVERY_ENDED);
	x->delivery = NULL;
}

void delivery_next_request(struct link *link)
{
	if (link->sent)
		settle(link->sent, DELIVERY_ENDED);
	link->sent = NULL;
}

void delivery_closed(struct link *link)
{
	struct delivery *d = link->sent;
	link->sent = NULL;
	if (!d)
		return;
	enum delivery_state state = delivery_state(d);
	settle(d, state == DELIVERY_LOST ? DELIVERY_LOST : DELIVERY_ENDED);
}
