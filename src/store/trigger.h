/* Triggers: which configuration is to run when which tables have changed. */
#ifndef STORE_TRIGGER_H
#define STORE_TRIGGER_H

#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* All memory belongs to the arena that it was read into. */
struct trigger {
	int64_t project_id, id;
	const char *component_id, *configuration_id;
	int64_t run_with_token_id;
	int64_t cool_down_minutes;
	const char *table_ids; /* JSON list of texts */
	int64_t last_run_us;
	int64_t creator_token_id;
	const char *creator_description;
};
struct trigger_list {
	struct trigger *items;
	size_t count;
};

/* 1 found, 0 not found, negative failed. */
int trigger_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct trigger **ret, struct err *e);
/* The first trigger that runs with this token: 1, 0, negative. */
int trigger_uses_token(
	struct db *db, struct arena *arena, int64_t project_id, int64_t token_id, struct trigger **ret, struct err *e);
/* Oldest first. */
int trigger_list(struct db *db, struct arena *arena, int64_t project_id, struct trigger_list *ret, struct err *e);
/* Gives id. */
int trigger_insert(struct db *db, struct trigger *trigger, struct err *e);
/* Writes everything but the creator. */
int trigger_update(struct db *db, const struct trigger *trigger, struct err *e);
int trigger_remove(struct db *db, const struct trigger *trigger, struct err *e);

#endif
