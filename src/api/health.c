/* Is it alive, can it work, what has it done: for whoever watches the server. */
#include <string.h>

#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "http/observe.h"
#include "http/req.h"

static int health_live(struct req *rq, struct err *e)
{
	(void)e;
	return reply_json(rq, 200, json_pack("{s:s}", "status", "ok"));
}

static int health_ready(struct req *rq, struct err *e)
{
	int rc = database_ping(rq->app->database, e);
	return rc < 0 ? rc : reply_json(rq, 200, json_pack("{s:s}", "status", "ok"));
}

/* With metrics_token set, only for who knows it. */
static int metrics_show(struct req *rq, struct err *e)
{
	const char *wanted = rq->app->conf.metrics_token;
	const char *sent = req_header(rq, "Authorization");
	own(buf_done) struct buf text = { 0 };
	if (!str_empty(wanted)) {
		if (!sent || strncmp(sent, "Bearer ", 7) != 0)
			return fail(e, ERR_TOKEN_MISSING, NULL);
		if (strlen(sent + 7) != strlen(wanted) || !secret_equal(sent + 7, wanted, strlen(wanted)))
			return fail(e, ERR_TOKEN_INVALID, NULL);
	}
	observe_print(rq, &text);
	return reply_text(rq, 200, "text/plain; version=0.0.4", &text);
}

const struct route HEALTH_ROUTES[] = {
	{ "GET", "/health/live", ALLOW_PUBLIC, EVENT_NONE, RUN_MEMORY, health_live, NULL, "The process answers" },
	{ "GET", "/health/ready", ALLOW_PUBLIC, EVENT_NONE, RUN_WORK, health_ready, NULL, "The database answers, too" },
	{ "GET", "/metrics", ALLOW_PUBLIC, EVENT_NONE, RUN_MEMORY, metrics_show, NULL, "Counters in Prometheus' text format" },
	{ 0 },
};
