/* What the two files of the PostgreSQL engine of rows share; private to store/rows/. */
#ifndef STORE_ROWS_ROWS_PG_H
#define STORE_ROWS_ROWS_PG_H

#include <libpq-fe.h>

#include "store/rows/engine.h"

/* A table's place: schema p<project>_b<bucket>, table t<number>, its key's index k<number>. */
struct pg_place {
	char schema[64];
	char table[128]; /* with the schema */
	int64_t number;
};
struct pg_place pg_place_of(int64_t project_id, int64_t bucket_number, int64_t table_number);

/* Why a result is not good. ERR_TABLE_KEY_DUPLICATES: a unique key has equal values. */
int pg_rows_failed(PGconn *handle, const PGresult *result, struct err *e);
/* One or more statements without values. */
int pg_rows_run(PGconn *handle, const char *text, struct err *e);
/* printf for such statements; numbers only go into them. */
int pg_rows_runf(PGconn *handle, struct err *e, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* One statement with values as texts that answers a number (the first column of the first row; 0 when there is none or null). */
int pg_rows_number(PGconn *handle, const char *text, int64_t *ret, struct err *e);

/* The schema, its list of states, the table and all its columns are there afterwards. In a transaction of its own. */
int pg_rows_ensure(PGconn *handle, const struct table *table, struct err *e);
/* The index that is the table's key, made anew when it is another one. Inside a transaction. */
int pg_rows_ensure_key(PGconn *handle, const struct pg_place *place, const struct table *table, struct err *e);
/* "c1,c2" */
void pg_rows_add_key(struct buf *sql, const int64_t *keys, size_t count);
int pg_rows_write_state(PGconn *handle, const struct pg_place *place, int64_t rows_count, int64_t job_id, struct err *e);
/* What the database says of the table's rows. */
int pg_rows_read_state(PGconn *handle, const struct pg_place *place, struct rows_result *ret, int64_t *ret_job_id, struct err *e);

/* Ends the transaction by its outcome. */
int pg_rows_end(PGconn *handle, int rc, struct err *e);

#endif
