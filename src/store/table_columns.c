/* Columns and the primary key of tables. */
#include "base/clock.h"
#include "base/own.h"
#include "store/bucket.h"
#include "store/metadata.h"
#include "store/table.h"

/* The shape of the table changed: what was exported before is no longer what it is. */
static int shape_changed(struct db *db, const struct table *table, struct err *e)
{
	static const struct sql sql = {
		"UPDATE tables SET state = state + 1, last_change_us = $3 WHERE project_id = $1 AND number = $2"
	};
	int rc = db_exec(db, &sql, DB_ARGS(db_i(table->project_id), db_i(table->number), db_i(now_us())), e);
	return rc < 0 ? rc : bucket_touch(db, table->project_id, table->bucket_number, 0, 0, e);
}

int table_column_reserve(struct db *db, const struct table *table, int64_t *ret_number, struct err *e)
{
	static const struct sql sql = {
		"UPDATE tables SET next_column = next_column + 1 WHERE project_id = $1 AND number = $2 RETURNING next_column - 1"
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(table->project_id), db_i(table->number)), &rows, e);
	if (rc == 0)
		return fail(e, ERR_TABLE_NOT_FOUND, "The table \"%s\" is gone.", table->id);
	if (rc < 0)
		return rc;
	*ret_number = db_col_int(rows, 0);
	return 0;
}

int table_column_insert(struct db *db, const struct table *table, const struct column *column, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO table_columns (project_id, table_number, number, name, definition) VALUES ($1, $2, $3, $4, $5)"
	};
	int rc = db_exec(db, &sql,
		DB_ARGS(db_i(table->project_id), db_i(table->number), db_i(column->number), db_s(column->name),
			db_s(column->definition)),
		e);
	return rc < 0 ? rc : shape_changed(db, table, e);
}

int table_column_add(
	struct db *db, struct table *table, const char *name, const char *definition, int64_t *ret_number, struct err *e)
{
	struct column column = { .name = (char *)name, .definition = (char *)definition };
	int rc = table_column_reserve(db, table, &column.number, e);
	if (rc < 0 || (rc = table_column_insert(db, table, &column, e)) < 0)
		return rc;
	*ret_number = column.number;
	return 0;
}

int table_column_define(struct db *db, const struct table *table, const struct column *column, struct err *e)
{
	static const struct sql sql = {
		"UPDATE table_columns SET definition = $4 WHERE project_id = $1 AND table_number = $2 AND number = $3"
	};
	int rc = db_exec(db, &sql,
		DB_ARGS(db_i(table->project_id), db_i(table->number), db_i(column->number), db_s(column->definition)), e);
	return rc < 0 ? rc : shape_changed(db, table, e);
}

int table_column_remove(struct db *db, const struct table *table, int64_t column_number, struct err *e)
{
	static const struct sql sql = { "DELETE FROM table_columns WHERE project_id = $1 AND table_number = $2 AND number = $3" };
	struct metadata_object object = { table->project_id, "column", table->number, NULL };
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].number == column_number)
			object.column = table->columns[i].name;
	int rc = db_exec(db, &sql, DB_ARGS(db_i(table->project_id), db_i(table->number), db_i(column_number)), e);
	if (rc < 0 || (object.column && (rc = metadata_remove_all(db, &object, e)) < 0))
		return rc;
	return shape_changed(db, table, e);
}

int table_set_key(struct db *db, const struct table *table, const char *const *names, size_t count, struct err *e)
{
	static const struct sql sql = { "UPDATE tables SET primary_key = $3 WHERE project_id = $1 AND number = $2" };
	own(own_json) json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(names[i]));
	own(own_free) char *text = json_dumps(list, JSON_COMPACT);
	int rc = db_exec(db, &sql, DB_ARGS(db_i(table->project_id), db_i(table->number), db_s(text)), e);
	return rc < 0 ? rc : shape_changed(db, table, e);
}
