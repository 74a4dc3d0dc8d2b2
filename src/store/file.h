/* Files: what is known about them; their contents are blobs (blob/blob.h). */
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
	char *file_type;        /* "csv" for exports, else NULL */
	char *source_bucket_id; /* an export's bucket: reading the file takes read on it (R09); else NULL */
	char **tags;
	size_t tag_count;
	int64_t creator_token_id;
	char *creator_description;
	char *run_id; /* NULL: none */
	char **run_ids;
	size_t run_id_count;
};

/* 1 found, 0 not found or expired, negative failed. */
int file_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct file **ret, struct err *e);
/* Inside a write: the same, and nobody else changes it before the commit. Not found is ERR_FILE_NOT_FOUND. */
int file_lock(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct file **ret, struct err *e);
/* Inside a write: gives id (when it is 0), container and blob (from project_id, max_age_days, name), for contents that are there
 * before their file is. */
int file_reserve(struct db *db, struct arena *arena, struct file *file, struct err *e);
/* In: everything but id (0, unless it was reserved), container, blob, created_us, expires_us (made from max_age_days) and run_ids; these are given.
 * Tags given twice are kept once. */
int file_insert(struct db *db, struct arena *arena, struct file *file, struct err *e);
/* The row goes at once, the contents with the next round of the sweeper. Nothing to remove is no error. */
int file_remove(struct db *db, int64_t project_id, int64_t id, struct err *e);

/* Inside a write, on a locked file. Adding a tag that is there and removing one that is not change nothing. */
int file_tag_add(struct db *db, struct arena *arena, struct file *file, const char *tag, struct err *e);
int file_tag_remove(struct db *db, struct arena *arena, struct file *file, const char *tag, struct err *e);
/* Inside a write, on a locked file: a cached export is given to one more token in one more run (run_id may be NULL). */
int file_reuse(struct db *db, struct arena *arena, struct file *file, int64_t token_id, const char *run_id, struct err *e);
/* Was this token given the file by file_reuse()? 1 yes, 0 no. */
int file_reader_find(struct db *db, int64_t project_id, int64_t id, int64_t token_id, struct err *e);

/* Which files, newest first. Zero or NULL: not asked for. */
struct file_filter {
	int64_t project_id;
	int64_t token_id;         /* only files made by this token or given to it */
	int64_t since_id, max_id; /* exclusive */
	const char *const *tags;  /* any of them */
	size_t tag_count;
	const char *run_id;
	const struct query_node *query; /* file_query_parse(); NULL: all */
	bool show_expired;
	int64_t limit, offset;
	/* Asked for every file, counted for limit and offset only when it says yes; NULL: all. */
	bool (*sees)(void *arg, const struct file *file);
	void *arg;
};
int file_list(struct db *db, struct arena *arena, const struct file_filter *filter, struct file ***ret, size_t *ret_count,
	struct err *e);

/* --- for the sweeper ----------------------------------------------------------------------------------------------------- */

/* Containers whose contents may go: of removed files, and of files that expired. At most 100 at a time. */
struct file_grave {
	int64_t project_id;
	int64_t file_id; /* of an expired file; 0: it is gone already */
	char *container;
};
int file_graves(struct db *db, struct arena *arena, struct file_grave **ret, size_t *ret_count, struct err *e);
/* Inside a write: its contents are gone. */
int file_grave_done(struct db *db, const struct file_grave *grave, struct err *e);
/* Inside a write: forgets files that expired before that time. */
int file_remove_expired(struct db *db, int64_t before_us, struct err *e);

#endif
