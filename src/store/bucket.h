/* Buckets: the places of tables. A bucket's id is "<stage>.<name>" ("in.c-main"); its number names the place of its rows. */
#ifndef STORE_BUCKET_H
#define STORE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* All memory belongs to the arena that it was read into. Dates 0: never. */
struct bucket {
	int64_t project_id, number;
	char *id, *stage, *name, *display_name, *description;
	char *color; /* or NULL */
	char *backend;
	int64_t created_us, changed_us /* its tables */, updated_us /* its own description */;
	int64_t rows_count, data_size_bytes;
	int64_t owner_id;               /* 0: none */
	char *owner_name, *owner_email; /* NULL when there is none */
};

/* 1 found, 0 not found, negative failed. */
int bucket_find(
	struct db *db, struct arena *arena, int64_t project_id, const char *bucket_id, struct bucket **ret, struct err *e);
/* As bucket_find(), not found is ERR_BUCKET_NOT_FOUND. */
int bucket_get(struct db *db, struct arena *arena, int64_t project_id, const char *bucket_id, struct bucket **ret, struct err *e);
/* All buckets of the project, oldest first. */
int bucket_list(struct db *db, struct arena *arena, int64_t project_id, struct bucket **ret, size_t *ret_count, struct err *e);
/* Their ids, sorted by bytes: what a token that manages buckets may open. */
int bucket_ids(struct db *db, struct arena *arena, int64_t project_id, char ***ret, size_t *ret_count, struct err *e);

/* In: project_id, stage, name, display_name (NULL: name without "c-"), description, color, backend. Out: number, id,
 * created_us. ERR_BUCKET_EXISTS when the name or the display name is taken. */
int bucket_insert(struct db *db, struct arena *arena, struct bucket *bucket, struct err *e);
/* Writes display_name and color. ERR_BUCKET_EXISTS when the display name is another bucket's. */
int bucket_update(struct db *db, const struct bucket *bucket, struct err *e);
int bucket_set_owner(struct db *db, struct bucket *bucket, int64_t owner_id, struct err *e);
/* Its own description changed now (metadata, owner): shown as "updated". */
int bucket_mark_updated(struct db *db, const struct bucket *bucket, struct err *e);
/* Keeps others from putting a table into it until the transaction ends. */
int bucket_lock(struct db *db, const struct bucket *bucket, struct err *e);
/* Removes the bucket with its metadata and every token's permission for it (R09: a bucket made anew under the name is opened by
 * none of them). Its tables must be gone. */
int bucket_remove(struct db *db, const struct bucket *bucket, struct err *e);
/* Its tables changed by so much: sizes of the bucket and the project, last change; the project is touched (R13). */
int bucket_touch(
	struct db *db, int64_t project_id, int64_t bucket_number, int64_t rows_added, int64_t bytes_added, struct err *e);

#endif
