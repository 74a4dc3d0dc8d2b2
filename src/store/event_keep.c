/* Removing old events: in small batches, on PostgreSQL whole months at once. */
#include "store/event_keep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "store/list.h"

#define MONTHS_AHEAD 3

int event_keepings(struct db *db, struct arena *arena, struct event_keeping **ret, size_t *ret_count, struct err *e)
{
	static const struct sql list = {
		.text = "SELECT id, events_keep_days, (SELECT MIN(events.id) FROM events WHERE events.project_id = projects.id) "
			"FROM projects "
			"ORDER BY id",
	};
	own(own_rows) struct db_rows *rows = NULL;
	struct event_keeping *items = NULL;
	size_t count = 0;
	int rc = db_query(db, &list, DB_NONE, &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		items = list_room(arena, items, count, sizeof(*items));
		if (!items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the projects");
		const char *oldest = db_col_text(rows, 2);
		items[count++] = (struct event_keeping){ db_col_int(rows, 0), db_col_int(rows, 1),
			arena_strdup(arena, oldest ? oldest : "") };
	}
	if (rc < 0)
		return rc;
	*ret = items;
	*ret_count = count;
	return 0;
}

char *event_id_bound(int64_t time_us, char ret[14])
{
	uint64_t ms = (uint64_t)(time_us < 0 ? 0 : time_us / 1000) & UINT64_C(0xffffffffffff);
	snprintf(ret, 14, "%08x-%04x", (unsigned)(ms >> 16), (unsigned)(ms & 0xffff));
	return ret;
}

int event_remove_before(struct db *db, int64_t project_id, int64_t before_us, int64_t limit, int64_t *ret_removed, struct err *e)
{
	static const struct sql remove = {
		.text = "DELETE FROM events WHERE project_id = $1 AND id IN (SELECT id FROM events WHERE project_id = $1 AND id "
			"< $2 "
			"ORDER BY id LIMIT $3)",
	};
	char bound[14];
	return db_exec_changed(
		db, &remove, DB_ARGS(db_i(project_id), db_s(event_id_bound(before_us, bound)), db_i(limit)), ret_removed, e);
}

/* --- months ------------------------------------------------------------------------------------------------------------------ */

struct month {
	char name[32]; /* "events_2026_11" */
	int64_t from_us, until_us;
};

static int64_t month_start(int year, int month)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month, .tm_mday = 1 };
	return (int64_t)timegm(&tm) * US_PER_S;
}

/* year and month (from 0, may be over 11) of the Gregorian calendar. */
static struct month month_of(int year, int month)
{
	struct month ret = { .from_us = month_start(year, month), .until_us = month_start(year, month + 1) };
	snprintf(ret.name, sizeof(ret.name), "events_%04u_%02u", (unsigned)(year + month / 12) % 10000,
		(unsigned)(month % 12 + 1) % 100);
	return ret;
}

static int month_exists(struct db *db, const struct month *month, struct err *e)
{
	static const struct sql find = { .text = "SELECT 1 FROM pg_class WHERE relname = $1" };
	struct db_rows *rows;
	int rc = db_find(db, &find, DB_ARGS(db_s(month->name)), &rows, e);
	if (rc > 0)
		db_rows_close(rows);
	return rc;
}

/* A statement about a month: names and bounds can't be parameters there, and are ours. Empties the text. */
static int run(struct db *db, struct buf *text, struct err *e)
{
	if (text->failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a statement");
	int rc = db_exec_text(db, text->data, DB_NONE, NULL, e);
	buf_clear(text);
	return rc;
}

/* What came before its month had a place stands in events_rest and moves. */
static int month_make(struct db *db, const struct month *month, struct err *e)
{
	own(buf_done) struct buf text = { 0 };
	char from[14], until[14];
	event_id_bound(month->from_us, from);
	event_id_bound(month->until_us, until);
	buf_puts(
		&text, "LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE"); /* who writes meanwhile waits, and finds the new place */
	int rc = run(db, &text, e);
	buf_printf(&text, "CREATE TABLE %s (LIKE events INCLUDING ALL)", month->name);
	rc = rc < 0 ? rc : run(db, &text, e);
	buf_printf(&text, "INSERT INTO %s SELECT * FROM events_rest WHERE id >= '%s' AND id < '%s'", month->name, from, until);
	rc = rc < 0 ? rc : run(db, &text, e);
	buf_printf(&text, "DELETE FROM events_rest WHERE id >= '%s' AND id < '%s'", from, until);
	rc = rc < 0 ? rc : run(db, &text, e);
	buf_printf(&text, "ALTER TABLE events ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')", month->name, from, until);
	return rc < 0 ? rc : run(db, &text, e);
}

/* Servers that share a database take turns. */
static int lock_months(struct db *db, struct err *e)
{
	static const struct sql lock = { .text = "SELECT 1 FROM pg_advisory_xact_lock(7301001)" };
	struct db_rows *rows;
	int rc = db_find(db, &lock, DB_NONE, &rows, e);
	if (rc > 0)
		db_rows_close(rows);
	return rc < 0 ? rc : 0;
}

int event_months_ahead(struct db *db, int64_t now_us, struct err *e)
{
	time_t now = (time_t)(now_us / US_PER_S);
	struct tm tm;
	if (db_engine_of(db) != DB_POSTGRES)
		return 0;
	int rc = lock_months(db, e);
	gmtime_r(&now, &tm);
	for (int i = 0; i < MONTHS_AHEAD && rc >= 0; i++) {
		struct month month = month_of(tm.tm_year + 1900, tm.tm_mon + i);
		rc = month_exists(db, &month, e);
		if (rc == 0)
			rc = month_make(db, &month, e);
	}
	return rc < 0 ? rc : 0;
}

static int drop_if_over(struct db *db, const char *name, int64_t before_us, struct err *e)
{
	own(buf_done) struct buf text = { 0 };
	if (strlen(name) != strlen("events_2026_11") || !str_starts(name, "events_"))
		return 0;
	struct month month = month_of((int)strtol(name + 7, NULL, 10), (int)strtol(name + 12, NULL, 10) - 1);
	if (!str_eq(month.name, name) || month.until_us > before_us)
		return 0;
	buf_printf(&text, "DROP TABLE %s", month.name);
	return run(db, &text, e);
}

int event_months_drop(struct db *db, struct arena *arena, int64_t before_us, struct err *e)
{
	static const struct sql list = {
		.text = "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = "
			"i.inhparent "
			"WHERE p.relname = 'events' ORDER BY c.relname",
	};
	struct db_rows *rows = NULL;
	char **names = NULL;
	size_t count = 0;
	if (db_engine_of(db) != DB_POSTGRES)
		return 0;
	int rc = lock_months(db, e);
	if (rc >= 0)
		rc = db_query(db, &list, DB_NONE, &rows, e);
	while (rc >= 0 && (rc = db_next(rows, e)) > 0) {
		names = list_room(arena, names, count, sizeof(*names));
		if (!names)
			rc = fail_internal(e, ERR_INTERNAL, "no memory for the months");
		else
			names[count++] = arena_strdup(arena, db_col_text(rows, 0));
	}
	db_rows_close(rows);
	for (size_t i = 0; i < count && rc >= 0; i++)
		rc = drop_if_over(db, names[i], before_us, e);
	return rc;
}
