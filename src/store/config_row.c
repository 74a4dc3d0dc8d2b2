/* Rows of configurations and their versions. */
#include "store/config_row.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/own.h"
#include "store/list.h"

#define ROW_COLUMNS                                                                                                              \
	"project_id, number, id, name, description, is_disabled, is_deleted, configuration, state, created_us, "                 \
	"creator_token_id, "                                                                                                     \
	"creator_description, version, version_us, version_token_id, version_token_description, change_description, "            \
	"version_identifier"
/* In the places of ROW_COLUMNS: what a version does not have is taken from the row itself. */
#define ROW_VERSION_COLUMNS                                                                                                      \
	"v.project_id, v.number, v.id, v.name, v.description, v.is_disabled, 0, v.configuration, r.state, r.created_us, "        \
	"r.creator_token_id, r.creator_description, v.version, v.version_us, v.version_token_id, v.version_token_description, "  \
	"v.change_description, v.version_identifier"
#define ROW_VERSIONS                                                                                                             \
	" FROM configuration_row_versions v JOIN configuration_rows r ON r.project_id = v.project_id AND r.number = v.number "   \
	"AND r.id = v.id "                                                                                                       \
	"WHERE v.project_id = $1 AND v.number = $2 "

static const char *keep(struct arena *arena, struct db_rows *rows, int column)
{
	return arena_strdup(arena, db_col_text(rows, column));
}

static void row_read(struct arena *arena, struct db_rows *rows, struct config_row *ret)
{
	*ret = (struct config_row){
		.project_id = db_col_int(rows, 0),
		.number = db_col_int(rows, 1),
		.id = keep(arena, rows, 2),
		.name = keep(arena, rows, 3),
		.description = keep(arena, rows, 4),
		.is_disabled = db_col_bool(rows, 5),
		.is_deleted = db_col_bool(rows, 6),
		.configuration = keep(arena, rows, 7),
		.state = keep(arena, rows, 8),
		.created_us = db_col_int(rows, 9),
		.creator_token_id = db_col_int(rows, 10),
		.creator_description = keep(arena, rows, 11),
		.current = { db_col_int(rows, 12), db_col_int(rows, 13), db_col_int(rows, 14), keep(arena, rows, 15),
			keep(arena, rows, 16), keep(arena, rows, 17) },
	};
}

static int row_find(
	struct db *db, struct arena *arena, const struct sql *sql, struct db_args args, struct config_row **ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, sql, args, &rows, e);
	if (rc <= 0)
		return rc;
	struct config_row *row = arena_new_of(arena, struct config_row);
	if (!row)
		return fail_internal(e, ERR_INTERNAL, "no memory for a row");
	row_read(arena, rows, row);
	*ret = row;
	return 1;
}

static int row_list(struct db *db, struct arena *arena, const struct sql *sql, struct db_args args, struct config_row_list *ret,
	struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	struct config_row_list list = { NULL, 0 };
	int rc = db_query(db, sql, args, &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the rows");
		row_read(arena, rows, &list.items[list.count++]);
	}
	if (rc == 0)
		*ret = list;
	return rc;
}

int config_row_find(
	struct db *db, struct arena *arena, const struct config *config, const char *id, struct config_row **ret, struct err *e)
{
	static const struct sql find = {
		.text = "SELECT " ROW_COLUMNS " FROM configuration_rows WHERE project_id = $1 AND number = $2 AND id = $3",
	};
	return row_find(db, arena, &find, DB_ARGS(db_i(config->project_id), db_i(config->number), db_s(id)), ret, e);
}

/* --- order ---------------------------------------------------------------------------------------------------------------- */

struct placed {
	size_t place;
	struct config_row row;
};

static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return strcmp(x->row.id, y->row.id);
}

/* Rows named by the sort order come in it, the others after them by id. */
static int sort_rows(struct arena *arena, const char *sort_order, struct config_row_list *list, struct err *e)
{
	own(own_json) json_t *order = json_read(sort_order, 0);
	own(own_json) json_t *places = json_object();
	struct placed *placed = arena_array(arena, struct placed, list->count);
	size_t i;
	json_t *id;
	if (!placed && list->count > 0)
		return fail_internal(e, ERR_INTERNAL, "no memory for the rows");
	json_array_foreach(order, i, id) {
		json_object_set_new(places, json_string_value(id), json_integer((json_int_t)i));
	}
	for (i = 0; i < list->count; i++) {
		json_t *place = json_object_get(places, list->items[i].id);
		placed[i] = (struct placed){ place ? (size_t)json_integer_value(place) : SIZE_MAX, list->items[i] };
	}
	if (list->count > 1)
		qsort(placed, list->count, sizeof(*placed), by_place);
	for (i = 0; i < list->count; i++)
		list->items[i] = placed[i].row;
	return 0;
}

int config_row_list(struct db *db, struct arena *arena, const struct config *config, struct config_row_list *ret, struct err *e)
{
	static const struct sql list = {
		.text = "SELECT " ROW_COLUMNS " FROM configuration_rows WHERE project_id = $1 AND number = $2 AND is_deleted = 0",
	};
	int rc = row_list(db, arena, &list, DB_ARGS(db_i(config->project_id), db_i(config->number)), ret, e);
	return rc < 0 ? rc : sort_rows(arena, config->rows_sort_order, ret, e);
}

int config_row_list_at(
	struct db *db, struct arena *arena, const struct config *version, struct config_row_list *ret, struct err *e)
{
	static const struct sql list = {
		.text = "SELECT " ROW_VERSION_COLUMNS ROW_VERSIONS
			"AND v.from_version <= $3 AND (v.until_version = 0 OR v.until_version > $3)",
	};
	int rc = row_list(db, arena, &list,
		DB_ARGS(db_i(version->project_id), db_i(version->number), db_i(version->current.version)), ret, e);
	return rc < 0 ? rc : sort_rows(arena, version->rows_sort_order, ret, e);
}

int config_row_version_find(
	struct db *db, struct arena *arena, const struct config_row *row, int64_t version, struct config_row **ret, struct err *e)
{
	static const struct sql find = { .text = "SELECT " ROW_VERSION_COLUMNS ROW_VERSIONS "AND v.id = $3 AND v.version = $4" };
	return row_find(
		db, arena, &find, DB_ARGS(db_i(row->project_id), db_i(row->number), db_s(row->id), db_i(version)), ret, e);
}

int config_row_version_list(struct db *db, struct arena *arena, const struct config_row *row, const int64_t limit_offset[2],
	struct config_row_list *ret, struct err *e)
{
	static const struct sql list = {
		.text = "SELECT " ROW_VERSION_COLUMNS ROW_VERSIONS "AND v.id = $3 ORDER BY v.version DESC LIMIT $4 OFFSET $5",
	};
	return row_list(db, arena, &list,
		DB_ARGS(db_i(row->project_id), db_i(row->number), db_s(row->id), db_i(limit_offset[0]), db_i(limit_offset[1])),
		ret, e);
}

/* --- changes -------------------------------------------------------------------------------------------------------------- */

static int version_close(struct db *db, const struct config *config, const char *row_id, struct err *e)
{
	static const struct sql close = {
		.text = "UPDATE configuration_row_versions SET until_version = $4 "
			"WHERE project_id = $1 AND number = $2 AND id = $3 AND until_version = 0",
	};
	return db_exec(db, &close,
		DB_ARGS(db_i(config->project_id), db_i(config->number), db_s(row_id), db_i(config->current.version)), e);
}

static int version_insert(struct db *db, const struct config *config, const struct config_row *row, struct err *e)
{
	static const struct sql insert = {
		.text = "INSERT INTO configuration_row_versions (project_id, number, id, version, from_version, name, "
			"description, is_disabled, "
			"configuration, version_us, version_token_id, version_token_description, change_description, "
			"version_identifier) "
			"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
	};
	const struct revision *current = &row->current;
	return db_exec(db, &insert,
		DB_ARGS(db_i(config->project_id), db_i(config->number), db_s(row->id), db_i(current->version),
			db_i(config->current.version), db_s(row->name), db_s(row->description), db_bool(row->is_disabled),
			db_s(row->configuration), db_i(current->created_us), db_i(current->token_id),
			db_s(current->token_description), db_s(current->change_description), db_s(current->identifier)),
		e);
}

int config_row_write(struct db *db, const struct config *config, const struct config_row *row, struct err *e)
{
	static const struct sql write = {
		.text = "INSERT INTO configuration_rows (" ROW_COLUMNS
			") VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, $12, $13, "
			"$14, $15, $16, $17) ON CONFLICT (project_id, number, id) DO UPDATE SET name = excluded.name, "
			"description = excluded.description, is_disabled = excluded.is_disabled, is_deleted = 0, "
			"configuration = excluded.configuration, state = excluded.state, version = excluded.version, "
			"version_us = excluded.version_us, version_token_id = excluded.version_token_id, "
			"version_token_description = excluded.version_token_description, change_description = "
			"excluded.change_description, "
			"version_identifier = excluded.version_identifier",
	};
	const struct revision *current = &row->current;
	int rc = db_exec(db, &write,
		DB_ARGS(db_i(config->project_id), db_i(config->number), db_s(row->id), db_s(row->name), db_s(row->description),
			db_bool(row->is_disabled), db_s(row->configuration), db_s(row->state), db_i(row->created_us),
			db_i(row->creator_token_id), db_s(row->creator_description), db_i(current->version),
			db_i(current->created_us), db_i(current->token_id), db_s(current->token_description),
			db_s(current->change_description), db_s(current->identifier)),
		e);
	if (rc >= 0)
		rc = version_close(db, config, row->id, e);
	return rc < 0 ? rc : version_insert(db, config, row, e);
}

int config_row_update_state(struct db *db, const struct config_row *row, struct err *e)
{
	static const struct sql update = {
		.text = "UPDATE configuration_rows SET state = $4 WHERE project_id = $1 AND number = $2 AND id = $3",
	};
	return db_exec(db, &update, DB_ARGS(db_i(row->project_id), db_i(row->number), db_s(row->id), db_s(row->state)), e);
}

int config_row_remove(struct db *db, const struct config *config, const struct config_row *row, struct err *e)
{
	static const struct sql mark = {
		.text = "UPDATE configuration_rows SET is_deleted = 1 WHERE project_id = $1 AND number = $2 AND id = $3",
	};
	int rc = db_exec(db, &mark, DB_ARGS(db_i(row->project_id), db_i(row->number), db_s(row->id)), e);
	return rc < 0 ? rc : version_close(db, config, row->id, e);
}
