/* Tables: what is known about them; their rows are in store/rows/. */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* A column's rows are stored under the name c<number>, so that no name of a caller ever becomes part of SQL. */
struct column {
	int64_t number;
	char *name;
	char *definition; /* JSON of a typed column, or NULL */
};

/* All memory belongs to the arena that it was read into. Dates 0: never. */
struct table {
	int64_t project_id;
	int64_t number;  /* names its rows: table_rows_of(); for an alias the number of its own row */
	char *bucket_id; /* "in.c-main" */
	char *name;      /* "users" */
	char *id;        /* "in.c-main.users" */
	char *display_name;
	int64_t bucket_number;
	int64_t created_us, last_import_us, last_change_us;
	int64_t rows_count, data_size_bytes;
	struct column *columns; /* in order */
	size_t column_count;
	char **primary_key;
	size_t primary_key_count;
	bool is_typed;
	char *source_table_id; /* alias: "in.c-main.users"; else NULL */
	char *alias_filter;    /* JSON {column, operator, values} or NULL */
	char **alias_columns;  /* of an alias without automatic columns; NULL: all of the source */
	size_t alias_column_count;
	int64_t source_number; /* alias: number of the table that it shows; else 0 */
	bool source_is_alias;
	int64_t state; /* grows with every change of rows or columns: the export cache's key */
};

/* 1 found, 0 not found, negative failed. table_id is "in.c-bucket.table". For an alias columns and primary key are the
 * source's, as the alias shows them. */
int table_find(struct db *db, struct arena *arena, int64_t project_id, const char *table_id, struct table **ret, struct err *e);
/* As table_find(), not found is ERR_TABLE_NOT_FOUND (or ERR_BUCKET_NOT_FOUND when the bucket is not there either). */
int table_get(struct db *db, struct arena *arena, int64_t project_id, const char *table_id, struct table **ret, struct err *e);
/* The table that holds the rows: itself, or the end of the chain of aliases. */
int table_rows_of(struct db *db, struct arena *arena, const struct table *table, struct table **ret, struct err *e);
/* Inside a write: a number for a table whose rows are written before it is made. */
int table_reserve(struct db *db, int64_t *ret_number, struct err *e);
/* Makes a table in a bucket that exists (ERR_TABLE_EXISTS when the name is taken). In: project_id, bucket_id, name,
 * display_name (NULL: name), columns' names (numbers are given, from 1), primary_key, is_typed, number (0: a new one).
 * Out: number, id, created_us. */
int table_insert(struct db *db, struct arena *arena, struct table *table, struct err *e);
/* After rows changed: counts, times, state + 1; touches the bucket and the project (R13: rendered tokens show sizes). */
int table_rows_changed(
	struct db *db, struct table *table, int64_t rows_count, int64_t data_size_bytes, bool imported, struct err *e);
/* Appends a column; gives it a number. */
int table_column_add(
	struct db *db, struct table *table, const char *name, const char *definition, int64_t *ret_number, struct err *e);
/* The same in two steps: a number that no column has had, then the column of that number. */
int table_column_reserve(struct db *db, const struct table *table, int64_t *ret_number, struct err *e);
int table_column_insert(struct db *db, const struct table *table, const struct column *column, struct err *e);
/* Writes the column's definition. */
int table_column_define(struct db *db, const struct table *table, const struct column *column, struct err *e);
int table_column_remove(struct db *db, const struct table *table, int64_t column_number, struct err *e);
/* NULL when there is none of that name (bytes compared). */
const struct column *table_column(const struct table *table, const char *name);
/* Writes the primary key of a table of rows; names of columns that exist. */
int table_set_key(struct db *db, const struct table *table, const char *const *names, size_t count, struct err *e);
/* Writes display_name, is_typed and, of an alias, filter and columns. */
int table_update(struct db *db, const struct table *table, struct err *e);
/* Removes the row with its columns and metadata; an own place of rows is remembered for dropping (table_list_dropped). */
int table_remove(struct db *db, const struct table *table, struct err *e);

struct table_list {
	struct table *items;
	size_t count;
};
/* Tables of a bucket (number 0: of the project), oldest first; without columns unless they are asked for (sources of aliases
 * outside the bucket excepted). A few statements however many tables there are. */
struct table_query {
	int64_t project_id, bucket_number;
	bool columns;
};
int table_list(struct db *db, struct arena *arena, const struct table_query *query, struct table_list *ret, struct err *e);
/* Aliases of a table or alias, direct ones only. */
int table_list_aliases(struct db *db, struct arena *arena, const struct table *table, struct table_list *ret, struct err *e);
/* An alias that shows all columns and rows of its source. */
bool table_is_simple_alias(const struct table *table);
/* The bucket's part of a table's id, "in.c-main" of "in.c-main.users"; the id itself when it has no part of a table. */
char *table_id_bucket(struct arena *arena, const char *table_id);

/* Places of rows whose tables are gone, at most limit; dropped ones are forgotten by table_forget_dropped(). */
struct dropped_rows {
	int64_t project_id, bucket_number, table_number;
};
int table_list_dropped(
	struct db *db, struct arena *arena, int64_t limit, struct dropped_rows **ret, size_t *ret_count, struct err *e);
int table_forget_dropped(struct db *db, const struct dropped_rows *dropped, struct err *e);

#endif
