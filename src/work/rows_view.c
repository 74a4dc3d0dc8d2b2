/* What callers send as filters, judged and turned into a struct rows_filter. */
#include "work/rows_view.h"

#include <string.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"

#define VALUES_MAX 20000
#define CONDITIONS_MAX 100
#define DAYS_MAX 100000

struct reading {
	struct arena *arena;
	const struct table *table;
	enum err_code unknown_column;
	struct filter_where where[CONDITIONS_MAX + 2];
	size_t where_count, value_count;
	struct filter_order order[CONDITIONS_MAX];
	size_t order_count;
};

/* --- pieces ----------------------------------------------------------------------------------------------------------------- */

/* A scalar as its text; NULL when it is none. */
static char *scalar_text(struct arena *arena, const json_t *value)
{
	if (json_is_string(value))
		return arena_strdup(arena, json_string_value(value));
	if (json_is_null(value))
		return arena_strdup(arena, "");
	if (!value || json_is_object(value) || json_is_array(value))
		return NULL;
	own(own_free) char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	return arena_strdup(arena, text);
}

static const char *member(struct reading *reading, const json_t *item, const char *key)
{
	const json_t *value = json_object_get(item, key);
	return json_is_null(value) ? NULL : scalar_text(reading->arena, value);
}

static int read_column(struct reading *reading, const char *name, const struct column **ret, struct err *e)
{
	const struct column *column = name ? table_column(reading->table, name) : NULL;
	if (!column && reading->unknown_column == ERR_ROWS_COLUMN_NOT_EXISTS)
		return fail(e, reading->unknown_column,
			"Filter validation: Cannot filter by column \"%.100s\", column does not exist", name ? name : "");
	if (!column)
		return fail(e, reading->unknown_column, "Can't filter by column %.100s, column does not exist", name ? name : "");
	*ret = column;
	return 0;
}

/* Columns of a number's type are ordered as numbers also when nobody says so. */
static enum filter_type order_type(const struct column *column, enum filter_type said)
{
	if (said != FILTER_TEXT || !column->definition)
		return said;
	own(own_json) json_t *whole = json_read(column->definition, 0);
	const char *base = json_string_value(json_object_get(whole, "basetype"));
	bool is_number = base && (str_eq(base, "INTEGER") || str_eq(base, "NUMERIC") || str_eq(base, "FLOAT"));
	return is_number ? FILTER_DOUBLE : FILTER_TEXT;
}

static int read_operator(const char *text, enum filter_operator *ret, struct err *e)
{
	static const char *const NAMES[] = { "eq", "ne", "gt", "ge", "lt", "le" };
	if (str_empty(text))
		text = "eq";
	if (str_eq_nocase(text, "neq")) /* the Python client's word */
		text = "ne";
	for (int i = 0; i < 6; i++)
		if (str_eq_nocase(text, NAMES[i])) {
			*ret = (enum filter_operator)i;
			return 0;
		}
	return fail(e, ERR_TABLE_VALIDATION, "Invalid where operator %.100s", text);
}

static int read_type(const char *text, enum filter_type *ret, struct err *e)
{
	static const struct {
		const char *name;
		enum filter_type type;
	} TYPES[] = { { "INTEGER", FILTER_INTEGER }, { "BIGINT", FILTER_INTEGER }, { "DOUBLE", FILTER_DOUBLE },
		{ "REAL", FILTER_DOUBLE }, { "DECIMAL", FILTER_DOUBLE } };
	*ret = FILTER_TEXT;
	if (str_empty(text))
		return 0;
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
		if (str_eq_nocase(text, TYPES[i].name)) {
			*ret = TYPES[i].type;
			return 0;
		}
	return fail(e, ERR_TABLE_VALIDATION, "Data type %.100s not recognized. Possible datatypes are [INTEGER|DOUBLE]", text);
}

/* One value, or a list of them. */
static int read_values(struct reading *reading, const json_t *given, struct filter_where *where, struct err *e)
{
	size_t count = json_is_array(given) ? json_array_size(given) : 1;
	const char **values = arena_array(reading->arena, const char *, count + 1);
	if (reading->value_count + count > VALUES_MAX)
		return fail(e, ERR_TABLE_VALIDATION, "Filters can't have more than %d values.", VALUES_MAX);
	for (size_t i = 0; i < count; i++) {
		values[i] = scalar_text(reading->arena, json_is_array(given) ? json_array_get(given, i) : given);
		if (!values[i])
			return fail(e, ERR_TABLE_VALIDATION, "Values of filters must be texts.");
	}
	reading->value_count += count;
	where->values = values;
	where->value_count = count;
	return 0;
}

/* "type": how values are to be read. Times, said in some way, become what columns have: "YYYY-mm-dd HH:MM:SS". */
static int read_times(struct reading *reading, const char *type, struct filter_where *where, struct err *e)
{
	if (str_empty(type) || str_eq_nocase(type, "SCALAR"))
		return 0;
	if (!str_eq_nocase(type, "TIME_STRING"))
		return fail(e, ERR_TABLE_VALIDATION, "Filter type %.100s not recognized. Possible types are [SCALAR|TIME_STRING]",
			type);
	if (where->type != FILTER_TEXT)
		return fail(e, ERR_TABLE_VALIDATION, "Filters of type TIME_STRING can't have a dataType.");
	const char **values = arena_array(reading->arena, const char *, where->value_count + 1);
	for (size_t i = 0; i < where->value_count; i++) {
		int64_t time_us;
		char text[ROWS_TIME_SIZE];
		if (!time_parse(where->values[i], now_us(), &time_us))
			return fail(e, ERR_TABLE_VALIDATION, "\"%.100s\" is not a valid time.", where->values[i]);
		rows_time_text(time_us, text);
		values[i] = arena_strdup(reading->arena, text);
	}
	where->values = values;
	where->type = FILTER_TIME;
	return 0;
}

/* --- conditions --------------------------------------------------------------------------------------------------------------- */

static int add_where(struct reading *reading, const struct filter_where *where, struct err *e)
{
	if (where->operator> FILTER_NE && where->value_count != 1)
		return fail(e, ERR_TABLE_VALIDATION, "Operators gt, ge, lt, le take one value.");
	reading->where[reading->where_count++] = *where;
	return 0;
}

static int missing(const char *list, size_t i, const char *key, struct err *e)
{
	return fail(e, ERR_TABLE_VALIDATION, "Invalid request:\n - %s[%zu][%s]: \"This field is missing.\"", list, i, key);
}

static int read_where(struct reading *reading, size_t i, const json_t *item, struct err *e)
{
	struct filter_where where = { 0 };
	const struct column *column = NULL;
	const json_t *workspace = json_object_get(item, "valuesByTableInWorkspace");
	if (workspace) {
		const char *id = member(reading, workspace, "workspaceId");
		return fail(e, ERR_WORKSPACE_NOT_FOUND, "Workspace \"%.100s\" not found.", id ? id : "");
	}
	if (!json_object_get(item, "column"))
		return missing("whereFilters", i, "column", e);
	if (!json_object_get(item, "values"))
		return missing("whereFilters", i, "values", e);
	int rc = read_operator(member(reading, item, "operator"), &where.operator, e);
	if (rc == 0)
		rc = read_type(member(reading, item, "dataType"), &where.type, e);
	if (rc == 0)
		rc = read_column(reading, member(reading, item, "column"), &column, e);
	if (rc == 0)
		rc = read_values(reading, json_object_get(item, "values"), &where, e);
	if (rc == 0)
		rc = read_times(reading, member(reading, item, "type"), &where, e);
	if (rc < 0 || !column)
		return rc;
	where.column = column->number;
	if (where.operator> FILTER_NE)
		where.type = order_type(column, where.type);
	return add_where(reading, &where, e);
}

static int read_order(struct reading *reading, size_t i, const json_t *item, struct err *e)
{
	struct filter_order order = { 0 };
	const char *direction = member(reading, item, "order"), *name = member(reading, item, "column");
	const struct column *column = NULL;
	if (!name)
		return missing("orderBy", i, "column", e);
	if (direction && !str_eq_nocase(direction, "ASC") && !str_eq_nocase(direction, "DESC"))
		return fail(e, ERR_TABLE_VALIDATION, "Invalid sort order %.100s. Available orders are [DESC|ASC]", direction);
	order.descending = direction && str_eq_nocase(direction, "DESC");
	int rc = read_type(member(reading, item, "dataType"), &order.type, e);
	if (rc == 0)
		rc = read_column(reading, name, &column, e);
	if (rc < 0 || !column)
		return rc;
	order.column = column->number;
	order.type = order_type(column, order.type);
	reading->order[reading->order_count++] = order;
	return 0;
}

/* A list of objects: as an array, or as an object with numbers for keys (how forms spell arrays). Everything else is refused in the words that
 * clients look for. */
static int read_list(struct reading *reading, const char *name, const json_t *list,
	int (*read)(struct reading *, size_t, const json_t *, struct err *), struct err *e)
{
	own(own_free) char *text = json_dumps(list, JSON_ENCODE_ANY | JSON_COMPACT);
	if (!json_is_array(list) && !json_is_object(list))
		return fail(e, ERR_TABLE_VALIDATION, "Parameter \"%s\" should be an array, but parameter contains:\n%.1000s",
			name, text ? text : "");
	own(own_json) json_t *items = json_array();
	const char *key;
	json_t *value;
	size_t i;
	if (json_is_array(list))
		json_array_extend(items, (json_t *)list);
	json_object_foreach((json_t *)list, key, value) {
		json_array_append(items, value);
	}
	if (json_array_size(items) > CONDITIONS_MAX)
		return fail(e, ERR_TABLE_VALIDATION, "Parameter \"%s\" can't have more than %d items.", name, CONDITIONS_MAX);
	json_array_foreach(items, i, value) {
		if (!json_is_object(value))
			return fail(e, ERR_TABLE_VALIDATION,
				"All items in param \"%s\" should be an arrays, but parameter contains:\n%.1000s", name,
				text ? text : "");
		int rc = read(reading, i, value, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* whereColumn, whereOperator, whereValues: one condition in the older spelling. */
static int read_where_column(struct reading *reading, const json_t *arguments, struct err *e)
{
	struct filter_where where = { 0 };
	const char *name = member(reading, arguments, "whereColumn");
	const struct column *column = NULL;
	const json_t *values = json_object_get(arguments, "whereValues");
	if (!name)
		return 0;
	if (!values || json_is_null(values))
		return fail(e, ERR_VALIDATION,
			"Invalid request:\n - whereColumn: \"To use \"whereColumn\" specify \"whereValues\".\"");
	int rc = read_operator(member(reading, arguments, "whereOperator"), &where.operator, e);
	if (rc == 0)
		rc = read_column(reading, name, &column, e);
	if (rc == 0)
		rc = read_values(reading, values, &where, e);
	if (rc < 0 || !column)
		return rc;
	where.column = column->number;
	return add_where(reading, &where, e);
}

static int read_time(struct reading *reading, const json_t *arguments, const char *key, int64_t *ret, struct err *e)
{
	const char *text = member(reading, arguments, key);
	if (str_empty(text))
		return 0;
	return time_parse(text, now_us(), ret) ? 0
					       : fail(e, ERR_TABLE_VALIDATION, "%s: \"%.100s\" is not a valid time.", key, text);
}

/* The older spelling of changedSince. */
static int read_days(struct reading *reading, const json_t *arguments, int64_t *ret, struct err *e)
{
	const char *text = member(reading, arguments, "days");
	int64_t days;
	if (str_empty(text) || *ret)
		return 0;
	if (!str_to_i64(text, &days) || days < 0 || days > DAYS_MAX)
		return fail(e, ERR_TABLE_VALIDATION, "Invalid number of days \"%.100s\".", text);
	*ret = now_us() - days * US_PER_DAY;
	return 0;
}

/* Clients that want no limit send 0. */
static int read_limit(struct reading *reading, const json_t *arguments, int64_t *ret, struct err *e)
{
	const char *text = member(reading, arguments, "limit");
	*ret = -1;
	if (str_empty(text))
		return 0;
	if (!str_to_i64(text, ret) || *ret < 0)
		return fail(e, ERR_TABLE_VALIDATION, "Invalid limit \"%.100s\".", text);
	if (*ret == 0)
		*ret = -1;
	return 0;
}

static bool is_given(const json_t *value)
{
	return value && !json_is_null(value);
}

static int read_conditions(struct reading *reading, const json_t *arguments, struct rows_filter *filter, struct err *e)
{
	const json_t *where = json_object_get(arguments, "whereFilters"), *order = json_object_get(arguments, "orderBy");
	const char *search = member(reading, arguments, "fulltextSearch");
	int rc = read_where_column(reading, arguments, e);
	if (rc == 0 && is_given(where))
		rc = read_list(reading, "whereFilters", where, read_where, e);
	if (rc == 0 && is_given(order))
		rc = read_list(reading, "orderBy", order, read_order, e);
	if (rc == 0)
		rc = read_time(reading, arguments, "changedSince", &filter->since_us, e);
	if (rc == 0)
		rc = read_days(reading, arguments, &filter->since_us, e);
	if (rc == 0)
		rc = read_time(reading, arguments, "changedUntil", &filter->until_us, e);
	if (rc == 0)
		rc = read_limit(reading, arguments, &filter->limit, e);
	if (rc < 0)
		return rc;
	if (!str_empty(search) && reading->where_count)
		return fail(e, ERR_TABLE_VALIDATION, "Cannot use fulltextSearch and whereFilters at the same time");
	filter->search = str_empty(search) ? NULL : search;
	return 0;
}

/* The alias' own filter, on columns of its source. */
static int read_alias_filter(struct reading *reading, const struct rows_view *view, struct err *e)
{
	if (str_empty(view->table->alias_filter))
		return 0;
	own(own_json) json_t *item = json_read(view->table->alias_filter, 0);
	struct filter_where where = { 0 };
	const char *column = member(reading, item, "column");
	const struct column *source = column ? table_column(view->rows, column) : NULL;
	if (!source)
		return fail_internal(e, ERR_INTERNAL, "the filter of alias %s names no column", view->table->id);
	where.column = source->number;
	int rc = read_operator(member(reading, item, "operator"), &where.operator, e);
	if (rc == 0)
		rc = read_values(reading, json_object_get(item, "values"), &where, e);
	return rc < 0 ? rc : add_where(reading, &where, e);
}

/* --- the view -------------------------------------------------------------------------------------------------------------------- */

static void add_column(struct rows_view *view, const char *name, int64_t number)
{
	view->names[view->column_count] = name;
	view->columns[view->column_count++] = number;
}

static int read_columns(struct arena *arena, const json_t *arguments, struct rows_view *view, struct err *e)
{
	const json_t *given = json_object_get(arguments, "columns");
	size_t asked = json_array_size(given), most = asked + view->table->column_count + 1;
	view->names = arena_array(arena, const char *, most);
	view->columns = arena_array(arena, int64_t, most);
	for (size_t i = 0; i < asked; i++) {
		const char *name = json_string_value(json_array_get(given, i));
		const struct column *column = name ? table_column(view->table, name) : NULL;
		if (!column)
			return fail(e, ERR_TABLE_COLUMN_NOT_EXISTS, "Column \"%.100s\" does not exist in the table \"%s\".",
				name ? name : "", view->table->id);
		add_column(view, column->name, column->number);
	}
	for (size_t i = 0; asked == 0 && i < view->table->column_count; i++)
		add_column(view, view->table->columns[i].name, view->table->columns[i].number);
	if (json_is_true(json_object_get(arguments, "includeInternalTimestamp")))
		add_column(view, "_timestamp", 0);
	return 0;
}

static void all_columns(struct arena *arena, const struct table *table, struct rows_filter *filter)
{
	int64_t *numbers = arena_array(arena, int64_t, table->column_count + 1);
	for (size_t i = 0; i < table->column_count; i++)
		numbers[i] = table->columns[i].number;
	filter->search_columns = numbers;
	filter->search_column_count = table->column_count;
}

int rows_view_read(struct db *db, struct arena *arena, struct table *table, const json_t *arguments, enum err_code unknown_column,
	struct rows_view *ret, struct err *e)
{
	struct rows_view view = { .table = table };
	struct reading *reading = arena_new_of(arena, struct reading);
	if (!reading)
		return fail_internal(e, ERR_INTERNAL, "no memory for a filter");
	reading->arena = arena;
	reading->table = table;
	reading->unknown_column = unknown_column;
	int rc = table_rows_of(db, arena, table, &view.rows, e);
	if (rc >= 0)
		rc = read_columns(arena, arguments, &view, e);
	if (rc == 0)
		rc = read_conditions(reading, arguments, &view.filter, e);
	view.is_filtered = reading->where_count || view.filter.search || view.filter.since_us || view.filter.until_us;
	if (rc == 0)
		rc = read_alias_filter(reading, &view, e);
	if (rc < 0)
		return rc;
	view.filter.where = reading->where;
	view.filter.where_count = reading->where_count;
	view.filter.order = reading->order;
	view.filter.order_count = reading->order_count;
	all_columns(arena, table, &view.filter);
	*ret = view;
	return 0;
}

struct rows_query rows_view_query(const struct rows_view *view)
{
	return (struct rows_query){ view->rows, view->columns, view->column_count, &view->filter };
}
