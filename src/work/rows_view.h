/* A table's rows as a caller asks for them: columns, filters, order, limit (behaviour.md §6.3, §6.4), of a table or an alias. */
#ifndef WORK_ROWS_VIEW_H
#define WORK_ROWS_VIEW_H

#include <jansson.h>

#include "store/rows/rows.h"
#include "store/table.h"

/* Memory belongs to the arena. */
struct rows_view {
	struct table *table; /* what was asked for */
	struct table *rows;  /* the table that has the rows */
	const char **names;  /* of the columns, in the order asked for; "_timestamp" at the end when it was asked for */
	int64_t *columns;    /* their numbers; 0: the time of the import */
	size_t column_count;
	struct rows_filter filter;
	bool is_filtered; /* by the caller: something besides columns, order and limit */
};

/* arguments: an object with columns, whereColumn, whereOperator, whereValues, whereFilters, orderBy, fulltextSearch,
 * changedSince, changedUntil, days, limit, includeInternalTimestamp, each as it was sent; others are ignored. An alias' own filter is added.
 * unknown_column is the error for filters on columns that are not there. */
int rows_view_read(struct db *db, struct arena *arena, struct table *table, const json_t *arguments, enum err_code unknown_column,
	struct rows_view *ret, struct err *e);
/* The view as what rows_select() takes. */
struct rows_query rows_view_query(const struct rows_view *view);

#endif
