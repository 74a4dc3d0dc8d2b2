/* From method and path to the row of the routing table. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "base/arena.h"
#include "base/err.h"
#include "http/route.h"

struct router;

#define ROUTE_VALUES_MAX 8

struct route_match {
	const struct route *route;
	size_t index;                         /* of the row, from 0, over all tables: for metrics */
	const char *branch;                   /* what stood for {branch}, or NULL */
	const char *values[ROUTE_VALUES_MAX]; /* what stood for the other placeholders, decoded */
	int value_count;
	const char *allowed; /* "GET, HEAD, OPTIONS": set as soon as the path is known; the arena's */
	bool options;        /* the method was OPTIONS and the path is known: route is NULL */
};

/* Compiles the tables (ended by NULL). Refuses a row that nobody may call or nobody handles, and two rows for one call (R01). */
int router_new(const struct route *const *tables, struct router **ret, struct err *e);
void router_free(struct router *router);

/* The raw path, as sent, without the query. ERR_MALFORMED, ERR_ROUTE_NOT_FOUND, ERR_METHOD_NOT_ALLOWED with ret->allowed, or
 * ERR_VALIDATION where a PUT misses the id. HEAD is answered by the row of GET. */
int router_find(const struct router *router, struct arena *arena, const char *method, const char *path, struct route_match *ret,
	struct err *e);

/* All rows in the order of their tables. */
size_t router_count(const struct router *router);
const struct route *router_row(const struct router *router, size_t index);

/* Percent-decodes length bytes; plus: '+' is a blank. The result is the arena's; NULL when an encoding is broken, or the text is not UTF-8
 * or holds a NUL. */
char *percent_decode(struct arena *arena, const char *text, size_t length, bool plus);

#endif
