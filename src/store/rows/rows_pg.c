/* Rows on PostgreSQL: not made yet; every call is refused. */
#include "store/rows/engine.h"
int pg_rows_create(struct database *d, const struct table *t, struct err *e)
{
	(void)d;
	(void)t;
	return fail(e, ERR_NOT_IMPLEMENTED, NULL);
}

int pg_rows_drop(struct database *d, int64_t p, int64_t b, int64_t t, struct err *e)
{
	(void)d;
	(void)p;
	(void)b;
	(void)t;
	return fail(e, ERR_NOT_IMPLEMENTED, NULL);
}

int pg_rows_column_drop(struct database *d, const struct table *t, int64_t c, struct err *e)
{
	(void)d;
	(void)t;
	(void)c;
	return fail(e, ERR_NOT_IMPLEMENTED, NULL);
}

int pg_rows_key_set(struct database *d, const struct table *t, struct err *e)
{
	(void)d;
	(void)t;
	return fail(e, ERR_NOT_IMPLEMENTED, NULL);
}

int pg_rows_import(struct database *d, const struct rows_import *i, struct csv_reader *c, struct rows_result *r, struct err *e)
{
	(void)d;
	(void)i;
	(void)c;
	(void)r;
	return fail(e, ERR_NOT_IMPLEMENTED, NULL);
}

int pg_rows_select(struct database *d, const struct rows_query *q, rows_each *each, void *a, struct err *e)
{
	(void)d;
	(void)q;
	(void)each;
	(void)a;
	return fail(e, ERR_NOT_IMPLEMENTED, NULL);
}

int pg_rows_delete(
	struct database *d, const struct table *t, const struct rows_filter *f, int64_t *n, struct rows_result *r, struct err *e)
{
	(void)d;
	(void)t;
	(void)f;
	(void)n;
	(void)r;
	return fail(e, ERR_NOT_IMPLEMENTED, NULL);
}
