/* Rows on the embedded engine: a SQLite file per table. What replaces a table's rows is written beside and renamed into place; what
 * adds to them or deletes some is a transaction in the file's write-ahead log, so that readers never wait. */
#include "store/rows/engine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/str.h"

#define BUSY_WAIT_MS 60000
#define PAGE_CACHE "PRAGMA cache_size=-8192;"     /* merging jumps about in the key */
#define PAGE_CACHE_NEW "PRAGMA cache_size=-2048;" /* a new file only grows at its end */
#define NEW_NAME "new"

static void own_sqlite(sqlite3 **handle)
{
	sqlite3_close_v2(*handle);
}

static void own_stmt(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
}

static void own_buf(struct buf *buf)
{
	buf_done(buf);
}

/* The library's words go to the log; a full disk and the like are told apart from a bug. */
static int failed(sqlite3 *handle, struct err *e)
{
	int code = sqlite3_errcode(handle) & 0xff;
	bool unavailable = code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_READONLY ||
			   code == SQLITE_BUSY;
	return fail_internal(
		e, unavailable ? ERR_UNAVAILABLE : ERR_INTERNAL, "rows: %s", handle ? sqlite3_errmsg(handle) : "no handle");
}

static int failed_file(const char *what, const char *path, struct err *e)
{
	return fail_internal(e, ERR_UNAVAILABLE, "rows: %s %s: %s", what, path, strerror(errno));
}

static int run(sqlite3 *handle, const char *sql, struct err *e)
{
	return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(handle, e);
}

static int prepare(sqlite3 *handle, const struct buf *sql, sqlite3_stmt **ret, struct err *e)
{
	if (sql->failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a statement");
	return sqlite3_prepare_v2(handle, sql->data, (int)sql->length + 1, ret, NULL) == SQLITE_OK ? 0 : failed(handle, e);
}

/* Runs text that was put together; fails as prepare() does. */
static int run_buf(sqlite3 *handle, const struct buf *sql, struct err *e)
{
	return sql->failed ? fail_internal(e, ERR_INTERNAL, "no memory for a statement") : run(handle, sql->data, e);
}

/* --- folders and versions -------------------------------------------------------------------------------------------------- */

/* "<data>/rows/<project>/<table>" beside the engine's own file. */
static int folder_of(struct database *database, int64_t project_id, int64_t table_number, struct buf *ret, struct err *e)
{
	struct db *db;
	int rc = db_reader_take(database, &db, e);
	if (rc < 0)
		return rc;
	const char *file = sqlite3_db_filename(db_handle(db), "main"), *slash = file ? strrchr(file, '/') : NULL;
	if (slash)
		buf_add(ret, file, (size_t)(slash - file + 1));
	db_reader_give(db);
	buf_printf(ret, "rows/%lld/%lld", (long long)project_id, (long long)table_number);
	return ret->failed ? fail_internal(e, ERR_INTERNAL, "no memory for a path") : 0;
}

/* Makes the folder and those above it, back to "rows". */
static int make_folder(const struct buf *folder, struct err *e)
{
	char *path = folder->data, *from = path;
	for (char *s = path; (s = strstr(s, "rows/")); s++)
		from = s + strlen("rows/") - 1;
	for (char *slash = from; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int rc = mkdir(path, 0700);
		*slash = '/';
		if (rc < 0 && errno != EEXIST)
			return failed_file("mkdir", path, e);
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? failed_file("mkdir", path, e) : 0;
}

static int sync_path(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);
	if (fd >= 0)
		close(fd);
	return rc < 0 ? failed_file("fsync", path, e) : 0;
}

/* The number of a table's current file; 0 when there is none. */
static int64_t current_version(const char *folder)
{
	int64_t newest = 0;
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		char *end;
		long long version = strtoll(entry->d_name, &end, 10);
		if (version > newest && strcmp(end, ".db") == 0)
			newest = version;
	}
	if (dir)
		closedir(dir);
	return newest;
}

/* Removes every file of the folder but those of the version kept (0: all). */
static void remove_others(const char *folder, int64_t kept)
{
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		char *end;
		long long version = strtoll(entry->d_name, &end, 10);
		bool is_kept = kept && version == kept && end != entry->d_name;
		if (entry->d_name[0] != '.' && !is_kept)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

/* --- opening ------------------------------------------------------------------------------------------------------------------ */

static void as_integer(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	const char *text = (const char *)sqlite3_value_text(values[0]);
	int64_t number;
	if (text && filter_integer(text, (size_t)sqlite3_value_bytes(values[0]), &number))
		sqlite3_result_int64(context, number);
}

static void as_double(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	const char *text = (const char *)sqlite3_value_text(values[0]);
	double number;
	if (text && filter_double(text, (size_t)sqlite3_value_bytes(values[0]), &number))
		sqlite3_result_double(context, number);
}

static int open_file(const char *path, int flags, sqlite3 **ret, struct err *e)
{
	own(own_sqlite) sqlite3 *handle = NULL;
	if (sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return failed(handle, e);
	sqlite3_busy_timeout(handle, BUSY_WAIT_MS);
	int function = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
	if (sqlite3_create_function_v2(handle, "as_integer", 1, function, NULL, as_integer, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_create_function_v2(handle, "as_double", 1, function, NULL, as_double, NULL, NULL, NULL) != SQLITE_OK)
		return failed(handle, e);
	*ret = give_ptr(handle);
	return 0;
}

static int open_version(const char *folder, int64_t version, sqlite3 **ret, struct err *e)
{
	own(own_buf) struct buf path = { 0 };
	own(own_sqlite) sqlite3 *handle = NULL;
	buf_printf(&path, "%s/%lld.db", folder, (long long)version);
	int rc = open_file(path.data, SQLITE_OPEN_READWRITE, &handle, e);
	if (rc == 0)
		rc = run(handle, PAGE_CACHE "PRAGMA synchronous=FULL; PRAGMA journal_size_limit=0;", e);
	if (rc == 0)
		*ret = give_ptr(handle);
	return rc;
}

/* Opens the table's current file: 1, or 0 when there is none. It may be replaced between the look and the opening. */
static int open_current(const char *folder, sqlite3 **ret, struct err *e)
{
	int64_t version, seen = 0;
	while ((version = current_version(folder)) != seen) {
		err_done(e);
		int rc = open_version(folder, version, ret, e);
		if (rc == 0)
			return 1;
		seen = version;
	}
	return seen ? -ERR_UNAVAILABLE : 0;
}

/* --- a table's shape ------------------------------------------------------------------------------------------------------------ */

static void add_key_list(struct buf *sql, const int64_t *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(sql, "%sc%lld", i ? "," : "", (long long)keys[i]);
}

static int create_shape(sqlite3 *handle, const struct table *table, struct err *e)
{
	own(own_buf) struct buf sql = { 0 };
	buf_puts(&sql, "CREATE TABLE t (");
	for (size_t i = 0; i < table->column_count; i++)
		buf_printf(&sql, "c%lld TEXT,", (long long)table->columns[i].number);
	buf_puts(&sql,
		"_timestamp BIGINT); CREATE TABLE state (one INTEGER PRIMARY KEY, rows BIGINT NOT NULL, job_id BIGINT NOT NULL);"
		"INSERT INTO state VALUES (1, 0, 0);");
	return run_buf(handle, &sql, e);
}

/* Has the file the column? -1 when it can't be asked. */
static int has_column(sqlite3 *handle, int64_t number)
{
	char name[32];
	snprintf(name, sizeof(name), "c%lld", (long long)number);
	return sqlite3_table_column_metadata(handle, NULL, "t", name, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

static int add_missing_columns(sqlite3 *handle, const struct table *table, struct err *e)
{
	for (size_t i = 0; i < table->column_count; i++) {
		char sql[64];
		snprintf(sql, sizeof(sql), "ALTER TABLE t ADD COLUMN c%lld TEXT", (long long)table->columns[i].number);
		int rc = has_column(handle, table->columns[i].number) ? 0 : run(handle, sql, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Is the file's key the table's? 1 yes, 0 no. */
static int key_is(sqlite3 *handle, const int64_t *keys, size_t count, struct err *e)
{
	own(own_stmt) sqlite3_stmt *stmt = NULL;
	size_t i = 0;
	if (sqlite3_prepare_v2(handle, "SELECT name FROM pragma_index_info('k') ORDER BY seqno", -1, &stmt, NULL) != SQLITE_OK)
		return failed(handle, e);
	for (; sqlite3_step(stmt) == SQLITE_ROW; i++) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		if (i >= count || !name || strtoll(name + 1, NULL, 10) != keys[i])
			return 0;
	}
	return i == count;
}

static int create_key(sqlite3 *handle, const int64_t *keys, size_t count, struct err *e)
{
	own(own_buf) struct buf sql = { 0 };
	buf_puts(&sql, "CREATE UNIQUE INDEX k ON t (");
	add_key_list(&sql, keys, count);
	buf_puts(&sql, ")");
	if (sql.failed || sqlite3_exec(handle, sql.data, NULL, NULL, NULL) == SQLITE_OK)
		return sql.failed ? fail_internal(e, ERR_INTERNAL, "no memory for a key") : 0;
	if ((sqlite3_errcode(handle) & 0xff) == SQLITE_CONSTRAINT)
		return fail(e, ERR_TABLE_KEY_DUPLICATES, NULL);
	return failed(handle, e);
}

/* Makes the file's key the table's, inside a transaction. */
static int ensure_key(sqlite3 *handle, const struct table *table, struct err *e)
{
	own(own_free) int64_t *keys = NULL;
	own(own_buf) struct buf sql = { 0 };
	size_t count = table->primary_key_count;
	int rc = rows_key_columns(table, &keys, e);
	if (rc == 0)
		rc = key_is(handle, keys, count, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	buf_puts(&sql, "DROP INDEX IF EXISTS k;");
	for (size_t i = 0; i < count; i++)
		buf_printf(&sql, "UPDATE t SET c%lld = '' WHERE c%lld IS NULL;", (long long)keys[i], (long long)keys[i]);
	rc = run_buf(handle, &sql, e);
	return rc == 0 && count ? create_key(handle, keys, count, e) : rc;
}

/* Rows with an equal key collapse, the last one stays. */
static int collapse(sqlite3 *handle, const int64_t *keys, size_t count, struct err *e)
{
	own(own_buf) struct buf sql = { 0 };
	buf_puts(&sql, "CREATE INDEX k ON t (");
	add_key_list(&sql, keys, count);
	buf_puts(&sql, "); DELETE FROM t WHERE EXISTS (SELECT 1 FROM t AS later WHERE later.rowid > t.rowid");
	for (size_t i = 0; i < count; i++)
		buf_printf(&sql, " AND later.c%lld = t.c%lld", (long long)keys[i], (long long)keys[i]);
	buf_puts(&sql, "); UPDATE state SET rows = (SELECT count(*) FROM t); DROP INDEX k;");
	return run_buf(handle, &sql, e);
}

static int create_key_collapsing(sqlite3 *handle, const struct table *table, struct err *e)
{
	own(own_free) int64_t *keys = NULL;
	size_t count = table->primary_key_count;
	int rc = rows_key_columns(table, &keys, e);
	if (rc < 0 || count == 0)
		return rc;
	rc = create_key(handle, keys, count, e);
	if (rc != -ERR_TABLE_KEY_DUPLICATES)
		return rc;
	err_done(e);
	rc = collapse(handle, keys, count, e);
	return rc < 0 ? rc : create_key(handle, keys, count, e);
}

/* --- what the file says of itself ------------------------------------------------------------------------------------------------ */

static int read_state(sqlite3 *handle, struct rows_result *ret, int64_t *ret_job_id, struct err *e)
{
	own(own_stmt) sqlite3_stmt *stmt = NULL;
	static const char SQL[] = "SELECT rows, job_id, (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM "
				  "pragma_freelist_count),"
				  " (SELECT page_size FROM pragma_page_size) FROM state";
	if (sqlite3_prepare_v2(handle, SQL, -1, &stmt, NULL) != SQLITE_OK || sqlite3_step(stmt) != SQLITE_ROW)
		return failed(handle, e);
	*ret = (struct rows_result){ .rows_count = sqlite3_column_int64(stmt, 0),
		.data_size_bytes = sqlite3_column_int64(stmt, 2) * sqlite3_column_int64(stmt, 3) };
	if (ret_job_id)
		*ret_job_id = sqlite3_column_int64(stmt, 1);
	return 0;
}

/* job_id 0: stays. */
static int write_state(sqlite3 *handle, int64_t rows_added, int64_t job_id, struct err *e)
{
	char sql[128];
	snprintf(sql, sizeof(sql), "UPDATE state SET rows = rows + %lld, job_id = CASE WHEN %lld > 0 THEN %lld ELSE job_id END",
		(long long)rows_added, (long long)job_id, (long long)job_id);
	return run(handle, sql, e);
}

/* --- import -------------------------------------------------------------------------------------------------------------------------- */

static void add_conflict(struct buf *sql, const struct rows_import *import, const int64_t *keys)
{
	buf_puts(sql, " ON CONFLICT (");
	add_key_list(sql, keys, import->table->primary_key_count);
	buf_puts(sql, import->keep_existing ? ") DO NOTHING" : ") DO UPDATE SET _timestamp = excluded._timestamp");
	for (size_t i = 0; !import->keep_existing && i < import->column_count; i++)
		if (import->columns[i] > 0)
			buf_printf(sql, ", c%lld = excluded.c%lld", (long long)import->columns[i], (long long)import->columns[i]);
}

/* Parameter 1 is the time, 2 and on the fields. */
static int prepare_insert(sqlite3 *handle, const struct rows_import *import, bool upsert, sqlite3_stmt **ret, struct err *e)
{
	own(own_free) int64_t *keys = NULL;
	own(own_buf) struct buf sql = { 0 };
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
	return prepare(handle, &sql, ret, e);
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
			return failed(handle, e);
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
	own(own_stmt) sqlite3_stmt *stmt = NULL;
	own(rows_cursor_done) struct rows_cursor cursor = { 0 };
	int64_t added = 0;
	int rc = prepare_insert(handle, import, upsert, &stmt, e);
	if (rc == 0)
		rc = rows_cursor_open(import, csv, &cursor, e);
	if (rc == 0)
		rc = insert_records(handle, stmt, &cursor, &added, e);
	return rc < 0 ? rc : write_state(handle, added, import->job_id, e);
}

/* Fills a new file: nothing of it is synced before its end, because it is nothing until it is renamed; the key is made from all rows at once. */
static int fill_new_file(
	const char *path, const struct rows_import *import, struct csv_reader *csv, struct rows_result *ret, struct err *e)
{
	own(own_sqlite) sqlite3 *handle = NULL;
	int rc = open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &handle, e);
	if (rc == 0)
		rc = run(handle,
			"PRAGMA page_size=8192; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; PRAGMA "
			"synchronous=OFF; BEGIN;" PAGE_CACHE_NEW,
			e);
	if (rc == 0)
		rc = create_shape(handle, import->table, e);
	if (rc == 0)
		rc = csv ? import_records(handle, import, false, csv, e) : write_state(handle, 0, import->job_id, e);
	if (rc == 0)
		rc = create_key_collapsing(handle, import->table, e);
	if (rc == 0)
		rc = run(handle, "COMMIT; PRAGMA journal_mode=WAL;", e);
	return rc == 0 ? read_state(handle, ret, NULL, e) : rc;
}

/* csv NULL: the table becomes empty. */
static int replace_rows(const struct buf *folder, const struct rows_import *import, struct csv_reader *csv,
	struct rows_result *ret, struct err *e)
{
	own(own_buf) struct buf path = { 0 }, final = { 0 };
	int64_t version = current_version(folder->data);
	struct rows_result result;
	int rc = make_folder(folder, e);
	if (rc < 0)
		return rc;
	remove_others(folder->data, version);
	buf_printf(&path, "%s/" NEW_NAME, folder->data);
	buf_printf(&final, "%s/%lld.db", folder->data, (long long)version + 1);
	if (path.failed || final.failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a path");
	rc = fill_new_file(path.data, import, csv, &result, e);
	if (rc == 0)
		rc = sync_path(path.data, e);
	if (rc == 0 && rename(path.data, final.data) < 0)
		rc = failed_file("rename", path.data, e);
	if (rc == 0)
		rc = sync_path(folder->data, e);
	if (rc < 0) {
		remove_others(folder->data, version);
		return rc;
	}
	remove_others(folder->data, version + 1);
	*ret = result;
	return 0;
}

/* A change of a file that is there: all of it or nothing, readers keep what they had. */
static int end_change(sqlite3 *handle, int rc, struct err *e)
{
	if (rc == 0)
		rc = run(handle, "COMMIT", e);
	if (rc < 0)
		sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	else
		sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return rc;
}

static int add_rows(
	sqlite3 *handle, const struct rows_import *import, struct csv_reader *csv, struct rows_result *ret, struct err *e)
{
	int rc = run(handle, "PRAGMA wal_autocheckpoint=0; BEGIN IMMEDIATE", e);
	if (rc < 0)
		return rc;
	rc = add_missing_columns(handle, import->table, e);
	if (rc == 0)
		rc = ensure_key(handle, import->table, e);
	if (rc == 0)
		rc = import_records(handle, import, true, csv, e);
	rc = end_change(handle, rc, e);
	return rc < 0 ? rc : read_state(handle, ret, NULL, e);
}

/* 1: the job's rows are there already. */
static int was_applied(sqlite3 *handle, const struct rows_import *import, struct rows_result *ret, struct err *e)
{
	int64_t job_id = 0;
	struct rows_result result;
	int rc = read_state(handle, &result, &job_id, e);
	if (rc < 0 || job_id == 0 || job_id != import->job_id)
		return rc;
	result.was_applied = true;
	*ret = result;
	return 1;
}

int sqlite_rows_import(struct database *database, const struct rows_import *import, struct csv_reader *csv,
	struct rows_result *ret, struct err *e)
{
	own(own_buf) struct buf folder = { 0 };
	own(own_sqlite) sqlite3 *handle = NULL;
	int rc = folder_of(database, import->table->project_id, import->table->number, &folder, e);
	if (rc == 0)
		rc = open_current(folder.data, &handle, e);
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
	own(own_buf) struct buf folder = { 0 };
	int rc = folder_of(database, project_id, table_number, &folder, e);
	if (rc < 0)
		return rc;
	remove_others(folder.data, 0);
	return rmdir(folder.data) < 0 && errno != ENOENT ? failed_file("rmdir", folder.data, e) : 0;
}

/* A change of the shape: runs change() in a transaction of the table's file, if it has one. */
static int change_shape(struct database *database, const struct table *table,
	int (*change)(sqlite3 *, const struct table *, struct err *), struct err *e)
{
	own(own_buf) struct buf folder = { 0 };
	own(own_sqlite) sqlite3 *handle = NULL;
	int rc = folder_of(database, table->project_id, table->number, &folder, e);
	if (rc == 0)
		rc = open_current(folder.data, &handle, e);
	if (rc <= 0)
		return rc;
	rc = run(handle, "BEGIN IMMEDIATE", e);
	if (rc == 0)
		rc = add_missing_columns(handle, table, e);
	return rc < 0 ? rc : end_change(handle, change(handle, table, e), e);
}

int sqlite_rows_key_set(struct database *database, const struct table *table, struct err *e)
{
	return change_shape(database, table, ensure_key, e);
}

/* Drops the columns that the table has no more. */
static int drop_columns(sqlite3 *handle, const struct table *table, struct err *e)
{
	own(own_stmt) sqlite3_stmt *stmt = NULL;
	own(own_buf) struct buf sql = { 0 };
	if (sqlite3_prepare_v2(handle, "SELECT name FROM pragma_table_info('t') WHERE name <> '_timestamp'", -1, &stmt, NULL) !=
		SQLITE_OK)
		return failed(handle, e);
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
	return sql.length || sql.failed ? run_buf(handle, &sql, e) : 0;
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
			return failed(handle, e);
	}
	return 0;
}

/* "FROM t", or a table as t that has the missing columns as nulls. */
static void add_from(sqlite3 *handle, const struct table *table, struct buf *sql)
{
	bool any_missing = false;
	for (size_t i = 0; i < table->column_count; i++)
		any_missing |= !has_column(handle, table->columns[i].number);
	if (!any_missing) {
		buf_puts(sql, " FROM t");
		return;
	}
	buf_puts(sql, " FROM (SELECT _timestamp");
	for (size_t i = 0; i < table->column_count; i++) {
		int64_t number = table->columns[i].number;
		buf_printf(sql, has_column(handle, number) ? ",c%lld" : ",NULL AS c%lld", (long long)number);
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
			bool is_time = query->columns[i] == 0;
			fields[i] = is_time ? time : (const char *)sqlite3_column_text(stmt, (int)i);
			lengths[i] = is_time ? rows_time_text(sqlite3_column_int64(stmt, (int)i), time)
					     : (size_t)sqlite3_column_bytes(stmt, (int)i);
		}
		rc = each(arg, fields, lengths, query->column_count, e);
	}
	if (rc == SQLITE_DONE)
		return 0;
	return rc > 0 ? failed(handle, e) : rc;
}

int sqlite_rows_select(struct database *database, const struct rows_query *query, rows_each *each, void *arg, struct err *e)
{
	own(own_buf) struct buf folder = { 0 }, text = { 0 };
	own(own_sqlite) sqlite3 *handle = NULL;
	own(filter_sql_done) struct filter_sql sql = { 0 };
	own(own_stmt) sqlite3_stmt *stmt = NULL;
	int rc = folder_of(database, query->table->project_id, query->table->number, &folder, e);
	if (rc == 0)
		rc = open_current(folder.data, &handle, e);
	if (rc <= 0)
		return rc;
	rc = run(handle, "PRAGMA query_only=1; BEGIN", e);
	if (rc == 0)
		rc = filter_compile(query->filter, DB_SQLITE, true, &sql, e);
	if (rc < 0)
		return rc;
	buf_puts(&text, "SELECT ");
	for (size_t i = 0; i < query->column_count; i++)
		buf_printf(&text, query->columns[i] ? "%sc%lld" : "%s_timestamp", i ? "," : "", (long long)query->columns[i]);
	add_from(handle, query->table, &text);
	buf_add(&text, sql.text.data, sql.text.length);
	rc = prepare(handle, &text, &stmt, e);
	if (rc == 0)
		rc = bind_all(stmt, &sql, handle, e);
	return rc < 0 ? rc : give_rows(handle, stmt, query, each, arg, e);
}

static int delete_some(
	sqlite3 *handle, const struct table *table, const struct rows_filter *filter, int64_t *ret_deleted, struct err *e)
{
	own(filter_sql_done) struct filter_sql sql = { 0 };
	own(own_buf) struct buf text = { 0 };
	own(own_stmt) sqlite3_stmt *stmt = NULL;
	int rc = add_missing_columns(handle, table, e);
	if (rc == 0)
		rc = filter_compile(filter, DB_SQLITE, false, &sql, e);
	if (rc < 0)
		return rc;
	buf_puts(&text, "DELETE FROM t");
	buf_add(&text, sql.text.data, sql.text.length);
	rc = prepare(handle, &text, &stmt, e);
	if (rc == 0)
		rc = bind_all(stmt, &sql, handle, e);
	if (rc == 0 && sqlite3_step(stmt) != SQLITE_DONE)
		rc = failed(handle, e);
	if (rc < 0)
		return rc;
	*ret_deleted = sqlite3_changes64(handle);
	return write_state(handle, -*ret_deleted, 0, e);
}

int sqlite_rows_delete(struct database *database, const struct table *table, const struct rows_filter *filter,
	int64_t *ret_deleted, struct rows_result *ret, struct err *e)
{
	own(own_buf) struct buf folder = { 0 };
	own(own_sqlite) sqlite3 *handle = NULL;
	int64_t deleted = 0;
	*ret_deleted = 0;
	*ret = (struct rows_result){ 0 };
	int rc = folder_of(database, table->project_id, table->number, &folder, e);
	if (rc == 0)
		rc = open_current(folder.data, &handle, e);
	if (rc <= 0)
		return rc;
	if (rows_filter_is_empty(filter)) {
		const struct rows_import nothing = { .table = table };
		rc = read_state(handle, ret, NULL, e);
		deleted = ret->rows_count;
		rc = rc < 0 ? rc : replace_rows(&folder, &nothing, NULL, ret, e);
	} else {
		rc = run(handle, "BEGIN IMMEDIATE", e);
		if (rc == 0)
			rc = end_change(handle, delete_some(handle, table, filter, &deleted, e), e);
		if (rc == 0)
			rc = read_state(handle, ret, NULL, e);
	}
	*ret_deleted = rc == 0 ? deleted : 0;
	return rc;
}
