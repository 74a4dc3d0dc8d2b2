/* The rows of configurations and their versions. */
#include "store/config.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/own.h"
#include "store/list.h"
#include "store/metadata.h"

#define CONFIG_COLUMNS                                                                                                           \
	"project_id, number, branch_id, component_id, id, name, description, is_disabled, is_deleted, configuration, state, "    \
	"rows_sort_order, created_us, creator_token_id, creator_description, version, version_us, version_token_id, "            \
	"version_token_description, change_description, version_identifier, own_token_id"
#define VERSION_COLUMNS                                                                                                          \
	"project_id, number, version, name, description, is_disabled, is_deleted, configuration, rows_sort_order, version_us, "  \
	"version_token_id, version_token_description, change_description, version_identifier"

struct revision revision_make(
	struct arena *arena, int64_t version, int64_t token_id, const char *token_description, const char *change_description)
{
	char identifier[UUID_TEXT_SIZE];
	int64_t now = now_us();
	return (struct revision){
		.version = version,
		.created_us = now,
		.token_id = token_id,
		.token_description = token_description ? token_description : "",
		.change_description = change_description,
		.identifier = arena_strdup(arena, uuid_v7(now, identifier)),
	};
}

static const char *keep(struct arena *arena, struct db_rows *rows, int column)
{
	return arena_strdup(arena, db_col_text(rows, column));
}

static void config_read(struct arena *arena, struct db_rows *rows, struct config *ret)
{
	*ret = (struct config){
		.project_id = db_col_int(rows, 0),
		.number = db_col_int(rows, 1),
		.branch_id = db_col_int(rows, 2),
		.component_id = keep(arena, rows, 3),
		.id = keep(arena, rows, 4),
		.name = keep(arena, rows, 5),
		.description = keep(arena, rows, 6),
		.is_disabled = db_col_bool(rows, 7),
		.is_deleted = db_col_bool(rows, 8),
		.configuration = keep(arena, rows, 9),
		.state = keep(arena, rows, 10),
		.rows_sort_order = keep(arena, rows, 11),
		.created_us = db_col_int(rows, 12),
		.creator_token_id = db_col_int(rows, 13),
		.creator_description = keep(arena, rows, 14),
		.current = { db_col_int(rows, 15), db_col_int(rows, 16), db_col_int(rows, 17), keep(arena, rows, 18),
			keep(arena, rows, 19), keep(arena, rows, 20) },
		.own_token_id = db_col_int(rows, 21),
	};
}

int config_find(struct db *db, struct arena *arena, const struct config_key *key, struct config **ret, struct err *e)
{
	static const struct sql find = {
		.text = "SELECT " CONFIG_COLUMNS
			" FROM configurations WHERE project_id = $1 AND branch_id = $2 AND component_id = $3 AND id = $4",
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &find, DB_ARGS(db_i(key->project_id), db_i(key->branch_id), db_s(key->component_id), db_s(key->id)),
		&rows, e);
	if (rc <= 0)
		return rc;
	struct config *config = arena_new_of(arena, struct config);
	if (!config)
		return fail_internal(e, ERR_INTERNAL, "no memory for a configuration");
	config_read(arena, rows, config);
	*ret = config;
	return 1;
}

int config_list(
	struct db *db, struct arena *arena, const struct config_key *key, bool deleted, struct config_list *ret, struct err *e)
{
	static const struct sql list = {
		.text = "SELECT " CONFIG_COLUMNS
			" FROM configurations WHERE project_id = $1 AND branch_id = $2 AND is_deleted = $3 "
			"AND (CAST($4 AS TEXT) = '' OR component_id = $4) ORDER BY component_id, number",
	};
	own(own_rows) struct db_rows *rows = NULL;
	struct config_list configs = { NULL, 0 };
	int rc = db_query(db, &list,
		DB_ARGS(db_i(key->project_id), db_i(key->branch_id), db_bool(deleted),
			db_s(key->component_id ? key->component_id : "")),
		&rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		configs.items = list_room(arena, configs.items, configs.count, sizeof(*configs.items));
		if (!configs.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the configurations");
		config_read(arena, rows, &configs.items[configs.count++]);
	}
	if (rc == 0)
		*ret = configs;
	return rc;
}

/* --- changes -------------------------------------------------------------------------------------------------------------- */

static int version_insert(struct db *db, const struct config *config, struct err *e)
{
	static const struct sql insert = {
		.text = "INSERT INTO configuration_versions (" VERSION_COLUMNS ") "
			"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
	};
	const struct revision *current = &config->current;
	return db_exec(db, &insert,
		DB_ARGS(db_i(config->project_id), db_i(config->number), db_i(current->version), db_s(config->name),
			db_s(config->description), db_bool(config->is_disabled), db_bool(config->is_deleted),
			db_s(config->configuration), db_s(config->rows_sort_order), db_i(current->created_us),
			db_i(current->token_id), db_s(current->token_description), db_s(current->change_description),
			db_s(current->identifier)),
		e);
}

int config_insert(struct db *db, struct arena *arena, struct config *config, struct err *e)
{
	static const struct sql insert = {
		.text = "INSERT INTO configurations (" CONFIG_COLUMNS
			") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
			"$15, $16, $17, $18, $19, $20, $21, 0)",
	};
	int rc = db_next_id(db, "configuration", &config->number, e);
	if (rc < 0)
		return rc;
	if (!config->id)
		config->id = arena_printf(arena, "%lld", (long long)config->number);
	const struct revision *current = &config->current;
	rc = db_exec(db, &insert,
		DB_ARGS(db_i(config->project_id), db_i(config->number), db_i(config->branch_id), db_s(config->component_id),
			db_s(config->id), db_s(config->name), db_s(config->description), db_bool(config->is_disabled),
			db_bool(config->is_deleted), db_s(config->configuration), db_s(config->state),
			db_s(config->rows_sort_order), db_i(config->created_us), db_i(config->creator_token_id),
			db_s(config->creator_description), db_i(current->version), db_i(current->created_us),
			db_i(current->token_id), db_s(current->token_description), db_s(current->change_description),
			db_s(current->identifier)),
		e);
	return rc < 0 ? rc : version_insert(db, config, e);
}

int config_update(struct db *db, const struct config *config, struct err *e)
{
	static const struct sql update = {
		.text = "UPDATE configurations SET name = $3, description = $4, is_disabled = $5, is_deleted = $6, configuration "
			"= $7, "
			"rows_sort_order = $8, version = $9, version_us = $10, version_token_id = $11, version_token_description "
			"= $12, "
			"change_description = $13, version_identifier = $14 WHERE project_id = $1 AND number = $2",
	};
	const struct revision *current = &config->current;
	int rc = db_exec(db, &update,
		DB_ARGS(db_i(config->project_id), db_i(config->number), db_s(config->name), db_s(config->description),
			db_bool(config->is_disabled), db_bool(config->is_deleted), db_s(config->configuration),
			db_s(config->rows_sort_order), db_i(current->version), db_i(current->created_us), db_i(current->token_id),
			db_s(current->token_description), db_s(current->change_description), db_s(current->identifier)),
		e);
	return rc < 0 ? rc : version_insert(db, config, e);
}

int config_update_state(struct db *db, const struct config *config, struct err *e)
{
	static const struct sql update = { .text = "UPDATE configurations SET state = $3 WHERE project_id = $1 AND number = $2" };
	return db_exec(db, &update, DB_ARGS(db_i(config->project_id), db_i(config->number), db_s(config->state)), e);
}

int config_update_token(struct db *db, const struct config *config, struct err *e)
{
	static const struct sql update = {
		.text = "UPDATE configurations SET own_token_id = $3 WHERE project_id = $1 AND number = $2"
	};
	return db_exec(db, &update, DB_ARGS(db_i(config->project_id), db_i(config->number), db_i(config->own_token_id)), e);
}

int config_remove(struct db *db, const struct config *config, struct err *e)
{
	static const struct sql removals[] = {
		{ .text = "DELETE FROM configuration_row_versions WHERE project_id = $1 AND number = $2" },
		{ .text = "DELETE FROM configuration_rows WHERE project_id = $1 AND number = $2" },
		{ .text = "DELETE FROM configuration_versions WHERE project_id = $1 AND number = $2" },
		{ .text = "DELETE FROM configurations WHERE project_id = $1 AND number = $2" },
	};
	struct metadata_object object = { .project_id = config->project_id, .kind = "configuration", .number = config->number };
	int rc = metadata_remove_all(db, &object, e);
	for (size_t i = 0; i < sizeof(removals) / sizeof(removals[0]) && rc >= 0; i++)
		rc = db_exec(db, &removals[i], DB_ARGS(db_i(config->project_id), db_i(config->number)), e);
	return rc;
}

int config_remove_branch(struct db *db, struct arena *arena, int64_t project_id, int64_t branch_id, struct err *e)
{
	struct config_key key = { .project_id = project_id, .branch_id = branch_id };
	for (int deleted = 0; deleted <= 1; deleted++) {
		struct config_list list = { NULL, 0 };
		int rc = config_list(db, arena, &key, deleted, &list, e);
		for (size_t i = 0; i < list.count && rc >= 0; i++)
			rc = config_remove(db, &list.items[i], e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* --- versions ------------------------------------------------------------------------------------------------------------- */

static void version_read(struct arena *arena, struct db_rows *rows, const struct config *config, struct config *ret)
{
	*ret = *config;
	ret->name = keep(arena, rows, 3);
	ret->description = keep(arena, rows, 4);
	ret->is_disabled = db_col_bool(rows, 5);
	ret->is_deleted = db_col_bool(rows, 6);
	ret->configuration = keep(arena, rows, 7);
	ret->rows_sort_order = keep(arena, rows, 8);
	ret->state = "{}";
	ret->current = (struct revision){ db_col_int(rows, 2), db_col_int(rows, 9), db_col_int(rows, 10), keep(arena, rows, 11),
		keep(arena, rows, 12), keep(arena, rows, 13) };
}

int config_version_find(
	struct db *db, struct arena *arena, const struct config *config, int64_t version, struct config **ret, struct err *e)
{
	static const struct sql find = {
		.text = "SELECT " VERSION_COLUMNS
			" FROM configuration_versions WHERE project_id = $1 AND number = $2 AND version = $3",
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &find, DB_ARGS(db_i(config->project_id), db_i(config->number), db_i(version)), &rows, e);
	if (rc <= 0)
		return rc;
	struct config *found = arena_new_of(arena, struct config);
	if (!found)
		return fail_internal(e, ERR_INTERNAL, "no memory for a version");
	version_read(arena, rows, config, found);
	*ret = found;
	return 1;
}

int config_version_list(struct db *db, struct arena *arena, const struct config *config, const int64_t limit_offset[2],
	struct config_list *ret, struct err *e)
{
	static const struct sql list = {
		.text = "SELECT " VERSION_COLUMNS " FROM configuration_versions WHERE project_id = $1 AND number = $2 "
			"ORDER BY version DESC LIMIT $3 OFFSET $4",
	};
	own(own_rows) struct db_rows *rows = NULL;
	struct config_list versions = { NULL, 0 };
	int rc = db_query(db, &list,
		DB_ARGS(db_i(config->project_id), db_i(config->number), db_i(limit_offset[0]), db_i(limit_offset[1])), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		versions.items = list_room(arena, versions.items, versions.count, sizeof(*versions.items));
		if (!versions.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the versions");
		version_read(arena, rows, config, &versions.items[versions.count++]);
	}
	if (rc == 0)
		*ret = versions;
	return rc;
}
