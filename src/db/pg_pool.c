/* PostgreSQL: the threads that run writes, the pool of readers, opening and closing. */
#include "db/pg.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "db/migrate.h"

/* How often at least a write is run again because others were in its way; more often while there is time. */
#define COLLISIONS_LEAST 12
#define EXISTS_MOST 2

/* --- writes ------------------------------------------------------------------------------------------------------------ */

static int command(struct pg_db *db, const char *text, const char *tag, struct err *e)
{
	PGresult *result = PQexec(db->handle, text);
	int rc = 0;
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		rc = pg_fail(db, result, e);
	else if (!str_eq(PQcmdStatus(result), tag)) /* COMMIT of a failed transaction "succeeds" as ROLLBACK */
		rc = fail_internal(e, ERR_INTERNAL, "PostgreSQL answered %s to %s", PQcmdStatus(result), text);
	PQclear(result);
	return rc;
}

static void roll_back(struct pg_db *db)
{
	struct err ignored = { 0 };
	enum pg_trouble trouble = db->trouble;
	if (PQstatus(db->handle) == CONNECTION_OK && command(db, "ROLLBACK", "ROLLBACK", &ignored) < 0)
		pg_disconnect(db);
	db->trouble = trouble;
	db->base.change_count = 0;
	err_done(&ignored);
}

/* One try. *ret_again: it did not happen, and may be run again. */
static int run_transaction(struct pg_db *db, struct db_write *write, bool *ret_again)
{
	struct err *e = &write->err;
	*ret_again = true;
	db->trouble = PG_FINE;
	int rc = command(db, "BEGIN ISOLATION LEVEL REPEATABLE READ", "BEGIN", e);
	if (rc < 0)
		return rc;
	rc = db_write_run(&db->base, write);
	int64_t ticket = 0;
	if (rc >= 0)
		rc = database_guard_before(&db->base, &ticket, e);
	if (rc < 0) {
		roll_back(db);
		return rc;
	}
	rc = command(db, "COMMIT", "COMMIT", e);
	if (rc == 0)
		database_guard_after(&db->base, ticket);
	if (rc < 0) {
		/* nobody knows what became of a commit whose answer was lost: it is neither acknowledged nor repeated */
		*ret_again = db->trouble != PG_BROKEN;
		roll_back(db);
	}
	return rc < 0 ? rc : 0;
}

static bool may_repeat(const struct pg_db *db, const struct db_write *write, int tries)
{
	switch (db->trouble) {
	case PG_BROKEN:
		return monotonic_us() < write->queued_us + DB_WAIT_US;
	case PG_COLLIDED:
		return tries < COLLISIONS_LEAST || monotonic_us() < write->queued_us + DB_WAIT_US;
	case PG_EXISTS:
		return tries < EXISTS_MOST;
	default:
		return false;
	}
}

/* Two that collided must not meet again at once. */
static void step_aside(int tries)
{
	unsigned pause_us = ((unsigned)monotonic_us() * 2654435761u >> 20) % (unsigned)(500 * tries + 1);
	nanosleep(&(struct timespec){ 0, (long)pause_us * 1000 }, NULL);
}

static void run_write(struct pg_db *db, struct db_write *write)
{
	for (int tries = 1;; tries++) {
		pg_check(db);
		write->rc = pg_connect_wait(db, write->queued_us, &write->err);
		if (write->rc < 0)
			return;
		bool again;
		write->rc = run_transaction(db, write, &again);
		if (PQstatus(db->handle) != CONNECTION_OK)
			pg_disconnect(db);
		if (write->rc == 0 || !again || !may_repeat(db, write, tries))
			return;
		step_aside(tries);
		err_done(&write->err);
	}
}

static void *writer_main(void *arg)
{
	struct pg_database *database = arg;
	struct pg_db *db = pg_db_new(database);
	for (struct db_write *write; db && (write = db_queue_take(&database->base.queue, 1));) {
		run_write(db, write);
		database_tell(&database->base, &db->base);
		db_writes_finish(write);
	}
	pg_db_free(db);
	return NULL;
}

static int writers_start(struct pg_database *database, size_t count, struct err *e)
{
	database->writers = calloc(count, sizeof(*database->writers));
	if (!database->writers)
		return db_unavailable(e, NULL);
	for (; database->writer_count < count; database->writer_count++) {
		pthread_t *thread = &database->writers[database->writer_count];
		if (pthread_create(thread, NULL, writer_main, database) != 0)
			return db_unavailable(e, NULL);
		pthread_setname_np(*thread, "writer");
	}
	return 0;
}

static void writers_stop(struct pg_database *database)
{
	db_queue_close(&database->base.queue);
	for (size_t i = 0; i < database->writer_count; i++)
		pthread_join(database->writers[i], NULL);
	free(database->writers);
}

/* --- readers ----------------------------------------------------------------------------------------------------------- */

/* An idle reader, or a new one that is not connected yet, or NULL when none came back in time. */
static struct pg_db *reader_wait(struct pg_database *database)
{
	struct timespec until;
	struct pg_db *db = NULL;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DB_WAIT_US / US_PER_S;
	int rc = 0;
	pthread_mutex_lock(&database->readers_lock);
	while (!database->idle && !database->readers_left && rc == 0)
		rc = pthread_cond_timedwait(&database->reader_given, &database->readers_lock, &until);
	if (database->idle) {
		db = database->idle;
		database->idle = db->next;
	} else if (database->readers_left && (db = pg_db_new(database))) {
		database->readers_left--;
		db->reconnects = true;
	}
	pthread_mutex_unlock(&database->readers_lock);
	return db;
}

int pg_reader_take(struct database *base, struct db **ret, struct err *e)
{
	struct pg_db *db = reader_wait((struct pg_database *)base);
	if (!db)
		return db_unavailable(e, NULL);
	db->trouble = PG_FINE;
	pg_check(db);
	int rc = pg_connect_wait(db, monotonic_us(), e);
	if (rc < 0) {
		pg_reader_give(&db->base);
		return rc;
	}
	*ret = &db->base;
	return 0;
}

void pg_reader_give(struct db *base)
{
	struct pg_db *db = (struct pg_db *)base;
	struct pg_database *database = (struct pg_database *)base->database;
	pthread_mutex_lock(&database->readers_lock);
	db->next = database->idle;
	database->idle = db;
	pthread_mutex_unlock(&database->readers_lock);
	pthread_cond_signal(&database->reader_given);
}

int pg_session_open(struct database *base, struct db **ret, struct err *e)
{
	struct pg_db *db = pg_db_new((struct pg_database *)base);
	if (!db)
		return db_unavailable(e, NULL);
	int rc = pg_connect_wait(db, monotonic_us(), e);
	if (rc < 0) {
		pg_db_free(db);
		return rc;
	}
	*ret = &db->base;
	return 0;
}

void pg_session_close(struct db *base)
{
	pg_db_free((struct pg_db *)base);
}

/* --- opening and closing ----------------------------------------------------------------------------------------------- */

void pg_database_close(struct database *base)
{
	struct pg_database *database = (struct pg_database *)base;
	writers_stop(database);
	pg_lookups_stop(database);
	for (struct pg_db *db = database->idle, *next; db; db = next) {
		next = db->next;
		pg_db_free(db);
	}
	pthread_mutex_destroy(&database->readers_lock);
	pthread_cond_destroy(&database->reader_given);
	database_done(base);
	free(database->url);
	free(database);
}

static int refuse_empty(struct db *db, struct err *e)
{
	static const struct sql FIND = { "SELECT 1 FROM pg_class WHERE oid = to_regclass('schema_migrations')", NULL };
	struct db_rows *rows;
	int rc = db_find(db, &FIND, DB_NONE, &rows, e);
	db_rows_close(rows);
	if (rc == 0)
		return fail(e, ERR_VALIDATION, "The PostgreSQL database is empty: fill it with `chatelaine init`");
	return rc < 0 ? rc : 0;
}

static int prepare_database(struct pg_database *database, bool create, struct err *e)
{
	struct db *db;
	int rc = pg_session_open(&database->base, &db, e);
	if (rc < 0)
		return rc;
	rc = create ? 0 : refuse_empty(db, e);
	if (rc == 0)
		rc = migrate(db, e);
	pg_session_close(db);
	return rc;
}

int pg_open(const struct conf *conf, bool create, struct database **ret, struct err *e)
{
	struct pg_database *database = calloc(1, sizeof(*database));
	char *url = strdup(conf->engine);
	if (!database || !url) {
		free(database);
		free(url);
		return db_unavailable(e, NULL);
	}
	database->url = url;
	database_init(&database->base, &PG_DRIVER, DB_POSTGRES);
	pthread_mutex_init(&database->readers_lock, NULL);
	pthread_cond_init(&database->reader_given, NULL);
	database->readers_left = (size_t)(conf->postgresql_readers ? conf->postgresql_readers : 2 * conf->workers + 4);
	int rc = prepare_database(database, create, e);
	if (rc == 0)
		rc = writers_start(database, (size_t)conf->postgresql_writers, e);
	if (rc == 0)
		rc = pg_lookups_start(database, e);
	if (rc < 0) {
		pg_database_close(&database->base);
		return rc;
	}
	*ret = &database->base;
	return 0;
}
