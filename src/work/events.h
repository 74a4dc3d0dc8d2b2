/* Recording: one call per event, in the transaction of the change it tells of (R14). Never a secret in it. */
#ifndef WORK_EVENTS_H
#define WORK_EVENTS_H

#include <jansson.h>
#include <stdbool.h>

#include "auth/caller.h"
#include "db/db.h"

enum operation_class { OP_READ, OP_WRITE, OP_MANAGE, OP_REFUSED };

enum event_type {
	EVENT_NONE = 0, /* the route records nothing: a closed list (verify, events, job polling, health...) */
#define EVENT_TYPE(constant, name, object, class, message) constant,
#include "work/event_types.h"
#undef EVENT_TYPE
	EVENT_POSTED, /* what a client posts: recorded by the handler itself */
	EVENT_TYPE_COUNT
};

const char *event_name(enum event_type type);
const char *operation_class_name(enum operation_class class); /* "read", "write", "manage", "refused" */
enum operation_class event_class(enum event_type type);

/* What the event is about; all borrowed, NULL where there is none. */
struct event_object {
	const char *type; /* NULL: the type's own ("table") */
	const char *id;
	const char *name;
	json_t *params;        /* object or NULL */
	json_t *results;       /* object or NULL */
	json_t *attachments;   /* array or NULL */
	const char *component; /* NULL: "storage" */
	enum event_type
		tried; /* of something refused: what would have been recorded; EVENT_NONE: params.method says what it was like */
	bool is_refused; /* a failure that is a refusal */
};

/* Writes the event. Inside a write only; visible to the very next call after the commit. */
int emit(struct db *db, const struct origin *origin, enum event_type type, const struct event_object *object, struct err *e);

#endif
