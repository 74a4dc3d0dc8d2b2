/* Filters as SQL: columns by number, values as parameters, numbers cast so that what is none becomes null on both engines.
 * SQLite gets the casts as functions (rows_sqlite.c: as_integer, as_double), PostgreSQL as the same rules in a pattern. */
#include "store/rows/filter.h"

#include <stdlib.h>
#include <string.h>

#define INTEGER_DIGITS 18
#define NUMBER_LENGTH 200 /* with two digits of exponent no such number leaves a double's range */
#define SEARCH_GROUP 100  /* SQLite's expressions are at most 1,000 deep */

bool rows_filter_is_empty(const struct rows_filter *filter)
{
	return filter->where_count == 0 && !filter->search && !filter->since_us && !filter->until_us;
}

static size_t digits(const char *s, const char *end)
{
	const char *from = s;
	while (s < end && *s >= '0' && *s <= '9')
		s++;
	return (size_t)(s - from);
}

static void trim(const char **s, const char **end)
{
	while (*s < *end && **s == ' ')
		(*s)++;
	while (*end > *s && (*end)[-1] == ' ')
		(*end)--;
}

bool filter_integer(const char *text, size_t length, int64_t *ret)
{
	const char *s = text, *end = text + length;
	trim(&s, &end);
	bool negative = s < end && *s == '-';
	s += s < end && (*s == '-' || *s == '+');
	size_t count = digits(s, end);
	if (length > NUMBER_LENGTH || count == 0 || count > INTEGER_DIGITS || s + count != end)
		return false;
	int64_t value = 0;
	for (; s < end; s++)
		value = value * 10 + (*s - '0');
	*ret = negative ? -value : value;
	return true;
}

bool filter_double(const char *text, size_t length, double *ret)
{
	const char *s = text, *end = text + length;
	char number[NUMBER_LENGTH + 1];
	if (length > NUMBER_LENGTH)
		return false;
	trim(&s, &end);
	size_t size = (size_t)(end - s);
	memcpy(number, s, size);
	number[size] = '\0';
	s += s < end && (*s == '-' || *s == '+');
	size_t whole = digits(s, end), part = 0;
	s += whole;
	if (s < end && *s == '.') {
		part = digits(s + 1, end);
		s += 1 + part;
	}
	if (s < end && (*s == 'e' || *s == 'E')) {
		s++;
		s += s < end && (*s == '-' || *s == '+');
		size_t exponent = digits(s, end);
		if (exponent == 0 || exponent > 2)
			return false;
		s += exponent;
	}
	if (s != end || whole + part == 0)
		return false;
	*ret = strtod(number, NULL);
	return true;
}

static void add_arg(struct filter_sql *sql, struct db_arg arg)
{
	if (sql->arg_count == sql->arg_size) {
		size_t size = sql->arg_size ? sql->arg_size * 2 : 16;
		struct db_arg *grown = realloc(sql->args, size * sizeof(*grown));
		if (!grown) {
			sql->text.failed = true;
			return;
		}
		sql->args = grown;
		sql->arg_size = size;
	}
	sql->args[sql->arg_count++] = arg;
}

/* Times in the one spelling that values have, "YYYY-mm-dd HH:MM:SS": a T between, a Z behind and a missing time make no difference. */
static void add_time_column(struct filter_sql *sql, enum db_engine engine, long long c)
{
	buf_printf(&sql->text, "(CASE WHEN c%lld %s THEN substr(c%lld,1,10) || ' ' || ", c,
		engine == DB_SQLITE ? "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'" : "~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}'",
		c);
	buf_printf(&sql->text, "CASE WHEN length(c%lld) > 10 THEN rtrim(substr(c%lld,12),'Z') ELSE '00:00:00' END END)%s", c, c,
		engine == DB_SQLITE ? "" : " COLLATE \"C\"");
}

/* A column as it is compared: text never null, numbers and times null when the text is none. */
static void add_column(struct filter_sql *sql, enum db_engine engine, int64_t column, enum filter_type type)
{
	long long c = (long long)column;
	if (type == FILTER_TIME)
		add_time_column(sql, engine, c);
	else if (type == FILTER_TEXT)
		buf_printf(&sql->text, "coalesce(c%lld,'')%s", c, engine == DB_SQLITE ? "" : " COLLATE \"C\"");
	else if (engine == DB_SQLITE)
		buf_printf(&sql->text, "%s(c%lld)", type == FILTER_INTEGER ? "as_integer" : "as_double", c);
	else if (type == FILTER_INTEGER)
		buf_printf(&sql->text,
			"(CASE WHEN length(c%lld) <= 200 AND c%lld ~ '^ *[-+]?[0-9]{1,18} *$' THEN CAST(c%lld AS BIGINT) END)", c,
			c, c);
	else
		buf_printf(&sql->text,
			"(CASE WHEN length(c%lld) <= 200 AND c%lld ~ '^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,2})? "
			"*$' "
			"THEN CAST(c%lld AS DOUBLE PRECISION) END)",
			c, c, c);
}

static void add_value(struct filter_sql *sql, const char *value, enum filter_type type)
{
	static const char *const TYPES[] = { "TEXT", "BIGINT", "DOUBLE PRECISION", "TEXT" };
	int64_t number;
	double real;
	if (type == FILTER_TEXT || type == FILTER_TIME)
		add_arg(sql, db_s(value));
	else if (type == FILTER_INTEGER)
		add_arg(sql, filter_integer(value, strlen(value), &number) ? db_i(number) : db_null());
	else
		add_arg(sql, filter_double(value, strlen(value), &real) ? db_f(real) : db_null());
	buf_printf(&sql->text, "CAST($%zu AS %s)", sql->arg_count, TYPES[type]);
}

static void add_where(struct filter_sql *sql, enum db_engine engine, const struct filter_where *where)
{
	static const char *const OPERATORS[] = { " IN (", " NOT IN (", " > (", " >= (", " < (", " <= (" };
	if (where->value_count == 0) {
		buf_puts(&sql->text, where->operator== FILTER_NE ? "1=1" : "1=0");
		return;
	}
	add_column(sql, engine, where->column, where->type);
	buf_puts(&sql->text, OPERATORS[where->operator]);
	size_t count = where->operator<= FILTER_NE ? where->value_count : 1;
	for (size_t i = 0; i < count; i++) {
		buf_puts(&sql->text, i ? "," : "");
		add_value(sql, where->values[i], where->type);
	}
	buf_puts(&sql->text, ")");
}

static void add_search(struct filter_sql *sql, enum db_engine engine, const struct rows_filter *filter)
{
	const char *find = engine == DB_SQLITE ? "instr" : "strpos";
	/* The columns are compared by bytes; what is a small letter, the database's language says. */
	const char *letters = engine == DB_SQLITE ? "" : " COLLATE \"default\"";
	add_arg(sql, db_s(filter->search));
	buf_puts(&sql->text, "((1=0)");
	for (size_t i = 0; i < filter->search_column_count; i++) {
		buf_puts(&sql->text, i == 0 ? " OR (" : i % SEARCH_GROUP == 0 ? ") OR (" : " OR ");
		buf_printf(&sql->text, "%s(lower(c%lld%s),lower(CAST($%zu AS TEXT))) > 0", find,
			(long long)filter->search_columns[i], letters, sql->arg_count);
	}
	buf_puts(&sql->text, filter->search_column_count ? "))" : ")");
}

static void add_time(struct filter_sql *sql, const char *operator, int64_t time_us)
{
	add_arg(sql, db_i(time_us));
	buf_printf(&sql->text, " AND _timestamp %s CAST($%zu AS BIGINT)", operator, sql->arg_count);
}

static void add_order(struct filter_sql *sql, enum db_engine engine, const struct rows_filter *filter)
{
	for (size_t i = 0; i < filter->order_count; i++) {
		const struct filter_order *order = &filter->order[i];
		buf_puts(&sql->text, i ? ", " : " ORDER BY ");
		add_column(sql, engine, order->column, order->type);
		buf_puts(&sql->text, order->descending ? " DESC NULLS LAST" : " NULLS LAST");
	}
	if (filter->limit >= 0)
		buf_printf(&sql->text, " LIMIT %lld", (long long)filter->limit);
}

int filter_compile(
	const struct rows_filter *filter, enum db_engine engine, bool with_order, struct filter_sql *ret, struct err *e)
{
	struct filter_sql sql = { 0 };
	buf_puts(&sql.text, " WHERE 1=1");
	for (size_t i = 0; i < filter->where_count; i++) {
		buf_puts(&sql.text, " AND ");
		add_where(&sql, engine, &filter->where[i]);
	}
	if (filter->search) {
		buf_puts(&sql.text, " AND ");
		add_search(&sql, engine, filter);
	}
	if (filter->since_us)
		add_time(&sql, ">=", filter->since_us);
	if (filter->until_us)
		add_time(&sql, "<", filter->until_us);
	if (with_order)
		add_order(&sql, engine, filter);
	if (sql.text.failed) {
		filter_sql_done(&sql);
		return fail_internal(e, ERR_INTERNAL, "no memory for a filter");
	}
	*ret = sql;
	return 0;
}

void filter_sql_done(struct filter_sql *sql)
{
	buf_done(&sql->text);
	free(sql->args);
	*sql = (struct filter_sql){ 0 };
}
