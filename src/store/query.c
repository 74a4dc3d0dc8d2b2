/* Growing a SELECT with its parameters. */
#include "store/query.h"

#include <stdlib.h>

void query_puts(struct query *query, const char *sql)
{
	buf_puts(&query->text, sql);
}

static bool query_grow(struct query *query)
{
	size_t size = query->size ? query->size * 2 : 16;
	struct db_arg *args = query->count < QUERY_ARGS_MAX ? realloc(query->args, size * sizeof(*args)) : NULL;
	if (!args)
		return false;
	query->args = args;
	query->size = size;
	return true;
}

void query_arg(struct query *query, struct db_arg value)
{
	if (query->count == query->size && !query_grow(query)) {
		query->failed = true;
		return;
	}
	query->args[query->count++] = value;
	buf_printf(&query->text, "$%zu", query->count);
}

void query_condition(struct query *query, const char *sql, struct db_arg value)
{
	query_puts(query, sql);
	query_arg(query, value);
}

int query_run(struct db *db, const struct query *query, struct db_rows **ret, struct err *e)
{
	if (query->failed || query->text.failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a query");
	return db_query_text(db, query->text.data, (struct db_args){ query->args, query->count }, ret, e);
}

void query_done(struct query *query)
{
	free(query->args);
	buf_done(&query->text);
}
