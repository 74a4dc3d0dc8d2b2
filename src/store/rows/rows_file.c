/* A table's SQLite file: where it is, how it is opened, its shape, its key, what it says of itself. */
#include "store/rows/rows_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/shortage.h"
#include "base/str.h"
#include "db/sqlite_lower.h"

#define BUSY_WAIT_MS 60000
#define PAGE_CACHE "PRAGMA cache_size=-8192;" /* merging jumps about in the key */

void own_rows_file(sqlite3 **handle)
{
	sqlite3_close_v2(*handle);
}

void own_rows_stmt(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
}

/* The library's words go to the log; a full disk and the like are told apart from a bug. */
int rows_file_failed(sqlite3 *handle, struct err *e)
{
	int code = sqlite3_errcode(handle) & 0xff;
	if (code == SQLITE_FULL)
		return fail(e, ERR_UNAVAILABLE, ROWS_DISK_FULL);
	if (code == SQLITE_NOMEM)
		shortage_note();
	bool unavailable = code == SQLITE_NOMEM || code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_READONLY ||
			   code == SQLITE_BUSY;
	return fail_internal(
		e, unavailable ? ERR_UNAVAILABLE : ERR_INTERNAL, "rows: %s", handle ? sqlite3_errmsg(handle) : "no handle");
}

int rows_file_failed_path(const char *what, const char *path, struct err *e)
{
	return fail_internal(e, ERR_UNAVAILABLE, "rows: %s %s: %s", what, path, strerror(errno));
}

int rows_file_run(sqlite3 *handle, const char *sql, struct err *e)
{
	return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : rows_file_failed(handle, e);
}

int rows_file_prepare(sqlite3 *handle, const struct buf *sql, sqlite3_stmt **ret, struct err *e)
{
	if (sql->failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a statement");
	return sqlite3_prepare_v2(handle, sql->data, (int)sql->length + 1, ret, NULL) == SQLITE_OK ? 0
												   : rows_file_failed(handle, e);
}

/* Runs text that was put together; fails as rows_file_prepare() does. */
int rows_file_run_buf(sqlite3 *handle, const struct buf *sql, struct err *e)
{
	return sql->failed ? fail_internal(e, ERR_INTERNAL, "no memory for a statement") : rows_file_run(handle, sql->data, e);
}

/* --- folders and versions -------------------------------------------------------------------------------------------------- */

/* "<data>/rows/<project>/<table>" beside the engine's own file. */
int rows_file_folder(struct database *database, int64_t project_id, int64_t table_number, struct buf *ret, struct err *e)
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
int rows_file_make_folder(const struct buf *folder, struct err *e)
{
	char *path = folder->data, *from = path;
	for (char *s = path; (s = strstr(s, "rows/")); s++)
		from = s + strlen("rows/") - 1;
	for (char *slash = from; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int rc = mkdir(path, 0700);
		*slash = '/';
		if (rc < 0 && errno != EEXIST)
			return rows_file_failed_path("mkdir", path, e);
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? rows_file_failed_path("mkdir", path, e) : 0;
}

int rows_file_sync(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);
	if (fd >= 0)
		close(fd);
	return rc < 0 ? rows_file_failed_path("fsync", path, e) : 0;
}

/* The number of a table's current file; 0 when there is none, -1 when nobody can tell. */
int64_t rows_file_version(const char *folder)
{
	int64_t newest = 0;
	DIR *dir = opendir(folder);
	if (!dir && errno != ENOENT)
		return -1;
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
void rows_file_remove_others(const char *folder, int64_t kept)
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

int rows_file_open(const char *path, int flags, sqlite3 **ret, struct err *e)
{
	own(own_rows_file) sqlite3 *handle = NULL;
	if (sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return rows_file_failed(handle, e);
	sqlite3_busy_timeout(handle, BUSY_WAIT_MS);
	int function = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
	if (sqlite_add_lower(handle) != SQLITE_OK ||
		sqlite3_create_function_v2(handle, "as_integer", 1, function, NULL, as_integer, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_create_function_v2(handle, "as_double", 1, function, NULL, as_double, NULL, NULL, NULL) != SQLITE_OK)
		return rows_file_failed(handle, e);
	*ret = give_ptr(handle);
	return 0;
}

static int open_version(const char *folder, int64_t version, sqlite3 **ret, struct err *e)
{
	own(buf_done) struct buf path = { 0 };
	own(own_rows_file) sqlite3 *handle = NULL;
	buf_printf(&path, "%s/%lld.db", folder, (long long)version);
	int rc = rows_file_open(path.data, SQLITE_OPEN_READWRITE, &handle, e);
	if (rc == 0)
		rc = rows_file_run(handle, PAGE_CACHE "PRAGMA synchronous=FULL; PRAGMA journal_size_limit=0;", e);
	if (rc == 0)
		*ret = give_ptr(handle);
	return rc;
}

/* Opens the table's current file: 1, or 0 when there is none. It may be replaced between the look and the opening. */
int rows_file_open_current(const char *folder, sqlite3 **ret, struct err *e)
{
	int64_t version, seen = 0;
	while ((version = rows_file_version(folder)) != seen) {
		if (version < 0)
			return rows_file_failed_path("opendir", folder, e);
		err_done(e);
		int rc = open_version(folder, version, ret, e);
		if (rc == 0)
			return 1;
		seen = version;
	}
	return seen ? -ERR_UNAVAILABLE : 0;
}

/* --- a table's shape ------------------------------------------------------------------------------------------------------------ */

void rows_file_add_key(struct buf *sql, const int64_t *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(sql, "%sc%lld", i ? "," : "", (long long)keys[i]);
}

int rows_file_create(sqlite3 *handle, const struct table *table, struct err *e)
{
	own(buf_done) struct buf sql = { 0 };
	buf_puts(&sql, "CREATE TABLE t (");
	for (size_t i = 0; i < table->column_count; i++)
		buf_printf(&sql, "c%lld TEXT,", (long long)table->columns[i].number);
	buf_puts(&sql,
		"_timestamp BIGINT); CREATE TABLE state (one INTEGER PRIMARY KEY, rows BIGINT NOT NULL, job_id BIGINT NOT NULL);"
		"INSERT INTO state VALUES (1, 0, 0);");
	return rows_file_run_buf(handle, &sql, e);
}

/* Has the file the column? When memory is too short for asking, that is noted. */
int rows_file_has_column(sqlite3 *handle, int64_t number)
{
	char name[32];
	snprintf(name, sizeof(name), "c%lld", (long long)number);
	int rc = sqlite3_table_column_metadata(handle, NULL, "t", name, NULL, NULL, NULL, NULL, NULL);
	if (rc == SQLITE_NOMEM)
		shortage_note();
	return rc == SQLITE_OK;
}

int rows_file_add_columns(sqlite3 *handle, const struct table *table, struct err *e)
{
	for (size_t i = 0; i < table->column_count; i++) {
		char sql[64];
		snprintf(sql, sizeof(sql), "ALTER TABLE t ADD COLUMN c%lld TEXT", (long long)table->columns[i].number);
		int rc = rows_file_has_column(handle, table->columns[i].number) ? 0 : rows_file_run(handle, sql, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Is the file's key the table's? 1 yes, 0 no. */
static int key_is(sqlite3 *handle, const int64_t *keys, size_t count, struct err *e)
{
	own(own_rows_stmt) sqlite3_stmt *stmt = NULL;
	size_t i = 0;
	if (sqlite3_prepare_v2(handle, "SELECT name FROM pragma_index_info('k') ORDER BY seqno", -1, &stmt, NULL) != SQLITE_OK)
		return rows_file_failed(handle, e);
	for (; sqlite3_step(stmt) == SQLITE_ROW; i++) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		if (i >= count || !name || strtoll(name + 1, NULL, 10) != keys[i])
			return 0;
	}
	return i == count;
}

static int create_key(sqlite3 *handle, const int64_t *keys, size_t count, struct err *e)
{
	own(buf_done) struct buf sql = { 0 };
	buf_puts(&sql, "CREATE UNIQUE INDEX k ON t (");
	rows_file_add_key(&sql, keys, count);
	buf_puts(&sql, ")");
	if (sql.failed || sqlite3_exec(handle, sql.data, NULL, NULL, NULL) == SQLITE_OK)
		return sql.failed ? fail_internal(e, ERR_INTERNAL, "no memory for a key") : 0;
	if ((sqlite3_errcode(handle) & 0xff) == SQLITE_CONSTRAINT)
		return fail(e, ERR_TABLE_KEY_DUPLICATES, NULL);
	return rows_file_failed(handle, e);
}

/* Makes the file's key the table's, inside a transaction. */
int rows_file_ensure_key(sqlite3 *handle, const struct table *table, struct err *e)
{
	own(own_free) int64_t *keys = NULL;
	own(buf_done) struct buf sql = { 0 };
	size_t count = table->primary_key_count;
	int rc = rows_key_columns(table, &keys, e);
	if (rc == 0)
		rc = key_is(handle, keys, count, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	buf_puts(&sql, "DROP INDEX IF EXISTS k;");
	for (size_t i = 0; i < count; i++)
		buf_printf(&sql, "UPDATE t SET c%lld = '' WHERE c%lld IS NULL;", (long long)keys[i], (long long)keys[i]);
	rc = rows_file_run_buf(handle, &sql, e);
	return rc == 0 && count ? create_key(handle, keys, count, e) : rc;
}

/* Rows with an equal key collapse, the last one stays. */
static int collapse(sqlite3 *handle, const int64_t *keys, size_t count, struct err *e)
{
	own(buf_done) struct buf sql = { 0 };
	buf_puts(&sql, "CREATE INDEX k ON t (");
	rows_file_add_key(&sql, keys, count);
	buf_puts(&sql, "); DELETE FROM t WHERE EXISTS (SELECT 1 FROM t AS later WHERE later.rowid > t.rowid");
	for (size_t i = 0; i < count; i++)
		buf_printf(&sql, " AND later.c%lld = t.c%lld", (long long)keys[i], (long long)keys[i]);
	buf_puts(&sql, "); UPDATE state SET rows = (SELECT count(*) FROM t); DROP INDEX k;");
	return rows_file_run_buf(handle, &sql, e);
}

int rows_file_create_key(sqlite3 *handle, const struct table *table, struct err *e)
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

int rows_file_read_state(sqlite3 *handle, struct rows_result *ret, int64_t *ret_job_id, struct err *e)
{
	own(own_rows_stmt) sqlite3_stmt *stmt = NULL;
	static const char SQL[] = "SELECT rows, job_id, (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM "
				  "pragma_freelist_count),"
				  " (SELECT page_size FROM pragma_page_size) FROM state";
	if (sqlite3_prepare_v2(handle, SQL, -1, &stmt, NULL) != SQLITE_OK || sqlite3_step(stmt) != SQLITE_ROW)
		return rows_file_failed(handle, e);
	*ret = (struct rows_result){ .rows_count = sqlite3_column_int64(stmt, 0),
		.data_size_bytes = sqlite3_column_int64(stmt, 2) * sqlite3_column_int64(stmt, 3) };
	if (ret_job_id)
		*ret_job_id = sqlite3_column_int64(stmt, 1);
	return 0;
}

/* job_id 0: stays. */
int rows_file_write_state(sqlite3 *handle, int64_t rows_added, int64_t job_id, struct err *e)
{
	char sql[128];
	snprintf(sql, sizeof(sql), "UPDATE state SET rows = rows + %lld, job_id = CASE WHEN %lld > 0 THEN %lld ELSE job_id END",
		(long long)rows_added, (long long)job_id, (long long)job_id);
	return rows_file_run(handle, sql, e);
}
