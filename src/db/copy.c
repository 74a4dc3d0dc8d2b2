/* The database as files of a backup: SQLite's online copy, PostgreSQL's own programs. */
#include "db/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <limits.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/str.h"
#include "db/db.h"

#define SQLITE_FILE "chatelaine.db"
#define DUMP_FILE "database.dump"
#define BUSY_TIMEOUT_MS 30000
#define ENVIRONMENT_MAX 512

static void own_sqlite(sqlite3 **handle)
{
	sqlite3_close(*handle);
}

static void own_connection(PGconn **connection)
{
	PQfinish(*connection);
}

static bool is_sqlite(const struct conf *conf)
{
	return str_eq(conf->engine, "sqlite");
}

/* --- SQLite ------------------------------------------------------------------------------------------------------------ */

static int sync_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 || fsync(fd) < 0 ? fail(e, ERR_UNAVAILABLE, "%s could not be synced: %s", path, strerror(errno)) : 0;
	if (fd >= 0)
		close(fd);
	return rc;
}

static int copy_pages(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	if (!backup)
		return sqlite3_errcode(to);
	int rc = sqlite3_backup_step(backup, -1); /* in one step: a moment, not a stretch of time */
	int end = sqlite3_backup_finish(backup);
	return rc == SQLITE_DONE ? end : rc;
}

int database_copy_file(const char *from, const char *to, struct err *e)
{
	own(own_sqlite) sqlite3 *source = NULL;
	own(own_sqlite) sqlite3 *target = NULL;
	if (sqlite3_open_v2(from, &source, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return fail(e, ERR_UNAVAILABLE, "%s: %s", from, sqlite3_errmsg(source));
	sqlite3_busy_timeout(source, BUSY_TIMEOUT_MS);
	if (sqlite3_open_v2(to, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
		return fail(e, ERR_UNAVAILABLE, "%s: %s", to, sqlite3_errmsg(target));
	int rc = copy_pages(source, target);
	if (rc == SQLITE_OK) /* the copied header says WAL; a backup is one file */
		rc = sqlite3_exec(target, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return fail(e, ERR_UNAVAILABLE, "%s could not be copied to %s: %s", from, to, sqlite3_errstr(rc));
	return sync_file(to, e);
}

static int refuse_file(const struct conf *conf, struct err *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/" SQLITE_FILE, conf->data);
	return access(path, F_OK) == 0 ? fail(e, ERR_VALIDATION, "There is a database already: %s", path) : 0;
}

/* --- PostgreSQL -------------------------------------------------------------------------------------------------------- */

/* The connection as variables for a child: a password on its command line would be seen by everybody. */
static int connection_environment(const char *url, char **ret, size_t *ret_count, struct err *e)
{
	own(own_free) char *why = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &why);
	if (!options)
		return fail(e, ERR_VALIDATION, "engine: %s", why ? why : "is not understood");
	size_t n = 0;
	for (const PQconninfoOption *o = options; o->keyword; o++)
		if (o->val && o->envvar && n < 32 && asprintf(&ret[n], "%s=%s", o->envvar, o->val) > 0)
			n++;
	PQconninfoFree(options);
	*ret_count = n;
	return 0;
}

static int wait_for(const char *program, pid_t child, struct err *e)
{
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return fail(e, ERR_UNAVAILABLE, "%s: %s", program, strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return fail(e, ERR_UNAVAILABLE, "%s did not succeed (it is part of PostgreSQL's client package)", program);
}

static int run_program(const struct conf *conf, char *const *arguments, struct err *e)
{
	char *environment[ENVIRONMENT_MAX] = { NULL };
	size_t ours = 0, n;
	int rc = connection_environment(conf->engine, environment, &ours, e);
	if (rc < 0)
		return rc;
	n = ours;
	for (char **variable = environ; *variable && n < ENVIRONMENT_MAX - 1; variable++)
		environment[n++] = *variable;
	pid_t child;
	rc = posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environment);
	rc = rc ? fail(e, ERR_UNAVAILABLE, "%s could not be run: %s", arguments[0], strerror(rc))
		: wait_for(arguments[0], child, e);
	for (size_t i = 0; i < ours; i++)
		free(environment[i]);
	return rc;
}

static int refuse_tables(const struct conf *conf, struct err *e)
{
	own(own_connection) PGconn *connection = PQconnectdb(conf->engine);
	if (PQstatus(connection) != CONNECTION_OK)
		return fail(e, ERR_UNAVAILABLE, "The database does not answer: %s", PQerrorMessage(connection));
	PGresult *result = PQexec(connection,
		"SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'S') "
		"AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' LIMIT 1");
	bool empty = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 0;
	PQclear(result);
	return empty ? 0 : fail(e, ERR_VALIDATION, "The PostgreSQL database is not empty");
}

/* --- both -------------------------------------------------------------------------------------------------------------- */

int database_refuse_filled(const struct conf *conf, struct err *e)
{
	return is_sqlite(conf) ? refuse_file(conf, e) : refuse_tables(conf, e);
}

int database_dump(const struct conf *conf, const char *folder, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];
	if (is_sqlite(conf)) {
		snprintf(from, sizeof(from), "%s/" SQLITE_FILE, conf->data);
		snprintf(to, sizeof(to), "%s/" SQLITE_FILE, folder);
		return database_copy_file(from, to, e);
	}
	snprintf(to, sizeof(to), "%s/" DUMP_FILE, folder);
	int rc = run_program(
		conf, (char *const[]){ "pg_dump", "--format=custom", "--no-owner", "--no-acl", "--file", to, NULL }, e);
	return rc < 0 ? rc : sync_file(to, e);
}

int database_load(const struct conf *conf, const char *folder, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX], temporary[PATH_MAX + 8];
	int rc = database_refuse_filled(conf, e);
	if (rc < 0)
		return rc;
	if (!is_sqlite(conf)) {
		snprintf(from, sizeof(from), "%s/" DUMP_FILE, folder);
		PQconninfoOption *options = PQconninfoParse(conf->engine, NULL);
		const char *name = "";
		for (const PQconninfoOption *o = options; o && o->keyword; o++)
			name = str_eq(o->keyword, "dbname") && o->val ? o->val : name;
		own(own_free) char *database = strdup(name);
		PQconninfoFree(options);
		return run_program(conf,
			(char *const[]){ "pg_restore", "--single-transaction", "--no-owner", "--no-acl", "--dbname", database,
				from, NULL },
			e);
	}
	snprintf(from, sizeof(from), "%s/" SQLITE_FILE, folder);
	snprintf(to, sizeof(to), "%s/" SQLITE_FILE, conf->data);
	snprintf(temporary, sizeof(temporary), "%s.partial", to);
	unlink(temporary);
	rc = database_copy_file(from, temporary, e);
	if (rc == 0 && rename(temporary, to) < 0)
		rc = fail(e, ERR_UNAVAILABLE, "%s: %s", to, strerror(errno));
	return rc;
}

int database_check(struct database *database, void (*found)(const char *text), struct err *e)
{
	struct db *db;
	struct db_rows *rows = NULL;
	int count = 0;
	if (database_engine(database) != DB_SQLITE)
		return database_ping(database, e);
	int rc = db_reader_take(database, &db, e);
	if (rc < 0)
		return rc;
	rc = db_query_text(db, "PRAGMA quick_check", DB_NONE, &rows, e);
	while (rc >= 0 && (rc = db_next(rows, e)) > 0)
		if (!str_eq(db_col_text(rows, 0), "ok")) {
			found(db_col_text(rows, 0));
			count++;
		}
	db_rows_close(rows);
	db_reader_give(db);
	return rc < 0 ? rc : count;
}
