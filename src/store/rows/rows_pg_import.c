/* Importing rows into PostgreSQL: binary COPY into a new table that takes the old one's place, or into the table itself, or, with a key,
 * into a temporary table whose rows are merged. All in one transaction; readers keep what they had until its end. */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "store/rows/rows_pg.h"

#define COPY_CHUNK (64 * 1024)

static void own_session(struct db **db)
{
	db_session_close(*db);
}

struct pg_import {
	PGconn *handle;
	struct pg_place place;
	const struct rows_import *import;
	struct csv_reader *csv;
	int64_t *keys;
	size_t key_count;
	int64_t copied; /* records of the file */
};

/* --- copy ------------------------------------------------------------------------------------------------------------------ */

static void put_int16(struct buf *buf, size_t value)
{
	uint16_t bytes = htobe16((uint16_t)value);
	buf_add(buf, &bytes, sizeof(bytes));
}

static void put_int32(struct buf *buf, uint32_t value)
{
	uint32_t bytes = htobe32(value);
	buf_add(buf, &bytes, sizeof(bytes));
}

static void put_time(struct buf *buf, int64_t time_us)
{
	uint64_t bytes = htobe64((uint64_t)time_us);
	put_int32(buf, sizeof(bytes));
	buf_add(buf, &bytes, sizeof(bytes));
}

static int send_chunk(struct pg_import *job, struct buf *buf, struct err *e)
{
	if (buf->failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for an import");
	if (PQputCopyData(job->handle, buf->data, (int)buf->length) != 1)
		return pg_rows_failed(job->handle, NULL, e);
	buf_clear(buf);
	return 0;
}

static void put_record(struct buf *buf, const struct rows_cursor *cursor, size_t stored)
{
	const struct rows_import *import = cursor->import;
	put_int16(buf, stored + 1);
	put_time(buf, cursor->time_us);
	for (size_t i = 0; i < import->column_count; i++) {
		if (import->columns[i] <= 0)
			continue;
		const struct rows_cell *cell = &cursor->cells[i];
		put_int32(buf, cell->data ? (uint32_t)cell->length : UINT32_MAX);
		if (cell->data && cell->length)
			buf_add(buf, cell->data, cell->length);
	}
}

static int send_records(struct pg_import *job, struct err *e)
{
	static const char SIGNATURE[19] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
	own(rows_cursor_done) struct rows_cursor cursor = { 0 };
	own(buf_done) struct buf buf = { 0 };
	size_t stored = 0;
	for (size_t i = 0; i < job->import->column_count; i++)
		stored += job->import->columns[i] > 0;
	int rc = rows_cursor_open(job->import, job->csv, &cursor, e);
	if (rc < 0)
		return rc;
	buf_add(&buf, SIGNATURE, sizeof(SIGNATURE));
	while ((rc = rows_cursor_next(&cursor, e)) > 0) {
		job->copied++;
		put_record(&buf, &cursor, stored);
		if ((buf.length >= COPY_CHUNK || buf.failed) && (rc = send_chunk(job, &buf, e)) < 0)
			return rc;
	}
	put_int16(&buf, UINT16_MAX);
	return rc < 0 ? rc : send_chunk(job, &buf, e);
}

/* What the server says to the end of a COPY; its refusal matters only when the file itself was good. */
static int end_copy(struct pg_import *job, int rc, struct err *e)
{
	if (PQputCopyEnd(job->handle, rc < 0 ? "the file is not good" : NULL) != 1 && rc == 0)
		rc = pg_rows_failed(job->handle, NULL, e);
	for (PGresult *result; (result = PQgetResult(job->handle)); PQclear(result))
		if (rc == 0 && PQresultStatus(result) != PGRES_COMMAND_OK)
			rc = pg_rows_failed(job->handle, result, e);
	return rc;
}

static int copy_into(struct pg_import *job, const char *target, const char *options, struct err *e)
{
	own(buf_done) struct buf sql = { 0 };
	buf_printf(&sql, "COPY %s (_timestamp", target);
	for (size_t i = 0; i < job->import->column_count; i++)
		if (job->import->columns[i] > 0)
			buf_printf(&sql, ",c%lld", (long long)job->import->columns[i]);
	buf_printf(&sql, ") FROM STDIN (FORMAT binary%s)", options);
	if (sql.failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a statement");
	PGresult *result = PQexec(job->handle, sql.data);
	int rc = PQresultStatus(result) == PGRES_COPY_IN ? 0 : pg_rows_failed(job->handle, result, e);
	PQclear(result);
	return rc < 0 ? rc : end_copy(job, send_records(job, e), e);
}

/* --- a new table in the place of the old one ------------------------------------------------------------------------------------ */

static int create_new_key(struct pg_import *job, struct err *e)
{
	own(buf_done) struct buf sql = { 0 };
	buf_printf(&sql, "CREATE UNIQUE INDEX new_k%lld ON %s.new_t%lld (", (long long)job->place.number, job->place.schema,
		(long long)job->place.number);
	pg_rows_add_key(&sql, job->keys, job->key_count);
	buf_puts(&sql, ")");
	return sql.failed ? fail_internal(e, ERR_INTERNAL, "no memory for a statement") : pg_rows_run(job->handle, sql.data, e);
}

/* Rows with an equal key collapse, the last one stays: rows of a table that was just copied stand in the file's order. */
static int collapse_new(struct pg_import *job, int64_t *ret_rows, struct err *e)
{
	own(buf_done) struct buf sql = { 0 };
	buf_printf(&sql,
		"WITH gone AS (DELETE FROM %s.new_t%lld WHERE ctid IN (SELECT place FROM (SELECT ctid AS place, row_number() "
		"OVER (PARTITION BY ",
		job->place.schema, (long long)job->place.number);
	pg_rows_add_key(&sql, job->keys, job->key_count);
	buf_printf(&sql,
		" ORDER BY ctid DESC) AS later FROM %s.new_t%lld) AS all_rows WHERE later > 1) RETURNING 1) SELECT count(*) FROM "
		"gone",
		job->place.schema, (long long)job->place.number);
	int64_t gone = 0;
	int rc = sql.failed ? fail_internal(e, ERR_INTERNAL, "no memory for a statement")
			    : pg_rows_number(job->handle, sql.data, &gone, e);
	*ret_rows -= gone;
	return rc;
}

static int make_new_key(struct pg_import *job, int64_t *ret_rows, struct err *e)
{
	if (job->key_count == 0)
		return 0;
	int rc = pg_rows_run(job->handle, "SAVEPOINT key", e);
	if (rc == 0)
		rc = create_new_key(job, e);
	if (rc != -ERR_TABLE_KEY_DUPLICATES)
		return rc;
	err_done(e);
	rc = pg_rows_run(job->handle, "ROLLBACK TO SAVEPOINT key", e);
	if (rc == 0)
		rc = collapse_new(job, ret_rows, e);
	return rc < 0 ? rc : create_new_key(job, e);
}

static int replace_table(struct pg_import *job, int64_t *ret_rows, struct err *e)
{
	const char *schema = job->place.schema;
	long long number = (long long)job->place.number;
	char target[128];
	snprintf(target, sizeof(target), "%s.new_t%lld", schema, number);
	int rc = pg_rows_runf(
		job->handle, e, "DROP TABLE IF EXISTS %s; CREATE TABLE %s (LIKE %s)", target, target, job->place.table);
	if (rc == 0)
		rc = copy_into(job, target, ", FREEZE", e);
	*ret_rows = job->copied;
	if (rc == 0)
		rc = make_new_key(job, ret_rows, e);
	if (rc == 0)
		rc = pg_rows_runf(
			job->handle, e, "DROP TABLE %s; ALTER TABLE %s RENAME TO t%lld", job->place.table, target, number);
	if (rc == 0 && job->key_count)
		rc = pg_rows_runf(job->handle, e, "ALTER INDEX %s.new_k%lld RENAME TO k%lld", schema, number, number);
	return rc;
}

/* --- into the table ------------------------------------------------------------------------------------------------------------------ */

static void add_columns(struct buf *sql, const struct rows_import *import)
{
	buf_puts(sql, "_timestamp");
	for (size_t i = 0; i < import->column_count; i++)
		if (import->columns[i] > 0)
			buf_printf(sql, ",c%lld", (long long)import->columns[i]);
}

static bool is_key(const struct pg_import *job, int64_t number)
{
	for (size_t i = 0; i < job->key_count; i++)
		if (job->keys[i] == number)
			return true;
	return false;
}

/* Of rows with an equal key within the file the last one counts; when rows that are there stay, the first. */
static void build_merge(struct pg_import *job, struct buf *sql)
{
	const struct rows_import *import = job->import;
	buf_printf(sql, "WITH merged AS (INSERT INTO %s (", job->place.table);
	add_columns(sql, import);
	buf_puts(sql, ") SELECT DISTINCT ON (");
	pg_rows_add_key(sql, job->keys, job->key_count);
	buf_puts(sql, ") ");
	add_columns(sql, import);
	buf_puts(sql, " FROM pg_temp.staged ORDER BY ");
	pg_rows_add_key(sql, job->keys, job->key_count);
	buf_puts(sql, import->keep_existing ? ",ctid ON CONFLICT (" : ",ctid DESC ON CONFLICT (");
	pg_rows_add_key(sql, job->keys, job->key_count);
	buf_puts(sql, import->keep_existing ? ") DO NOTHING" : ") DO UPDATE SET _timestamp = excluded._timestamp");
	for (size_t i = 0; !import->keep_existing && i < import->column_count; i++)
		if (import->columns[i] > 0 && !is_key(job, import->columns[i]))
			buf_printf(sql, ",c%lld = excluded.c%lld", (long long)import->columns[i], (long long)import->columns[i]);
	/* a row that was there before has an xmax: the lock that updating it took */
	buf_puts(sql, " RETURNING (xmax = 0) AS is_new) SELECT count(*) FILTER (WHERE is_new) FROM merged");
}

static int merge(struct pg_import *job, int64_t *ret_added, struct err *e)
{
	own(buf_done) struct buf sql = { 0 };
	int rc = pg_rows_runf(job->handle, e, "CREATE TEMP TABLE staged (LIKE %s) ON COMMIT DROP", job->place.table);
	if (rc == 0)
		rc = copy_into(job, "pg_temp.staged", "", e);
	if (rc < 0)
		return rc;
	build_merge(job, &sql);
	return sql.failed ? fail_internal(e, ERR_INTERNAL, "no memory for a statement")
			  : pg_rows_number(job->handle, sql.data, ret_added, e);
}

static int add_rows(struct pg_import *job, int64_t *ret_rows, struct err *e)
{
	struct rows_result before = { 0 };
	int64_t job_id, added = 0;
	int rc = pg_rows_ensure_key(job->handle, &job->place, job->import->table, e);
	if (rc == 0)
		rc = pg_rows_read_state(job->handle, &job->place, &before, &job_id, e);
	if (rc == 0)
		rc = job->key_count ? merge(job, &added, e) : copy_into(job, job->place.table, "", e);
	*ret_rows = before.rows_count + (job->key_count ? added : job->copied);
	return rc;
}

/* --- the import ------------------------------------------------------------------------------------------------------------------------ */

static int run_import(struct pg_import *job, struct err *e)
{
	int64_t rows = 0;
	int rc = pg_rows_run(job->handle, "BEGIN; SET LOCAL work_mem = '64MB'; SET LOCAL maintenance_work_mem = '128MB'", e);
	if (rc < 0)
		return rc;
	rc = job->import->incremental ? add_rows(job, &rows, e) : replace_table(job, &rows, e);
	if (rc == 0)
		rc = pg_rows_write_state(job->handle, &job->place, rows, job->import->job_id, e);
	return pg_rows_end(job->handle, rc, e);
}

/* 1: the job's rows are there already. */
static int was_applied(
	PGconn *handle, const struct pg_place *place, const struct rows_import *import, struct rows_result *ret, struct err *e)
{
	struct rows_result result;
	int64_t job_id = 0;
	int rc = pg_rows_read_state(handle, place, &result, &job_id, e);
	if (rc < 0 || job_id == 0 || job_id != import->job_id)
		return rc;
	result.was_applied = true;
	*ret = result;
	return 1;
}

/* A commit whose answer was lost: the table itself knows whether it happened. */
static int ask_again(
	struct database *database, const struct pg_place *place, const struct rows_import *import, struct rows_result *ret)
{
	own(own_session) struct db *db = NULL;
	struct err ignored = { 0 };
	int rc = db_session_open(database, &db, &ignored);
	if (rc == 0)
		rc = was_applied(db_handle(db), place, import, ret, &ignored);
	err_done(&ignored);
	return rc;
}

int pg_rows_import(struct database *database, const struct rows_import *import, struct csv_reader *csv, struct rows_result *ret,
	struct err *e)
{
	own(own_session) struct db *db = NULL;
	own(own_free) int64_t *keys = NULL;
	const struct table *table = import->table;
	struct pg_place place = pg_place_of(table->project_id, table->bucket_number, table->number);
	int64_t job_id;
	int rc = rows_key_columns(table, &keys, e);
	if (rc == 0)
		rc = db_session_open(database, &db, e);
	if (rc == 0)
		rc = pg_rows_ensure(db_handle(db), table, e);
	if (rc == 0)
		rc = was_applied(db_handle(db), &place, import, ret, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	struct pg_import job = { .handle = db_handle(db),
		.place = place,
		.import = import,
		.csv = csv,
		.keys = keys,
		.key_count = table->primary_key_count };
	rc = run_import(&job, e);
	if (rc == -ERR_UNAVAILABLE && ask_again(database, &place, import, ret) > 0) {
		err_done(e);
		return 0;
	}
	return rc < 0 ? rc : pg_rows_read_state(db_handle(db), &place, ret, &job_id, e);
}
