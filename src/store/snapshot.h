/* Snapshots of tables: what a table was, with its rows in a file. */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* All memory belongs to the arena that it was read into. */
struct snapshot {
	int64_t project_id, id, table_number;
	char *table_id, *bucket_id, *description;
	int64_t created_us, creator_token_id;
	char *creator_description;
	int64_t data_file_id;
	char *definition; /* JSON: name, columns, primaryKey, metadata, columnMetadata... */
};

/* 1 found, 0 not found, negative failed. */
int snapshot_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct snapshot **ret, struct err *e);
struct snapshot_query {
	int64_t project_id, table_number, limit, offset;
};
struct snapshot_list {
	struct snapshot *items;
	size_t count;
};
/* Newest first. */
int snapshot_list(
	struct db *db, struct arena *arena, const struct snapshot_query *query, struct snapshot_list *ret, struct err *e);
/* In: everything but id and created_us; these are given. */
int snapshot_insert(struct db *db, struct snapshot *snapshot, struct err *e);
int snapshot_remove(struct db *db, int64_t project_id, int64_t id, struct err *e);

#endif
