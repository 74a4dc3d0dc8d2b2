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
	char *content_encoding, *content_language, *cache_control; /* or NULL */
	char *etag;                /* quoted */
};

int blobs_open(const struct conf *conf, struct blobs **ret, struct err *e);
void blobs_close(struct blobs *blobs);

/* container is "exp-15-files-<project>-<file>"; name is any UTF-8 text without NUL, at most 1,024 bytes: it never becomes a path by itself. */
/* Opens for reading: 1 and an fd, 0 when there is none, negative failed. info may be NULL. */
int blob_open(struct blobs *blobs, struct arena *arena, const char *container, const char *name, int *ret_fd, struct blob_info *info, struct err *e);
/* Takes a finished local file (moved, or copied across devices) as the blob's contents. */
int blob_put_file(struct blobs *blobs, const char *container, const char *name, const char *path, const struct blob_info *info, struct err *e);
/* A writer for contents made piece by piece (exports): nothing is visible before commit. */
struct blob_writer;
int blob_write_open(struct blobs *blobs, const char *container, const char *name, struct blob_writer **ret, struct err *e);
int blob_write(struct blob_writer *writer, const void *data, size_t length, struct err *e);
int blob_write_commit(struct blob_writer *writer, const struct blob_info *info, struct err *e); /* frees */
void blob_write_abort(struct blob_writer *writer); /* frees; NULL is fine */
int blob_remove_container(struct blobs *blobs, const char *container, struct err *e);

#endif
