/* Connections to PostgreSQL: made, checked, lost, and what their errors mean. */
#include "db/pg.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"

#define BACKOFF_FIRST_US 50000
#define BACKOFF_MOST_US 1000000
#define KEPT_FIRST_SIZE 256

/* A server that answers to remote_apply keeps it; less than "on" would acknowledge what a crash can undo. */
#define SETUP                                                                                                                    \
	"SET jit = off; SET client_min_messages = warning; SELECT set_config('synchronous_commit', 'on', false) "                \
	"WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')"
#define SETUP_READER "SET default_transaction_read_only = on; " SETUP

struct pg_db *pg_db_new(struct pg_database *database)
{
	struct pg_db *db = calloc(1, sizeof(*db));
	if (db) {
		db->base.driver = &PG_DRIVER;
		db->base.database = &database->base;
	}
	return db;
}

void pg_db_free(struct pg_db *db)
{
	if (!db)
		return;
	pg_disconnect(db);
	free(db->kept);
	free(db->base.changes);
	free(db);
}

void pg_disconnect(struct pg_db *db)
{
	PQfinish(db->handle);
	db->handle = NULL;
	db->kept_count = 0;
	if (db->kept)
		memset(db->kept, 0, db->kept_size * sizeof(void *));
}

static void ignore_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

/* Every thread tries again and again: one line a second says it. */
static void warn(struct pg_database *database, const char *detail)
{
	int64_t now = monotonic_us(), last = atomic_load(&database->warned_us);
	if (now - last > US_PER_S && atomic_compare_exchange_strong(&database->warned_us, &last, now))
		log_line(LOG_WARN, "no connection to the database", "detail", detail, NULL);
}

int pg_connect(struct pg_db *db, struct err *e)
{
	/* before dbname: the engine's address may say otherwise. Kerberos' library crashes when memory is short. */
	static const char *const KEYS[] = { "gssencmode", "dbname", "fallback_application_name", "client_encoding",
		"connect_timeout", "keepalives_idle", "tcp_user_timeout", NULL };
	const struct pg_database *database = (const struct pg_database *)db->base.database;
	const char *const values[] = { "disable", database->url, "chatelaine", "UTF8", "3", "30", "20000", NULL };
	if (db->handle && PQstatus(db->handle) == CONNECTION_OK)
		return 0;
	pg_disconnect(db);
	db->trouble = PG_FINE;
	db->handle = PQconnectdbParams(KEYS, values, 1);
	if (!db->handle)
		return db_unavailable(e, NULL);
	PQsetNoticeReceiver(db->handle, ignore_notice, NULL);
	PGresult *result =
		PQstatus(db->handle) == CONNECTION_OK ? PQexec(db->handle, db->reconnects ? SETUP_READER : SETUP) : NULL;
	bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
	if (!good)
		warn((struct pg_database *)db->base.database, PQerrorMessage(db->handle));
	PQclear(result);
	if (good)
		return 0;
	pg_disconnect(db);
	return db_unavailable(e, NULL);
}

int pg_connect_wait(struct pg_db *db, int64_t since_us, struct err *e)
{
	int64_t pause_us = BACKOFF_FIRST_US;
	for (;;) {
		int rc = pg_connect(db, e);
		int64_t left_us = since_us + DB_WAIT_US - monotonic_us();
		if (rc == 0 || left_us <= 0)
			return rc;
		pause_us = pause_us < left_us ? pause_us : left_us;
		nanosleep(&(struct timespec){ pause_us / US_PER_S, pause_us % US_PER_S * 1000 }, NULL);
		pause_us = 2 * pause_us < BACKOFF_MOST_US ? 2 * pause_us : BACKOFF_MOST_US;
		err_done(e);
	}
}

void pg_check(struct pg_db *db)
{
	if (!db->handle)
		return;
	struct pollfd fd = { .fd = PQsocket(db->handle), .events = POLLIN };
	if (fd.fd >= 0 && poll(&fd, 1, 0) == 0)
		return;
	/* a server has nothing to say to an idle connection, except that it ends */
	if (fd.fd < 0 || !PQconsumeInput(db->handle) || PQstatus(db->handle) != CONNECTION_OK)
		pg_disconnect(db);
}

/* --- errors ------------------------------------------------------------------------------------------------------------ */

static int to_text(struct err *e, const char *text, const char *detail)
{
	log_line(LOG_ERROR, "database refused", "cause", text, "detail", detail, NULL);
	return db_unavailable(e, text);
}

int pg_fail(struct pg_db *db, const PGresult *result, struct err *e)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	own(own_free) char *detail = strdup(result ? PQresultErrorMessage(result) : PQerrorMessage(db->handle));
	/* without a state the answer was lost on this side, for lack of memory: what the server did, it will not say again */
	bool ended = !state || str_starts(state, "08") || str_starts(state, "57P");
	if (ended || PQstatus(db->handle) != CONNECTION_OK) {
		db->trouble = PG_BROKEN;
		log_line(LOG_WARN, "connection to the database lost", "detail", detail, NULL);
		if (!state)
			pg_disconnect(db);
		return db_unavailable(e, NULL);
	}
	if (str_eq(state, "40001") || str_eq(state, "40P01")) {
		db->trouble = PG_COLLIDED;
		return db_unavailable(e, NULL);
	}
	if (str_eq(state, "23505"))
		db->trouble = PG_EXISTS;
	if (str_eq(state, "53100"))
		return to_text(e, "The database's disk is full: nothing can be changed until there is room.", detail);
	if (str_eq(state, "25006"))
		return to_text(e, "The database is read-only at the moment: nothing can be changed.", detail);
	if (str_starts(state, "53") || str_starts(state, "58") || str_starts(state, "57"))
		return to_text(e, NULL, detail);
	if (str_eq(state, "22021") || str_eq(state, "22P05"))
		return fail(e, ERR_MALFORMED, "The request has a text that is not valid UTF-8.");
	return fail_internal(e, ERR_INTERNAL, "PostgreSQL %s: %s", state ? state : "", detail ? detail : "");
}

/* --- statements that a connection knows -------------------------------------------------------------------------------- */

void pg_statement_name(const struct sql *sql, char ret[PG_NAME_SIZE])
{
	snprintf(ret, PG_NAME_SIZE, "s%zx", (size_t)sql);
}

const char *pg_statement_text(const struct sql *sql)
{
	return sql->pg ? sql->pg : sql->text;
}

static size_t kept_slot(const struct sql *const *kept, size_t size, const struct sql *sql)
{
	size_t slot = (size_t)sql / _Alignof(struct sql) * 0x9e3779b97f4a7c15u >> 32 & (size - 1);
	while (kept[slot] && kept[slot] != sql)
		slot = (slot + 1) & (size - 1);
	return slot;
}

bool pg_kept(const struct pg_db *db, const struct sql *sql)
{
	return db->kept_size && db->kept[kept_slot(db->kept, db->kept_size, sql)] == sql;
}

bool pg_kept_reserve(struct pg_db *db)
{
	if (2 * db->kept_count < db->kept_size)
		return true;
	size_t size = db->kept_size ? 2 * db->kept_size : KEPT_FIRST_SIZE;
	const struct sql **grown = calloc(size, sizeof(void *));
	if (!grown)
		return false;
	for (size_t i = 0; i < db->kept_size; i++)
		if (db->kept[i])
			grown[kept_slot(grown, size, db->kept[i])] = db->kept[i];
	free(db->kept);
	db->kept = grown;
	db->kept_size = size;
	return true;
}

void pg_kept_add(struct pg_db *db, const struct sql *sql)
{
	db->kept[kept_slot(db->kept, db->kept_size, sql)] = sql;
	db->kept_count++;
}
