/* Connections. libmicrohttpd ends one that is silent for too long; one that sends a byte now and then is ended here. */
#include "http/link.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

struct links {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool ending;
	struct link *first;
	pthread_t thread;
};

/* The sockets are only shut down; libmicrohttpd notices and closes them. */
static void end_slow_ones(struct links *links)
{
	int64_t now = monotonic_us();
	for (struct link *link = links->first; link; link = link->next) {
		int64_t deadline = atomic_load_explicit(&link->deadline_us, memory_order_relaxed);
		if (!deadline || deadline > now)
			continue;
		shutdown(link->fd, SHUT_RDWR);
		atomic_store(&link->deadline_us, 0);
		log_line(LOG_INFO, "a connection was too slow", "address", link->address, NULL);
	}
}

static void *links_thread(void *arg)
{
	struct links *links = arg;
	pthread_mutex_lock(&links->lock);
	while (!links->ending) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&links->ended, &links->lock, &until);
		end_slow_ones(links);
	}
	pthread_mutex_unlock(&links->lock);
	return NULL;
}

struct links *links_start(void)
{
	struct links *links = calloc(1, sizeof(*links));
	if (!links)
		return NULL;
	pthread_mutex_init(&links->lock, NULL);
	pthread_cond_init(&links->ended, NULL);
	if (pthread_create(&links->thread, NULL, links_thread, links) == 0)
		return links;
	free(links);
	return NULL;
}

void links_stop(struct links *links)
{
	if (!links)
		return;
	pthread_mutex_lock(&links->lock);
	links->ending = true;
	pthread_mutex_unlock(&links->lock);
	pthread_cond_signal(&links->ended);
	pthread_join(links->thread, NULL);
	pthread_cond_destroy(&links->ended);
	pthread_mutex_destroy(&links->lock);
	free(links);
}

static void address_text(struct MHD_Connection *connection, char *text, size_t size)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	text[0] = '\0';
	if (address && address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, (socklen_t)size);
	if (address && address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, (socklen_t)size);
	if (!strncmp(text, "::ffff:", 7) && strchr(text, '.'))
		memmove(text, text + 7, strlen(text + 7) + 1);
}

struct link *link_open(struct links *links, struct http_server *server, struct MHD_Connection *connection)
{
	struct link *link = calloc(1, sizeof(*link));
	if (!link)
		return NULL;
	link->server = server;
	link->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	address_text(connection, link->address, sizeof(link->address));
	pthread_mutex_lock(&links->lock);
	link->next = links->first;
	if (links->first)
		links->first->previous = link;
	links->first = link;
	pthread_mutex_unlock(&links->lock);
	return link;
}

void link_close(struct links *links, struct link *link)
{
	delivery_closed(link);
	memo_done(link->server, &link->memo);
	pthread_mutex_lock(&links->lock);
	if (link->next)
		link->next->previous = link->previous;
	if (link->previous)
		link->previous->next = link->next;
	else
		links->first = link->next;
	pthread_mutex_unlock(&links->lock);
	free(link);
}

/* Asked twice for each request: the clock that is read in a few nanoseconds is exact enough. */
void link_await(struct link *link, int64_t seconds)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	atomic_store_explicit(&link->deadline_us, (now.tv_sec + seconds) * US_PER_S, memory_order_relaxed);
}

void link_await_until(struct link *link, int64_t monotonic_s)
{
	atomic_store_explicit(&link->deadline_us, monotonic_s * US_PER_S, memory_order_relaxed);
}

void link_our_turn(struct link *link)
{
	atomic_store_explicit(&link->deadline_us, 0, memory_order_relaxed);
}
