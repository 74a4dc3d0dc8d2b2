/* The argument q of lists of files (query_language.h): free text is looked for in the name, values of fields are compared whole. */
#ifndef STORE_FILE_QUERY_H
#define STORE_FILE_QUERY_H

#include "store/query_language.h"

/* query_parse() with the fields of files: name, id, tags, runId, creatorToken.id, creatorToken.description. */
int file_query_parse(struct arena *arena, const char *q, const struct query_node **ret, struct err *e);

/* Adds " AND (...)" to a query on the table files. */
void file_query_add(struct query *query, struct arena *arena, const struct query_node *node);

#endif
