/* chatelaine routes: the routing table, one line each, for tests and for reading. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "http/route.h"

/* Names of more than one word are joined, so that a line can be taken apart at its blanks. */
static void print_joined(const char *name)
{
	for (; *name; name++)
		putchar(*name == ' ' ? '-' : *name);
}

int cmd_routes(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (const struct route *const *table = ROUTE_TABLES; *table; table++) {
		for (const struct route *route = *table; route->method; route++) {
			const char *event = route->event == EVENT_POSTED ? "posted"
					    : route->event               ? event_name(route->event)
									 : "-";
			printf("%s %s ", route->method, route->path);
			print_joined(allow_name(route->allow));
			printf(" %s%s\n", event, route->branched ? " branched" : "");
		}
	}
	return 0;
}
