/* Numbered migrations, each in one transaction with its row. */
#include "db/migrate.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "db/engine.h"
#include "db/migrate_table.h"

/* Any number; the same for every server on the database. */
#define ADVISORY_LOCK "7243392714"

int migrate_newest(void)
{
	int newest = 0;
	for (const struct migration *m = MIGRATIONS; m->name; m++)
		newest = m->number > newest ? m->number : newest;
	return newest;
}

static bool is_for(const struct migration *m, enum db_engine engine)
{
	if (str_ends(m->name, ".sqlite.sql"))
		return engine == DB_SQLITE;
	return !str_ends(m->name, ".pg.sql") || engine == DB_POSTGRES;
}

static int highest_applied(struct db *db, int64_t *ret, struct err *e)
{
	static const struct sql HIGHEST = { "SELECT COALESCE(MAX(number), 0) FROM schema_migrations", NULL };
	struct db_rows *rows;
	int rc = db_find(db, &HIGHEST, DB_NONE, &rows, e);
	if (rc <= 0)
		return rc;
	*ret = db_col_int(rows, 0);
	db_rows_close(rows);
	return 0;
}

static int is_applied(struct db *db, const struct migration *m, struct err *e)
{
	static const struct sql FIND = { "SELECT 1 FROM schema_migrations WHERE name = $1", NULL };
	struct db_rows *rows;
	int rc = db_find(db, &FIND, DB_ARGS(db_s(m->name)), &rows, e);
	db_rows_close(rows);
	return rc;
}

static int apply_inside(struct db *db, const struct migration *m, struct err *e)
{
	static const struct sql INSERT = { "INSERT INTO schema_migrations (number, name, applied_us) VALUES ($1, $2, $3)", NULL };
	int rc = is_applied(db, m, e); /* once more: another server may just have done it */
	if (rc)
		return rc < 0 ? rc : 0;
	rc = db->driver->script(db, m->text, e);
	return rc < 0 ? rc : db_exec(db, &INSERT, DB_ARGS(db_i(m->number), db_s(m->name), db_i(now_us())), e);
}

static int apply(struct db *db, const struct migration *m, struct err *e)
{
	int rc = is_applied(db, m, e);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = db_exec_text(db, db_engine_of(db) == DB_SQLITE ? "BEGIN IMMEDIATE" : "BEGIN", DB_NONE, NULL, e);
	if (rc < 0)
		return rc;
	rc = apply_inside(db, m, e);
	if (rc < 0) {
		log_line(LOG_ERROR, "migration failed", "name", m->name, NULL);
		db_exec_text(db, "ROLLBACK", DB_NONE, NULL, NULL);
		return rc;
	}
	log_line(LOG_DEBUG, "migration applied", "name", m->name, NULL);
	return db_exec_text(db, "COMMIT", DB_NONE, NULL, e);
}

static int apply_all(struct db *db, struct err *e)
{
	int64_t highest = 0;
	int rc = db_exec_text(db,
		"CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT NOT NULL, name TEXT PRIMARY KEY, applied_us BIGINT "
		"NOT NULL)",
		DB_NONE, NULL, e);
	if (rc < 0 || (rc = highest_applied(db, &highest, e)) < 0)
		return rc;
	if (highest > migrate_newest())
		return fail(e, ERR_SCHEMA_NEWER,
			"The database is newer than this program: it has migration %lld, the program knows %d.",
			(long long)highest, migrate_newest());
	for (const struct migration *m = MIGRATIONS; m->name; m++) {
		rc = is_for(m, db_engine_of(db)) ? apply(db, m, e) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* PostgreSQL numbers with sequences of its own, which never make two transactions wait; they begin where the table's rows say. */
static int make_sequences(struct db *db, struct err *e)
{
	return db->driver->script(db,
		"DO $$ DECLARE s record; BEGIN FOR s IN SELECT name, last FROM sequences LOOP "
		"IF to_regclass(quote_ident('seq_' || s.name)) IS NULL THEN "
		"EXECUTE format('CREATE SEQUENCE %I START WITH %s', 'seq_' || s.name, s.last + 1); "
		"END IF; END LOOP; END $$",
		e);
}

int migrate(struct db *db, struct err *e)
{
	if (db_engine_of(db) == DB_SQLITE)
		return apply_all(db, e);
	int rc = db_exec_text(db, "SELECT pg_advisory_lock(" ADVISORY_LOCK ")", DB_NONE, NULL, e);
	if (rc < 0)
		return rc;
	rc = apply_all(db, e);
	if (rc == 0)
		rc = make_sequences(db, e);
	db_exec_text(db, "SELECT pg_advisory_unlock(" ADVISORY_LOCK ")", DB_NONE, NULL, NULL);
	return rc;
}
