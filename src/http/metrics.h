/* Counters of what was answered, in Prometheus' text format. */
#ifndef HTTP_METRICS_H
#define HTTP_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct metrics;
struct http_server;

struct metrics *metrics_new(size_t routes);
void metrics_free(struct metrics *metrics);
/* One request of the row was answered. */
void metrics_count(struct metrics *metrics, size_t route, int status, int64_t duration_us);
/* Everything there is to say, into text. */
void metrics_print(struct metrics *metrics, const struct http_server *server, struct buf *text);

#endif
