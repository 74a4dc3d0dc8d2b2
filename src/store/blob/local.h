/* The local folder's own pieces, shared by local.c and blocks.c. */
#ifndef STORE_BLOB_LOCAL_H
#define STORE_BLOB_LOCAL_H

#include <dirent.h>
#include <pthread.h>

#include <jansson.h>

#include "store/blob/blob.h"

#define LOCAL_LOCKS 64
struct blobs {
	int root; /* <data>/blobs */
	/* A blob becomes visible under one of them, chosen by its name: the one replaced is then known and removed. */
	pthread_mutex_t locks[LOCAL_LOCKS];
};

#define LOCAL_NAME_SIZE 80 /* names that we make: hexadecimal or random, and a suffix */

/* The folder of a container: 1 and its descriptor, 0 when it is not there (create false) or no valid name. */
int local_container(struct blobs *blobs, const char *container, bool create, int *ret_folder, struct err *e);
/* What is known about a blob, or NULL. The caller's to decref. */
json_t *local_meta(int folder, const char *name);
void local_data_name(char ret[LOCAL_NAME_SIZE]);
/* The same as a struct, its texts in the arena. */
void local_info(struct arena *arena, json_t *meta, struct blob_info *info);
/* The synced file data becomes the blob's contents; what was there before goes. */
int local_commit(
	struct blobs *blobs, int folder, const char *name, const char *data, const struct blob_info *info, struct err *e);
/* Moves a finished file into the folder and syncs it; path NULL makes an empty one. */
int local_take(int folder, const char *path, const char *as, struct err *e);
/* Appends length bytes of a file from offset on. */
int local_copy(int from, int64_t offset, int64_t length, int to, struct err *e);
/* First half of the file name of everything that belongs to a blob: 32 hexadecimal digits. */
void local_hash(const char *name, char ret[33]);
/* For reading the folder's names, the caller's to closedir(); NULL with errno. */
DIR *local_dir(int folder);
int local_fail(struct err *e, const char *what);

#endif
