/* Configurations of components and their versions. */
#ifndef STORE_CONFIG_H
#define STORE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* Who made a version of a configuration or a row, when and why. */
struct revision {
	int64_t version;
	int64_t created_us;
	int64_t token_id;
	const char *token_description;
	const char *change_description;
	const char *identifier; /* changes exactly with the version */
};

/* All memory belongs to the arena that it was read into. configuration, state and rows_sort_order are JSON texts. */
struct config {
	int64_t project_id, branch_id;
	int64_t number; /* its key for rows, versions and metadata (kind "configuration") */
	const char *component_id, *id;
	const char *name, *description;
	bool is_disabled, is_deleted;
	const char *configuration, *state, *rows_sort_order;
	int64_t created_us, creator_token_id;
	const char *creator_description;
	int64_t own_token_id; /* R17; 0: it has none */
	struct revision current;
};
struct config_list {
	struct config *items;
	size_t count;
};

struct config_key {
	int64_t project_id, branch_id;
	const char *component_id; /* NULL in config_list(): any */
	const char *id;
};

/* Also one in the trash (is_deleted). 1 found, 0 not found, negative failed. */
int config_find(struct db *db, struct arena *arena, const struct config_key *key, struct config **ret, struct err *e);
/* Those in the trash, or those that are not; by component, then oldest first. */
int config_list(
	struct db *db, struct arena *arena, const struct config_key *key, bool deleted, struct config_list *ret, struct err *e);
/* Gives number, and id when it is NULL; inserts it with its first version. */
int config_insert(struct db *db, struct arena *arena, struct config *config, struct err *e);
/* Writes everything but the state, and adds the version that current says. */
int config_update(struct db *db, const struct config *config, struct err *e);
int config_update_state(struct db *db, const struct config *config, struct err *e);
int config_update_token(struct db *db, const struct config *config, struct err *e);
/* With its rows, versions and metadata. */
int config_remove(struct db *db, const struct config *config, struct err *e);
/* Every configuration of a branch, trash too, without leaving anything: the branch goes. */
int config_remove_branch(struct db *db, struct arena *arena, int64_t project_id, int64_t branch_id, struct err *e);

/* A version as a configuration that has no state; number and ids are those of config. 1, 0, negative. */
int config_version_find(
	struct db *db, struct arena *arena, const struct config *config, int64_t version, struct config **ret, struct err *e);
/* Newest first. */
int config_version_list(struct db *db, struct arena *arena, const struct config *config, const int64_t limit_offset[2],
	struct config_list *ret, struct err *e);

/* What a new revision of this version says; identifier is made. */
struct revision revision_make(
	struct arena *arena, int64_t version, int64_t token_id, const char *token_description, const char *change_description);

#endif
