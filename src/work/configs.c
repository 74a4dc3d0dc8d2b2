/* Versions of configurations and rows: who may follow whom. */
#include "work/configs.h"

#include "base/clock.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/metadata.h"

void config_next_version(struct arena *arena, struct config *config, const struct origin *origin, const char *change_description)
{
	config->current = revision_make(
		arena, config->current.version + 1, origin->token_id, origin->token_description, change_description);
}

void config_row_next_version(
	struct arena *arena, struct config_row *row, const struct origin *origin, const char *change_description)
{
	row->current =
		revision_make(arena, row->current.version + 1, origin->token_id, origin->token_description, change_description);
}

static bool json_empty(json_t *value)
{
	return value && json_object_size(value) == 0 && json_array_size(value) == 0;
}

bool config_json_same(const char *a, const char *b)
{
	own(own_json) json_t *x = json_read(a, JSON_DECODE_ANY);
	own(own_json) json_t *y = json_read(b, JSON_DECODE_ANY);
	return json_equal(x, y) || (json_empty(x) && json_empty(y));
}

/* --- order of rows --------------------------------------------------------------------------------------------------------- */

static const char *order_text(struct arena *arena, json_t *order)
{
	own(own_free) char *text = json_dumps(order, JSON_COMPACT);
	return arena_strdup(arena, text);
}

const char *sort_order_with(struct arena *arena, const char *order, const char *row_id)
{
	own(own_json) json_t *list = json_read(order, 0);
	if (json_array_size(list) == 0)
		return order;
	json_array_append_new(list, json_string(row_id));
	return order_text(arena, list);
}

const char *sort_order_without(struct arena *arena, const char *order, const char *row_id)
{
	own(own_json) json_t *list = json_read(order, 0);
	for (size_t i = json_array_size(list); i-- > 0;)
		if (str_eq(json_string_value(json_array_get(list, i)), row_id))
			json_array_remove(list, i);
	return order_text(arena, list);
}

/* --- making ---------------------------------------------------------------------------------------------------------------- */

static int remove_rows(struct db *db, struct arena *arena, const struct config *config, struct err *e)
{
	struct config_row_list rows = { NULL, 0 };
	int rc = config_row_list(db, arena, config, &rows, e);
	for (size_t i = 0; i < rows.count && rc >= 0; i++)
		rc = config_row_remove(db, config, &rows.items[i], e);
	return rc;
}

/* One in the trash is made anew: it keeps number, creator and count of versions. */
static int make_again(struct db *db, struct arena *arena, const struct origin *origin, const struct config *old,
	struct config *config, struct err *e)
{
	config->number = old->number;
	config->created_us = old->created_us;
	config->creator_token_id = old->creator_token_id;
	config->creator_description = old->creator_description;
	config->rows_sort_order = "[]";
	config->own_token_id = old->own_token_id;
	const char *change_description = config->current.change_description;
	config->current = old->current;
	config_next_version(arena, config, origin, change_description ? change_description : "Configuration restored");
	int rc = remove_rows(db, arena, config, e);
	if (rc >= 0)
		rc = config_update(db, config, e);
	return rc < 0 ? rc : config_update_state(db, config, e);
}

int config_make(
	struct db *db, struct arena *arena, const struct origin *origin, struct config *config, bool *ret_restored, struct err *e)
{
	struct config_key key = { config->project_id, config->branch_id, config->component_id, config->id };
	struct config *old = NULL;
	int rc = config->id ? config_find(db, arena, &key, &old, e) : 0;
	if (rc < 0)
		return rc;
	if (rc > 0 && !old->is_deleted)
		return fail(e, ERR_CONFIG_EXISTS, "Configuration with id \"%s\" already exists.", config->id);
	*ret_restored = rc > 0;
	if (rc > 0)
		return make_again(db, arena, origin, old, config, e);
	const char *change_description = config->current.change_description;
	config->current.version = 0;
	config_next_version(arena, config, origin, change_description ? change_description : "Configuration created");
	config->created_us = config->current.created_us;
	config->creator_token_id = origin->token_id;
	config->creator_description = config->current.token_description;
	if (!config->rows_sort_order)
		config->rows_sort_order = "[]";
	return config_insert(db, arena, config, e);
}

int config_row_name(struct db *db, struct arena *arena, struct config_row *row, struct err *e)
{
	int64_t number;
	if (row->id)
		return 0;
	int rc = db_next_id(db, "configuration", &number, e);
	if (rc >= 0)
		row->id = arena_printf(arena, "%lld", (long long)number);
	return rc;
}

int config_row_change(struct db *db, struct arena *arena, const struct origin *origin, struct config *config,
	struct config_row *row, const char *const change_descriptions[2], struct err *e)
{
	config_next_version(arena, config, origin, change_descriptions[0]);
	config_row_next_version(arena, row, origin, change_descriptions[1]);
	int rc = config_update(db, config, e);
	return rc < 0 ? rc : config_row_write(db, config, row, e);
}

int config_row_make(struct db *db, struct arena *arena, const struct origin *origin, struct config *config,
	struct config_row *row, const char *const change_descriptions[2], struct err *e)
{
	struct config_row *old = NULL;
	int rc = config_row_find(db, arena, config, row->id, &old, e);
	if (rc < 0)
		return rc;
	if (rc > 0 && !old->is_deleted)
		return fail(e, ERR_CONFIG_EXISTS, "Row with id \"%s\" already exists.", row->id);
	const char *standard = arena_printf(arena, "Row %s added", row->id);
	row->project_id = config->project_id;
	row->number = config->number;
	row->created_us = old ? old->created_us : now_us();
	row->creator_token_id = old ? old->creator_token_id : origin->token_id;
	row->creator_description = old ? old->creator_description : origin->token_description;
	row->current.version = old ? old->current.version : 0;
	config->rows_sort_order = sort_order_with(arena, config->rows_sort_order, row->id);
	return config_row_change(db, arena, origin, config, row,
		(const char *[]){ change_descriptions[0] ? change_descriptions[0] : standard,
			change_descriptions[1] ? change_descriptions[1] : standard },
		e);
}

/* --- rollback -------------------------------------------------------------------------------------------------------------- */

static bool has_row(const struct config_row_list *rows, const char *id)
{
	for (size_t i = 0; i < rows->count; i++)
		if (str_eq(rows->items[i].id, id))
			return true;
	return false;
}

struct rollback {
	const struct origin *origin;
	const struct config *config;  /* in its new version */
	const struct config *version; /* what it goes back to */
};

/* Content of then, version after the row's latest, state of today. */
static int roll_back_row(
	struct db *db, struct arena *arena, const struct rollback *rollback, struct config_row *then, struct err *e)
{
	struct config_row *today = NULL;
	const char *change_description =
		arena_printf(arena, "Rollback to version %lld (via configuration rollback to version %lld)",
			(long long)then->current.version, (long long)rollback->version->current.version);
	int rc = config_row_find(db, arena, rollback->config, then->id, &today, e);
	if (rc < 0)
		return rc;
	then->current.version = today ? today->current.version : 0;
	config_row_next_version(arena, then, rollback->origin, change_description);
	return config_row_write(db, rollback->config, then, e);
}

int config_roll_back(struct db *db, struct arena *arena, const struct origin *origin, struct config *config,
	const struct config *version, const char *change_description, struct err *e)
{
	struct config_row_list then = { NULL, 0 }, today = { NULL, 0 };
	int rc = config_row_list_at(db, arena, version, &then, e);
	if (rc >= 0)
		rc = config_row_list(db, arena, config, &today, e);
	if (rc < 0)
		return rc;
	config->name = version->name;
	config->description = version->description;
	config->configuration = version->configuration;
	config->is_disabled = version->is_disabled;
	config->rows_sort_order = version->rows_sort_order;
	config_next_version(arena, config, origin, change_description);
	rc = config_update(db, config, e);
	for (size_t i = 0; i < today.count && rc >= 0; i++)
		if (!has_row(&then, today.items[i].id))
			rc = config_row_remove(db, config, &today.items[i], e);
	for (size_t i = 0; i < then.count && rc >= 0; i++)
		rc = roll_back_row(db, arena, &(struct rollback){ origin, config, version }, &then.items[i], e);
	return rc;
}

/* --- copies ---------------------------------------------------------------------------------------------------------------- */

static int copy_row(struct db *db, struct arena *arena, const struct origin *origin, const struct config *copy,
	struct config_row *row, struct err *e)
{
	row->project_id = copy->project_id;
	row->number = copy->number;
	row->current.version = 0;
	config_row_next_version(arena, row, origin, copy->current.change_description);
	row->created_us = row->current.created_us;
	row->creator_token_id = origin->token_id;
	row->creator_description = row->current.token_description;
	return config_row_write(db, copy, row, e);
}

static int copy_rows(struct db *db, struct arena *arena, const struct origin *origin, const struct config *copy,
	struct config_row_list *rows, struct err *e)
{
	int rc = 0;
	for (size_t i = 0; i < rows->count && rc >= 0; i++)
		rc = copy_row(db, arena, origin, copy, &rows->items[i], e);
	return rc;
}

int config_copy(struct db *db, struct arena *arena, const struct origin *origin, const struct config *version,
	struct config *copy, struct err *e)
{
	struct config_row_list rows = { NULL, 0 };
	bool restored;
	int rc = config_row_list_at(db, arena, version, &rows, e);
	if (rc < 0)
		return rc;
	copy->is_disabled = version->is_disabled;
	copy->configuration = version->configuration;
	copy->rows_sort_order = version->rows_sort_order;
	copy->state = "{}";
	if (!copy->current.change_description)
		copy->current.change_description = arena_printf(arena, "Copied from configuration \"%s\" (%s) version %lld",
			version->name, version->id, (long long)version->current.version);
	rc = config_make(db, arena, origin, copy, &restored, e);
	return rc < 0 ? rc : copy_rows(db, arena, origin, copy, &rows, e);
}

static int copy_metadata(struct db *db, struct arena *arena, const struct config *from, const struct config *to, struct err *e)
{
	struct metadata_object source = { .project_id = from->project_id, .kind = "configuration", .number = from->number };
	struct metadata_object target = { .project_id = to->project_id, .kind = "configuration", .number = to->number };
	struct metadata *list = NULL;
	size_t count = 0;
	int rc = metadata_list(db, arena, &source, &list, &count, e);
	for (size_t i = 0; i < count && rc >= 0; i++)
		rc = metadata_set(db, &target, list[i].provider, list[i].key, list[i].value, e);
	return rc;
}

static int copy_into_branch(struct db *db, struct arena *arena, const struct origin *origin, const struct config *from,
	int64_t branch_id, struct err *e)
{
	struct config_row_list rows = { NULL, 0 };
	struct config copy = *from;
	copy.branch_id = branch_id;
	copy.current.version = 0;
	config_next_version(arena, &copy, origin,
		arena_printf(arena, "Copied from default branch configuration \"%s\" (%s) version %lld", from->name, from->id,
			(long long)from->current.version));
	copy.current.identifier = from->current.identifier;
	int rc = config_row_list(db, arena, from, &rows, e);
	if (rc >= 0)
		rc = config_insert(db, arena, &copy, e);
	if (rc >= 0)
		rc = copy_rows(db, arena, origin, &copy, &rows, e);
	return rc < 0 ? rc : copy_metadata(db, arena, from, &copy, e);
}

int config_copy_branch(struct db *db, struct arena *arena, const struct origin *origin, const int64_t from_to[2], struct err *e)
{
	struct config_key key = { .project_id = origin->project_id, .branch_id = from_to[0] };
	struct config_list list = { NULL, 0 };
	int rc = config_list(db, arena, &key, false, &list, e);
	for (size_t i = 0; i < list.count && rc >= 0; i++)
		rc = copy_into_branch(db, arena, origin, &list.items[i], from_to[1], e);
	return rc;
}
