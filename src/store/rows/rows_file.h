/* A table's SQLite file, <data>/rows/<project>/<table>/<version>.db; private to store/rows/. In it: the table t with the columns c<number>
 * and _timestamp, its key's unique index k, and state: how many rows there are and which job wrote last. */
#ifndef STORE_ROWS_ROWS_FILE_H
#define STORE_ROWS_ROWS_FILE_H

#include <sqlite3.h>

#include "store/rows/engine.h"

void own_rows_file(sqlite3 **handle);
void own_rows_stmt(sqlite3_stmt **stmt);

/* Fail with the library's or the system's words in the log. ERR_UNAVAILABLE for a full disk and the like. */
int rows_file_failed(sqlite3 *handle, struct err *e);
int rows_file_failed_path(const char *what, const char *path, struct err *e);

int rows_file_run(sqlite3 *handle, const char *sql, struct err *e);
/* The same for text that was put together. */
int rows_file_run_buf(sqlite3 *handle, const struct buf *sql, struct err *e);
int rows_file_prepare(sqlite3 *handle, const struct buf *sql, sqlite3_stmt **ret, struct err *e);

/* The folder of a table's files. */
int rows_file_folder(struct database *database, int64_t project_id, int64_t table_number, struct buf *ret, struct err *e);
int rows_file_make_folder(const struct buf *folder, struct err *e);
/* Makes a file or the names in a folder durable. */
int rows_file_sync(const char *path, struct err *e);
/* The number of the current file; 0 when there is none. */
int64_t rows_file_version(const char *folder);
/* Removes every file of the folder but those of the version kept (0: all). */
void rows_file_remove_others(const char *folder, int64_t kept);

int rows_file_open(const char *path, int flags, sqlite3 **ret, struct err *e);
/* The table's current file: 1, or 0 when there is none. */
int rows_file_open_current(const char *folder, sqlite3 **ret, struct err *e);

/* Makes an empty table in a new file. */
int rows_file_create(sqlite3 *handle, const struct table *table, struct err *e);
int rows_file_has_column(sqlite3 *handle, int64_t number);
/* Columns that the table has and the file has not. */
int rows_file_add_columns(sqlite3 *handle, const struct table *table, struct err *e);
/* "c1,c2" */
void rows_file_add_key(struct buf *sql, const int64_t *keys, size_t count);
/* Makes the file's key the table's, inside a transaction. ERR_TABLE_KEY_DUPLICATES. */
int rows_file_ensure_key(sqlite3 *handle, const struct table *table, struct err *e);
/* The key of a file that has none: rows with an equal key collapse, the last one stays. */
int rows_file_create_key(sqlite3 *handle, const struct table *table, struct err *e);

int rows_file_read_state(sqlite3 *handle, struct rows_result *ret, int64_t *ret_job_id, struct err *e);
/* So many rows more; job_id 0: stays. */
int rows_file_write_state(sqlite3 *handle, int64_t rows_added, int64_t job_id, struct err *e);

#endif
