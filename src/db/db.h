/* The thin SQL layer: one dialect, two engines (SQLite, PostgreSQL), values always as parameters $1, $2...
 *
 * A struct database is the opened engine; a struct db is one connection of it, used by one thread at a time.
 * Statements are prepared once per connection and kept by the address of their struct sql.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"

enum db_engine { DB_SQLITE, DB_POSTGRES };

struct database;
struct db;
struct db_rows;

/* A statement, kept static beside the one function that uses it. pg is the text for PostgreSQL where the common one cannot
 * serve (row locks); normally NULL. */
struct sql {
	const char *text;
	const char *pg;
};

enum db_type { DB_NULL, DB_INT, DB_REAL, DB_TEXT, DB_BLOB };
struct db_arg {
	enum db_type type;
	int64_t number;
	double real;
	const void *data; /* borrowed until the call returns */
	size_t length;
};
struct db_args {
	const struct db_arg *list;
	size_t count;
};
struct db_arg db_i(int64_t value);
struct db_arg db_bool(bool value);
struct db_arg db_f(double value);
struct db_arg db_s(const char *text);                   /* ended by NUL; NULL binds null */
struct db_arg db_blob(const void *data, size_t length); /* NULL binds null */
struct db_arg db_null(void);
/* db_exec(db, &sql, DB_ARGS(db_i(1), db_s("x")), e) */
#define DB_ARGS(...)                                                                                                             \
	((struct db_args){ (const struct db_arg[]){ __VA_ARGS__ },                                                               \
		sizeof((const struct db_arg[]){ __VA_ARGS__ }) / sizeof(struct db_arg) })
#define DB_NONE ((struct db_args){ NULL, 0 })

/* --- opening (db.c, db_sqlite.c, db_pg.c) ------------------------------------------------------------------------------ */

/* Opens the engine named by conf->engine ("sqlite": <data>/chatelaine.db), makes it when create is set, and brings it to
 * the newest migration (migrate.h). A database newer than the program is refused: ERR_SCHEMA_NEWER. */
int database_open(const struct conf *conf, bool create, struct database **ret, struct err *e);
/* Waits for queued work, then closes. */
void database_close(struct database *database);
enum db_engine database_engine(const struct database *database);
/* 0 when the engine answers now, for /health/ready. */
int database_ping(struct database *database, struct err *e);

/* --- statements -------------------------------------------------------------------------------------------------------- */

/* Runs a statement that returns no rows; *ret_changed (may be NULL) gets the number of rows changed. */
int db_exec_changed(struct db *db, const struct sql *sql, struct db_args args, int64_t *ret_changed, struct err *e);
int db_exec(struct db *db, const struct sql *sql, struct db_args args, struct err *e);
/* Runs a statement that returns rows; close with db_rows_close(). */
int db_query(struct db *db, const struct sql *sql, struct db_args args, struct db_rows **ret, struct err *e);
/* 1: a row is there, 0: no more, negative: failed. */
int db_next(struct db_rows *rows, struct err *e);
/* db_query() and db_next() in one: 1 found (close the rows), 0 not found and negative (nothing to close, *ret is NULL). */
int db_find(struct db *db, const struct sql *sql, struct db_args args, struct db_rows **ret, struct err *e);
void db_rows_close(struct db_rows *rows); /* NULL is fine */
void own_rows(struct db_rows **rows);

/* Columns of the current row, from 0. Texts and blobs live until the next db_next() or close. Null: 0, NULL. */
int64_t db_col_int(struct db_rows *rows, int column);
bool db_col_bool(struct db_rows *rows, int column);
double db_col_real(struct db_rows *rows, int column);
const char *db_col_text(struct db_rows *rows, int column);
const void *db_col_blob(struct db_rows *rows, int column, size_t *ret_length);
bool db_col_null(struct db_rows *rows, int column);
int db_col_count(struct db_rows *rows);

/* As db_query()/db_exec() for text made at run time (filters, table rows): not kept prepared. Names in it come from numbers
 * or quoted identifiers of ours, never from a caller. */
int db_query_text(struct db *db, const char *text, struct db_args args, struct db_rows **ret, struct err *e);
int db_exec_text(struct db *db, const char *text, struct db_args args, int64_t *ret_changed, struct err *e);

/* The next number of a sequence; greater than every one given before by any server on this database. Inside a write only.
 * Sequences are listed in sql/001_base.sql. */
int db_next_id(struct db *db, const char *sequence, int64_t *ret_id, struct err *e);
enum db_engine db_engine_of(const struct db *db);
struct database *db_database(struct db *db);
/* The engine's own handle (sqlite3 *, PGconn *), for store/rows/ only: COPY, bulk insert. */
void *db_handle(struct db *db);

/* --- reading ----------------------------------------------------------------------------------------------------------- */

/* A connection for reading: sees everything committed before the call. Give it back. On SQLite it is the calling thread's own. */
int db_reader_take(struct database *database, struct db **ret, struct err *e);
void db_reader_give(struct db *db);

/* A connection of one's own for long work that begins and commits by itself (COPY). PostgreSQL only; ERR_UNAVAILABLE when the
 * database is away. Statements kept on it are gone when it is closed. */
int db_session_open(struct database *database, struct db **ret, struct err *e);
void db_session_close(struct db *db); /* NULL is fine; rolls back what was not committed */

/* Writes that are committed together, and look-ups that travel together, are told one after another; then this is called once, on the
 * same thread: what should happen once for all of them. Optional (call NULL); those of one batch that have one have the same. */
struct db_batch_end {
	void (*call)(void *arg);
	void *arg;
};

/* --- writing ----------------------------------------------------------------------------------------------------------- */

/* One change: run() inside a transaction of its own, or in one with the others of the writer's batch (SQLite).
 * A negative result rolls it back. done() is called once, after the commit is durable (rc 0) or after it failed (rc negative,
 * write->err says why), on the writer's thread: it must not block. run() does no network, no file I/O, no reply.
 * run() is called again when another transaction collided with it (PostgreSQL) or another write of its batch failed (SQLite): what it
 * leaves in memory must bear that. */
struct db_write {
	int (*run)(struct db *db, struct db_write *write, struct err *e);
	void (*done)(struct db_write *write, int rc);
	struct err err; /* yours to err_done(); empty when rc is 0 */
	void *arg;
	struct db_batch_end batch_end;
	/* private to db/ */
	struct db_write *next;
	int64_t queued_us;
	int rc;
};

/* Queues a write and returns at once. The struct is the caller's and must live until done(). */
void database_submit(struct database *database, struct db_write *write);
/* Runs fn inside a write and waits until it is durable. Never on a loop or inside a write. */
int database_transact(struct database *database, int (*fn)(struct db *db, void *arg, struct err *e), void *arg, struct err *e);

/* Requests that are in the queue now, for metrics. */
size_t database_queue_length(const struct database *database);

/* --- looking up -------------------------------------------------------------------------------------------------------- */

/* One short read whose answer may come later. On PostgreSQL those that arrive together travel together in one round trip;
 * on SQLite it is answered at once on the calling thread. Safe on a loop. */
struct db_lookup {
	const struct sql *sql;
	struct db_args args; /* with what they point to, the caller's until done() */
	/* rc 0: rows are to be read with db_next() inside done() and are gone after it. Negative: err says why. Must not block. */
	void (*done)(struct db_lookup *lookup, struct db_rows *rows, int rc);
	struct err err; /* yours to err_done(); empty when rc is 0 */
	void *arg;
	struct db_batch_end batch_end;
	/* private to db/ */
	struct db_lookup *next;
	int64_t queued_us;
};
void database_lookup_submit(struct database *database, struct db_lookup *lookup);

/* --- telling others what changed (R13) --------------------------------------------------------------------------------- */

enum db_topic { DB_CHANGED_TOKEN, DB_CHANGED_PROJECT, DB_CHANGED_USER, DB_CHANGED_SESSION, DB_CHANGED_MANAGE_TOKEN };
/* Inside a write: after its commit and before any done() of it, every observer is told. Nothing is told on rollback. */
void db_changed(struct db *db, enum db_topic topic, int64_t project_id, int64_t id);
typedef void db_observer(void *arg, enum db_topic topic, int64_t project_id, int64_t id);
void database_observe(struct database *database, db_observer *observer, void *arg);

/* One that keeps a record of changes outside the database (work/ledger.h): before() is called in the transaction, right before
 * its commit, with all that db_changed() was told; a negative result undoes it. after() follows a commit. */
struct db_change {
	enum db_topic topic;
	int64_t project_id, id;
};
struct db_guard {
	int (*before)(
		void *arg, struct db *db, const struct db_change *changes, size_t count, int64_t *ret_ticket, struct err *e);
	void (*after)(void *arg, int64_t ticket);
	void *arg;
};
/* At most one; before the first write. */
void database_set_guard(struct database *database, const struct db_guard *guard);

#endif
