/* What the server can tell about itself, for handlers. */
#ifndef HTTP_OBSERVE_H
#define HTTP_OBSERVE_H

#include "base/buf.h"
#include "http/req.h"

/* All metrics in Prometheus' text format. */
void observe_print(struct req *rq, struct buf *text);
/* The rows of the routing table, in order; NULL behind the last. */
const struct route *observe_route(struct req *rq, size_t index);

#endif
