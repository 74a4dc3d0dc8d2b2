/* Tables as they are changed: made, loaded, renamed, removed. */
#include "store/table.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/bucket.h"
#include "store/list.h"
#include "store/metadata.h"

static char *names_text(char *const *names, size_t count)
{
	own(own_json) json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(names[i]));
	return json_dumps(list, JSON_COMPACT);
}

/* Locks the bucket against being dropped meanwhile; as the change of its sizes will, so that two tables made at once do not wait for each other. */
static int find_bucket_number(struct db *db, const struct table *table, int64_t *ret_number, struct err *e)
{
	static const struct sql sql = {
		"SELECT number FROM buckets WHERE project_id = $1 AND id = $2",
		"SELECT number FROM buckets WHERE project_id = $1 AND id = $2 FOR NO KEY UPDATE",
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(table->project_id), db_s(table->bucket_id)), &rows, e);
	if (rc == 0)
		return fail(e, ERR_BUCKET_NOT_FOUND, "The bucket \"%s\" was not found in the project \"%lld\"", table->bucket_id,
			(long long)table->project_id);
	if (rc > 0)
		*ret_number = db_col_int(rows, 0);
	return rc;
}

static int check_display_name(struct db *db, const struct table *table, struct err *e)
{
	static const struct sql sql = {
		"SELECT name FROM tables WHERE project_id = $1 AND bucket_number = $2 AND display_name = $3 AND number <> $4"
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql,
		DB_ARGS(db_i(table->project_id), db_i(table->bucket_number), db_s(table->display_name), db_i(table->number)),
		&rows, e);
	if (rc > 0)
		return fail(e, ERR_TABLE_EXISTS, "The table \"%s\" in the bucket already has the same display name \"%s\".",
			db_col_text(rows, 0), table->display_name);
	return rc;
}

static int check_name(struct db *db, const struct table *table, struct err *e)
{
	static const struct sql sql = { "SELECT 1 FROM tables WHERE project_id = $1 AND id = $2" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(table->project_id), db_s(table->id)), &rows, e);
	if (rc > 0)
		return fail(e, ERR_TABLE_EXISTS, "The table \"%s\" already exists in the bucket \"%s\".", table->name,
			table->bucket_id);
	return rc;
}

static int insert_row(struct db *db, const struct table *table, struct err *e)
{
	static const struct sql sql = { "INSERT INTO tables (project_id, number, bucket_number, bucket_id, name, id, "
					"display_name, created_us, primary_key, next_column, "
					"is_typed, source_number, alias_filter, alias_columns, last_change_us) "
					"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $8)" };
	own(own_free) char *key = names_text(table->primary_key, table->source_number ? 0 : table->primary_key_count);
	own(own_free) char *alias_columns =
		table->alias_columns ? names_text(table->alias_columns, table->alias_column_count) : NULL;
	return db_exec(db, &sql,
		DB_ARGS(db_i(table->project_id), db_i(table->number), db_i(table->bucket_number), db_s(table->bucket_id),
			db_s(table->name), db_s(table->id), db_s(table->display_name), db_i(table->created_us), db_s(key),
			db_i((int64_t)table->column_count + 1), db_bool(table->is_typed), db_i(table->source_number),
			db_s(table->alias_filter), db_s(alias_columns)),
		e);
}

static int insert_columns(struct db *db, struct table *table, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO table_columns (project_id, table_number, number, name, definition) VALUES ($1, $2, $3, $4, $5)"
	};
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < table->column_count; i++) {
		struct column *column = &table->columns[i];
		column->number = (int64_t)i + 1;
		rc = db_exec(db, &sql,
			DB_ARGS(db_i(table->project_id), db_i(table->number), db_i(column->number), db_s(column->name),
				db_s(column->definition)),
			e);
	}
	return rc;
}

int table_reserve(struct db *db, int64_t *ret_number, struct err *e)
{
	return db_next_id(db, "table", ret_number, e);
}

int table_insert(struct db *db, struct arena *arena, struct table *table, struct err *e)
{
	struct table made = *table;
	if (!made.display_name)
		made.display_name = made.name;
	made.id = arena_printf(arena, "%s.%s", made.bucket_id, made.name);
	made.created_us = now_us();
	made.last_change_us = made.created_us;
	made.state = 1;
	int rc = find_bucket_number(db, &made, &made.bucket_number, e);
	if (rc < 0 || (rc = check_name(db, &made, e)) < 0 || (rc = check_display_name(db, &made, e)) < 0)
		return rc;
	if (!made.number && (rc = table_reserve(db, &made.number, e)) < 0)
		return rc;
	if ((rc = insert_row(db, &made, e)) < 0)
		return rc;
	if (!made.source_number && (rc = insert_columns(db, &made, e)) < 0)
		return rc;
	if ((rc = bucket_touch(db, made.project_id, made.bucket_number, 0, 0, e)) < 0)
		return rc;
	*table = made;
	return 0;
}

int table_rows_changed(
	struct db *db, struct table *table, int64_t rows_count, int64_t data_size_bytes, bool imported, struct err *e)
{
	static const struct sql before = {
		"SELECT rows_count, data_size_bytes FROM tables WHERE project_id = $1 AND number = $2",
		"SELECT rows_count, data_size_bytes FROM tables WHERE project_id = $1 AND number = $2 FOR UPDATE",
	};
	static const struct sql sql = {
		"UPDATE tables SET rows_count = $3, data_size_bytes = $4, state = state + 1, last_change_us = $5, "
		"last_import_us = CASE WHEN CAST($6 AS BIGINT) = 1 THEN $5 ELSE last_import_us END WHERE project_id = $1 AND "
		"number = $2"
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &before, DB_ARGS(db_i(table->project_id), db_i(table->number)), &rows, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_TABLE_NOT_FOUND, "The table \"%s\" is gone.", table->id);
	int64_t rows_added = rows_count - db_col_int(rows, 0), bytes_added = data_size_bytes - db_col_int(rows, 1);
	db_rows_close(give_ptr(rows));
	int64_t now = now_us();
	rc = db_exec(db, &sql,
		DB_ARGS(db_i(table->project_id), db_i(table->number), db_i(rows_count), db_i(data_size_bytes), db_i(now),
			db_bool(imported)),
		e);
	if (rc < 0 || (rc = bucket_touch(db, table->project_id, table->bucket_number, rows_added, bytes_added, e)) < 0)
		return rc;
	table->rows_count = rows_count;
	table->data_size_bytes = data_size_bytes;
	table->last_change_us = now;
	table->last_import_us = imported ? now : table->last_import_us;
	table->state++;
	return 0;
}

int table_update(struct db *db, const struct table *table, struct err *e)
{
	static const struct sql sql = { "UPDATE tables SET display_name = $3, is_typed = $4, alias_filter = $5, alias_columns = "
					"$6 WHERE project_id = $1 AND number = $2" };
	own(own_free) char *alias_columns =
		table->alias_columns ? names_text(table->alias_columns, table->alias_column_count) : NULL;
	int rc = check_display_name(db, table, e);
	if (rc < 0)
		return rc;
	return db_exec(db, &sql,
		DB_ARGS(db_i(table->project_id), db_i(table->number), db_s(table->display_name), db_bool(table->is_typed),
			db_s(table->alias_filter), db_s(alias_columns)),
		e);
}

static int remember_dropped(struct db *db, const struct table *table, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO dropped_rows (project_id, bucket_number, table_number) VALUES ($1, $2, $3)"
	};
	if (table->source_number)
		return 0;
	return db_exec(db, &sql, DB_ARGS(db_i(table->project_id), db_i(table->bucket_number), db_i(table->number)), e);
}

int table_remove(struct db *db, const struct table *table, struct err *e)
{
	static const struct sql row = { "DELETE FROM tables WHERE project_id = $1 AND number = $2" };
	static const struct sql columns = { "DELETE FROM table_columns WHERE project_id = $1 AND table_number = $2" };
	struct db_args args = DB_ARGS(db_i(table->project_id), db_i(table->number));
	struct metadata_object own_metadata = { table->project_id, "table", table->number, NULL };
	struct metadata_object of_columns = { table->project_id, "column", table->number, NULL };
	int64_t rows = table->source_number ? 0 : table->rows_count, bytes = table->source_number ? 0 : table->data_size_bytes;
	int rc = db_exec(db, &row, args, e);
	if (rc < 0 || (rc = db_exec(db, &columns, args, e)) < 0 || (rc = metadata_remove_all(db, &own_metadata, e)) < 0)
		return rc;
	if ((rc = metadata_remove_all(db, &of_columns, e)) < 0 || (rc = remember_dropped(db, table, e)) < 0)
		return rc;
	return bucket_touch(db, table->project_id, table->bucket_number, -rows, -bytes, e);
}

int table_list_dropped(
	struct db *db, struct arena *arena, int64_t limit, struct dropped_rows **ret, size_t *ret_count, struct err *e)
{
	static const struct sql sql = { "SELECT project_id, bucket_number, table_number FROM dropped_rows LIMIT $1" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql, DB_ARGS(db_i(limit)), &rows, e);
	if (rc < 0)
		return rc;
	void *items = NULL;
	size_t count = 0;
	while ((rc = db_next(rows, e)) > 0) {
		if (!(items = list_room(arena, items, count, sizeof(struct dropped_rows))))
			return fail(e, ERR_INTERNAL, NULL);
		((struct dropped_rows *)items)[count++] =
			(struct dropped_rows){ db_col_int(rows, 0), db_col_int(rows, 1), db_col_int(rows, 2) };
	}
	*ret = items;
	*ret_count = count;
	return rc;
}

int table_forget_dropped(struct db *db, const struct dropped_rows *dropped, struct err *e)
{
	static const struct sql sql = { "DELETE FROM dropped_rows WHERE project_id = $1 AND table_number = $2" };
	return db_exec(db, &sql, DB_ARGS(db_i(dropped->project_id), db_i(dropped->table_number)), e);
}
