/* Filters: what is a number, and that names and values of callers never become part of the SQL. */
#include "store/rows/filter.h"

#include "test.h"

/* The parameters themselves are db/'s; here only their texts matter. */
static void integer(const char *text, bool is, int64_t expected)
{
	int64_t value = 0;
	CHECK(filter_integer(text, strlen(text), &value) == is && (!is || value == expected));
}

static void real(const char *text, bool is, double expected)
{
	double value = 0;
	CHECK(filter_double(text, strlen(text), &value) == is && (!is || value == expected));
}

static void test_numbers(void)
{
	integer("12", true, 12);
	integer(" -7 ", true, -7);
	integer("+0", true, 0);
	integer("999999999999999999", true, 999999999999999999);
	integer("9999999999999999999", false, 0);
	integer("1.5", false, 0);
	integer("", false, 0);
	integer("-", false, 0);
	integer("12a", false, 0);
	real("1.5", true, 1.5);
	real(" -.5e1 ", true, -5);
	real("5.", true, 5);
	real("1e99", true, 1e99);
	real("1e100", false, 0);
	real(".", false, 0);
	real("e5", false, 0);
	real("nan", false, 0);
	real("0x10", false, 0);
	real("", false, 0);
}

static void test_sql(void)
{
	const char *const values[] = { "a'b", "" };
	const struct filter_where where[] = { { 3, FILTER_NE, FILTER_TEXT, values, 2 },
		{ 4, FILTER_GE, FILTER_INTEGER, values, 1 } };
	const struct filter_order order[] = { { 3, true, FILTER_TEXT } };
	const int64_t columns[] = { 1, 2 };
	struct rows_filter filter = { .where = where,
		.where_count = 2,
		.order = order,
		.order_count = 1,
		.search = "x';--",
		.search_columns = columns,
		.search_column_count = 2,
		.since_us = 5,
		.until_us = 6,
		.limit = 10 };
	struct filter_sql sql = { 0 };
	CHECK(filter_compile(&filter, DB_SQLITE, true, &sql, NULL) == 0);
	CHECK_TEXT(sql.text.data,
		" WHERE 1=1 AND coalesce(c3,'') NOT IN (CAST($1 AS TEXT),CAST($2 AS TEXT)) AND as_integer(c4) >= (CAST($3 AS "
		"BIGINT))"
		" AND ((1=0) OR (instr(lower(c1),lower(CAST($4 AS TEXT))) > 0 OR instr(lower(c2),lower(CAST($4 AS TEXT))) > 0))"
		" AND _timestamp >= CAST($5 AS BIGINT) AND _timestamp < CAST($6 AS BIGINT)"
		" ORDER BY coalesce(c3,'') DESC NULLS LAST LIMIT 10");
	CHECK(sql.arg_count == 6 && sql.args[2].type == DB_NULL && sql.args[4].number == 5);
	filter_sql_done(&sql);
	struct rows_filter all = { .limit = -1 };
	CHECK(filter_compile(&all, DB_POSTGRES, true, &sql, NULL) == 0);
	CHECK_TEXT(sql.text.data, " WHERE 1=1");
	filter_sql_done(&sql);
}

int main(void)
{
	test_numbers();
	test_sql();
	return test_end();
}
