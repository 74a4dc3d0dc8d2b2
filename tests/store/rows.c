/* Rows of tables: replaced, added to, merged by key, read while they change, columns and keys that come and go; on both engines. */
#include "engines.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/own.h"
#include "base/str.h"
#include "store/rows/rows.h"

#define PROJECT 903

static struct err e;
static struct database *database;
static int64_t next_job = 1000;

/* Columns c1.. named "1".. */
static struct column COLUMNS[] = { { 1, (char[]){ "1" }, NULL }, { 2, (char[]){ "2" }, NULL }, { 3, (char[]){ "3" }, NULL } };
static char *KEY[] = { (char[]){ "1" } };

static struct table make(int64_t number, size_t columns, size_t keys)
{
	return (struct table){ .project_id = PROJECT,
		.number = number,
		.bucket_number = 7,
		.columns = COLUMNS,
		.column_count = columns,
		.primary_key = KEY,
		.primary_key_count = keys };
}

struct text {
	const char *at;
};

static int text_read(void *arg, char *buffer, size_t size, size_t *ret_length, struct err *err)
{
	(void)err;
	struct text *text = arg;
	size_t length = strlen(text->at);
	length = length < size ? length : size;
	memcpy(buffer, text->at, length);
	text->at += length;
	*ret_length = length;
	return 0;
}

static struct rows_result result;

static int load_as(const struct rows_import *import, const char *csv)
{
	struct text text = { csv };
	struct csv_source source = { &text, text_read, NULL };
	struct csv_dialect dialect = { ',', '"', 0 };
	own(own_csv) struct csv_reader *reader = NULL;
	err_done(&e);
	CHECK(csv_open(&dialect, &source, 1 << 20, &reader, &e) == 0);
	return rows_import(database, import, reader, &result, &e);
}

static int load(const struct table *table, bool incremental, const char *csv)
{
	static int64_t columns[] = { 1, 2, 3 };
	struct rows_import import = { .table = table,
		.columns = columns,
		.column_count = table->column_count,
		.incremental = incremental,
		.null_value = NULL,
		.time_us = 5000000,
		.job_id = ++next_job };
	return load_as(&import, csv);
}

static int add_row(void *arg, const char *const *fields, const size_t *lengths, size_t count, struct err *err)
{
	(void)err;
	struct buf *buf = arg;
	for (size_t i = 0; i < count; i++) {
		buf_puts(buf, i ? "," : "");
		buf_add(buf, fields[i] ? fields[i] : "-", fields[i] ? lengths[i] : 1);
	}
	buf_puts(buf, ";");
	return 0;
}

/* The rows as "a,b;c,-;", by bytes of the first column. */
static void check_rows(const struct table *table, const char *expected)
{
	static const int64_t columns[] = { 1, 2, 3 };
	const struct filter_order order[] = { { 1, false, FILTER_TEXT } };
	struct rows_filter filter = { .order = order, .order_count = 1, .limit = -1 };
	struct rows_query query = { table, columns, table->column_count, &filter };
	struct buf got = { 0 };
	buf_puts(&got, "");
	CHECK(rows_select(database, &query, add_row, &got, &e) == 0);
	CHECK_TEXT(got.data, expected);
	buf_done(&got);
}

static void test_replace_and_add(void)
{
	struct table table = make(1, 2, 0);
	CHECK(rows_create(database, &table, &e) == 0);
	check_rows(&table, "");
	CHECK(load(&table, false, "a,1\nb,\nc,\"\"\n") == 0 && result.rows_count == 3 && result.data_size_bytes > 0);
	check_rows(&table, "a,1;b,-;c,;");
	CHECK(load(&table, true, "a,1\nd,4") == 0 && result.rows_count == 5);
	check_rows(&table, "a,1;a,1;b,-;c,;d,4;");
	CHECK(load(&table, false, "x,9\n") == 0 && result.rows_count == 1);
	check_rows(&table, "x,9;");
	CHECK(load(&table, false, "y,1\nz\n") == -ERR_CSV_INVALID);
	CHECK(load(&table, true, "y,1\n\"z,2\n") == -ERR_CSV_INVALID);
	check_rows(&table, "x,9;");
	CHECK(load(&table, false, "") == 0 && result.rows_count == 0);
	check_rows(&table, "");
}

static void test_merge(void)
{
	struct table table = make(2, 2, 1);
	CHECK(rows_create(database, &table, &e) == 0);
	CHECK(load(&table, false, "a,1\nb,2\na,3\n,4\n\"\",5\n") == 0 && result.rows_count == 3);
	check_rows(&table, ",5;a,3;b,2;");
	CHECK(load(&table, true, "c,6\nb,7\nb,8\n") == 0 && result.rows_count == 4);
	check_rows(&table, ",5;a,3;b,8;c,6;");
	int64_t columns[] = { 1, 2 };
	struct rows_import keep = { .table = &table,
		.columns = columns,
		.column_count = 2,
		.incremental = true,
		.keep_existing = true,
		.time_us = 1,
		.job_id = ++next_job };
	CHECK(load_as(&keep, "a,no\nd,9\n") == 0 && result.rows_count == 5);
	check_rows(&table, ",5;a,3;b,8;c,6;d,9;");
}

/* A job that starts again after a crash finds its rows there. */
static void test_job_is_applied_once(void)
{
	struct table table = make(3, 2, 0);
	CHECK(rows_create(database, &table, &e) == 0);
	int64_t columns[] = { 1, 2 };
	struct rows_import import = {
		.table = &table, .columns = columns, .column_count = 2, .incremental = true, .time_us = 1, .job_id = ++next_job
	};
	CHECK(load_as(&import, "a,1\n") == 0 && !result.was_applied);
	CHECK(load_as(&import, "a,1\n") == 0 && result.was_applied && result.rows_count == 1);
	import.job_id = ++next_job;
	CHECK(load_as(&import, "a,1\n") == 0 && !result.was_applied && result.rows_count == 2);
	CHECK(load_as(&import, "a,1\n") == 0 && result.was_applied && result.rows_count == 2);
}

static void test_columns(void)
{
	struct table two = make(4, 2, 0), three = make(4, 3, 0);
	CHECK(rows_create(database, &two, &e) == 0 && load(&two, false, "a,1\n") == 0);
	check_rows(&three, "a,1,-;"); /* known to the table, not yet to the rows */
	CHECK(rows_column_add(database, &three, 3, &e) == 0);
	check_rows(&three, "a,1,-;");
	CHECK(load(&three, true, "b,2,x\n") == 0);
	check_rows(&three, "a,1,-;b,2,x;");
	CHECK(rows_column_drop(database, &two, 3, &e) == 0);
	check_rows(&two, "a,1;b,2;");
	check_rows(&three, "a,1,-;b,2,-;"); /* a column made anew is empty */
}

static void test_key(void)
{
	struct table plain = make(5, 2, 0), keyed = make(5, 2, 1);
	CHECK(rows_create(database, &plain, &e) == 0 && load(&plain, false, "a,1\na,2\n") == 0);
	CHECK(rows_key_set(database, &keyed, &e) == -ERR_TABLE_KEY_DUPLICATES);
	CHECK(load(&plain, false, "a,1\n,2\n") == 0 && rows_key_set(database, &keyed, &e) == 0);
	CHECK(load(&keyed, true, "\"\",3\n") == 0 && result.rows_count == 2);
	check_rows(&keyed, ",3;a,1;");
	CHECK(rows_key_set(database, &plain, &e) == 0 && load(&plain, true, "a,4\n") == 0 && result.rows_count == 3);
	/* a key that the rows have not heard of is made by the next import */
	CHECK(load(&plain, false, "a,1\n") == 0 && load(&keyed, true, "a,2\n") == 0 && result.rows_count == 1);
}

static int stop_at_once(void *arg, const char *const *fields, const size_t *lengths, size_t count, struct err *err)
{
	(void)fields, (void)lengths, (void)count;
	return ++*(int *)arg == 2 ? fail(err, ERR_TOO_LARGE, NULL) : 0;
}

/* While rows are read, others are loaded: what is read is what was there at the begin. */
struct during {
	const struct table *table;
	bool incremental, done;
	size_t seen;
};

static int load_meanwhile(void *arg, const char *const *fields, const size_t *lengths, size_t count, struct err *err)
{
	(void)lengths, (void)count, (void)err;
	struct during *during = arg;
	if (!during->done)
		CHECK(load(during->table, during->incremental, "new,1\nnew,2\n") == 0);
	during->done = true;
	during->seen++;
	CHECK(!str_eq(fields[0], "new"));
	return 0;
}

static void test_readers(void)
{
	struct table table = make(6, 2, 0);
	static const int64_t columns[] = { 1, 2 };
	struct rows_filter filter = { .limit = -1 };
	struct rows_query query = { &table, columns, 2, &filter };
	int seen = 0;
	CHECK(rows_create(database, &table, &e) == 0 && load(&table, false, "a,1\nb,2\nc,3\n") == 0);
	CHECK(rows_select(database, &query, stop_at_once, &seen, &e) == -ERR_TOO_LARGE && seen == 2);
	struct during adding = { .table = &table, .incremental = true };
	CHECK(rows_select(database, &query, load_meanwhile, &adding, &e) == 0 && adding.seen == 3);
	check_rows(&table, "a,1;b,2;c,3;new,1;new,2;");
	if (database_engine(database) == DB_POSTGRES)
		return; /* the new table waits for the old one's readers there */
	CHECK(load(&table, false, "a,1\nb,2\n") == 0);
	struct during replacing = { .table = &table };
	CHECK(rows_select(database, &query, load_meanwhile, &replacing, &e) == 0 && replacing.seen == 2);
	check_rows(&table, "new,1;new,2;");
}

static void test_delete(void)
{
	struct table table = make(8, 2, 0);
	const char *const values[] = { "a", "" };
	const struct filter_where where[] = { { 1, FILTER_EQ, FILTER_TEXT, values, 2 } };
	struct rows_filter some = { .where = where, .where_count = 1, .limit = -1 }, all = { .limit = -1 };
	int64_t deleted;
	CHECK(rows_create(database, &table, &e) == 0);
	CHECK(rows_delete(database, &table, &all, &deleted, &result, &e) == 0 && deleted == 0);
	CHECK(load(&table, false, "a,1\nb,2\n,3\n") == 0);
	CHECK(rows_delete(database, &table, &some, &deleted, &result, &e) == 0 && deleted == 2 && result.rows_count == 1);
	check_rows(&table, "b,2;");
	CHECK(rows_delete(database, &table, &all, &deleted, &result, &e) == 0 && deleted == 1 && result.rows_count == 0);
	check_rows(&table, "");
	CHECK(load(&table, true, "c,1\n") == 0 && result.rows_count == 1);
	CHECK(rows_drop(database, PROJECT, 7, 8, &e) == 0 && rows_drop(database, PROJECT, 7, 8, &e) == 0);
	check_rows(&table, "");
}

static void test_engine(const struct conf *conf)
{
	CHECK(database_open(conf, true, &database, &e) == 0);
	for (int64_t number = 1; number < 9; number++)
		CHECK(rows_drop(database, PROJECT, 7, number, &e) == 0);
	test_replace_and_add();
	test_merge();
	test_job_is_applied_once();
	test_columns();
	test_key();
	test_readers();
	test_delete();
	for (int64_t number = 1; number < 9; number++)
		CHECK(rows_drop(database, PROJECT, 7, number, &e) == 0);
	database_close(database);
}

int main(void)
{
	on_engines(test_engine);
	err_done(&e);
	return test_end();
}
