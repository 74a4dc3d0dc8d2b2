/* Counters of what was answered. Each is a number of its own that only grows: no locks. */
#include "http/metrics.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/exchange.h"

enum { CLASSES = 6, BOUNDS = 8 };
static const int64_t BOUNDS_US[BOUNDS] = { 500, 1000, 5000, 20000, 100000, 500000, 2000000, 10000000 };

struct row {
	atomic_uint_fast64_t answered[CLASSES]; /* by the first digit of the status */
	atomic_uint_fast64_t within[BOUNDS + 1];
	atomic_uint_fast64_t duration_us;
};

struct metrics {
	size_t count;
	struct row rows[]; /* one for each route and one for all else */
};

struct metrics *metrics_new(size_t routes)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics) + (routes + 1) * sizeof(struct row));
	if (metrics)
		metrics->count = routes;
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	free(metrics);
}

static void add(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static unsigned long long get(atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void metrics_count(struct metrics *metrics, size_t route, int status, int64_t duration_us)
{
	struct row *row = &metrics->rows[route < metrics->count ? route : metrics->count];
	int bound = 0;
	while (bound < BOUNDS && duration_us > BOUNDS_US[bound])
		bound++;
	add(&row->answered[status / 100 < CLASSES ? status / 100 : 0], 1);
	add(&row->within[bound], 1);
	add(&row->duration_us, (uint64_t)duration_us);
}

static void print_requests(struct metrics *metrics, const struct http_server *server, struct buf *text)
{
	buf_puts(text, "# HELP chatelaine_requests_total Requests answered.\n# TYPE chatelaine_requests_total counter\n");
	for (size_t i = 0; i <= metrics->count; i++) {
		const struct route *route = i < metrics->count ? router_row(server->router, i) : NULL;
		for (int class = 1; class < CLASSES; class ++) {
			unsigned long long n = get(&metrics->rows[i].answered[class]);
			if (n)
				buf_printf(text, "chatelaine_requests_total{method=\"%s\",route=\"%s\",status=\"%dxx\"} %llu\n",
					route ? route->method : "any", route ? route->path : "other", class, n);
		}
	}
}

static void print_durations(struct metrics *metrics, const struct http_server *server, struct buf *text)
{
	static const char name[] = "chatelaine_request_duration_seconds";
	buf_printf(text, "# HELP %s From the request line to the reply.\n# TYPE %s histogram\n", name, name);
	for (size_t i = 0; i < metrics->count; i++) {
		const struct route *route = router_row(server->router, i);
		struct row *row = &metrics->rows[i];
		unsigned long long sum = 0, all = 0;
		for (int b = 0; b <= BOUNDS; b++)
			all += get(&row->within[b]);
		for (int b = 0; all && b < BOUNDS; b++) {
			sum += get(&row->within[b]);
			buf_printf(text, "%s_bucket{method=\"%s\",route=\"%s\",le=\"%g\"} %llu\n", name, route->method,
				route->path, (double)BOUNDS_US[b] / 1e6, sum);
		}
		if (!all)
			continue;
		buf_printf(
			text, "%s_bucket{method=\"%s\",route=\"%s\",le=\"+Inf\"} %llu\n", name, route->method, route->path, all);
		buf_printf(text, "%s_sum{method=\"%s\",route=\"%s\"} %.6f\n", name, route->method, route->path,
			(double)get(&row->duration_us) / 1e6);
		buf_printf(text, "%s_count{method=\"%s\",route=\"%s\"} %llu\n", name, route->method, route->path, all);
	}
}

static void print_gauge(struct buf *text, const char *name, const char *help, double value)
{
	buf_printf(text, "# HELP %s %s\n# TYPE %s gauge\n%s %.15g\n", name, help, name, name, value);
}

static double resident_bytes(void)
{
	char text[128] = "";
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file)
		return 0;
	const char *second = fgets(text, sizeof(text), file) ? strchr(text, ' ') : NULL;
	fclose(file);
	return second ? strtod(second, NULL) * (double)sysconf(_SC_PAGESIZE) : 0;
}

static void print_index(const struct http_server *server, struct buf *text)
{
	size_t tokens, bytes;
	index_size(server->app->index, &tokens, &bytes);
	print_gauge(text, "chatelaine_index_tokens", "Tokens that are answered from memory.", (double)tokens);
	print_gauge(text, "chatelaine_index_bytes", "The memory that they take.", (double)bytes);
}

void metrics_print(struct metrics *metrics, const struct http_server *server, struct buf *text)
{
	print_requests(metrics, server, text);
	print_durations(metrics, server, text);
	print_gauge(text, "chatelaine_connections", "Connections open now.", (double)atomic_load(&server->connections));
	print_gauge(
		text, "chatelaine_requests_in_flight", "Requests being answered now.", (double)atomic_load(&server->in_flight));
	buf_printf(text,
		"# HELP chatelaine_events_total Events recorded for requests.\n# TYPE chatelaine_events_total counter\n"
		"chatelaine_events_total %llu\n",
		(unsigned long long)atomic_load(&server->events));
	print_index(server, text);
	print_gauge(text, "chatelaine_writer_queue", "Writes that wait for their commit.",
		(double)database_queue_length(server->app->database));
	print_gauge(text, "chatelaine_resident_bytes", "Memory in use.", resident_bytes());
	print_gauge(text, "chatelaine_uptime_seconds", "Since the start.", (double)(now_us() - server->app->started_us) / 1e6);
}
