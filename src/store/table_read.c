/* Tables as they are read: rows of the tables tables and table_columns put together, aliases shown through their source. */
#include "base/json_read.h"
#include "store/table.h"

#include "base/own.h"
#include "base/str.h"
#include "store/bucket.h"
#include "store/list.h"

#define SELECT_TABLES                                                                                                            \
	"SELECT project_id, number, bucket_id, name, id, display_name, bucket_number, created_us, last_import_us, "              \
	"last_change_us, "                                                                                                       \
	"rows_count, data_size_bytes, primary_key, is_typed, source_number, alias_filter, alias_columns, state FROM tables "
#define SELECT_COLUMNS "SELECT table_number, number, name, definition FROM table_columns "

/* A chain of aliases is never longer than this: a longer one is an error of the data. */
#define ALIAS_DEPTH_MAX 64

static int read_names(struct arena *arena, const char *text, char ***ret, size_t *ret_count, struct err *e)
{
	own(own_json) json_t *list = json_read(text, 0);
	size_t count = json_array_size(list);
	char **names = arena_array(arena, char *, count ? count : 1);
	if (!json_is_array(list) || !names)
		return fail_internal(e, ERR_INTERNAL, "a list of names of a table is no JSON array");
	for (size_t i = 0; i < count; i++)
		names[i] = arena_strdup(arena, json_string_value(json_array_get(list, i)));
	*ret = names;
	*ret_count = count;
	return 0;
}

static int read_table(struct db_rows *rows, struct arena *arena, struct table *table, struct err *e)
{
	*table = (struct table){
		.project_id = db_col_int(rows, 0),
		.number = db_col_int(rows, 1),
		.bucket_id = arena_strdup(arena, db_col_text(rows, 2)),
		.name = arena_strdup(arena, db_col_text(rows, 3)),
		.id = arena_strdup(arena, db_col_text(rows, 4)),
		.display_name = arena_strdup(arena, db_col_text(rows, 5)),
		.bucket_number = db_col_int(rows, 6),
		.created_us = db_col_int(rows, 7),
		.last_import_us = db_col_int(rows, 8),
		.last_change_us = db_col_int(rows, 9),
		.rows_count = db_col_int(rows, 10),
		.data_size_bytes = db_col_int(rows, 11),
		.is_typed = db_col_bool(rows, 13),
		.source_number = db_col_int(rows, 14),
		.alias_filter = arena_strdup(arena, db_col_text(rows, 15)),
		.state = db_col_int(rows, 17),
	};
	int rc = read_names(arena, db_col_text(rows, 12), &table->primary_key, &table->primary_key_count, e);
	if (rc < 0 || db_col_null(rows, 16))
		return rc;
	return read_names(arena, db_col_text(rows, 16), &table->alias_columns, &table->alias_column_count, e);
}

static int find_one(
	struct db *db, struct arena *arena, const struct sql *sql, struct db_args args, struct table **ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, sql, args, &rows, e);
	if (rc <= 0)
		return rc;
	struct table *table = arena_new_of(arena, struct table);
	if (!table)
		return fail(e, ERR_INTERNAL, NULL);
	rc = read_table(rows, arena, table, e);
	if (rc < 0)
		return rc;
	*ret = table;
	return 1;
}

static int find_number(struct db *db, struct arena *arena, int64_t project_id, int64_t number, struct table **ret, struct err *e)
{
	static const struct sql sql = { SELECT_TABLES "WHERE project_id = $1 AND number = $2" };
	return find_one(db, arena, &sql, DB_ARGS(db_i(project_id), db_i(number)), ret, e);
}

static void read_column(struct db_rows *rows, struct arena *arena, struct column *column)
{
	*column = (struct column){
		.number = db_col_int(rows, 1),
		.name = arena_strdup(arena, db_col_text(rows, 2)),
		.definition = arena_strdup(arena, db_col_text(rows, 3)),
	};
}

static int read_columns(struct db *db, struct arena *arena, struct table *table, struct err *e)
{
	static const struct sql sql = { SELECT_COLUMNS "WHERE project_id = $1 AND table_number = $2 ORDER BY number" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql, DB_ARGS(db_i(table->project_id), db_i(table->number)), &rows, e);
	if (rc < 0)
		return rc;
	void *items = NULL;
	size_t count = 0;
	while ((rc = db_next(rows, e)) > 0) {
		if (!(items = list_room(arena, items, count, sizeof(struct column))))
			return fail(e, ERR_INTERNAL, NULL);
		read_column(rows, arena, (struct column *)items + count++);
	}
	table->columns = items;
	table->column_count = count;
	return rc;
}

static bool has_name(char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(names[i], name))
			return true;
	return false;
}

/* The alias shows all of its source, or the columns that it names, in their order. The key only when it shows all of it. */
static int show_through(struct arena *arena, struct table *alias, const struct table *source, struct err *e)
{
	alias->source_table_id = source->id;
	alias->source_is_alias = source->source_number != 0;
	alias->last_import_us = source->last_import_us;
	alias->last_change_us = source->last_change_us;
	alias->rows_count = source->rows_count;
	alias->data_size_bytes = source->data_size_bytes;
	alias->is_typed = source->is_typed;
	alias->state = source->state;
	alias->columns = source->columns;
	alias->column_count = source->column_count;
	alias->primary_key = source->primary_key;
	alias->primary_key_count = source->primary_key_count;
	if (!alias->alias_columns)
		return 0;
	struct column *columns = arena_array(arena, struct column, alias->alias_column_count + 1);
	if (!columns)
		return fail(e, ERR_INTERNAL, NULL);
	alias->columns = columns;
	alias->column_count = 0;
	for (size_t i = 0; i < alias->alias_column_count; i++) {
		const struct column *column = table_column(source, alias->alias_columns[i]);
		if (column)
			columns[alias->column_count++] = *column;
	}
	for (size_t i = 0; i < source->primary_key_count; i++)
		if (!has_name(alias->alias_columns, alias->alias_column_count, source->primary_key[i]))
			alias->primary_key_count = 0;
	return 0;
}

/* Columns of a table of rows; for an alias its chain of sources is read to the end. */
static int complete(struct db *db, struct arena *arena, struct table *table, struct err *e)
{
	struct table *chain[ALIAS_DEPTH_MAX] = { table };
	size_t depth = 1;
	int rc;
	for (; chain[depth - 1]->source_number; depth++) {
		if (depth == ALIAS_DEPTH_MAX)
			return fail_internal(e, ERR_INTERNAL, "chain of aliases of %s has no end", table->id);
		struct table *source = NULL;
		rc = find_number(db, arena, table->project_id, chain[depth - 1]->source_number, &source, e);
		if (rc <= 0 || !source)
			return rc < 0 ? rc : fail_internal(e, ERR_INTERNAL, "the source of alias %s is gone", table->id);
		chain[depth] = source;
	}
	rc = read_columns(db, arena, chain[depth - 1], e);
	for (size_t i = depth - 1; rc >= 0 && i > 0; i--)
		rc = show_through(arena, chain[i - 1], chain[i], e);
	return rc;
}

int table_find(struct db *db, struct arena *arena, int64_t project_id, const char *table_id, struct table **ret, struct err *e)
{
	static const struct sql sql = { SELECT_TABLES "WHERE project_id = $1 AND id = $2" };
	struct table *table = NULL;
	int rc = find_one(db, arena, &sql, DB_ARGS(db_i(project_id), db_s(table_id)), &table, e);
	if (rc <= 0)
		return rc;
	rc = complete(db, arena, table, e);
	if (rc < 0)
		return rc;
	*ret = table;
	return 1;
}

char *table_id_bucket(struct arena *arena, const char *table_id)
{
	const char *dot = strrchr(table_id, '.');
	return dot ? arena_strndup(arena, table_id, (size_t)(dot - table_id)) : arena_strdup(arena, table_id);
}

int table_get(struct db *db, struct arena *arena, int64_t project_id, const char *table_id, struct table **ret, struct err *e)
{
	int rc = table_find(db, arena, project_id, table_id, ret, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	const char *bucket_id = table_id_bucket(arena, table_id);
	struct bucket *bucket;
	rc = bucket_get(db, arena, project_id, bucket_id, &bucket, e);
	if (rc < 0)
		return rc;
	return fail(e, ERR_TABLE_NOT_FOUND, "The table \"%s\" was not found in the bucket \"%s\" in the project \"%lld\"",
		table_id + strlen(bucket_id) + (table_id[strlen(bucket_id)] == '.'), bucket_id, (long long)project_id);
}

int table_rows_of(struct db *db, struct arena *arena, const struct table *table, struct table **ret, struct err *e)
{
	struct table *found = arena_new_of(arena, struct table);
	if (!found)
		return fail(e, ERR_INTERNAL, NULL);
	*found = *table;
	for (int depth = 0; found->source_number; depth++) {
		int rc = depth < ALIAS_DEPTH_MAX ? find_number(db, arena, table->project_id, found->source_number, &found, e) : 0;
		if (rc <= 0)
			return rc < 0 ? rc : fail_internal(e, ERR_INTERNAL, "alias %s shows no table", table->id);
	}
	int rc = read_columns(db, arena, found, e);
	if (rc < 0)
		return rc;
	*ret = found;
	return 0;
}

static int read_list(
	struct db *db, struct arena *arena, const struct sql *sql, struct db_args args, struct table_list *ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, sql, args, &rows, e);
	if (rc < 0)
		return rc;
	void *items = NULL;
	size_t count = 0;
	while ((rc = db_next(rows, e)) > 0) {
		if (!(items = list_room(arena, items, count, sizeof(struct table))))
			return fail(e, ERR_INTERNAL, NULL);
		rc = read_table(rows, arena, (struct table *)items + count++, e);
		if (rc < 0)
			return rc;
	}
	if (rc < 0)
		return rc;
	*ret = (struct table_list){ items, count };
	return 0;
}

static struct table *in_list(const struct table_list *list, int64_t number)
{
	size_t low = 0, high = list->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (list->items[middle].number == number)
			return &list->items[middle];
		if (list->items[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Both lists are in the order of the tables' numbers. */
static int read_columns_of_list(
	struct db *db, struct arena *arena, const struct table_query *query, struct table_list *list, struct err *e)
{
	static const struct sql sql = { SELECT_COLUMNS
		"WHERE project_id = $1 AND (CAST($2 AS BIGINT) = 0 OR table_number IN "
		"(SELECT number FROM tables WHERE project_id = $1 AND bucket_number = $2)) ORDER BY table_number, number" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql, DB_ARGS(db_i(query->project_id), db_i(query->bucket_number)), &rows, e);
	if (rc < 0)
		return rc;
	struct table *table = NULL;
	void *items = NULL;
	while ((rc = db_next(rows, e)) > 0) {
		if (!table || table->number != db_col_int(rows, 0))
			table = in_list(list, db_col_int(rows, 0));
		if (!table)
			continue; /* made since the list was read */
		items = table->columns;
		if (!(items = list_room(arena, items, table->column_count, sizeof(struct column))))
			return fail(e, ERR_INTERNAL, NULL);
		table->columns = items;
		read_column(rows, arena, &table->columns[table->column_count++]);
	}
	return rc;
}

/* A source is older than its aliases: in a list by age it is complete before them. */
static int complete_list(struct db *db, struct arena *arena, struct table_list *list, struct err *e)
{
	for (size_t i = 0; i < list->count; i++) {
		struct table *table = &list->items[i];
		if (!table->source_number)
			continue;
		const struct table *source = in_list(list, table->source_number);
		int rc = source ? show_through(arena, table, source, e) : complete(db, arena, table, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int table_list(struct db *db, struct arena *arena, const struct table_query *query, struct table_list *ret, struct err *e)
{
	static const struct sql of_project = { SELECT_TABLES "WHERE project_id = $1 ORDER BY number" };
	static const struct sql of_bucket = { SELECT_TABLES "WHERE project_id = $1 AND bucket_number = $2 ORDER BY number" };
	struct table_list list = { NULL, 0 };
	int rc = query->bucket_number ? read_list(db, arena, &of_bucket,
						DB_ARGS(db_i(query->project_id), db_i(query->bucket_number)), &list, e)
				      : read_list(db, arena, &of_project, DB_ARGS(db_i(query->project_id)), &list, e);
	if (rc >= 0 && query->columns)
		rc = read_columns_of_list(db, arena, query, &list, e);
	if (rc >= 0)
		rc = complete_list(db, arena, &list, e);
	if (rc < 0)
		return rc;
	*ret = list;
	return 0;
}

int table_list_aliases(struct db *db, struct arena *arena, const struct table *table, struct table_list *ret, struct err *e)
{
	static const struct sql sql = { SELECT_TABLES "WHERE project_id = $1 AND source_number = $2 ORDER BY number" };
	struct table_list list = { NULL, 0 };
	int rc = read_list(db, arena, &sql, DB_ARGS(db_i(table->project_id), db_i(table->number)), &list, e);
	for (size_t i = 0; rc >= 0 && i < list.count; i++)
		rc = show_through(arena, &list.items[i], table, e);
	if (rc < 0)
		return rc;
	*ret = list;
	return 0;
}

const struct column *table_column(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (str_eq(table->columns[i].name, name))
			return &table->columns[i];
	return NULL;
}

bool table_is_simple_alias(const struct table *table)
{
	return table->source_number && !table->alias_filter && !table->alias_columns;
}
