/* The one writer of the embedded engine: takes what waits, one transaction for all of it, one sync of the disk, then answers. */
#include "db/sqlite.h"

#include "base/log.h"

#define BATCH_MOST 512
/* Frames of the log (4 KiB) after which it is moved into the database: here, not on a thread beside the writer. SQLite before 3.51.3 can
 * corrupt a database whose log begins anew during a checkpoint of another connection (sqlite.org/wal.html#walresetbug). */
#define CHECKPOINT_FRAMES 6000
/* The log begins anew when it was moved and nobody reads it. When readers never let it, they are waited for, but not for long. */
#define RESTART_FRAMES 25000
#define RESTART_WAIT_MS 200

static const struct sql BEGIN = { "BEGIN IMMEDIATE", NULL };
static const struct sql COMMIT = { "COMMIT", NULL };
static const struct sql ROLLBACK = { "ROLLBACK", NULL };
static const struct sql SAVEPOINT = { "SAVEPOINT one", NULL };
static const struct sql RELEASE = { "RELEASE one", NULL };
static const struct sql ROLLBACK_TO = { "ROLLBACK TO one", NULL };

static bool is_fsync_failure(int code)
{
	return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC || code == SQLITE_IOERR_CLOSE;
}

static void note_failure(struct sqlite_database *database)
{
	if (!is_fsync_failure(sqlite3_extended_errcode(database->writer->handle)))
		return;
	database->fsync_failed = true;
	log_line(LOG_ERROR, "the disk could not be synced: no change is accepted until the server is restarted", NULL);
}

/* Runs one write inside its savepoint. False: the transaction of the whole batch is lost. */
static bool run_one(struct sqlite_database *database, struct db_write *write)
{
	struct db *db = &database->writer->base;
	size_t told = db->change_count;
	write->rc = db_exec(db, &SAVEPOINT, DB_NONE, &write->err);
	if (write->rc < 0)
		return false;
	if (db_write_run(db, write) >= 0)
		write->rc = db_exec(db, &RELEASE, DB_NONE, &write->err);
	if (write->rc >= 0)
		return true;
	db->change_count = told;
	/* a full disk and its kin end the transaction behind our back */
	if (sqlite3_get_autocommit(database->writer->handle))
		return false;
	struct err ignored = { 0 };
	bool alive = db_exec(db, &ROLLBACK_TO, DB_NONE, &ignored) == 0 && db_exec(db, &RELEASE, DB_NONE, &ignored) == 0;
	err_done(&ignored);
	return alive;
}

/* Every write of the batch that had not failed by itself fails for the reason in e. */
static void fail_batch(struct sqlite_database *database, struct db_write *batch, const struct err *e)
{
	database->writer->base.change_count = 0;
	for (struct db_write *write = batch; write; write = write->next)
		if (write->rc >= 0)
			write->rc = db_unavailable(&write->err, e->text);
}

/* Also of a transaction before, when there was no memory to roll it back. */
static void roll_back(struct sqlite_database *database)
{
	struct err ignored = { 0 };
	if (!sqlite3_get_autocommit(database->writer->handle))
		db_exec(&database->writer->base, &ROLLBACK, DB_NONE, &ignored);
	err_done(&ignored);
}

static int begin(struct sqlite_database *database, struct err *e)
{
	if (database->fsync_failed)
		return db_unavailable(e, "The server's disk failed: nothing can be changed until the server is restarted.");
	roll_back(database);
	return db_exec(&database->writer->base, &BEGIN, DB_NONE, e);
}

/* No write in a savepoint: it costs each two statements and a copy of every page that it changes, and is needed only where one fails.
 * False: one failed, and nothing of the transaction may stay. */
static bool run_all(struct sqlite_database *database, struct db_write *batch)
{
	for (struct db_write *write = batch; write; write = write->next)
		if (db_write_run(&database->writer->base, write) < 0)
			return false;
	return true;
}

/* Once more from the beginning, each in its savepoint: those that fail are undone alone. */
static int run_apart(struct sqlite_database *database, struct db_write *batch, struct err *e)
{
	for (struct db_write *write = batch; write; write = write->next) {
		err_done(&write->err);
		write->rc = 0;
	}
	int rc = begin(database, e);
	for (struct db_write *write = batch; write && rc == 0; write = write->next)
		if (!run_one(database, write))
			rc = db_unavailable(e, write->err.code == ERR_UNAVAILABLE ? write->err.text : NULL);
	return rc;
}

static int commit(struct sqlite_database *database, struct err *e)
{
	struct db *db = &database->writer->base;
	int64_t ticket = 0;
	int rc = database_guard_before(db, &ticket, e);
	if (rc == 0)
		rc = db_exec(db, &COMMIT, DB_NONE, e);
	if (rc == 0)
		database_guard_after(db, ticket);
	return rc;
}

/* 0 when what did not fail by itself is durable. */
static int run_batch(struct sqlite_database *database, struct db_write *batch, struct err *e)
{
	int rc = begin(database, e);
	if (rc == 0 && !run_all(database, batch)) {
		note_failure(database);
		database->writer->base.change_count = 0;
		if (!batch->next) {
			roll_back(database);
			return 0;
		}
		rc = run_apart(database, batch, e);
	}
	if (rc == 0)
		rc = commit(database, e);
	if (rc < 0)
		note_failure(database);
	roll_back(database);
	return rc;
}

static void checkpoint(struct sqlite_database *database)
{
	sqlite3 *handle = database->writer->handle;
	if (database->wal_frames < database->wal_moved)
		database->wal_moved = 0; /* it began anew */
	if (database->wal_frames - database->wal_moved < CHECKPOINT_FRAMES || database->fsync_failed)
		return;
	bool restart = database->wal_frames > RESTART_FRAMES;
	if (restart)
		sqlite3_busy_timeout(handle, RESTART_WAIT_MS);
	int rc = sqlite3_wal_checkpoint_v2(
		handle, NULL, restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (restart)
		sqlite3_busy_timeout(handle, SQLITE_BUSY_TIMEOUT_MS);
	database->wal_moved = database->wal_frames;
	if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
		return;
	log_line(LOG_ERROR, "the log could not be moved into the database", "detail", sqlite3_errmsg(handle), NULL);
	note_failure(database);
}

static int after_commit(void *arg, sqlite3 *handle, const char *name, int frames)
{
	(void)handle;
	(void)name;
	((struct sqlite_database *)arg)->wal_frames = frames;
	return SQLITE_OK;
}

static void *writer_main(void *arg)
{
	struct sqlite_database *database = arg;
	for (struct db_write *batch; (batch = db_queue_take(&database->base.queue, BATCH_MOST));) {
		struct err e = { 0 };
		if (run_batch(database, batch, &e) < 0)
			fail_batch(database, batch, &e);
		err_done(&e);
		database_tell(&database->base, &database->writer->base);
		db_writes_finish(batch);
		checkpoint(database);
	}
	return NULL;
}

int sqlite_writer_start(struct sqlite_database *database, struct err *e)
{
	sqlite3_wal_hook(database->writer->handle, after_commit, database);
	if (pthread_create(&database->writer_thread, NULL, writer_main, database) != 0)
		return db_unavailable(e, NULL);
	pthread_setname_np(database->writer_thread, "writer");
	return 0;
}

/* The log is left to the engine, which moves it when the last connection closes: a command beside a running server must not make
 * that one wait. */
void sqlite_writer_stop(struct sqlite_database *database)
{
	db_queue_close(&database->base.queue);
	pthread_join(database->writer_thread, NULL);
}
