/* What the two engines of rows share; private to store/rows/. */
#ifndef STORE_ROWS_ENGINE_H
#define STORE_ROWS_ENGINE_H

#include "store/rows/rows.h"

/* Columns of a table on PostgreSQL are at most 1,600; some are ours. */
#define ROWS_COLUMNS_MAX 1500

#define ROWS_DISK_FULL "The disk is full: the rows are as they were."

struct rows_cell {
	const char *data; /* NULL: null */
	size_t length;
};
/* The records of an import, judged and turned into what is stored. */
struct rows_cursor {
	const struct rows_import *import;
	struct csv_reader *csv;
	struct rows_cell *cells; /* one per field of the file */
	bool *is_key;            /* is the field a column of the key: null is '' there */
	size_t null_length;
	int64_t time_us; /* of the current record */
};
int rows_cursor_open(const struct rows_import *import, struct csv_reader *csv, struct rows_cursor *ret, struct err *e);
void rows_cursor_done(struct rows_cursor *cursor);
/* 1: cells and time_us are the next record's, until the next call. 0: the end. Negative: the file is not good (ERR_CSV_INVALID...). */
int rows_cursor_next(struct rows_cursor *cursor, struct err *e);

/* The columns of the table's key as numbers, in the table's own order of names; *ret is malloc()ed, NULL when it has none. */
int rows_key_columns(const struct table *table, int64_t **ret, struct err *e);

int sqlite_rows_create(struct database *database, const struct table *table, struct err *e);
int sqlite_rows_drop(struct database *database, int64_t project_id, int64_t table_number, struct err *e);
int sqlite_rows_column_drop(struct database *database, const struct table *table, int64_t column_number, struct err *e);
int sqlite_rows_key_set(struct database *database, const struct table *table, struct err *e);
int sqlite_rows_import(struct database *database, const struct rows_import *import, struct csv_reader *csv,
	struct rows_result *ret, struct err *e);
int sqlite_rows_select(struct database *database, const struct rows_query *query, rows_each *each, void *arg, struct err *e);
int sqlite_rows_delete(struct database *database, const struct table *table, const struct rows_filter *filter,
	int64_t *ret_deleted, struct rows_result *ret, struct err *e);

int pg_rows_create(struct database *database, const struct table *table, struct err *e);
int pg_rows_drop(struct database *database, int64_t project_id, int64_t bucket_number, int64_t table_number, struct err *e);
int pg_rows_column_drop(struct database *database, const struct table *table, int64_t column_number, struct err *e);
int pg_rows_key_set(struct database *database, const struct table *table, struct err *e);
int pg_rows_import(struct database *database, const struct rows_import *import, struct csv_reader *csv, struct rows_result *ret,
	struct err *e);
int pg_rows_select(struct database *database, const struct rows_query *query, rows_each *each, void *arg, struct err *e);
int pg_rows_delete(struct database *database, const struct table *table, const struct rows_filter *filter, int64_t *ret_deleted,
	struct rows_result *ret, struct err *e);

#endif
