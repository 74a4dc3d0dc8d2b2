/* The rows of triggers. */
#include "store/trigger.h"

#include "base/own.h"
#include "store/list.h"

#define TRIGGER_COLUMNS                                                                                                          \
	"project_id, id, component_id, configuration_id, run_with_token_id, cool_down_minutes, table_ids, last_run_us, "         \
	"creator_token_id, "                                                                                                     \
	"creator_description"

static void trigger_read(struct arena *arena, struct db_rows *rows, struct trigger *ret)
{
	*ret = (struct trigger){
		.project_id = db_col_int(rows, 0),
		.id = db_col_int(rows, 1),
		.component_id = arena_strdup(arena, db_col_text(rows, 2)),
		.configuration_id = arena_strdup(arena, db_col_text(rows, 3)),
		.run_with_token_id = db_col_int(rows, 4),
		.cool_down_minutes = db_col_int(rows, 5),
		.table_ids = arena_strdup(arena, db_col_text(rows, 6)),
		.last_run_us = db_col_int(rows, 7),
		.creator_token_id = db_col_int(rows, 8),
		.creator_description = arena_strdup(arena, db_col_text(rows, 9)),
	};
}

static int find_one(
	struct db *db, struct arena *arena, const struct sql *sql, struct db_args args, struct trigger **ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, sql, args, &rows, e);
	if (rc <= 0)
		return rc;
	struct trigger *trigger = arena_new_of(arena, struct trigger);
	if (!trigger)
		return fail_internal(e, ERR_INTERNAL, "no memory for a trigger");
	trigger_read(arena, rows, trigger);
	*ret = trigger;
	return 1;
}

int trigger_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct trigger **ret, struct err *e)
{
	static const struct sql find = { .text = "SELECT " TRIGGER_COLUMNS " FROM triggers WHERE project_id = $1 AND id = $2" };
	return find_one(db, arena, &find, DB_ARGS(db_i(project_id), db_i(id)), ret, e);
}

int trigger_uses_token(
	struct db *db, struct arena *arena, int64_t project_id, int64_t token_id, struct trigger **ret, struct err *e)
{
	static const struct sql find = {
		.text = "SELECT " TRIGGER_COLUMNS
			" FROM triggers WHERE project_id = $1 AND run_with_token_id = $2 ORDER BY id LIMIT 1",
	};
	return find_one(db, arena, &find, DB_ARGS(db_i(project_id), db_i(token_id)), ret, e);
}

int trigger_list(struct db *db, struct arena *arena, int64_t project_id, struct trigger_list *ret, struct err *e)
{
	static const struct sql list = { .text = "SELECT " TRIGGER_COLUMNS " FROM triggers WHERE project_id = $1 ORDER BY id" };
	own(own_rows) struct db_rows *rows = NULL;
	struct trigger_list triggers = { NULL, 0 };
	int rc = db_query(db, &list, DB_ARGS(db_i(project_id)), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		triggers.items = list_room(arena, triggers.items, triggers.count, sizeof(*triggers.items));
		if (!triggers.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the triggers");
		trigger_read(arena, rows, &triggers.items[triggers.count++]);
	}
	if (rc == 0)
		*ret = triggers;
	return rc;
}

int trigger_insert(struct db *db, struct trigger *trigger, struct err *e)
{
	static const struct sql insert = {
		.text = "INSERT INTO triggers (" TRIGGER_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	};
	int rc = db_next_id(db, "trigger", &trigger->id, e);
	if (rc < 0)
		return rc;
	return db_exec(db, &insert,
		DB_ARGS(db_i(trigger->project_id), db_i(trigger->id), db_s(trigger->component_id),
			db_s(trigger->configuration_id), db_i(trigger->run_with_token_id), db_i(trigger->cool_down_minutes),
			db_s(trigger->table_ids), db_i(trigger->last_run_us), db_i(trigger->creator_token_id),
			db_s(trigger->creator_description)),
		e);
}

int trigger_update(struct db *db, const struct trigger *trigger, struct err *e)
{
	static const struct sql update = {
		.text = "UPDATE triggers SET component_id = $3, configuration_id = $4, run_with_token_id = $5, cool_down_minutes "
			"= $6, "
			"table_ids = $7, last_run_us = $8 WHERE project_id = $1 AND id = $2",
	};
	return db_exec(db, &update,
		DB_ARGS(db_i(trigger->project_id), db_i(trigger->id), db_s(trigger->component_id),
			db_s(trigger->configuration_id), db_i(trigger->run_with_token_id), db_i(trigger->cool_down_minutes),
			db_s(trigger->table_ids), db_i(trigger->last_run_us)),
		e);
}

int trigger_remove(struct db *db, const struct trigger *trigger, struct err *e)
{
	static const struct sql remove = { .text = "DELETE FROM triggers WHERE project_id = $1 AND id = $2" };
	return db_exec(db, &remove, DB_ARGS(db_i(trigger->project_id), db_i(trigger->id)), e);
}
