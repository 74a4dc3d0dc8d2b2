/* Metadata: keys and values that a provider says about a bucket, a table, a column, a branch. */
#ifndef STORE_METADATA_H
#define STORE_METADATA_H

#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* All memory belongs to the arena that it was read into. */
struct metadata {
	int64_t id;
	int64_t object_number;
	char *column; /* "" when it is not a column's */
	char *provider, *key, *value;
	int64_t changed_us;
};

/* What is described. kind is "bucket", "table", "column" or "branch"; number is the bucket's, the table's (of a column too) or the branch's id. */
struct metadata_object {
	int64_t project_id;
	const char *kind;
	int64_t number;
	const char *column; /* of kind "column"; NULL: every column */
};

/* Of one object, in the order of ids. */
int metadata_list(struct db *db, struct arena *arena, const struct metadata_object *object, struct metadata **ret,
	size_t *ret_count, struct err *e);
/* Of every object of the kind in the project, ordered by object, then id: for lists. */
int metadata_list_all(struct db *db, struct arena *arena, int64_t project_id, const char *kind, struct metadata **ret,
	size_t *ret_count, struct err *e);
/* Same object, provider and key: the value and time are replaced, the id stays. */
int metadata_set(struct db *db, const struct metadata_object *object, const char *provider, const char *key, const char *value,
	struct err *e);
/* 1 found, 0 not this object's, negative failed. */
int metadata_find(struct db *db, struct arena *arena, const struct metadata_object *object, int64_t id, struct metadata **ret,
	struct err *e);
int metadata_remove(struct db *db, int64_t project_id, int64_t id, struct err *e);
/* Everything about the object; of kind "column" with column NULL: about every column of the table. */
int metadata_remove_all(struct db *db, const struct metadata_object *object, struct err *e);

/* Objects of a kind with an entry that has all that is given; NULL: any. Numbers in ascending order. */
struct metadata_search {
	int64_t project_id;
	const char *kind, *key, *value, *provider;
};
int metadata_find_objects(struct db *db, struct arena *arena, const struct metadata_search *search, int64_t **ret,
	size_t *ret_count, struct err *e);

#endif
