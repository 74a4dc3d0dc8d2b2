/* Which rows, in which order, how many: a filter, and the end of the SELECT or DELETE that it becomes on either engine. */
#ifndef STORE_ROWS_FILTER_H
#define STORE_ROWS_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "db/db.h"

enum filter_operator { FILTER_EQ, FILTER_NE, FILTER_GT, FILTER_GE, FILTER_LT, FILTER_LE };
/* How the text of a column is compared or sorted: by bytes, as a number, or as a time; text that is none is null then and matches nothing. */
enum filter_type { FILTER_TEXT, FILTER_INTEGER, FILTER_DOUBLE, FILTER_TIME };

struct filter_where {
	int64_t column;                /* number */
	enum filter_operator operator; /* EQ: any of the values, NE: none of them, others: the one value */
	enum filter_type type;
	const char *const *values; /* "" matches null too */
	size_t value_count;
};
struct filter_order {
	int64_t column;
	bool descending;
	enum filter_type type;
};

/* All that is given must match. {0} with limit -1 is every row. Memory is the maker's. */
struct rows_filter {
	const struct filter_where *where;
	size_t where_count;
	const struct filter_order *order; /* none: as they were imported */
	size_t order_count;
	const char *search; /* substring of any of search_columns, ASCII case does not matter; or NULL */
	const int64_t *search_columns;
	size_t search_column_count;
	int64_t since_us, until_us; /* import time: since <= it < until; 0: open */
	int64_t limit;              /* -1: all */
};

/* Does it match every row? */
bool rows_filter_is_empty(const struct rows_filter *filter);

/* " WHERE ..." and, with_order, " ORDER BY ... LIMIT ...": text, and its parameters from $1 on. The values stay the filter's. */
struct filter_sql {
	struct buf text;
	struct db_arg *args;
	size_t arg_count, arg_size;
};
int filter_compile(
	const struct rows_filter *filter, enum db_engine engine, bool with_order, struct filter_sql *ret, struct err *e);
void filter_sql_done(struct filter_sql *sql);

/* The text as a number: blanks around it, a sign, an exponent of two digits are fine; false when it is none (or too long). */
bool filter_integer(const char *text, size_t length, int64_t *ret);
bool filter_double(const char *text, size_t length, double *ret);

#endif
