/* Rows of tables: which engine is asked, and what an import's records become on both. */
#include "store/rows/engine.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"

static bool on_sqlite(const struct database *database)
{
	return database_engine(database) == DB_SQLITE;
}

int rows_create(struct database *database, const struct table *table, struct err *e)
{
	return on_sqlite(database) ? sqlite_rows_create(database, table, e) : pg_rows_create(database, table, e);
}

int rows_drop(struct database *database, int64_t project_id, int64_t bucket_number, int64_t table_number, struct err *e)
{
	return on_sqlite(database) ? sqlite_rows_drop(database, project_id, table_number, e)
				   : pg_rows_drop(database, project_id, bucket_number, table_number, e);
}

int rows_column_add(struct database *database, const struct table *table, int64_t column_number, struct err *e)
{
	(void)column_number;
	return on_sqlite(database) ? sqlite_rows_create(database, table, e) : pg_rows_create(database, table, e);
}

int rows_column_drop(struct database *database, const struct table *table, int64_t column_number, struct err *e)
{
	return on_sqlite(database) ? sqlite_rows_column_drop(database, table, column_number, e)
				   : pg_rows_column_drop(database, table, column_number, e);
}

int rows_key_set(struct database *database, const struct table *table, struct err *e)
{
	return on_sqlite(database) ? sqlite_rows_key_set(database, table, e) : pg_rows_key_set(database, table, e);
}

int rows_import(struct database *database, const struct rows_import *import, struct csv_reader *csv, struct rows_result *ret,
	struct err *e)
{
	return on_sqlite(database) ? sqlite_rows_import(database, import, csv, ret, e)
				   : pg_rows_import(database, import, csv, ret, e);
}

int rows_select(struct database *database, const struct rows_query *query, rows_each *each, void *arg, struct err *e)
{
	return on_sqlite(database) ? sqlite_rows_select(database, query, each, arg, e)
				   : pg_rows_select(database, query, each, arg, e);
}

int rows_delete(struct database *database, const struct table *table, const struct rows_filter *filter, int64_t *ret_deleted,
	struct rows_result *ret, struct err *e)
{
	return on_sqlite(database) ? sqlite_rows_delete(database, table, filter, ret_deleted, ret, e)
				   : pg_rows_delete(database, table, filter, ret_deleted, ret, e);
}

/* --- shared by the engines --------------------------------------------------------------------------------------------------- */

int rows_key_columns(const struct table *table, int64_t **ret, struct err *e)
{
	*ret = NULL;
	if (table->primary_key_count == 0)
		return 0;
	int64_t *numbers = calloc(table->primary_key_count, sizeof(*numbers));
	if (!numbers)
		return fail_internal(e, ERR_INTERNAL, "no memory for a key");
	for (size_t i = 0; i < table->primary_key_count; i++)
		for (size_t c = 0; c < table->column_count; c++)
			if (str_eq(table->columns[c].name, table->primary_key[i]))
				numbers[i] = table->columns[c].number;
	*ret = numbers;
	return 0;
}

size_t rows_time_text(int64_t time_us, char text[ROWS_TIME_SIZE])
{
	time_t seconds = (time_t)(time_us / US_PER_S);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	return strftime(text, ROWS_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
}

int rows_cursor_open(const struct rows_import *import, struct csv_reader *csv, struct rows_cursor *ret, struct err *e)
{
	struct rows_cursor cursor = { .import = import, .csv = csv, .time_us = import->time_us };
	int64_t *keys = NULL;
	int rc = rows_key_columns(import->table, &keys, e);
	if (rc < 0)
		return rc;
	cursor.null_length = import->null_value ? strlen(import->null_value) : 0;
	cursor.cells = calloc(import->column_count + 1, sizeof(*cursor.cells));
	cursor.is_key = calloc(import->column_count + 1, sizeof(*cursor.is_key));
	for (size_t i = 0; cursor.is_key && i < import->column_count; i++)
		for (size_t k = 0; k < import->table->primary_key_count; k++)
			cursor.is_key[i] |= keys[k] == import->columns[i];
	free(keys);
	if (!cursor.cells || !cursor.is_key) {
		rows_cursor_done(&cursor);
		return fail_internal(e, ERR_INTERNAL, "no memory for the cells of an import");
	}
	*ret = cursor;
	return 0;
}

void rows_cursor_done(struct rows_cursor *cursor)
{
	free(cursor->cells);
	free(cursor->is_key);
	*cursor = (struct rows_cursor){ 0 };
}

static int wrong_width(struct rows_cursor *cursor, size_t count, struct err *e)
{
	return fail(e, ERR_CSV_INVALID, "Load error: record %lld has %zu columns, expected %zu (at byte %lld).",
		(long long)csv_record(cursor->csv), count, cursor->import->column_count, (long long)csv_offset(cursor->csv));
}

static int read_time(struct rows_cursor *cursor, const struct csv_field *field, struct err *e)
{
	char text[64] = "";
	if (field->data && field->length && field->length < sizeof(text))
		memcpy(text, field->data, field->length);
	if (!text[0] || !time_parse(text, cursor->import->time_us, &cursor->time_us))
		return fail(e, ERR_DATA_INVALID, "Load error: record %lld has no valid time in its column _timestamp.",
			(long long)csv_record(cursor->csv));
	return 0;
}

/* A null is an empty field that stood without enclosures, or the text that the caller takes for null. */
static inline bool is_null(const struct rows_cursor *cursor, const struct csv_field *field)
{
	if (field->length == 0 && !field->is_quoted)
		return true;
	return cursor->import->null_value && field->length == cursor->null_length &&
	       (field->length == 0 || memcmp(field->data, cursor->import->null_value, field->length) == 0);
}

int rows_cursor_next(struct rows_cursor *cursor, struct err *e)
{
	const struct csv_field *fields;
	size_t count, expected = cursor->import->column_count;
	int rc;
	do {
		rc = csv_read(cursor->csv, &fields, &count, e);
		if (rc <= 0)
			return rc;
	} while (count == 1 && expected > 1 && fields[0].length == 0 && !fields[0].is_quoted); /* an empty line */
	if (count != expected)
		return wrong_width(cursor, count, e);
	for (size_t i = 0; i < count; i++) {
		const char *data = is_null(cursor, &fields[i]) ? NULL : fields[i].data;
		cursor->cells[i].data = data || !cursor->is_key[i] ? data : "";
		cursor->cells[i].length = data ? fields[i].length : 0;
		if (cursor->import->columns[i] == 0 && cursor->import->timestamp_from_file) {
			rc = read_time(cursor, &fields[i], e);
			if (rc < 0)
				return rc;
		}
	}
	return 1;
}
