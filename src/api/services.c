/* Services beside storage that public clients ask when they look around in a project, whatever they came for. Nothing can be scheduled or
 * subscribed to here: their lists are empty. */
#include "http/req.h"

static int list_nothing(struct req *rq, struct err *e)
{
	(void)e;
	return reply_json(rq, 200, json_array());
}

const struct route SERVICE_ROUTES[] = {
	{ "GET", "/project-subscriptions", ALLOW_TOKEN, EVENT_NONE, RUN_MEMORY, list_nothing, NULL,
		"Subscriptions to notices: none" },
	{ "GET", "/schedules", ALLOW_TOKEN, EVENT_NONE, RUN_MEMORY, list_nothing, NULL, "Schedules of flows: none" },
	{ 0 },
};
