/* The argument q of lists of events (query_language.h): free text is looked for in the message, values are compared whole. */
#ifndef STORE_EVENT_QUERY_H
#define STORE_EVENT_QUERY_H

#include "store/query_language.h"

enum event_field {
	FIELD_MESSAGE,
	FIELD_TOKEN_ID,
	FIELD_TOKEN_NAME,
	FIELD_EVENT,
	FIELD_OBJECT_ID,
	FIELD_OBJECT_TYPE,
	FIELD_OBJECT_NAME,
	FIELD_COMPONENT,
	FIELD_CONFIGURATION,
	FIELD_RUN,
	FIELD_LEVEL,
	FIELD_PROJECT,
	FIELD_BRANCH,
	FIELD_ID,
	FIELD_OPERATION,
	FIELD_OUTCOME,
	FIELD_ADDRESS,
	FIELD_DESCRIPTION,
};

/* query_parse() with the fields of events. */
int event_query_parse(struct arena *arena, const char *q, const struct query_node **ret, struct err *e);

/* Adds " AND (...)" for q to the query; nothing when q is NULL or empty. */
int event_query_add(struct query *query, struct arena *arena, const char *q, struct err *e);

#endif
