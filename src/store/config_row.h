/* Rows of configurations and their versions. */
#ifndef STORE_CONFIG_ROW_H
#define STORE_CONFIG_ROW_H

#include "store/config.h"

/* All memory belongs to the arena that it was read into. */
struct config_row {
	int64_t project_id, number; /* of the configuration */
	const char *id;
	const char *name, *description;
	bool is_disabled, is_deleted;
	const char *configuration, *state; /* JSON texts */
	int64_t created_us, creator_token_id;
	const char *creator_description;
	struct revision current;
};
struct config_row_list {
	struct config_row *items;
	size_t count;
};

/* Also a deleted one, whose version and state go on when it is made anew. 1 found, 0 not found, negative failed. */
int config_row_find(
	struct db *db, struct arena *arena, const struct config *config, const char *id, struct config_row **ret, struct err *e);
/* Living ones in the configuration's order; without one by id. */
int config_row_list(struct db *db, struct arena *arena, const struct config *config, struct config_row_list *ret, struct err *e);

/* Writes the row whole (it may be new) with the version that current says, which is part of the configuration from its version on. */
int config_row_write(struct db *db, const struct config *config, const struct config_row *row, struct err *e);
int config_row_update_state(struct db *db, const struct config_row *row, struct err *e);
/* Deleted: part of the configuration until its version. */
int config_row_remove(struct db *db, const struct config *config, const struct config_row *row, struct err *e);

/* The rows as they were in that version of the configuration, without states, in its order. */
int config_row_list_at(
	struct db *db, struct arena *arena, const struct config *version, struct config_row_list *ret, struct err *e);
int config_row_version_find(struct db *db, struct arena *arena, const struct config_row *row, int64_t version,
	struct config_row **ret, struct err *e);
/* Newest first. */
int config_row_version_list(struct db *db, struct arena *arena, const struct config_row *row, const int64_t limit_offset[2],
	struct config_row_list *ret, struct err *e);

#endif
