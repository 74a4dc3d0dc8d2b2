/* Contents that come in blocks: <hash of the blob's name>-<hash of the block's id>.block until the list that names them makes
 * one file of them. The list stays beside the data, so that a later one may name blocks of this one again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/blob/local.h"

static void block_name(const char *name, const char *id, char ret[LOCAL_NAME_SIZE])
{
	char blob[33], block[33];
	local_hash(name, blob);
	local_hash(id, block);
	snprintf(ret, LOCAL_NAME_SIZE, "%s-%s.block", blob, block);
}

int blob_block_put(struct blobs *blobs, const char *container, const char *name, const char *id, const char *path, struct err *e)
{
	char block[LOCAL_NAME_SIZE];
	own(own_close) int folder = -1;
	int rc = local_container(blobs, container, true, &folder, e);
	if (rc < 0)
		return rc;
	block_name(name, id, block);
	return local_take(folder, path, block, e);
}

/* The blob that is there now: its data, and its blocks as id -> [offset, size]. */
struct committed {
	int fd;
	json_t *blocks;
};

static void own_committed(struct committed *committed)
{
	own_close(&committed->fd);
	json_decref(committed->blocks);
}

static struct committed committed_open(int folder, const char *name)
{
	struct committed committed = { -1, NULL };
	own(own_json) json_t *meta = local_meta(folder, name);
	const char *data = json_string_value(json_object_get(meta, "data"));
	own(own_free) char *list = NULL;
	if (!data || asprintf(&list, "%s.list", data) < 0)
		return committed;
	own(own_close) int fd = openat(folder, list, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return committed;
	committed.blocks = json_read_fd(fd);
	committed.fd = openat(folder, data, O_RDONLY | O_CLOEXEC);
	return committed;
}

/* Appends one block to the data; *ret_size is its size. */
static int append_staged(int folder, const char *name, const char *id, int to, int64_t *ret_size, struct err *e)
{
	struct stat st;
	char block[LOCAL_NAME_SIZE];
	block_name(name, id, block);
	own(own_close) int fd = openat(folder, block, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return fail(e, ERR_BLOB_BLOCK_LIST, NULL);
	if (fd < 0 || fstat(fd, &st) < 0)
		return local_fail(e, "block");
	*ret_size = st.st_size;
	return local_copy(fd, 0, st.st_size, to, e);
}

static int append_committed(const struct committed *committed, const char *id, int to, int64_t *ret_size, struct err *e)
{
	json_t *place = json_object_get(committed->blocks, id);
	if (!place || committed->fd < 0)
		return fail(e, ERR_BLOB_BLOCK_LIST, NULL);
	*ret_size = json_integer_value(json_array_get(place, 1));
	return local_copy(committed->fd, json_integer_value(json_array_get(place, 0)), *ret_size, to, e);
}

static int append(int folder, const char *name, const struct committed *committed, const struct blob_block *block, int to,
	int64_t *ret_size, struct err *e)
{
	if (block->from == BLOB_COMMITTED)
		return append_committed(committed, block->id, to, ret_size, e);
	int rc = append_staged(folder, name, block->id, to, ret_size, e);
	if (rc != -ERR_BLOB_BLOCK_LIST || block->from == BLOB_UNCOMMITTED)
		return rc;
	return append_committed(committed, block->id, to, ret_size, e);
}

static int list_write(int folder, const char *data, json_t *blocks, struct err *e)
{
	own(own_free) char *list = NULL;
	if (asprintf(&list, "%s.list", data) < 0)
		return local_fail(e, "list of blocks");
	own(own_close) int fd = openat(folder, list, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || json_dumpfd(blocks, fd, JSON_COMPACT) < 0 || fsync(fd) < 0)
		return local_fail(e, "list of blocks");
	return 0;
}

static int join(int folder, const char *name, const char *data, const struct blob_block *list, size_t count, struct err *e)
{
	own(own_committed) struct committed committed = committed_open(folder, name);
	own(own_json) json_t *blocks = json_object();
	own(own_close) int to = openat(folder, data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return local_fail(e, "blocks");
	int64_t offset = 0, size = 0;
	for (size_t i = 0; i < count; i++) {
		int rc = append(folder, name, &committed, &list[i], to, &size, e);
		if (rc < 0)
			return rc;
		json_object_set_new_nocheck(blocks, list[i].id, json_pack("[I, I]", (json_int_t)offset, (json_int_t)size));
		offset += size;
	}
	if (fsync(to) < 0)
		return local_fail(e, "sync");
	return list_write(folder, data, blocks, e);
}

static void blocks_forget(int folder, const char *name)
{
	char blob[33];
	local_hash(name, blob);
	DIR *dir = local_dir(folder);
	if (!dir)
		return;
	rewinddir(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (str_starts(entry->d_name, blob) && str_ends(entry->d_name, ".block"))
			unlinkat(folder, entry->d_name, 0);
	closedir(dir);
}

int blob_blocks_commit(struct blobs *blobs, const char *container, const char *name, const struct blob_block *list, size_t count,
	const struct blob_info *info, struct err *e)
{
	char data[LOCAL_NAME_SIZE];
	own(own_close) int folder = -1;
	int rc = local_container(blobs, container, true, &folder, e);
	if (rc < 0)
		return rc;
	local_data_name(data);
	rc = join(folder, name, data, list, count, e);
	if (rc < 0) {
		unlinkat(folder, data, 0);
		return rc;
	}
	rc = local_commit(blobs, folder, name, data, info, e);
	if (rc == 0)
		blocks_forget(folder, name);
	return rc;
}
