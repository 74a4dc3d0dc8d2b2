/* Files: what is known about them; their contents are blobs. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* All memory belongs to the arena that it was read into. */
struct file {
	int64_t project_id, id, branch_id;
	char *name;
	char *container; /* "exp-15-files-1-42" */
	char *blob;      /* "42.data.csv"; a sliced file's prefix: its manifest is <blob>manifest, its slices <blob><slice> */
	int64_t created_us, expires_us; /* 0: permanent */
	int64_t max_age_days;           /* 0: permanent */
	int64_t size_bytes;             /* as declared; -1: not declared */
	bool is_sliced, is_public, is_encrypted, notify;
	char *file_type;   /* "csv" for exports, else NULL */
	char **tags;
	size_t tag_count;
	int64_t creator_token_id;
	char *creator_description;
	char *run_id;
	char **run_ids;
	size_t run_id_count;
};

/* 1 found, 0 not found or expired, negative failed. */
int file_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct file **ret, struct err *e);
/* In: everything but id, container, blob, created_us; these are given. */
int file_insert(struct db *db, struct arena *arena, struct file *file, struct err *e);
int file_remove(struct db *db, int64_t project_id, int64_t id, struct err *e);

#endif
