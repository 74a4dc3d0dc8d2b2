/* The embedded engine, statement by statement. */
#include "db/sqlite.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/own.h"
#include "base/shortage.h"
#include "db/migrate.h"
#include "db/sqlite_lower.h"

#define KEPT_FIRST_SIZE 256

static int to_text(struct err *e, const char *text, const char *detail)
{
	log_line(LOG_ERROR, "database refused", "cause", text, "detail", detail, NULL);
	return db_unavailable(e, text);
}

int sqlite_fail(struct sqlite_db *db, struct err *e)
{
	const char *detail = sqlite3_errmsg(db->handle);
	if (sqlite3_errcode(db->handle) == SQLITE_NOMEM)
		shortage_note();
	switch (sqlite3_errcode(db->handle) & 0xff) {
	case SQLITE_FULL:
		return to_text(e, "The server's disk is full: nothing can be changed until there is room.", detail);
	case SQLITE_READONLY:
		return to_text(e, "The server's database is read-only at the moment: nothing can be changed.", detail);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_NOMEM:
	case SQLITE_PROTOCOL:
	case SQLITE_INTERRUPT:
		return to_text(e, NULL, detail);
	default:
		return fail_internal(e, ERR_INTERNAL, "SQLite: %s", detail);
	}
}

int sqlite_run(struct sqlite_db *db, const char *text, struct err *e)
{
	return sqlite3_exec(db->handle, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_fail(db, e);
}

/* --- statements -------------------------------------------------------------------------------------------------------- */

static void statement_free(struct sqlite_rows *rows)
{
	sqlite3_finalize(rows->stmt);
	free(rows->params);
	free(rows);
}

/* Parameters are numbered by the engine in the order in which they appear; ours are numbered by name. */
static bool find_params(struct sqlite_rows *rows)
{
	rows->param_count = sqlite3_bind_parameter_count(rows->stmt);
	rows->params = calloc((size_t)rows->param_count + 1, sizeof(*rows->params));
	if (!rows->params)
		return false;
	for (int i = 1; i <= rows->param_count; i++) {
		const char *name = sqlite3_bind_parameter_name(rows->stmt, i);
		assert(name && name[0] == '$');
		rows->params[i] = (unsigned short)strtoul(name + 1, NULL, 10);
		assert(rows->params[i] > 0);
	}
	return true;
}

static int statement_new(struct sqlite_db *db, const char *text, bool keep, struct sqlite_rows **ret, struct err *e)
{
	struct sqlite_rows *rows = calloc(1, sizeof(*rows));
	if (!rows)
		return db_unavailable(e, NULL);
	rows->base.db = &db->base;
	rows->kept = keep;
	unsigned flags = keep ? SQLITE_PREPARE_PERSISTENT : 0;
	int rc = 0;
	if (sqlite3_prepare_v3(db->handle, text, -1, flags, &rows->stmt, NULL) != SQLITE_OK) {
		log_line(LOG_ERROR, "statement not understood", "sql", text, NULL);
		rc = sqlite_fail(db, e);
	} else if (!find_params(rows)) {
		rc = db_unavailable(e, NULL);
	}
	if (rc < 0) {
		statement_free(rows);
		return rc;
	}
	*ret = rows;
	return 0;
}

static size_t kept_slot(const struct sqlite_db *db, const struct sql *sql)
{
	size_t slot = (size_t)sql / _Alignof(struct sql) * 0x9e3779b97f4a7c15u >> 32 & (db->kept_size - 1);
	while (db->kept[slot].sql && db->kept[slot].sql != sql)
		slot = (slot + 1) & (db->kept_size - 1);
	return slot;
}

static bool kept_grow(struct sqlite_db *db)
{
	struct sqlite_db grown = { .kept_size = db->kept_size ? 2 * db->kept_size : KEPT_FIRST_SIZE };
	grown.kept = calloc(grown.kept_size, sizeof(*grown.kept));
	if (!grown.kept)
		return false;
	for (size_t i = 0; i < db->kept_size; i++)
		if (db->kept[i].sql)
			grown.kept[kept_slot(&grown, db->kept[i].sql)] = db->kept[i];
	free(db->kept);
	db->kept = grown.kept;
	db->kept_size = grown.kept_size;
	return true;
}

/* The statement of sql, free for use: the kept one, or one more when that is being read from. */
static int statement_take(struct sqlite_db *db, const struct sql *sql, struct sqlite_rows **ret, struct err *e)
{
	if (2 * db->kept_count >= db->kept_size && !kept_grow(db))
		return db_unavailable(e, NULL);
	size_t slot = kept_slot(db, sql);
	struct sqlite_rows *rows = db->kept[slot].rows;
	if (rows && rows->busy)
		return statement_new(db, sql->text, false, ret, e);
	if (!rows) {
		int rc = statement_new(db, sql->text, true, &rows, e);
		if (rc < 0)
			return rc;
		db->kept[slot].sql = sql;
		db->kept[slot].rows = rows;
		db->kept_count++;
	}
	rows->busy = true;
	*ret = rows;
	return 0;
}

static void statement_give(struct sqlite_rows *rows)
{
	if (!rows->kept) {
		statement_free(rows);
		return;
	}
	sqlite3_reset(rows->stmt);
	rows->busy = false;
}

static int bind_one(sqlite3_stmt *stmt, int index, const struct db_arg *arg, sqlite3_destructor_type life)
{
	if (arg->type == DB_INT)
		return sqlite3_bind_int64(stmt, index, arg->number);
	if (arg->type == DB_REAL)
		return sqlite3_bind_double(stmt, index, arg->real);
	if (arg->type == DB_NULL || !arg->data)
		return sqlite3_bind_null(stmt, index);
	if (arg->type == DB_TEXT)
		return sqlite3_bind_text64(stmt, index, arg->data, arg->length, life, SQLITE_UTF8);
	return sqlite3_bind_blob64(stmt, index, arg->data, arg->length, life);
}

static int bind(struct sqlite_db *db, struct sqlite_rows *rows, struct db_args args, sqlite3_destructor_type life, struct err *e)
{
	for (int i = 1; i <= rows->param_count; i++) {
		assert(rows->params[i] <= args.count);
		if (bind_one(rows->stmt, i, &args.list[rows->params[i] - 1], life) != SQLITE_OK)
			return sqlite_fail(db, e);
	}
	return 0;
}

/* Steps to the end, passing over rows. */
static int run_to_end(struct sqlite_db *db, struct sqlite_rows *rows, struct db_args args, int64_t *ret_changed, struct err *e)
{
	int rc = bind(db, rows, args, SQLITE_STATIC, e);
	if (rc < 0)
		return rc;
	int step;
	while ((step = sqlite3_step(rows->stmt)) == SQLITE_ROW)
		;
	if (step != SQLITE_DONE)
		return sqlite_fail(db, e);
	if (ret_changed)
		*ret_changed = sqlite3_changes64(db->handle);
	return 0;
}

static int driver_exec(struct db *base, const struct sql *sql, struct db_args args, int64_t *ret_changed, struct err *e)
{
	struct sqlite_db *db = (struct sqlite_db *)base;
	struct sqlite_rows *rows;
	int rc = statement_take(db, sql, &rows, e);
	if (rc < 0)
		return rc;
	rc = run_to_end(db, rows, args, ret_changed, e);
	statement_give(rows);
	return rc;
}

static int driver_exec_text(struct db *base, const char *text, struct db_args args, int64_t *ret_changed, struct err *e)
{
	struct sqlite_db *db = (struct sqlite_db *)base;
	struct sqlite_rows *rows;
	int rc = statement_new(db, text, false, &rows, e);
	if (rc < 0)
		return rc;
	rc = run_to_end(db, rows, args, ret_changed, e);
	statement_give(rows);
	return rc;
}

static int begin_rows(struct sqlite_db *db, struct sqlite_rows *rows, struct db_args args, struct db_rows **ret, struct err *e)
{
	int rc = bind(db, rows, args, SQLITE_TRANSIENT, e);
	if (rc < 0) {
		statement_give(rows);
		return rc;
	}
	db->open_rows++;
	*ret = &rows->base;
	return 0;
}

static int driver_query(struct db *base, const struct sql *sql, struct db_args args, struct db_rows **ret, struct err *e)
{
	struct sqlite_db *db = (struct sqlite_db *)base;
	struct sqlite_rows *rows;
	int rc = statement_take(db, sql, &rows, e);
	return rc < 0 ? rc : begin_rows(db, rows, args, ret, e);
}

static int driver_query_text(struct db *base, const char *text, struct db_args args, struct db_rows **ret, struct err *e)
{
	struct sqlite_db *db = (struct sqlite_db *)base;
	struct sqlite_rows *rows;
	int rc = statement_new(db, text, false, &rows, e);
	return rc < 0 ? rc : begin_rows(db, rows, args, ret, e);
}

static int driver_script(struct db *db, const char *text, struct err *e)
{
	return sqlite_run((struct sqlite_db *)db, text, e);
}

/* --- rows -------------------------------------------------------------------------------------------------------------- */

static sqlite3_stmt *stmt_of(struct db_rows *rows)
{
	return ((struct sqlite_rows *)rows)->stmt;
}

static int driver_next(struct db_rows *rows, struct err *e)
{
	int step = sqlite3_step(stmt_of(rows));
	if (step == SQLITE_ROW)
		return 1;
	return step == SQLITE_DONE ? 0 : sqlite_fail((struct sqlite_db *)rows->db, e);
}

static void driver_rows_close(struct db_rows *rows)
{
	((struct sqlite_db *)rows->db)->open_rows--;
	statement_give((struct sqlite_rows *)rows);
}

static int64_t driver_col_int(struct db_rows *rows, int column)
{
	return sqlite3_column_int64(stmt_of(rows), column);
}

static double driver_col_real(struct db_rows *rows, int column)
{
	return sqlite3_column_double(stmt_of(rows), column);
}

static const char *driver_col_text(struct db_rows *rows, int column)
{
	bool wanted = sqlite3_column_type(stmt_of(rows), column) != SQLITE_NULL;
	const char *text = (const char *)sqlite3_column_text(stmt_of(rows), column);
	if (wanted && !text)
		shortage_note();
	return text;
}

static const void *driver_col_blob(struct db_rows *rows, int column, size_t *ret_length)
{
	bool wanted = sqlite3_column_type(stmt_of(rows), column) != SQLITE_NULL;
	const void *data = sqlite3_column_blob(stmt_of(rows), column);
	if (wanted && !data && sqlite3_errcode(((struct sqlite_db *)rows->db)->handle) == SQLITE_NOMEM)
		shortage_note();
	*ret_length = (size_t)sqlite3_column_bytes(stmt_of(rows), column);
	return data;
}

static bool driver_col_null(struct db_rows *rows, int column)
{
	return sqlite3_column_type(stmt_of(rows), column) == SQLITE_NULL;
}

static int driver_col_count(struct db_rows *rows)
{
	return sqlite3_column_count(stmt_of(rows));
}

static int driver_next_id(struct db *db, const char *sequence, int64_t *ret_id, struct err *e)
{
	/* not RETURNING, which keeps its rows in a table made for each call */
	static const struct sql NEXT = { "UPDATE sequences SET last = last + 1 WHERE name = $1", NULL };
	static const struct sql LAST = { "SELECT last FROM sequences WHERE name = $1", NULL };
	struct db_rows *rows;
	int rc = db_exec(db, &NEXT, DB_ARGS(db_s(sequence)), e);
	if (rc < 0)
		return rc;
	rc = db_find(db, &LAST, DB_ARGS(db_s(sequence)), &rows, e);
	if (rc < 0)
		return rc;
	if (!rc)
		return fail_internal(e, ERR_INTERNAL, "there is no sequence %s", sequence);
	*ret_id = db_col_int(rows, 0);
	db_rows_close(rows);
	return 0;
}

static void *driver_handle(struct db *db)
{
	return ((struct sqlite_db *)db)->handle;
}

/* --- connections ------------------------------------------------------------------------------------------------------- */

int sqlite_connect(struct sqlite_database *database, bool create, struct sqlite_db **ret, struct err *e)
{
	struct sqlite_db *db = calloc(1, sizeof(*db));
	if (!db)
		return db_unavailable(e, NULL);
	db->base.driver = database->base.driver;
	db->base.database = &database->base;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
	int rc = 0;
	if (sqlite3_open_v2(database->path, &db->handle, flags, NULL) != SQLITE_OK || sqlite_add_lower(db->handle) != SQLITE_OK)
		rc = sqlite_fail(db, e);
	if (!rc) {
		sqlite3_busy_timeout(db->handle, SQLITE_BUSY_TIMEOUT_MS);
		rc = sqlite_run(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY", e);
	}
	if (rc < 0) {
		sqlite_disconnect(db);
		return rc;
	}
	*ret = db;
	return 0;
}

void sqlite_disconnect(struct sqlite_db *db)
{
	for (size_t i = 0; i < db->kept_size; i++)
		if (db->kept[i].sql)
			statement_free(db->kept[i].rows);
	free(db->kept);
	free(db->base.changes);
	sqlite3_close(db->handle);
	free(db);
}

static void reader_end(void *arg)
{
	struct sqlite_db *db = arg;
	struct sqlite_database *database = (struct sqlite_database *)db->base.database;
	pthread_mutex_lock(&database->readers_lock);
	*db->previous = db->next;
	if (db->next)
		db->next->previous = db->previous;
	pthread_mutex_unlock(&database->readers_lock);
	sqlite_disconnect(db);
}

static int reader_open(struct sqlite_database *database, struct sqlite_db **ret, struct err *e)
{
	struct sqlite_db *db;
	int rc = sqlite_connect(database, false, &db, e);
	if (rc < 0)
		return rc;
	rc = sqlite_run(db, "PRAGMA query_only = ON; PRAGMA cache_size = -4096", e);
	if (rc < 0) {
		sqlite_disconnect(db);
		return rc;
	}
	pthread_mutex_lock(&database->readers_lock);
	db->next = database->readers;
	db->previous = &database->readers;
	if (db->next)
		db->next->previous = &db->next;
	database->readers = db;
	pthread_mutex_unlock(&database->readers_lock);
	pthread_setspecific(database->reader_key, db);
	*ret = db;
	return 0;
}

static int driver_reader_take(struct database *base, struct db **ret, struct err *e)
{
	struct sqlite_database *database = (struct sqlite_database *)base;
	struct sqlite_db *db = pthread_getspecific(database->reader_key);
	if (!db) {
		int rc = reader_open(database, &db, e);
		if (rc < 0)
			return rc;
	}
	db->takes++;
	*ret = &db->base;
	return 0;
}

static void driver_reader_give(struct db *base)
{
	struct sqlite_db *db = (struct sqlite_db *)base;
	db->takes--;
	/* rows left open would hold this thread's view of the database at this moment for ever */
	assert(db->takes > 0 || db->open_rows == 0);
}

static void driver_lookup(struct database *database, struct db_lookup *lookup)
{
	struct db *db = NULL;
	struct db_rows *rows = NULL;
	struct db_batch_end end = lookup->batch_end;
	lookup->err = (struct err){ 0 };
	int rc = db_reader_take(database, &db, &lookup->err);
	if (rc == 0)
		rc = db_query(db, lookup->sql, lookup->args, &rows, &lookup->err);
	lookup->done(lookup, rows, rc);
	db_rows_close(rows);
	db_reader_give(db);
	db_batch_ended(&end);
}

/* --- the database ------------------------------------------------------------------------------------------------------ */

static void database_free(struct sqlite_database *database)
{
	while (database->readers)
		reader_end(database->readers);
	pthread_key_delete(database->reader_key);
	if (database->writer)
		sqlite_disconnect(database->writer);
	pthread_mutex_destroy(&database->readers_lock);
	database_done(&database->base);
	free(database->path);
	free(database);
}

static void driver_close(struct database *base)
{
	struct sqlite_database *database = (struct sqlite_database *)base;
	sqlite_writer_stop(database);
	database_free(database);
}

static const struct db_driver SQLITE_DRIVER = {
	.exec = driver_exec,
	.query = driver_query,
	.exec_text = driver_exec_text,
	.query_text = driver_query_text,
	.script = driver_script,
	.next = driver_next,
	.rows_close = driver_rows_close,
	.col_int = driver_col_int,
	.col_real = driver_col_real,
	.col_text = driver_col_text,
	.col_blob = driver_col_blob,
	.col_null = driver_col_null,
	.col_count = driver_col_count,
	.next_id = driver_next_id,
	.handle = driver_handle,
	.reader_take = driver_reader_take,
	.reader_give = driver_reader_give,
	.lookup = driver_lookup,
	.close = driver_close,
};

static int open_writer(struct sqlite_database *database, bool create, struct err *e)
{
	int rc = sqlite_connect(database, create, &database->writer, e);
	if (rc < 0)
		return rc;
	/* the writer moves the log into the database itself, between two batches, where a failure is seen (db_writer.c) */
	rc = sqlite_run(database->writer,
		"PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864; PRAGMA "
		"cache_size = -65536",
		e);
	return rc < 0 ? rc : migrate(&database->writer->base, e);
}

static void configure(void)
{
	/* counting memory takes a lock that all threads would share */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int sqlite_open(const struct conf *conf, bool create, struct database **ret, struct err *e)
{
	static pthread_once_t configured = PTHREAD_ONCE_INIT;
	pthread_once(&configured, configure);
	struct sqlite_database *database = calloc(1, sizeof(*database));
	if (!database || asprintf(&database->path, "%s/chatelaine.db", conf->data) < 0) {
		free(database);
		return db_unavailable(e, NULL);
	}
	if (create)
		mkdir(conf->data, 0700);
	else if (access(database->path, F_OK) < 0) {
		fail(e, ERR_VALIDATION, "There is no database %s: make one with `chatelaine init`", database->path);
		free(database->path);
		free(database);
		return -ERR_VALIDATION;
	}
	database_init(&database->base, &SQLITE_DRIVER, DB_SQLITE);
	pthread_mutex_init(&database->readers_lock, NULL);
	pthread_key_create(&database->reader_key, reader_end);
	int rc = open_writer(database, create, e);
	if (!rc)
		rc = sqlite_writer_start(database, e);
	if (rc < 0) {
		database_free(database);
		return rc;
	}
	*ret = &database->base;
	return 0;
}
