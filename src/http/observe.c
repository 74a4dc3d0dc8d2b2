/* What the server can tell about itself, for handlers. */
#include "http/observe.h"

#include "http/exchange.h"
#include "http/metrics.h"

void observe_print(struct req *rq, struct buf *text)
{
	metrics_print(rq->app->metrics, rq->exchange->server, text);
}

const struct route *observe_route(struct req *rq, size_t index)
{
	const struct router *router = rq->exchange->server->router;
	return index < router_count(router) ? router_row(router, index) : NULL;
}
