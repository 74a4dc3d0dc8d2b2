/* Projects. */
#ifndef STORE_PROJECT_H
#define STORE_PROJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* All memory belongs to the arena that it was read into. Dates 0: never. */
struct project {
	int64_t id, organization_id;
	char *name;
	char *type; /* "production", "demo"... */
	int64_t created_us;
	int64_t version; /* grows with every change that a rendered token shows (R13) */
	int64_t default_branch_id;
	bool is_disabled;
	char *disabled_reason;
	int64_t deleted_us, deleted_by;
	int64_t purged_us;         /* deleted for good: nothing of it can come back */
	bool is_emptied;           /* purged, and its contents are gone */
	int64_t disabled_until_us; /* as announced; 0: not said */
	int64_t expires_us;
	int64_t data_size_bytes, rows_count;
	char *features;           /* JSON array of names */
	char *limits;             /* JSON object name -> number, beside the standard ones */
	int64_t token_max_life_s; /* policy: longest life of a new token, 0: none */
	int64_t events_keep_days; /* 0: the server's setting */
};
/* What a project may hold when nothing else was set for it (limits). Ends with a row whose name is NULL. */
struct project_limit {
	const char *name;
	int64_t value;
};
extern const struct project_limit PROJECT_LIMITS[];

struct project_list {
	struct project *items;
	size_t count;
};

/* Also a deleted one (deleted_us > 0), which callers that serve projects refuse. 1 found, 0 not found, negative failed. */
int project_find(struct db *db, struct arena *arena, int64_t id, struct project **ret, struct err *e);
/* As project_find(); not found or deleted is ERR_MANAGE_NOT_FOUND. */
int project_get(struct db *db, struct arena *arena, int64_t id, struct project **ret, struct err *e);
/* Of an organization (0: any); deleted ones or living ones. */
int project_list(
	struct db *db, struct arena *arena, int64_t organization_id, bool deleted, struct project_list *ret, struct err *e);
/* A purged one whose contents are still there: 1 found, 0 none, negative failed; and that they are gone. */
int project_find_unemptied(struct db *db, struct arena *arena, struct project **ret, struct err *e);
int project_set_emptied(struct db *db, int64_t id, struct err *e);
/* Makes the project with its default branch "Main". In: organization_id, name, type. Out: id, created_us, default_branch_id. */
int project_insert(struct db *db, struct project *project, struct err *e);
/* Writes name, type, organization, disabled, deleted, expires, features, limits and policies; version + 1, told (R13). */
int project_update(struct db *db, const struct project *project, struct err *e);

#endif
