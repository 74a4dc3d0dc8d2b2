/* Events: what happened, one row per operation, in the order of their ids (UUID version 7). */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* Read: all memory belongs to the arena. Written: all borrowed; NULL texts are stored as "". */
struct event {
	int64_t project_id;
	const char *id; /* "01958f48-b1fc-7f05-b9b9-8a4a7b385bc3" */
	int64_t created_us;
	int64_t branch_id;
	const char *name; /* "storage.tableCreated" */
	const char *component, *configuration_id;
	const char *message, *description;
	const char *level; /* "info", "success", "warn", "error" */
	const char *run_id;
	const char *object_type, *object_id, *object_name;
	int64_t token_id;
	const char *token_name;
	const char *operation; /* "read", "write", "manage" */
	const char *outcome;   /* "success", "refused", "error" */
	const char *address, *user_agent, *client_agent, *referer, *via;
	bool is_async;
	bool has_duration;
	double duration_s;
	const char *params, *results, *attachments; /* JSON texts, "": none */
};

/* Which events to list. Zero or NULL: not asked. */
struct event_filter {
	int64_t project_id, branch_id;
	int64_t seen_by;     /* only events that this token caused (R15) */
	int64_t about_token; /* about the token, or performed by it */
	const char *object_type, *object_id;
	const char *since_id, *max_id; /* both exclusive */
	const char *component, *configuration_id;
	const char *run_id; /* and its children "run_id.x" */
	const char *operation, *outcome;
	const char *q; /* event_query.h; a bad one is ERR_QUERY_SYNTAX */
	bool oldest_first;
	int64_t limit, offset;
};

/* Inside a write. */
int event_insert(struct db *db, const struct event *event, struct err *e);
/* 1 found, 0 not found, negative failed. seen_by as in the filter. */
int event_find(
	struct db *db, struct arena *arena, const struct event_filter *who, const char *id, struct event *ret, struct err *e);
/* Did the token (seen_by) ever do something with this object that it was not refused? By project_id, seen_by, object_type and object_id; 1, 0, negative. */
int event_is_known(struct db *db, const struct event_filter *filter, struct err *e);
typedef int event_each(void *arg, const struct event *event, struct err *e);
/* Calls each() for every event, in order, until it fails; the event's memory ends with the call. arena is for the list's own texts. */
int event_list(struct db *db, struct arena *arena, const struct event_filter *filter, event_each *each, void *arg, struct err *e);

#endif
