/* PostgreSQL, statement by statement: values travel as text, except blobs. */
#include "db/pg.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/shortage.h"

/* Oids of the server's own types, the same in every database. */
enum { TYPE_UNKNOWN = 0, TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_TEXT = 25, TYPE_FLOAT8 = 701 };
#define PARAMS_MAX 65535

/* --- parameters -------------------------------------------------------------------------------------------------------- */

/* The value as text; number holds it when it is one. */
static const char *text_of(const struct db_arg *arg, char number[PG_NUMBER_SIZE])
{
	if (arg->type == DB_INT)
		snprintf(number, PG_NUMBER_SIZE, "%" PRId64, arg->number);
	else if (arg->type == DB_REAL)
		snprintf(number, PG_NUMBER_SIZE, "%.17g", arg->real);
	else
		return arg->data;
	return number;
}

bool pg_params_init(struct pg_params *params, struct db_args args)
{
	static const Oid TYPES[] = { TYPE_UNKNOWN, TYPE_INT8, TYPE_FLOAT8, TYPE_TEXT, TYPE_BYTEA };
	size_t n = args.count;
	/* cppcheck-suppress[uninitvar,ctuuninitvar]; the address of an array, not what is in it */
	char(*numbers)[PG_NUMBER_SIZE] = params->small.numbers;
	const char **values = params->small.values;
	int *lengths = params->small.lengths, *formats = params->small.formats;
	Oid *types = params->small.types;
	params->memory = NULL;
	if (n > PARAMS_MAX)
		return false;
	if (n > PG_PARAMS_SMALL) {
		params->memory = malloc(n * (sizeof(char *) + 2 * sizeof(int) + sizeof(Oid) + PG_NUMBER_SIZE));
		if (!params->memory)
			return false;
		values = params->memory;
		lengths = (int *)(values + n);
		formats = lengths + n;
		types = (Oid *)(formats + n);
		numbers = (char(*)[PG_NUMBER_SIZE])(types + n);
	}
	for (size_t i = 0; i < n; i++) {
		const struct db_arg *arg = &args.list[i];
		types[i] = TYPES[arg->type];
		values[i] = text_of(arg, numbers[i]);
		lengths[i] = (int)arg->length;
		formats[i] = arg->type == DB_BLOB;
	}
	params->count = (int)n;
	params->values = values;
	params->lengths = lengths;
	params->formats = formats;
	params->types = types;
	return true;
}

void pg_params_done(struct pg_params *params)
{
	free(params->memory);
}

/* --- statements -------------------------------------------------------------------------------------------------------- */

static bool is_good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static int prepare(struct pg_db *db, const struct sql *sql, const struct pg_params *params, struct err *e)
{
	char name[PG_NAME_SIZE];
	pg_statement_name(sql, name);
	if (!pg_kept_reserve(db))
		return db_unavailable(e, NULL);
	PGresult *result = PQprepare(db->handle, name, pg_statement_text(sql), params->count, params->types);
	int rc = is_good(result) ? 0 : pg_fail(db, result, e);
	PQclear(result);
	if (rc == 0)
		pg_kept_add(db, sql);
	return rc;
}

int pg_prepare(struct pg_db *db, const struct sql *sql, struct db_args args, struct err *e)
{
	struct pg_params params;
	int rc = pg_params_init(&params, args) ? prepare(db, sql, &params, e) : db_unavailable(e, NULL);
	pg_params_done(&params);
	return rc;
}

static int run_once(
	struct pg_db *db, const struct sql *sql, const char *text, const struct pg_params *params, PGresult **ret, struct err *e)
{
	PGresult *result = NULL;
	if (sql) {
		int rc = pg_kept(db, sql) ? 0 : prepare(db, sql, params, e);
		if (rc < 0)
			return rc;
		char name[PG_NAME_SIZE];
		pg_statement_name(sql, name);
		result = PQexecPrepared(db->handle, name, params->count, params->values, params->lengths, params->formats, 0);
	} else {
		result = PQexecParams(
			db->handle, text, params->count, params->types, params->values, params->lengths, params->formats, 0);
	}
	if (is_good(result)) {
		*ret = result;
		return 0;
	}
	int rc = pg_fail(db, result, e);
	PQclear(result);
	return rc;
}

/* Either sql, kept prepared, or text. A reader that lost its connection asks again on a new one. */
static int run(struct pg_db *db, const struct sql *sql, const char *text, struct db_args args, PGresult **ret, struct err *e)
{
	struct pg_params params;
	if (!pg_params_init(&params, args)) {
		pg_params_done(&params);
		return db_unavailable(e, NULL);
	}
	int64_t since_us = db->reconnects ? monotonic_us() : 0;
	int rc = run_once(db, sql, text, &params, ret, e);
	while (rc < 0 && db->reconnects && db->trouble == PG_BROKEN && monotonic_us() < since_us + DB_WAIT_US) {
		pg_disconnect(db);
		rc = pg_connect_wait(db, since_us, e);
		if (rc == 0)
			rc = run_once(db, sql, text, &params, ret, e);
	}
	pg_params_done(&params);
	return rc;
}

static int finish_exec(PGresult *result, int64_t *ret_changed)
{
	if (ret_changed)
		*ret_changed = strtoll(PQcmdTuples(result), NULL, 10);
	PQclear(result);
	return 0;
}

static int driver_exec(struct db *db, const struct sql *sql, struct db_args args, int64_t *ret_changed, struct err *e)
{
	PGresult *result = NULL;
	int rc = run((struct pg_db *)db, sql, NULL, args, &result, e);
	return rc < 0 ? rc : finish_exec(result, ret_changed);
}

static int driver_exec_text(struct db *db, const char *text, struct db_args args, int64_t *ret_changed, struct err *e)
{
	PGresult *result = NULL;
	int rc = run((struct pg_db *)db, NULL, text, args, &result, e);
	return rc < 0 ? rc : finish_exec(result, ret_changed);
}

static int begin_rows(struct db *db, PGresult *result, struct db_rows **ret, struct err *e)
{
	struct pg_rows *rows = calloc(1, sizeof(*rows));
	if (!rows) {
		PQclear(result);
		return db_unavailable(e, NULL);
	}
	*rows = (struct pg_rows){ .base.db = db, .result = result, .row = -1, .count = PQntuples(result) };
	*ret = &rows->base;
	return 0;
}

static int driver_query(struct db *db, const struct sql *sql, struct db_args args, struct db_rows **ret, struct err *e)
{
	PGresult *result = NULL;
	int rc = run((struct pg_db *)db, sql, NULL, args, &result, e);
	return rc < 0 ? rc : begin_rows(db, result, ret, e);
}

static int driver_query_text(struct db *db, const char *text, struct db_args args, struct db_rows **ret, struct err *e)
{
	PGresult *result = NULL;
	int rc = run((struct pg_db *)db, NULL, text, args, &result, e);
	return rc < 0 ? rc : begin_rows(db, result, ret, e);
}

static int driver_script(struct db *base, const char *text, struct err *e)
{
	struct pg_db *db = (struct pg_db *)base;
	PGresult *result = PQexec(db->handle, text);
	int rc = is_good(result) ? 0 : pg_fail(db, result, e);
	PQclear(result);
	return rc;
}

/* --- rows -------------------------------------------------------------------------------------------------------------- */

void pg_forget_blobs(struct pg_rows *rows)
{
	if (!rows->blobs)
		return;
	for (int i = 0; i < PQnfields(rows->result); i++)
		PQfreemem(rows->blobs[i]);
	free(rows->blobs);
	rows->blobs = NULL;
}

static int driver_next(struct db_rows *base, struct err *e)
{
	(void)e;
	struct pg_rows *rows = (struct pg_rows *)base;
	pg_forget_blobs(rows);
	return ++rows->row < rows->count;
}

static void driver_rows_close(struct db_rows *base)
{
	struct pg_rows *rows = (struct pg_rows *)base;
	pg_forget_blobs(rows);
	PQclear(rows->result);
	free(rows);
}

static const char *driver_col_text(struct db_rows *base, int column)
{
	struct pg_rows *rows = (struct pg_rows *)base;
	return PQgetisnull(rows->result, rows->row, column) ? NULL : PQgetvalue(rows->result, rows->row, column);
}

static int64_t driver_col_int(struct db_rows *rows, int column)
{
	const char *text = driver_col_text(rows, column);
	if (!text)
		return 0;
	return *text == 't' ? 1 : strtoll(text, NULL, 10); /* EXISTS is a number on the other engine */
}

static double driver_col_real(struct db_rows *rows, int column)
{
	const char *text = driver_col_text(rows, column);
	return text ? strtod(text, NULL) : 0;
}

static const void *driver_col_blob(struct db_rows *base, int column, size_t *ret_length)
{
	struct pg_rows *rows = (struct pg_rows *)base;
	const char *text = driver_col_text(base, column);
	*ret_length = 0;
	if (!text)
		return NULL;
	if (PQftype(rows->result, column) != TYPE_BYTEA) {
		*ret_length = (size_t)PQgetlength(rows->result, rows->row, column);
		return text;
	}
	if (!rows->blobs)
		rows->blobs = calloc((size_t)PQnfields(rows->result), sizeof(*rows->blobs));
	if (!rows->blobs) {
		shortage_note();
		return NULL;
	}
	PQfreemem(rows->blobs[column]);
	rows->blobs[column] = PQunescapeBytea((const unsigned char *)text, ret_length);
	if (!rows->blobs[column])
		shortage_note();
	return rows->blobs[column];
}

static bool driver_col_null(struct db_rows *base, int column)
{
	struct pg_rows *rows = (struct pg_rows *)base;
	return PQgetisnull(rows->result, rows->row, column);
}

static int driver_col_count(struct db_rows *rows)
{
	return PQnfields(((struct pg_rows *)rows)->result);
}

/* A sequence of the server's own, made from the row of the table by migrate(): it never makes two transactions wait. */
static int driver_next_id(struct db *db, const char *sequence, int64_t *ret_id, struct err *e)
{
	static const struct sql NEXT = { "SELECT nextval(to_regclass($1))", NULL };
	char name[80];
	struct db_rows *rows;
	snprintf(name, sizeof(name), "\"seq_%s\"", sequence);
	int rc = db_find(db, &NEXT, DB_ARGS(db_s(name)), &rows, e);
	if (rc <= 0)
		return rc;
	int64_t id = db_col_int(rows, 0);
	db_rows_close(rows);
	if (!id)
		return fail_internal(e, ERR_INTERNAL, "there is no sequence %s", sequence);
	*ret_id = id;
	return 0;
}

static void *driver_handle(struct db *db)
{
	return ((struct pg_db *)db)->handle;
}

const struct db_driver PG_DRIVER = {
	.exec = driver_exec,
	.query = driver_query,
	.exec_text = driver_exec_text,
	.query_text = driver_query_text,
	.script = driver_script,
	.next = driver_next,
	.rows_close = driver_rows_close,
	.col_int = driver_col_int,
	.col_real = driver_col_real,
	.col_text = driver_col_text,
	.col_blob = driver_col_blob,
	.col_null = driver_col_null,
	.col_count = driver_col_count,
	.next_id = driver_next_id,
	.handle = driver_handle,
	.reader_take = pg_reader_take,
	.reader_give = pg_reader_give,
	.session_open = pg_session_open,
	.session_close = pg_session_close,
	.lookup = pg_lookup,
	.close = pg_database_close,
};
