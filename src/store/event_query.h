/* The language of the argument q: a subset of the query strings that clients know from search engines.
 *
 *   event:storage.tableCreated AND (objectId:in.c-main.users OR objectId:in.c-main.orders) AND NOT token.id:12
 *   operation:write outcome:refused        side by side means AND
 *   "was not found"                        free text is looked for in the message, whatever the case
 *   objectId:in.c-main.*                   a star at the end: begins with
 *
 * AND OR NOT (upper case; also && || ! + -), parentheses, "quotes", \ before a special character. Values are compared whole.
 */
#ifndef STORE_EVENT_QUERY_H
#define STORE_EVENT_QUERY_H

#include "base/arena.h"
#include "store/query.h"

#define EVENT_QUERY_LENGTH_MAX 4096
#define EVENT_QUERY_DEPTH_MAX 32
#define EVENT_QUERY_TERMS_MAX 64

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

enum event_node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_TERM };

/* AND, OR: left and right; NOT: left; TERM: field, value, prefix. */
struct event_node {
	enum event_node_kind kind;
	const struct event_node *left, *right;
	enum event_field field;
	const char *value;
	bool prefix;
};

/* Reads q without touching anything else. NULL in *ret when it is empty (all events); ERR_QUERY_SYNTAX, whose text begins
 * with "Failed to parse query" and says where, when it can't be read. */
int event_query_parse(struct arena *arena, const char *q, const struct event_node **ret, struct err *e);

/* Adds " AND (...)" for q to the query; nothing when q is NULL or empty. */
int event_query_add(struct query *query, struct arena *arena, const char *q, struct err *e);

#endif
