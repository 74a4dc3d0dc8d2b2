/* Tickets: numbers that no other ticket has, for run ids. */
#include "http/req.h"

static int tickets_create(struct req *rq, struct err *e)
{
	int64_t id;
	int rc = db_next_id(rq->db, "ticket", &id, e);
	if (rc < 0)
		return rc;
	const char *text = arena_printf(rq->arena, "%lld", (long long)id);
	req_object(rq, text, NULL, NULL);
	return reply_json(rq, 201, json_pack("{s:s}", "id", text));
}

const struct route TICKET_ROUTES[] = {
	{ "POST", "/v2/storage/tickets", ALLOW_TOKEN, EVENT_TICKET_CREATED, RUN_WRITE, tickets_create, NULL,
		"A number that is given once" },
	{ 0 },
};
