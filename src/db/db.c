/* The thin SQL layer: what both engines have in common, and the way to the one that is open. */
#include "db/db.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "base/shortage.h"
#include "base/str.h"
#include "db/engine.h"

struct db_arg db_i(int64_t value)
{
	return (struct db_arg){ .type = DB_INT, .number = value };
}

struct db_arg db_bool(bool value)
{
	return db_i(value);
}

struct db_arg db_f(double value)
{
	return (struct db_arg){ .type = DB_REAL, .real = value };
}

struct db_arg db_s(const char *text)
{
	return (struct db_arg){ .type = DB_TEXT, .data = text, .length = text ? strlen(text) : 0 };
}

struct db_arg db_blob(const void *data, size_t length)
{
	return (struct db_arg){ .type = DB_BLOB, .data = data, .length = length };
}

struct db_arg db_null(void)
{
	return (struct db_arg){ .type = DB_NULL };
}

/* --- opening ----------------------------------------------------------------------------------------------------------- */

int database_open(const struct conf *conf, bool create, struct database **ret, struct err *e)
{
	if (str_eq(conf->engine, "sqlite"))
		return sqlite_open(conf, create, ret, e);
	if (str_starts(conf->engine, "postgresql://") || str_starts(conf->engine, "postgres://"))
		return pg_open(conf, create, ret, e);
	return fail(e, ERR_VALIDATION, "engine: neither \"sqlite\" nor \"postgresql://...\"");
}

void database_init(struct database *database, const struct db_driver *driver, enum db_engine engine)
{
	database->driver = driver;
	database->engine = engine;
	db_queue_init(&database->queue);
}

void database_done(struct database *database)
{
	db_queue_done(&database->queue);
}

void database_close(struct database *database)
{
	if (database)
		database->driver->close(database);
}

enum db_engine database_engine(const struct database *database)
{
	return database->engine;
}

int database_ping(struct database *database, struct err *e)
{
	static const struct sql PING = { "SELECT 1", NULL };
	struct db *db;
	int rc = db_reader_take(database, &db, e);
	if (rc < 0)
		return rc;
	rc = db_exec(db, &PING, DB_NONE, e);
	db_reader_give(db);
	return rc;
}

int(db_unavailable)(struct err *e, const char *text)
{
	(void)fail(e, ERR_UNAVAILABLE, text ? "%s" : NULL, text);
	if (e)
		e->retry_after_s = DB_RETRY_AFTER_S;
	return -ERR_UNAVAILABLE;
}

/* --- statements -------------------------------------------------------------------------------------------------------- */

int db_exec_changed(struct db *db, const struct sql *sql, struct db_args args, int64_t *ret_changed, struct err *e)
{
	return db->driver->exec(db, sql, args, ret_changed, e);
}

int db_exec(struct db *db, const struct sql *sql, struct db_args args, struct err *e)
{
	return db->driver->exec(db, sql, args, NULL, e);
}

int db_query(struct db *db, const struct sql *sql, struct db_args args, struct db_rows **ret, struct err *e)
{
	return db->driver->query(db, sql, args, ret, e);
}

int db_exec_text(struct db *db, const char *text, struct db_args args, int64_t *ret_changed, struct err *e)
{
	return db->driver->exec_text(db, text, args, ret_changed, e);
}

int db_query_text(struct db *db, const char *text, struct db_args args, struct db_rows **ret, struct err *e)
{
	return db->driver->query_text(db, text, args, ret, e);
}

int db_next(struct db_rows *rows, struct err *e)
{
	return rows->db->driver->next(rows, e);
}

int db_find(struct db *db, const struct sql *sql, struct db_args args, struct db_rows **ret, struct err *e)
{
	struct db_rows *rows;
	*ret = NULL;
	int rc = db_query(db, sql, args, &rows, e);
	if (rc < 0)
		return rc;
	rc = db_next(rows, e);
	if (rc > 0)
		*ret = rows;
	else
		db_rows_close(rows);
	return rc;
}

void db_rows_close(struct db_rows *rows)
{
	if (rows)
		rows->db->driver->rows_close(rows);
}

void own_rows(struct db_rows **rows)
{
	db_rows_close(*rows);
}

int64_t db_col_int(struct db_rows *rows, int column)
{
	return rows->db->driver->col_int(rows, column);
}

bool db_col_bool(struct db_rows *rows, int column)
{
	return rows->db->driver->col_int(rows, column) != 0;
}

double db_col_real(struct db_rows *rows, int column)
{
	return rows->db->driver->col_real(rows, column);
}

const char *db_col_text(struct db_rows *rows, int column)
{
	return rows->db->driver->col_text(rows, column);
}

const void *db_col_blob(struct db_rows *rows, int column, size_t *ret_length)
{
	return rows->db->driver->col_blob(rows, column, ret_length);
}

bool db_col_null(struct db_rows *rows, int column)
{
	return rows->db->driver->col_null(rows, column);
}

int db_col_count(struct db_rows *rows)
{
	return rows->db->driver->col_count(rows);
}

int db_next_id(struct db *db, const char *sequence, int64_t *ret_id, struct err *e)
{
	return db->driver->next_id(db, sequence, ret_id, e);
}

enum db_engine db_engine_of(const struct db *db)
{
	return db->database->engine;
}

struct database *db_database(struct db *db)
{
	return db->database;
}

void *db_handle(struct db *db)
{
	return db->driver->handle(db);
}

/* --- reading and writing ----------------------------------------------------------------------------------------------- */

int db_reader_take(struct database *database, struct db **ret, struct err *e)
{
	return database->driver->reader_take(database, ret, e);
}

void db_reader_give(struct db *db)
{
	if (db)
		db->driver->reader_give(db);
}

int db_session_open(struct database *database, struct db **ret, struct err *e)
{
	if (!database->driver->session_open)
		return fail_internal(e, ERR_INTERNAL, "this engine has no sessions");
	return database->driver->session_open(database, ret, e);
}

void db_session_close(struct db *db)
{
	if (db)
		db->driver->session_close(db);
}

void database_lookup_submit(struct database *database, struct db_lookup *lookup)
{
	database->driver->lookup(database, lookup);
}

void database_submit(struct database *database, struct db_write *write)
{
	db_queue_put(&database->queue, write);
}

size_t database_queue_length(const struct database *database)
{
	return atomic_load_explicit(&database->queue.length, memory_order_relaxed);
}

void db_batch_ended(struct db_batch_end *end)
{
	struct db_batch_end once = *end;
	*end = (struct db_batch_end){ 0 };
	if (once.call)
		once.call(once.arg);
}

int db_write_run(struct db *db, struct db_write *write)
{
	shortage_forget();
	write->rc = write->run(db, write, &write->err);
	if (db->change_lost)
		shortage_note();
	db->change_lost = false;
	write->rc = shortage_check(write->rc, &write->err);
	return write->rc;
}

void db_writes_finish(struct db_write *batch)
{
	struct db_batch_end end = { 0 };
	for (struct db_write *write = batch, *next; write; write = next) {
		next = write->next;
		if (write->batch_end.call)
			end = write->batch_end;
		if (write->rc >= 0) {
			err_done(&write->err); /* of something that was recovered from */
			write->rc = 0;
		}
		write->done(write, write->rc);
	}
	db_batch_ended(&end);
}

struct transact {
	struct db_write write;
	int (*fn)(struct db *db, void *arg, struct err *e);
	void *arg;
	sem_t finished;
	struct err *e;
	int rc;
};

static int transact_run(struct db *db, struct db_write *write, struct err *e)
{
	struct transact *transact = write->arg;
	return transact->fn(db, transact->arg, e);
}

static void transact_done(struct db_write *write, int rc)
{
	struct transact *transact = write->arg;
	transact->rc = rc;
	if (rc < 0 && transact->e) {
		err_done(transact->e);
		*transact->e = write->err;
	} else {
		err_done(&write->err);
	}
	sem_post(&transact->finished);
}

int database_transact(struct database *database, int (*fn)(struct db *db, void *arg, struct err *e), void *arg, struct err *e)
{
	/* what is written was made here: nothing of it is kept when it may lack something */
	int rc = shortage_check(0, e);
	shortage_forget();
	if (rc < 0)
		return rc;
	struct transact transact = { .write = { .run = transact_run, .done = transact_done }, .fn = fn, .arg = arg, .e = e };
	transact.write.arg = &transact;
	sem_init(&transact.finished, 0, 0);
	database_submit(database, &transact.write);
	while (sem_wait(&transact.finished) < 0)
		;
	sem_destroy(&transact.finished);
	if (transact.rc >= 0)
		shortage_note_commit();
	return transact.rc;
}

/* --- telling others ---------------------------------------------------------------------------------------------------- */

void database_observe(struct database *database, db_observer *observer, void *arg)
{
	if (database->observer_count == OBSERVERS_MAX)
		abort();
	database->observers[database->observer_count].call = observer;
	database->observers[database->observer_count].arg = arg;
	database->observer_count++;
}

void db_changed(struct db *db, enum db_topic topic, int64_t project_id, int64_t id)
{
	if (db->change_count == db->change_size) {
		size_t size = db->change_size ? 2 * db->change_size : 64;
		struct db_change *changes = realloc(db->changes, size * sizeof(*changes));
		if (!changes) {
			db->change_lost = true;
			return;
		}
		db->changes = changes;
		db->change_size = size;
	}
	db->changes[db->change_count++] = (struct db_change){ topic, project_id, id };
}

void database_tell(struct database *database, struct db *db)
{
	for (size_t i = 0; i < db->change_count; i++)
		for (size_t k = 0; k < database->observer_count; k++)
			database->observers[k].call(
				database->observers[k].arg, db->changes[i].topic, db->changes[i].project_id, db->changes[i].id);
	db->change_count = 0;
}

void database_set_guard(struct database *database, const struct db_guard *guard)
{
	database->guard = *guard;
}

int database_guard_before(struct db *db, int64_t *ret_ticket, struct err *e)
{
	const struct db_guard *guard = &db->database->guard;
	*ret_ticket = 0;
	return guard->before && db->change_count ? guard->before(guard->arg, db, db->changes, db->change_count, ret_ticket, e)
						 : 0;
}

void database_guard_after(struct db *db, int64_t ticket)
{
	if (ticket)
		db->database->guard.after(db->database->guard.arg, ticket);
}
