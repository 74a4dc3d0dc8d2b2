/* Contents of files: a local folder, <data>/blobs/<project>/<container>/..., written beside and renamed into place, synced
 * before they are acknowledged. */
#ifndef STORE_BLOB_BLOB_H
#define STORE_BLOB_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"

struct blobs;

struct blob_info {
	int64_t size_bytes;
	int64_t created_us, modified_us;
	char *content_type;        /* or NULL */
	char *content_disposition; /* or NULL */
	char *content_language,
		*cache_control; /* or NULL; a content encoding is not kept: clients would decode behind their callers' backs */
	char *etag;             /* quoted */
	/* Writing: */
	bool only_new; /* ERR_BLOB_EXISTS when there is one already */
	/* Asked in the last moment before the contents become visible; negative: they do not. NULL: not asked. */
	int (*allow)(void *arg, struct err *e);
	void *allow_arg;
};

int blobs_open(const struct conf *conf, struct blobs **ret, struct err *e);
void blobs_close(struct blobs *blobs);

/* "exp-15-files-<project>-<file>": both numbers; false when it is no such name. */
bool blob_container_parse(const char *container, int64_t *ret_project_id, int64_t *ret_file_id);

/* container is "exp-15-files-<project>-<file>"; name is any UTF-8 text without NUL, at most 1,024 bytes: it never becomes a path by itself. */
/* Opens for reading: 1 and an fd, 0 when there is none, negative failed. info may be NULL. */
int blob_open(struct blobs *blobs, struct arena *arena, const char *container, const char *name, int *ret_fd,
	struct blob_info *info, struct err *e);
/* Takes a finished local file (moved, or copied across devices; NULL: nothing, an empty blob) as the blob's contents. Of info (may be NULL) the texts and
 * what is for writing are used, the rest is made. */
int blob_put_file(struct blobs *blobs, const char *container, const char *name, const char *path, const struct blob_info *info,
	struct err *e);
/* A writer for contents made piece by piece (exports): nothing is visible before commit. */
struct blob_writer;
int blob_write_open(struct blobs *blobs, const char *container, const char *name, struct blob_writer **ret, struct err *e);
int blob_write(struct blob_writer *writer, const void *data, size_t length, struct err *e);
int blob_write_commit(struct blob_writer *writer, const struct blob_info *info, struct err *e); /* frees, also when it fails */
void blob_write_abort(struct blob_writer *writer);                                              /* frees; NULL is fine */

/* Contents that come in blocks, in any order, made visible by the list that names them. */
#define BLOB_BLOCKS_MAX 50000
#define BLOB_BLOCK_ID_MAX 88 /* 64 bytes as base64 */
enum blob_block_from { BLOB_LATEST, BLOB_COMMITTED, BLOB_UNCOMMITTED };
struct blob_block {
	const char *id;
	enum blob_block_from from;
};
/* path NULL: an empty block. The file is moved. */
int blob_block_put(struct blobs *blobs, const char *container, const char *name, const char *id, const char *path, struct err *e);
/* ERR_BLOB_BLOCK_LIST when one of them was never put. Blocks left over are forgotten. */
int blob_blocks_commit(struct blobs *blobs, const char *container, const char *name, const struct blob_block *list, size_t count,
	const struct blob_info *info, struct err *e);

/* All blobs of a container, sorted by name; a container that is not there has none. More than BLOB_LIST_MAX is ERR_TOO_LARGE. */
#define BLOB_LIST_MAX 50000
struct blob_entry {
	char *name;
	struct blob_info info;
};
int blob_list(struct blobs *blobs, struct arena *arena, const char *container, struct blob_entry **ret, size_t *ret_count,
	struct err *e);

/* Nothing there is no error. */
int blob_remove_container(struct blobs *blobs, const char *container, struct err *e);

#endif
