/* Rows on the embedded engine: a SQLite file per table. What replaces a table's rows is written beside and renamed into place; what
 * adds to them or deletes some is a transaction in the file's write-ahead log, so that readers never wait. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "base/shortage.h"
#include "store/rows/rows_file.h"

#define PAGE_CACHE_NEW "PRAGMA cache_size=-2048;" /* a new file only grows at its end */
#define NEW_NAME "new"

/* --- import -------------------------------------------------------------------------------------------------------------------------- */

static void add_conflict(struct buf *sql, const struct rows_import *import, const int64_t *keys)
{
	buf_puts(sql, " ON CONFLICT (");
	rows_file_add_key(sql, keys, import->table->primary_key_count);
	buf_puts(sql, import->keep_existing ? ") DO NOTHING" : ") DO UPDATE SET _timestamp = excluded._timestamp");
	for (size_t i = 0; !import->keep_existing && i < import->column_count; i++)
		if (import->columns[i] > 0)
			buf_printf(sql, ", c%lld = excluded.c%lld", (long long)import->columns[i], (long long)import->columns[i]);
}

/* Parameter 1 is the time, 2 and on the fields. */
static int prepare_insert(sqlite3 *handle, const struct rows_import *import, bool upsert, sqlite3_stmt **ret, struct err *e)
{
	own(own_free) int64_t *keys = NULL;
	own(buf_done) struct buf sql = { 0 };
	int rc = rows_key_columns(import->table, &keys, e);
	if (rc < 0)
		return rc;
	buf_puts(&sql, "INSERT INTO t (_timestamp");
	for (size_t i = 0; i < import->column_count; i++)
		if (import->columns[i] > 0)
			buf_printf(&sql, ",c%lld", (long long)import->columns[i]);
	buf_puts(&sql, ") VALUES (?1");
	for (size_t i = 0; i < import->column_count; i++)
		if (import->columns[i] > 0)
			buf_printf(&sql, ",?%zu", i + 2);
	buf_puts(&sql, ")");
	if (upsert && import->table->primary_key_count)
		add_conflict(&sql, import, keys);
	return rows_file_prepare(handle, &sql, ret, e);
}

/* Writes every record of the file; counts the rows that are new (an update leaves the last row id as it was). */
static int insert_records(sqlite3 *handle, sqlite3_stmt *stmt, struct rows_cursor *cursor, int64_t *ret_added, struct err *e)
{
	const struct rows_import *import = cursor->import;
	int64_t added = 0;
	int rc;
	sqlite3_set_last_insert_rowid(handle, 0);
	while ((rc = rows_cursor_next(cursor, e)) > 0) {
		sqlite3_bind_int64(stmt, 1, cursor->time_us);
		for (size_t i = 0; i < import->column_count; i++)
			if (import->columns[i] > 0)
				sqlite3_bind_text(
					stmt, (int)i + 2, cursor->cells[i].data, (int)cursor->cells[i].length, SQLITE_STATIC);
		if (sqlite3_step(stmt) != SQLITE_DONE)
			return rows_file_failed(handle, e);
		sqlite3_reset(stmt);
		if (sqlite3_last_insert_rowid(handle) != 0) {
			added++;
			sqlite3_set_last_insert_rowid(handle, 0);
		}
	}
	*ret_added = added;
	return rc;
}

static int import_records(sqlite3 *handle, const struct rows_import *import, bool upsert, struct csv_reader *csv, struct err *e)
{
	own(own_rows_stmt) sqlite3_stmt *stmt = NULL;
	own(rows_cursor_done) struct rows_cursor cursor = { 0 };
	int64_t added = 0;
	int rc = prepare_insert(handle, import, upsert, &stmt, e);
	if (rc == 0)
		rc = rows_cursor_open(import, csv, &cursor, e);
	if (rc == 0)
		rc = insert_records(handle, stmt, &cursor, &added, e);
	return rc < 0 ? rc : rows_file_write_state(handle, added, import->job_id, e);
}

/* Fills a new file: nothing of it is synced before its end, because it is nothing until it is renamed; the key is made from all rows at once. */
static int fill_new_file(
	const char *path, const struct rows_import *import, struct csv_reader *csv, struct rows_result *ret, struct err *e)
{
	own(own_rows_file) sqlite3 *handle = NULL;
	int rc = rows_file_open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &handle, e);
	if (rc == 0)
		rc = rows_file_run(handle,
			"PRAGMA page_size=8192; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; PRAGMA "
			"synchronous=OFF; BEGIN;" PAGE_CACHE_NEW,
			e);
	if (rc == 0)
		rc = rows_file_create(handle, import->table, e);
	if (rc == 0)
		rc = csv ? import_records(handle, import, false, csv, e) : rows_file_write_state(handle, 0, import->job_id, e);
	if (rc == 0)
		rc = rows_file_create_key(handle, import->table, e);
	if (rc == 0)
		rc = rows_file_run(handle, "COMMIT; PRAGMA journal_mode=WAL;", e);
	return rc == 0 ? rows_file_read_state(handle, ret, NULL, e) : rc;
}

/* csv NULL: the table becomes empty. */
static int replace_rows(const struct buf *folder, const struct rows_import *import, struct csv_reader *csv,
	struct rows_result *ret, struct err *e)
{
	own(buf_done) struct buf path = { 0 }, final = { 0 };
	int64_t version = rows_file_version(folder->data);
	struct rows_result result;
	if (version < 0)
		return rows_file_failed_path("opendir", folder->data, e);
	int rc = rows_file_make_folder(folder, e);
	if (rc < 0)
		return rc;
	rows_file_remove_others(folder->data, version);
	buf_printf(&path, "%s/" NEW_NAME, folder->data);
	buf_printf(&final, "%s/%lld.db", folder->data, (long long)version + 1);
	if (path.failed || final.failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a path");
	rc = fill_new_file(path.data, import, csv, &result, e);
	if (rc == 0)
		rc = rows_file_sync(path.data, e);
	if (rc == 0)
		rc = shortage_check(rc, e);
	if (rc == 0 && rename(path.data, final.data) < 0)
		rc = rows_file_failed_path("rename", path.data, e);
	if (rc == 0)
		rc = rows_file_sync(folder->data, e);
	if (rc < 0) {
		rows_file_remove_others(folder->data, version);
		return rc;
	}
	rows_file_remove_others(folder->data, version + 1);
	*ret = result;
	return 0;
}

/* A change of a file that is there: all of it or nothing, readers keep what they had. */
static int end_change(sqlite3 *handle, int rc, struct err *e)
{
	if (rc == 0)
		rc = shortage_check(rc, e);
	if (rc == 0)
		rc = rows_file_run(handle, "COMMIT", e);
	if (rc < 0)
		sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	else
		sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return rc;
}

static int add_rows(
	sqlite3 *handle, const struct rows_import *import, struct csv_reader *csv, struct rows_result *ret, struct err *e)
{
	int rc = rows_file_run(handle, "PRAGMA wal_autocheckpoint=0; BEGIN IMMEDIATE", e);
	if (rc < 0)
		return rc;
	rc = rows_file_add_columns(handle, import->table, e);
	if (rc == 0)
		rc = rows_file_ensure_key(handle, import->table, e);
	if (rc == 0)
		rc = import_records(handle, import, true, csv, e);
	rc = end_change(handle, rc, e);
	return rc < 0 ? rc : rows_file_read_state(handle, ret, NULL, e);
}

/* 1: the job's rows are there already. */
static int was_applied(sqlite3 *handle, const struct rows_import *import, struct rows_result *ret, struct err *e)
{
	int64_t job_id = 0;
	struct rows_result result;
	int rc = rows_file_read_state(handle, &result, &job_id, e);
	if (rc < 0 || job_id == 0 || job_id != import->job_id)
		return rc;
	result.was_applied = true;
	*ret = result;
	return 1;
}

int sqlite_rows_import(struct database *database, const struct rows_import *import, struct csv_reader *csv,
	struct rows_result *ret, struct err *e)
{
	own(buf_done) struct buf folder = { 0 };
	own(own_rows_file) sqlite3 *handle = NULL;
	int rc = rows_file_folder(database, import->table->project_id, import->table->number, &folder, e);
	if (rc == 0)
		rc = rows_file_open_current(folder.data, &handle, e);
	if (rc < 0)
		return rc;
	bool is_there = rc > 0;
	rc = is_there ? was_applied(handle, import, ret, e) : 0;
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return is_there && import->incremental ? add_rows(handle, import, csv, ret, e)
					       : replace_rows(&folder, import, csv, ret, e);
}

/* --- places ------------------------------------------------------------------------------------------------------------------------------ */

int sqlite_rows_create(struct database *database, const struct table *table, struct err *e)
{
	/* A file is made by the first import: until then the table is empty, and a column that it lacks is null. */
	(void)database;
	return table->column_count > ROWS_COLUMNS_MAX
		       ? fail(e, ERR_TABLE_VALIDATION, "A table has at most %d columns.", ROWS_COLUMNS_MAX)
		       : 0;
}

int sqlite_rows_drop(struct database *database, int64_t project_id, int64_t table_number, struct err *e)
{
	own(buf_done) struct buf folder = { 0 };
	int rc = rows_file_folder(database, project_id, table_number, &folder, e);
	if (rc < 0)
		return rc;
	rows_file_remove_others(folder.data, 0);
	return rmdir(folder.data) < 0 && errno != ENOENT ? rows_file_failed_path("rmdir", folder.data, e) : 0;
}

/* A change of the shape: runs change() in a transaction of the table's file, if it has one. */
static int change_shape(struct database *database, const struct table *table,
	int (*change)(sqlite3 *, const struct table *, struct err *), struct err *e)
{
	own(buf_done) struct buf folder = { 0 };
	own(own_rows_file) sqlite3 *handle = NULL;
	int rc = rows_file_folder(database, table->project_id, table->number, &folder, e);
	if (rc == 0)
		rc = rows_file_open_current(folder.data, &handle, e);
	if (rc <= 0)
		return rc;
	rc = rows_file_run(handle, "BEGIN IMMEDIATE", e);
	if (rc == 0)
		rc = rows_file_add_columns(handle, table, e);
	return rc < 0 ? rc : end_change(handle, change(handle, table, e), e);
}

int sqlite_rows_key_set(struct database *database, const struct table *table, struct err *e)
{
	return change_shape(database, table, rows_file_ensure_key, e);
}

/* Drops the columns that the table has no more. */
static int drop_columns(sqlite3 *handle, const struct table *table, struct err *e)
{
	own(own_rows_stmt) sqlite3_stmt *stmt = NULL;
	own(buf_done) struct buf sql = { 0 };
	if (sqlite3_prepare_v2(handle, "SELECT name FROM pragma_table_info('t') WHERE name <> '_timestamp'", -1, &stmt, NULL) !=
		SQLITE_OK)
		return rows_file_failed(handle, e);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		int64_t number = name ? strtoll(name + 1, NULL, 10) : 0;
		bool is_used = false;
		for (size_t i = 0; i < table->column_count; i++)
			is_used |= table->columns[i].number == number;
		if (!is_used)
			buf_printf(&sql, "ALTER TABLE t DROP COLUMN c%lld;", (long long)number);
	}
	sqlite3_finalize(give_ptr(stmt));
	return sql.length || sql.failed ? rows_file_run_buf(handle, &sql, e) : 0;
}

int sqlite_rows_column_drop(struct database *database, const struct table *table, int64_t column_number, struct err *e)
{
	(void)column_number;
	return change_shape(database, table, drop_columns, e);
}

/* --- reading and deleting ------------------------------------------------------------------------------------------------------------------ */

static int bind_all(sqlite3_stmt *stmt, const struct filter_sql *sql, sqlite3 *handle, struct err *e)
{
	for (size_t i = 0; i < sql->arg_count; i++) {
		const struct db_arg *arg = &sql->args[i];
		int at = (int)i + 1, rc = SQLITE_OK;
		if (arg->type == DB_INT)
			rc = sqlite3_bind_int64(stmt, at, arg->number);
		else if (arg->type == DB_REAL)
			rc = sqlite3_bind_double(stmt, at, arg->real);
		else if (arg->type == DB_TEXT)
			rc = sqlite3_bind_text(stmt, at, arg->data, (int)arg->length, SQLITE_STATIC);
		if (rc != SQLITE_OK)
			return rows_file_failed(handle, e);
	}
	return 0;
}

/* "FROM t", or a table as t that has the missing columns as nulls. */
static void add_from(sqlite3 *handle, const struct table *table, struct buf *sql)
{
	bool any_missing = false;
	for (size_t i = 0; i < table->column_count; i++)
		any_missing |= !rows_file_has_column(handle, table->columns[i].number);
	if (!any_missing) {
		buf_puts(sql, " FROM t");
		return;
	}
	buf_puts(sql, " FROM (SELECT _timestamp");
	for (size_t i = 0; i < table->column_count; i++) {
		int64_t number = table->columns[i].number;
		buf_printf(sql, rows_file_has_column(handle, number) ? ",c%lld" : ",NULL AS c%lld", (long long)number);
	}
	buf_puts(sql, " FROM t) AS t");
}

static int give_rows(
	sqlite3 *handle, sqlite3_stmt *stmt, const struct rows_query *query, rows_each *each, void *arg, struct err *e)
{
	own(own_free) const char **fields = calloc(query->column_count + 1, sizeof(*fields));
	own(own_free) size_t *lengths = calloc(query->column_count + 1, sizeof(*lengths));
	char time[ROWS_TIME_SIZE];
	int rc = fields && lengths ? 0 : fail_internal(e, ERR_INTERNAL, "no memory for a row");
	while (rc == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		for (size_t i = 0; i < query->column_count; i++) {
			bool is_time = query->columns[i] == 0, is_null = sqlite3_column_type(stmt, (int)i) == SQLITE_NULL;
			fields[i] = is_time ? time : (const char *)sqlite3_column_text(stmt, (int)i);
			lengths[i] = is_time ? rows_time_text(sqlite3_column_int64(stmt, (int)i), time)
					     : (size_t)sqlite3_column_bytes(stmt, (int)i);
			if (!fields[i] && !is_null)
				shortage_note();
		}
		rc = each(arg, fields, lengths, query->column_count, e);
	}
	if (rc == SQLITE_DONE)
		return shortage_check(0, e);
	return rc > 0 ? rows_file_failed(handle, e) : rc;
}

int sqlite_rows_select(struct database *database, const struct rows_query *query, rows_each *each, void *arg, struct err *e)
{
	own(buf_done) struct buf folder = { 0 }, text = { 0 };
	own(own_rows_file) sqlite3 *handle = NULL;
	own(filter_sql_done) struct filter_sql sql = { 0 };
	own(own_rows_stmt) sqlite3_stmt *stmt = NULL;
	int rc = rows_file_folder(database, query->table->project_id, query->table->number, &folder, e);
	if (rc == 0)
		rc = rows_file_open_current(folder.data, &handle, e);
	if (rc <= 0)
		return rc;
	rc = rows_file_run(handle, "PRAGMA query_only=1; BEGIN", e);
	if (rc == 0)
		rc = filter_compile(query->filter, DB_SQLITE, true, &sql, e);
	if (rc < 0)
		return rc;
	buf_puts(&text, "SELECT ");
	for (size_t i = 0; i < query->column_count; i++)
		buf_printf(&text, query->columns[i] ? "%sc%lld" : "%s_timestamp", i ? "," : "", (long long)query->columns[i]);
	add_from(handle, query->table, &text);
	buf_add(&text, sql.text.data, sql.text.length);
	rc = rows_file_prepare(handle, &text, &stmt, e);
	if (rc == 0)
		rc = bind_all(stmt, &sql, handle, e);
	return rc < 0 ? rc : give_rows(handle, stmt, query, each, arg, e);
}

static int delete_some(
	sqlite3 *handle, const struct table *table, const struct rows_filter *filter, int64_t *ret_deleted, struct err *e)
{
	own(filter_sql_done) struct filter_sql sql = { 0 };
	own(buf_done) struct buf text = { 0 };
	own(own_rows_stmt) sqlite3_stmt *stmt = NULL;
	int rc = rows_file_add_columns(handle, table, e);
	if (rc == 0)
		rc = filter_compile(filter, DB_SQLITE, false, &sql, e);
	if (rc < 0)
		return rc;
	buf_puts(&text, "DELETE FROM t");
	buf_add(&text, sql.text.data, sql.text.length);
	rc = rows_file_prepare(handle, &text, &stmt, e);
	if (rc == 0)
		rc = bind_all(stmt, &sql, handle, e);
	if (rc == 0 && sqlite3_step(stmt) != SQLITE_DONE)
		rc = rows_file_failed(handle, e);
	if (rc < 0)
		return rc;
	*ret_deleted = sqlite3_changes64(handle);
	return rows_file_write_state(handle, -*ret_deleted, 0, e);
}

int sqlite_rows_delete(struct database *database, const struct table *table, const struct rows_filter *filter,
	int64_t *ret_deleted, struct rows_result *ret, struct err *e)
{
	own(buf_done) struct buf folder = { 0 };
	own(own_rows_file) sqlite3 *handle = NULL;
	int64_t deleted = 0;
	*ret_deleted = 0;
	*ret = (struct rows_result){ 0 };
	int rc = rows_file_folder(database, table->project_id, table->number, &folder, e);
	if (rc == 0)
		rc = rows_file_open_current(folder.data, &handle, e);
	if (rc <= 0)
		return rc;
	if (rows_filter_is_empty(filter)) {
		const struct rows_import nothing = { .table = table };
		rc = rows_file_read_state(handle, ret, NULL, e);
		deleted = ret->rows_count;
		rc = rc < 0 ? rc : replace_rows(&folder, &nothing, NULL, ret, e);
	} else {
		rc = rows_file_run(handle, "BEGIN IMMEDIATE", e);
		if (rc == 0)
			rc = end_change(handle, delete_some(handle, table, filter, &deleted, e), e);
		if (rc == 0)
			rc = rows_file_read_state(handle, ret, NULL, e);
	}
	*ret_deleted = rc == 0 ? deleted : 0;
	return rc;
}
