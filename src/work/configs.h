/* What changes configurations: each change is a version, of the configuration always, of a row when it is the row's. Inside a write. */
#ifndef WORK_CONFIGS_H
#define WORK_CONFIGS_H

#include <jansson.h>

#include "auth/caller.h"
#include "store/config.h"
#include "store/config_row.h"

/* The configuration's next version, in memory: config_update() writes it. */
void config_next_version(struct arena *arena, struct config *config, const struct origin *origin, const char *change_description);
/* The same for a row. */
void config_row_next_version(
	struct arena *arena, struct config_row *row, const struct origin *origin, const char *change_description);

/* Makes a configuration of what is set in config (project_id, branch_id, component_id, id or NULL, name, description, is_disabled, configuration,
 * state; the others are given). One in the trash comes back with the new content, the next version and no rows (*ret_restored);
 * ERR_CONFIG_EXISTS when it is there. */
int config_make(struct db *db, struct arena *arena, const struct origin *origin, struct config *config, bool *ret_restored,
	struct err *e);

/* Gives the row an id when it has none. */
int config_row_name(struct db *db, struct arena *arena, struct config_row *row, struct err *e);
/* Adds the row (id, name, description, is_disabled, configuration, state) and the configuration's version that says so.
 * change_descriptions are the configuration's and the row's; NULL: standard words. A deleted row's version goes on;
 * ERR_CONFIG_EXISTS when the row is there. */
int config_row_make(struct db *db, struct arena *arena, const struct origin *origin, struct config *config,
	struct config_row *row, const char *const change_descriptions[2], struct err *e);
/* Writes a row that was changed in memory: the next version of both. */
int config_row_change(struct db *db, struct arena *arena, const struct origin *origin, struct config *config,
	struct config_row *row, const char *const change_descriptions[2], struct err *e);

/* Makes the configuration and its rows what they were in the version: a new version of all of them. */
int config_roll_back(struct db *db, struct arena *arena, const struct origin *origin, struct config *config,
	const struct config *version, const char *change_description, struct err *e);
/* A new configuration with content and rows of the version; copy says project_id... name, description. Row states are those of today. */
int config_copy(struct db *db, struct arena *arena, const struct origin *origin, const struct config *version,
	struct config *copy, struct err *e);
/* Every living configuration of a branch with rows and metadata, into an empty branch: a new branch begins so. */
int config_copy_branch(struct db *db, struct arena *arena, const struct origin *origin, const int64_t from_to[2], struct err *e);

/* The sort order (a JSON list of row ids) with the id at its end, or without it. An empty order stays empty. */
const char *sort_order_with(struct arena *arena, const char *order, const char *row_id);
const char *sort_order_without(struct arena *arena, const char *order, const char *row_id);

/* Are these JSON texts the same for a configuration? An empty list is an empty object. */
bool config_json_same(const char *a, const char *b);

#endif
