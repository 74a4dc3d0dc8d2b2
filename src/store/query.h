/* A SELECT made at run time from fixed pieces: text grows together with its parameters, so that a value is never text. */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "base/buf.h"
#include "db/db.h"

#define QUERY_ARGS_MAX 512

/* Zero-initialise; query_done() frees. Values are borrowed until query_run(). */
struct query {
	struct buf text;
	struct db_arg *args;
	size_t count, size;
	bool failed;
};

void query_puts(struct query *query, const char *sql);
/* Writes the parameter's name ($1, $2...). */
void query_arg(struct query *query, struct db_arg value);
/* query_puts() and query_arg() in one. */
void query_condition(struct query *query, const char *sql, struct db_arg value);
int query_run(struct db *db, const struct query *query, struct db_rows **ret, struct err *e);
void query_done(struct query *query);

#endif
