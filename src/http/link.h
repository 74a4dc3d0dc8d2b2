/* Connections: what is known of each as long as it is open, and who is too slow. Private to http/. */
#ifndef HTTP_LINK_H
#define HTTP_LINK_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/memo.h"

struct delivery;
struct http_exchange;
struct http_server;
struct links;

struct link {
	struct http_server *server;
	int fd;
	uint64_t requests; /* begun on it */
	char address[48];
	struct delivery *sent;       /* of the latest reply, while nothing else came on the connection */
	_Atomic int64_t deadline_us; /* by then what is awaited from the client must be there; 0: it is our turn */
	struct memo memo;
	struct link *previous, *next;
};

/* A thread that ends connections whose deadline has passed. */
struct links *links_start(void);
void links_stop(struct links *links);

struct link *link_open(struct links *links, struct http_server *server, struct MHD_Connection *connection);
void link_close(struct links *links, struct link *link);
/* The client has this long to send what is awaited, or until then (monotonic seconds). */
void link_await(struct link *link, int64_t seconds);
void link_await_until(struct link *link, int64_t monotonic_s);
void link_our_turn(struct link *link);

/* delivery.c: the reply of x left completely, or broke off; it will never be sent; what became of the connection. */
void delivery_sent(struct http_exchange *x, bool complete);
void delivery_not_sent(struct http_exchange *x);
void delivery_next_request(struct link *link);
void delivery_closed(struct link *link);

#endif
