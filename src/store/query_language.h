/* The language of the argument q of lists: a subset of the query strings that clients know from search engines.
 *
 *   event:storage.tableCreated AND (objectId:in.c-main.users OR objectId:in.c-main.orders) AND NOT token.id:12
 *   operation:write outcome:refused        side by side means AND
 *   "was not found"                        free text is field 0
 *   objectId:in.c-main.*                   a star at the end: begins with
 *
 * AND OR NOT (upper case; also && || ! + -), parentheses, "quotes", \ before a special character. Values are compared whole.
 */
#ifndef STORE_QUERY_LANGUAGE_H
#define STORE_QUERY_LANGUAGE_H

#include "base/arena.h"
#include "store/query.h"

#define QUERY_LENGTH_MAX 4096
#define QUERY_DEPTH_MAX 32
#define QUERY_TERMS_MAX 64

/* A name that may stand before a colon; lists of them end with NULL. */
struct query_field {
	const char *name;
	int field;
};

enum query_node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_TERM };

/* AND, OR: left and right; NOT: left; TERM: field, value, prefix. */
struct query_node {
	enum query_node_kind kind;
	const struct query_node *left, *right;
	int field;
	const char *value;
	bool prefix;
};

/* Reads q without touching anything else. NULL in *ret when it is empty (everything); ERR_QUERY_SYNTAX, whose text begins
 * with "Failed to parse query" and says where, when it can't be read. */
int query_parse(
	struct arena *arena, const char *q, const struct query_field *fields, const struct query_node **ret, struct err *e);

/* Adds one term's condition. */
typedef void query_add_term(struct query *query, const struct query_node *term, void *arg);
/* Adds the whole condition, parentheses included. */
void query_add_node(struct query *query, const struct query_node *node, query_add_term *add, void *arg);
/* Conditions that terms are made of: the value anywhere in the column whatever the case, at its beginning, as its number. */
void query_add_contains(struct query *query, struct arena *arena, const char *column, const char *value);
void query_add_beginning(struct query *query, const char *column, const char *value);
void query_add_number(struct query *query, const char *column, const struct query_node *term);

#endif
