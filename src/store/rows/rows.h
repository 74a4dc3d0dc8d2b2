/* Rows of tables: a SQLite file per table (<data>/rows/<project>/<table number>/<version>.db: the highest version is the
 * table, the others are leftovers), or a table in the bucket's schema on PostgreSQL. One file here per engine; filter.c turns
 * filters into the SQL that both read.
 *
 * What store/table.h says is the truth, the places of rows follow it: a place that is not there is an empty table, a column that is not
 * there is null, a key that differs is made anew by the next write. So nothing is lost when the server dies between the two.
 * Readers see the rows as they were when they began, whatever is imported meanwhile. One writer per table at a time (jobs). */
#ifndef STORE_ROWS_ROWS_H
#define STORE_ROWS_ROWS_H

#include "base/buf.h"
#include "store/rows/csv.h"
#include "store/rows/filter.h"
#include "store/table.h"

struct rows_import {
	const struct table *table; /* the table of rows, columns already complete (new ones added) */
	int64_t *columns;          /* number of the table's column for each field of the file, in the file's order */
	size_t column_count;
	bool incremental;         /* false: everything that was there goes first, in the same transaction */
	const char *null_value;   /* this text becomes null; NULL: only unquoted empty fields do */
	bool keep_existing;       /* incremental: a row whose key is there already stays as it is */
	bool timestamp_from_file; /* the field whose column number is 0 is the row's time; otherwise such a field is ignored */
	int64_t time_us;          /* time of the rows written */
	int64_t job_id;           /* marks the import as applied: a job that starts again after a crash does not apply it twice */
};
struct rows_result {
	int64_t rows_count; /* rows in the table afterwards */
	int64_t data_size_bytes;
	bool was_applied; /* this job_id's import was there already; nothing was done */
};

/* Makes and drops the place of a table's rows. */
int rows_create(struct database *database, const struct table *table, struct err *e);
int rows_drop(struct database *database, int64_t project_id, int64_t bucket_number, int64_t table_number, struct err *e);
/* Columns and key, after the table's row changed. ERR_TABLE_KEY_DUPLICATES when the data does not allow the key. */
int rows_column_add(struct database *database, const struct table *table, int64_t column_number, struct err *e);
int rows_column_drop(struct database *database, const struct table *table, int64_t column_number, struct err *e);
int rows_key_set(struct database *database, const struct table *table, struct err *e);

/* Reads the CSV to its end and writes it: all or nothing. Rows with an equal key collapse, the last one wins (behaviour.md §6.2).
 * Constant memory. Never on a loop, never inside a write. */
int rows_import(struct database *database, const struct rows_import *import, struct csv_reader *csv, struct rows_result *ret,
	struct err *e);

/* Rows that match, in the filter's order, given to each() field by field (NULL: null); each() < 0 stops. Columns by number;
 * 0 is the import time as "YYYY-mm-dd HH:MM:SS". */
typedef int rows_each(void *arg, const char *const *fields, const size_t *lengths, size_t count, struct err *e);
struct rows_query {
	const struct table *table; /* the table of rows */
	const int64_t *columns;
	size_t column_count;
	const struct rows_filter *filter;
};
int rows_select(struct database *database, const struct rows_query *query, rows_each *each, void *arg, struct err *e);
/* Deletes what matches. */
int rows_delete(struct database *database, const struct table *table, const struct rows_filter *filter, int64_t *ret_deleted,
	struct rows_result *ret, struct err *e);

#define ROWS_TIME_SIZE 32
/* "YYYY-mm-dd HH:MM:SS" into text, returns its length. */
size_t rows_time_text(int64_t time_us, char text[ROWS_TIME_SIZE]);

#endif
