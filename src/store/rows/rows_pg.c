/* Rows on PostgreSQL: a schema per bucket, a table per table; places, keys, reading, deleting. The import is in rows_pg_import.c. */
#include "store/rows/rows_pg.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/shortage.h"
#include "base/str.h"

static void own_result(PGresult **result)
{
	PQclear(*result);
}

static void own_session(struct db **db)
{
	db_session_close(*db);
}

static void own_reader(struct db **db)
{
	if (*db)
		db_reader_give(*db);
}

struct pg_place pg_place_of(int64_t project_id, int64_t bucket_number, int64_t table_number)
{
	struct pg_place place = { .number = table_number };
	snprintf(place.schema, sizeof(place.schema), "p%lld_b%lld", (long long)project_id, (long long)bucket_number);
	snprintf(place.table, sizeof(place.table), "%s.t%lld", place.schema, (long long)table_number);
	return place;
}

static struct pg_place place_of_table(const struct table *table)
{
	return pg_place_of(table->project_id, table->bucket_number, table->number);
}

/* --- statements --------------------------------------------------------------------------------------------------------- */

/* A limit of the server's pages: of an entry of the key's index, or of a row. Values longer than a few bytes move out of the row, but each
 * leaves a pointer of 18 bytes there, so that about 450 columns may hold long ones at the same time. */
static int too_long(const PGresult *result, struct err *e)
{
	if (str_starts(PQresultErrorField(result, PG_DIAG_SOURCE_FILE), "hio")) /* where rows find their page */
		return fail(e, ERR_DATA_INVALID, "Load error: a row has more long values than PostgreSQL can keep in one row.");
	return fail(e, ERR_PRIMARY_KEY, "A value in the columns of the primary key is too long.");
}

int pg_rows_failed(PGconn *handle, const PGresult *result, struct err *e)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *detail = result ? PQresultErrorMessage(result) : PQerrorMessage(handle);
	if (str_eq(state, "23505"))
		return fail(e, ERR_TABLE_KEY_DUPLICATES, NULL);
	if (str_eq(state, "54000"))
		return too_long(result, e);
	if (str_eq(state, "53100"))
		return fail(e, ERR_UNAVAILABLE, ROWS_DISK_FULL);
	bool unavailable = PQstatus(handle) != CONNECTION_OK || !state || str_starts(state, "08") || str_starts(state, "53") ||
			   str_starts(state, "57") || str_starts(state, "58") || str_starts(state, "25006") ||
			   str_starts(state, "40");
	return fail_internal(
		e, unavailable ? ERR_UNAVAILABLE : ERR_INTERNAL, "rows: PostgreSQL %s: %s", state ? state : "", detail);
}

static int check(PGconn *handle, const PGresult *result, struct err *e)
{
	ExecStatusType status = PQresultStatus(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : pg_rows_failed(handle, result, e);
}

int pg_rows_run(PGconn *handle, const char *text, struct err *e)
{
	own(own_result) PGresult *result = PQexec(handle, text);
	return check(handle, result, e);
}

int pg_rows_runf(PGconn *handle, struct err *e, const char *format, ...)
{
	char text[2048];
	va_list args;
	va_start(args, format);
	int length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(text))
		return fail_internal(e, ERR_INTERNAL, "a statement on rows is too long");
	return pg_rows_run(handle, text, e);
}

int pg_rows_number(PGconn *handle, const char *text, int64_t *ret, struct err *e)
{
	own(own_result) PGresult *result = PQexec(handle, text);
	int rc = check(handle, result, e);
	if (rc == 0)
		*ret = PQntuples(result) && !PQgetisnull(result, 0, 0) ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
	return rc;
}

static int run_buf(PGconn *handle, const struct buf *sql, struct err *e)
{
	return sql->failed ? fail_internal(e, ERR_INTERNAL, "no memory for a statement") : pg_rows_run(handle, sql->data, e);
}

int pg_rows_end(PGconn *handle, int rc, struct err *e)
{
	if (rc == 0)
		rc = shortage_check(rc, e);
	if (rc == 0) {
		own(own_result) PGresult *result = PQexec(handle, "COMMIT");
		rc = check(handle, result, e);
		if (rc == 0 && !str_eq(PQcmdStatus(result), "COMMIT"))
			rc = fail_internal(e, ERR_INTERNAL, "rows: PostgreSQL answered %s to COMMIT", PQcmdStatus(result));
	}
	if (rc < 0)
		PQclear(PQexec(handle, "ROLLBACK"));
	return rc;
}

/* --- places --------------------------------------------------------------------------------------------------------------- */

/* Numbers of the columns that the table has in the database; *ret_there false: there is no such table. */
static int list_columns(
	PGconn *handle, const struct pg_place *place, int64_t **ret, size_t *ret_count, bool *ret_there, struct err *e)
{
	char text[512];
	snprintf(text, sizeof(text),
		"SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('%s') AND attnum > 0 AND NOT attisdropped",
		place->table);
	own(own_result) PGresult *result = PQexec(handle, text);
	int rc = check(handle, result, e);
	if (rc < 0)
		return rc;
	int count = PQntuples(result);
	int64_t *numbers = calloc((size_t)count + 1, sizeof(*numbers));
	if (!numbers)
		return fail_internal(e, ERR_INTERNAL, "no memory for columns");
	for (int i = 0; i < count; i++)
		numbers[i] = strtoll(PQgetvalue(result, i, 0) + 1, NULL, 10); /* _timestamp: 0 */
	*ret = numbers;
	*ret_count = (size_t)count;
	*ret_there = count > 0;
	return 0;
}

static bool has_number(const int64_t *numbers, size_t count, int64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

/* Columns sort by bytes, as on the other engine. */
static int create_table(PGconn *handle, const struct pg_place *place, const struct table *table, struct err *e)
{
	own(buf_done) struct buf sql = { 0 };
	buf_printf(&sql, "CREATE TABLE IF NOT EXISTS %s (", place->table);
	for (size_t i = 0; i < table->column_count; i++)
		buf_printf(&sql, "c%lld TEXT COLLATE \"C\",", (long long)table->columns[i].number);
	buf_puts(&sql, "_timestamp BIGINT)");
	return run_buf(handle, &sql, e);
}

static int add_columns(PGconn *handle, const struct pg_place *place, const struct table *table, struct err *e)
{
	own(own_free) int64_t *numbers = NULL;
	own(buf_done) struct buf sql = { 0 };
	size_t count = 0, added = 0;
	bool there = false;
	int rc = list_columns(handle, place, &numbers, &count, &there, e);
	if (rc < 0 || !there)
		return rc < 0 ? rc : create_table(handle, place, table, e);
	buf_printf(&sql, "ALTER TABLE %s ", place->table);
	for (size_t i = 0; i < table->column_count; i++)
		if (!has_number(numbers, count, table->columns[i].number))
			buf_printf(&sql, "%sADD COLUMN c%lld TEXT COLLATE \"C\"", added++ ? "," : "",
				(long long)table->columns[i].number);
	return added ? run_buf(handle, &sql, e) : 0;
}

/* Two that make the same place at once would collide: the bucket is locked for the moment. */
int pg_rows_ensure(PGconn *handle, const struct table *table, struct err *e)
{
	struct pg_place place = place_of_table(table);
	int rc = pg_rows_runf(handle, e,
		"BEGIN; SELECT pg_advisory_xact_lock(hashtext('rows'), hashtext('%s')); CREATE SCHEMA IF NOT EXISTS %s;"
		"CREATE TABLE IF NOT EXISTS %s.states (number BIGINT PRIMARY KEY, rows BIGINT NOT NULL, job_id BIGINT NOT NULL)",
		place.schema, place.schema, place.schema);
	if (rc == 0)
		rc = add_columns(handle, &place, table, e);
	return pg_rows_end(handle, rc, e);
}

int pg_rows_create(struct database *database, const struct table *table, struct err *e)
{
	own(own_session) struct db *db = NULL;
	if (table->column_count > ROWS_COLUMNS_MAX)
		return fail(e, ERR_TABLE_VALIDATION, "A table has at most %d columns.", ROWS_COLUMNS_MAX);
	int rc = db_session_open(database, &db, e);
	return rc < 0 ? rc : pg_rows_ensure(db_handle(db), table, e);
}

int pg_rows_drop(struct database *database, int64_t project_id, int64_t bucket_number, int64_t table_number, struct err *e)
{
	own(own_session) struct db *db = NULL;
	struct pg_place place = pg_place_of(project_id, bucket_number, table_number);
	char text[256];
	int64_t has_states = 0;
	int rc = db_session_open(database, &db, e);
	if (rc < 0)
		return rc;
	snprintf(text, sizeof(text), "SELECT count(*) FROM pg_class WHERE oid = to_regclass('%s.states')", place.schema);
	rc = pg_rows_number(db_handle(db), text, &has_states, e);
	if (rc < 0 || !has_states)
		return rc;
	return pg_rows_runf(db_handle(db), e, "DROP TABLE IF EXISTS %s; DELETE FROM %s.states WHERE number = %lld", place.table,
		place.schema, (long long)table_number);
}

int pg_rows_column_drop(struct database *database, const struct table *table, int64_t column_number, struct err *e)
{
	own(own_session) struct db *db = NULL;
	struct pg_place place = place_of_table(table);
	int rc = db_session_open(database, &db, e);
	return rc < 0 ? rc
		      : pg_rows_runf(db_handle(db), e, "ALTER TABLE IF EXISTS %s DROP COLUMN IF EXISTS c%lld", place.table,
				(long long)column_number);
}

/* --- keys -------------------------------------------------------------------------------------------------------------------- */

void pg_rows_add_key(struct buf *sql, const int64_t *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(sql, "%sc%lld", i ? "," : "", (long long)keys[i]);
}

/* Is the database's key the table's? 1 yes, 0 no. */
static int key_is(PGconn *handle, const struct pg_place *place, const int64_t *keys, size_t count, struct err *e)
{
	char text[768];
	snprintf(text, sizeof(text),
		"SELECT a.attname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)"
		" JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE i.indrelid = to_regclass('%s')"
		" AND i.indexrelid = to_regclass('%s.k%lld') ORDER BY k.place",
		place->table, place->schema, (long long)place->number);
	own(own_result) PGresult *result = PQexec(handle, text);
	int rc = check(handle, result, e);
	if (rc < 0)
		return rc;
	if ((size_t)PQntuples(result) != count)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (strtoll(PQgetvalue(result, (int)i, 0) + 1, NULL, 10) != keys[i])
			return 0;
	return 1;
}

int pg_rows_ensure_key(PGconn *handle, const struct pg_place *place, const struct table *table, struct err *e)
{
	own(own_free) int64_t *keys = NULL;
	own(buf_done) struct buf sql = { 0 };
	size_t count = table->primary_key_count;
	int rc = rows_key_columns(table, &keys, e);
	if (rc == 0)
		rc = key_is(handle, place, keys, count, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	buf_printf(&sql, "DROP INDEX IF EXISTS %s.k%lld;", place->schema, (long long)place->number);
	for (size_t i = 0; i < count; i++)
		buf_printf(&sql, "UPDATE %s SET c%lld = '' WHERE c%lld IS NULL;", place->table, (long long)keys[i],
			(long long)keys[i]);
	if (count) {
		buf_printf(&sql, "CREATE UNIQUE INDEX k%lld ON %s (", (long long)place->number, place->table);
		pg_rows_add_key(&sql, keys, count);
		buf_puts(&sql, ")");
	}
	return run_buf(handle, &sql, e);
}

int pg_rows_key_set(struct database *database, const struct table *table, struct err *e)
{
	own(own_session) struct db *db = NULL;
	struct pg_place place = place_of_table(table);
	int rc = db_session_open(database, &db, e);
	if (rc == 0)
		rc = pg_rows_ensure(db_handle(db), table, e);
	if (rc == 0)
		rc = pg_rows_run(db_handle(db), "BEGIN", e);
	return rc < 0 ? rc : pg_rows_end(db_handle(db), pg_rows_ensure_key(db_handle(db), &place, table, e), e);
}

/* --- states --------------------------------------------------------------------------------------------------------------------- */

int pg_rows_write_state(PGconn *handle, const struct pg_place *place, int64_t rows_count, int64_t job_id, struct err *e)
{
	return pg_rows_runf(handle, e,
		"INSERT INTO %s.states AS s (number, rows, job_id) VALUES (%lld, %lld, %lld) ON CONFLICT (number) DO UPDATE SET "
		"rows = excluded.rows,"
		" job_id = CASE WHEN excluded.job_id > 0 THEN excluded.job_id ELSE s.job_id END",
		place->schema, (long long)place->number, (long long)rows_count, (long long)job_id);
}

int pg_rows_read_state(PGconn *handle, const struct pg_place *place, struct rows_result *ret, int64_t *ret_job_id, struct err *e)
{
	char text[512];
	snprintf(text, sizeof(text), "SELECT rows, job_id, pg_total_relation_size('%s') FROM %s.states WHERE number = %lld",
		place->table, place->schema, (long long)place->number);
	own(own_result) PGresult *result = PQexec(handle, text);
	int rc = check(handle, result, e);
	if (rc < 0)
		return rc;
	*ret = (struct rows_result){ 0 };
	*ret_job_id = 0;
	if (PQntuples(result) == 0)
		return 0;
	ret->rows_count = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	ret->data_size_bytes = strtoll(PQgetvalue(result, 0, 2), NULL, 10);
	*ret_job_id = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
	return 0;
}

/* --- filters as parameters ------------------------------------------------------------------------------------------------------ */

struct values {
	const char **texts;
	char (*numbers)[32];
};

static void values_done(struct values *values)
{
	free(values->texts);
	free(values->numbers);
}

/* Every value travels as text: the statement says what it is. */
static int values_init(struct values *values, const struct filter_sql *sql, struct err *e)
{
	values->texts = calloc(sql->arg_count + 1, sizeof(*values->texts));
	values->numbers = calloc(sql->arg_count + 1, sizeof(*values->numbers));
	if (!values->texts || !values->numbers)
		return fail_internal(e, ERR_INTERNAL, "no memory for a filter");
	for (size_t i = 0; i < sql->arg_count; i++) {
		const struct db_arg *arg = &sql->args[i];
		values->texts[i] = arg->type == DB_TEXT ? arg->data : arg->type == DB_NULL ? NULL : values->numbers[i];
		if (arg->type == DB_INT)
			snprintf(values->numbers[i], sizeof(values->numbers[i]), "%lld", (long long)arg->number);
		if (arg->type == DB_REAL)
			snprintf(values->numbers[i], sizeof(values->numbers[i]), "%.17g", arg->real);
	}
	return 0;
}

/* --- reading --------------------------------------------------------------------------------------------------------------------- */

static void add_from(
	struct buf *sql, const struct rows_query *query, const struct pg_place *place, const int64_t *numbers, size_t count)
{
	const struct table *table = query->table;
	buf_puts(sql, " FROM (SELECT _timestamp");
	for (size_t i = 0; i < table->column_count; i++) {
		long long number = (long long)table->columns[i].number;
		if (has_number(numbers, count, table->columns[i].number))
			buf_printf(sql, ",c%lld", number);
		else
			buf_printf(sql, ",CAST(NULL AS TEXT) AS c%lld", number);
	}
	buf_printf(sql, " FROM %s) AS t", place->table);
}

static int give_row(
	const PGresult *result, const struct rows_query *query, const char **fields, size_t *lengths, char time[ROWS_TIME_SIZE])
{
	for (size_t i = 0; i < query->column_count; i++) {
		bool is_time = query->columns[i] == 0, is_null = PQgetisnull(result, 0, (int)i);
		const char *text = PQgetvalue(result, 0, (int)i);
		fields[i] = is_time ? time : is_null ? NULL : text;
		lengths[i] = is_time ? rows_time_text(strtoll(text, NULL, 10), time) : (size_t)PQgetlength(result, 0, (int)i);
	}
	return 0;
}

/* Ends a statement whose rows nobody wants any more. */
static void cancel(PGconn *handle)
{
	char text[256];
	PGcancel *request = PQgetCancel(handle);
	if (request)
		PQcancel(request, text, sizeof(text));
	PQfreeCancel(request);
}

/* Rows come one by one, so that a table of any size passes through the same memory. */
static int give_rows(PGconn *handle, const struct rows_query *query, rows_each *each, void *arg, struct err *e)
{
	own(own_free) const char **fields = calloc(query->column_count + 1, sizeof(*fields));
	own(own_free) size_t *lengths = calloc(query->column_count + 1, sizeof(*lengths));
	char time[ROWS_TIME_SIZE];
	int rc = fields && lengths ? 0 : fail_internal(e, ERR_INTERNAL, "no memory for a row");
	if (rc < 0)
		cancel(handle);
	for (PGresult *result; (result = PQgetResult(handle)); PQclear(result)) {
		ExecStatusType status = PQresultStatus(result);
		if (rc < 0 || status == PGRES_TUPLES_OK)
			continue;
		if (status == PGRES_SINGLE_TUPLE) {
			give_row(result, query, fields, lengths, time);
			rc = each(arg, fields, lengths, query->column_count, e);
		} else {
			rc = pg_rows_failed(handle, result, e);
		}
		if (rc < 0)
			cancel(handle);
	}
	return rc;
}

static int send_query(PGconn *handle, const struct buf *text, const struct filter_sql *sql, struct err *e)
{
	own(values_done) struct values values = { 0 };
	int rc = values_init(&values, sql, e);
	if (rc < 0)
		return rc;
	if (text->failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a statement");
	if (!PQsendQueryParams(handle, text->data, (int)sql->arg_count, NULL, values.texts, NULL, NULL, 0) ||
		!PQsetSingleRowMode(handle))
		return pg_rows_failed(handle, NULL, e);
	return 0;
}

int pg_rows_select(struct database *database, const struct rows_query *query, rows_each *each, void *arg, struct err *e)
{
	own(own_reader) struct db *db = NULL;
	own(filter_sql_done) struct filter_sql sql = { 0 };
	own(buf_done) struct buf text = { 0 };
	own(own_free) int64_t *numbers = NULL;
	struct pg_place place = place_of_table(query->table);
	size_t count = 0;
	bool there = false;
	int rc = db_reader_take(database, &db, e);
	if (rc == 0)
		rc = list_columns(db_handle(db), &place, &numbers, &count, &there, e);
	if (rc == 0)
		rc = filter_compile(query->filter, DB_POSTGRES, true, &sql, e);
	if (rc < 0 || !there)
		return rc;
	buf_puts(&text, "SELECT ");
	for (size_t i = 0; i < query->column_count; i++)
		if (query->columns[i])
			buf_printf(&text, "%sc%lld", i ? "," : "", (long long)query->columns[i]);
		else
			buf_puts(&text, i ? ",_timestamp" : "_timestamp");
	add_from(&text, query, &place, numbers, count);
	buf_add(&text, sql.text.data, sql.text.length);
	rc = send_query(db_handle(db), &text, &sql, e);
	return rc < 0 ? rc : give_rows(db_handle(db), query, each, arg, e);
}

/* --- deleting --------------------------------------------------------------------------------------------------------------------- */

static int delete_matching(
	PGconn *handle, const struct pg_place *place, const struct rows_filter *filter, int64_t *ret_deleted, struct err *e)
{
	own(filter_sql_done) struct filter_sql sql = { 0 };
	own(values_done) struct values values = { 0 };
	own(buf_done) struct buf text = { 0 };
	int rc = filter_compile(filter, DB_POSTGRES, false, &sql, e);
	if (rc == 0)
		rc = values_init(&values, &sql, e);
	if (rc < 0)
		return rc;
	buf_printf(&text, "DELETE FROM %s", place->table);
	buf_add(&text, sql.text.data, sql.text.length);
	if (text.failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a statement");
	own(own_result) PGresult *result = PQexecParams(handle, text.data, (int)sql.arg_count, NULL, values.texts, NULL, NULL, 0);
	rc = check(handle, result, e);
	if (rc == 0)
		*ret_deleted = strtoll(PQcmdTuples(result), NULL, 10);
	return rc;
}

static int delete_and_count(
	PGconn *handle, const struct pg_place *place, const struct rows_filter *filter, int64_t *ret_deleted, struct err *e)
{
	struct rows_result before;
	int64_t job_id;
	int rc = pg_rows_read_state(handle, place, &before, &job_id, e);
	if (rc < 0)
		return rc;
	if (rows_filter_is_empty(filter)) {
		*ret_deleted = before.rows_count;
		rc = pg_rows_runf(handle, e, "TRUNCATE %s", place->table);
	} else {
		rc = delete_matching(handle, place, filter, ret_deleted, e);
	}
	return rc < 0 ? rc : pg_rows_write_state(handle, place, before.rows_count - *ret_deleted, 0, e);
}

int pg_rows_delete(struct database *database, const struct table *table, const struct rows_filter *filter, int64_t *ret_deleted,
	struct rows_result *ret, struct err *e)
{
	own(own_session) struct db *db = NULL;
	struct pg_place place = place_of_table(table);
	int64_t deleted = 0, job_id;
	int rc = db_session_open(database, &db, e);
	if (rc == 0)
		rc = pg_rows_ensure(db_handle(db), table, e);
	if (rc == 0)
		rc = pg_rows_run(db_handle(db), "BEGIN", e);
	if (rc < 0)
		return rc;
	rc = pg_rows_end(db_handle(db), delete_and_count(db_handle(db), &place, filter, &deleted, e), e);
	if (rc == 0)
		rc = pg_rows_read_state(db_handle(db), &place, ret, &job_id, e);
	if (rc == 0)
		*ret_deleted = deleted;
	return rc;
}
