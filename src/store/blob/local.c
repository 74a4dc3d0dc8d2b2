/* Contents of files in a local folder. A blob is two files: <hash of its name>.meta, which names the one with its data. The
 * rename of the first makes a blob visible, so a crash leaves the old one or the new one, never a mixture. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/blob/local.h"

#define OPEN_TRIES 5

struct blob_writer {
	struct blobs *blobs;
	int folder;
	int fd;
	char data[LOCAL_NAME_SIZE];
	char name[]; /* of the blob */
};

int local_fail(struct err *e, const char *what)
{
	return fail_internal(e, ERR_INTERNAL, "contents of files: %s: %s", what, strerror(errno));
}

DIR *local_dir(int folder)
{
	int copy = dup(folder);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir && copy >= 0)
		close(copy);
	return dir;
}

static int folder_open(int parent, const char *name, bool create, int *ret, struct err *e)
{
	if (create && mkdirat(parent, name, 0700) == 0 && fsync(parent) < 0)
		return local_fail(e, "sync of a new folder");
	int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 && errno == ENOENT && !create)
		return 0;
	if (folder < 0)
		return local_fail(e, "folder");
	*ret = folder;
	return 1;
}

int blobs_open(const struct conf *conf, struct blobs **ret, struct err *e)
{
	struct blobs *blobs = calloc(1, sizeof(*blobs));
	own(own_close) int data = open(conf->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!blobs || data < 0) {
		free(blobs);
		return local_fail(e, "data folder");
	}
	int rc = folder_open(data, "blobs", true, &blobs->root, e);
	if (rc < 0) {
		free(blobs);
		return rc;
	}
	for (int i = 0; i < LOCAL_LOCKS; i++)
		pthread_mutex_init(&blobs->locks[i], NULL);
	*ret = blobs;
	return 0;
}

void blobs_close(struct blobs *blobs)
{
	if (!blobs)
		return;
	close(blobs->root);
	for (int i = 0; i < LOCAL_LOCKS; i++)
		pthread_mutex_destroy(&blobs->locks[i]);
	free(blobs);
}

/* Digits up to the character end; NULL when there are none or too many. */
static const char *read_number(const char *s, char end, int64_t *ret)
{
	int64_t value = 0;
	int digits = 0;
	for (; *s >= '0' && *s <= '9' && digits < 18; s++, digits++)
		value = value * 10 + (*s - '0');
	if (!digits || *s != end)
		return NULL;
	*ret = value;
	return end ? s + 1 : s;
}

bool blob_container_parse(const char *container, int64_t *ret_project_id, int64_t *ret_file_id)
{
	int64_t days, project_id, file_id;
	const char *s = container;
	if (!str_starts(s, "exp-") || !(s = read_number(s + 4, '-', &days)) || !str_starts(s, "files-"))
		return false;
	if (!(s = read_number(s + 6, '-', &project_id)) || !read_number(s, '\0', &file_id))
		return false;
	*ret_project_id = project_id;
	*ret_file_id = file_id;
	return true;
}

int local_container(struct blobs *blobs, const char *container, bool create, int *ret_folder, struct err *e)
{
	int64_t project_id, file_id;
	char name[LOCAL_NAME_SIZE];
	if (!blob_container_parse(container, &project_id, &file_id))
		return create ? fail_internal(e, ERR_INTERNAL, "no name of a container") : 0;
	snprintf(name, sizeof(name), "%lld", (long long)project_id);
	own(own_close) int project = -1;
	int rc = folder_open(blobs->root, name, create, &project, e);
	if (rc <= 0)
		return rc;
	return folder_open(project, container, create, ret_folder, e);
}

void local_hash(const char *name, char ret[33])
{
	uint8_t hash[SECRET_HASH_SIZE];
	plain_hash(name, strlen(name), hash);
	for (int i = 0; i < 16; i++)
		sprintf(ret + 2 * i, "%02x", hash[i]);
}

static void meta_name(const char *name, char ret[LOCAL_NAME_SIZE])
{
	char hash[33];
	local_hash(name, hash);
	snprintf(ret, LOCAL_NAME_SIZE, "%s.meta", hash);
}

void local_data_name(char ret[LOCAL_NAME_SIZE])
{
	char random[33];
	secret_random_text(random, 32);
	snprintf(ret, LOCAL_NAME_SIZE, "%s.data", random);
}

json_t *local_meta(int folder, const char *name)
{
	char file[LOCAL_NAME_SIZE];
	meta_name(name, file);
	own(own_close) int fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	json_t *meta = json_read_fd(fd);
	/* Two names of one hash: the other one is not this blob. */
	if (meta && !str_eq(json_string_value(json_object_get(meta, "name")), name)) {
		json_decref(meta);
		return NULL;
	}
	return meta;
}

static char *member(struct arena *arena, json_t *meta, const char *key)
{
	return arena_strdup(arena, json_string_value(json_object_get(meta, key)));
}

void local_info(struct arena *arena, json_t *meta, struct blob_info *info)
{
	info->size_bytes = json_integer_value(json_object_get(meta, "size"));
	info->created_us = json_integer_value(json_object_get(meta, "created"));
	info->modified_us = json_integer_value(json_object_get(meta, "modified"));
	info->content_type = member(arena, meta, "type");
	info->content_disposition = member(arena, meta, "disposition");
	info->content_language = member(arena, meta, "language");
	info->cache_control = member(arena, meta, "cache");
	info->etag = member(arena, meta, "etag");
}

int blob_open(struct blobs *blobs, struct arena *arena, const char *container, const char *name, int *ret_fd,
	struct blob_info *info, struct err *e)
{
	own(own_close) int folder = -1;
	int rc = local_container(blobs, container, false, &folder, e);
	if (rc <= 0)
		return rc;
	/* Replaced between the two opens: what it is now is read again. */
	for (int try = 0; try < OPEN_TRIES; try++) {
		own(own_json) json_t *meta = local_meta(folder, name);
		if (!meta)
			return 0;
		const char *data = json_string_value(json_object_get(meta, "data"));
		int fd = openat(folder, data ? data : "", O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (info)
			local_info(arena, meta, info);
		*ret_fd = fd;
		return 1;
	}
	return local_fail(e, "open");
}

int local_copy(int from, int64_t offset, int64_t length, int to, struct err *e)
{
	off_t at = offset;
	while (length > 0) {
		ssize_t n = sendfile(to, from, &at, length > (1 << 30) ? (1 << 30) : (size_t)length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return local_fail(e, "copy");
		length -= n;
	}
	return 0;
}

/* From another device: copied, then removed. */
static int take_copy(int folder, int from, const char *path, const char *as, struct err *e)
{
	struct stat st;
	own(own_close) int to = openat(folder, as, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0 || fstat(from, &st) < 0)
		return local_fail(e, "copy");
	int rc = local_copy(from, 0, st.st_size, to, e);
	if (rc == 0 && fsync(to) < 0)
		rc = local_fail(e, "sync");
	if (rc == 0)
		unlink(path);
	return rc;
}

int local_take(int folder, const char *path, const char *as, struct err *e)
{
	own(own_close) int fd =
		path ? open(path, O_RDONLY | O_CLOEXEC) : openat(folder, as, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || fsync(fd) < 0)
		return local_fail(e, "contents received");
	if (!path || renameat(AT_FDCWD, path, folder, as) == 0)
		return 0;
	return errno == EXDEV ? take_copy(folder, fd, path, as, e) : local_fail(e, "rename");
}

static void put_text(json_t *meta, const char *key, const char *text)
{
	if (text)
		json_object_set_new(meta, key, json_string(text));
}

static json_t *meta_make(const char *name, const char *data, int64_t size, const struct blob_info *info)
{
	uint64_t random;
	char etag[24];
	int64_t now = now_us();
	secret_random_bytes(&random, sizeof(random));
	snprintf(etag, sizeof(etag), "\"0x%016llX\"", (unsigned long long)random);
	json_t *meta = json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "name", name, "data", data, "size", (json_int_t)size,
		"created", (json_int_t)now, "modified", (json_int_t)now, "etag", etag);
	if (!meta || !info)
		return meta;
	put_text(meta, "type", info->content_type);
	put_text(meta, "disposition", info->content_disposition);
	put_text(meta, "language", info->content_language);
	put_text(meta, "cache", info->cache_control);
	return meta;
}

static int meta_write(int folder, json_t *meta, const char *temporary, struct err *e)
{
	own(own_close) int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || json_dumpfd(meta, fd, JSON_COMPACT) < 0 || fsync(fd) < 0)
		return local_fail(e, "description");
	return 0;
}

/* The data and the list of its blocks, if it has one. */
static void data_forget(int folder, const char *data)
{
	own(own_free) char *list = NULL;
	unlinkat(folder, data, 0);
	if (asprintf(&list, "%s.list", data) >= 0)
		unlinkat(folder, list, 0);
}

/* Under the lock, up to the rename that makes the blob visible. *ret_before is what was there, or NULL. */
static int publish(int folder, const char *name, json_t *meta, const struct blob_info *info, json_t **ret_before, struct err *e)
{
	char file[LOCAL_NAME_SIZE], temporary[LOCAL_NAME_SIZE];
	json_t *before = *ret_before = local_meta(folder, name);
	if (before && info && info->only_new)
		return fail(e, ERR_BLOB_EXISTS, NULL);
	if (before)
		json_object_set(meta, "created", json_object_get(before, "created"));
	meta_name(name, file);
	secret_random_text(temporary, 32);
	int rc = meta_write(folder, meta, temporary, e);
	if (rc == 0 && info && info->allow)
		rc = info->allow(info->allow_arg, e);
	if (rc == 0 && renameat(folder, temporary, folder, file) < 0)
		rc = local_fail(e, "rename");
	if (rc < 0)
		unlinkat(folder, temporary, 0);
	return rc;
}

/* The lock of this process, and that of the folder against other servers, where the file system has one; it ends with the descriptor. */
static pthread_mutex_t *lock(struct blobs *blobs, int folder, const char *name)
{
	uint8_t hash[SECRET_HASH_SIZE];
	plain_hash(name, strlen(name), hash);
	pthread_mutex_t *mutex = &blobs->locks[hash[0] % LOCAL_LOCKS];
	pthread_mutex_lock(mutex);
	flock(folder, LOCK_EX);
	return mutex;
}

int local_commit(struct blobs *blobs, int folder, const char *name, const char *data, const struct blob_info *info, struct err *e)
{
	struct stat st;
	if (fstatat(folder, data, &st, 0) < 0)
		return local_fail(e, "size");
	own(own_json) json_t *before = NULL;
	own(own_json) json_t *meta = meta_make(name, data, st.st_size, info);
	if (!meta)
		return fail_internal(e, ERR_INTERNAL, "a blob cannot be described");
	pthread_mutex_t *mutex = lock(blobs, folder, name);
	int rc = publish(folder, name, meta, info, &before, e);
	pthread_mutex_unlock(mutex);
	if (rc < 0) {
		data_forget(folder, data);
		return rc;
	}
	const char *old = json_string_value(json_object_get(before, "data"));
	if (old)
		data_forget(folder, old);
	return fsync(folder) < 0 ? local_fail(e, "sync") : 0;
}

int blob_put_file(struct blobs *blobs, const char *container, const char *name, const char *path, const struct blob_info *info,
	struct err *e)
{
	char data[LOCAL_NAME_SIZE];
	own(own_close) int folder = -1;
	int rc = local_container(blobs, container, true, &folder, e);
	if (rc < 0)
		return rc;
	local_data_name(data);
	rc = local_take(folder, path, data, e);
	return rc < 0 ? rc : local_commit(blobs, folder, name, data, info, e);
}

int blob_write_open(struct blobs *blobs, const char *container, const char *name, struct blob_writer **ret, struct err *e)
{
	struct blob_writer *writer = calloc(1, sizeof(*writer) + strlen(name) + 1);
	if (!writer)
		return local_fail(e, "writer");
	writer->blobs = blobs;
	writer->folder = writer->fd = -1;
	memcpy(writer->name, name, strlen(name) + 1);
	local_data_name(writer->data);
	int rc = local_container(blobs, container, true, &writer->folder, e);
	if (rc == 1 && (writer->fd = openat(writer->folder, writer->data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
		rc = local_fail(e, "writer");
	if (rc < 0) {
		blob_write_abort(writer);
		return rc;
	}
	*ret = writer;
	return 0;
}

int blob_write(struct blob_writer *writer, const void *data, size_t length, struct err *e)
{
	const char *at = data;
	while (length > 0) {
		ssize_t n = write(writer->fd, at, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return local_fail(e, "write");
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

static void writer_free(struct blob_writer *writer)
{
	own_close(&writer->fd);
	own_close(&writer->folder);
	free(writer);
}

int blob_write_commit(struct blob_writer *writer, const struct blob_info *info, struct err *e)
{
	if (fsync(writer->fd) < 0) {
		int rc = local_fail(e, "sync");
		blob_write_abort(writer);
		return rc;
	}
	int rc = local_commit(writer->blobs, writer->folder, writer->name, writer->data, info, e);
	writer_free(writer);
	return rc;
}

void blob_write_abort(struct blob_writer *writer)
{
	if (!writer)
		return;
	if (writer->fd >= 0)
		unlinkat(writer->folder, writer->data, 0);
	writer_free(writer);
}

static void folder_empty(int folder)
{
	DIR *dir = local_dir(folder);
	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_type != DT_DIR)
			unlinkat(folder, entry->d_name, 0);
	closedir(dir);
}

int blob_remove_container(struct blobs *blobs, const char *container, struct err *e)
{
	int64_t project_id, file_id;
	own(own_close) int folder = -1;
	int rc = local_container(blobs, container, false, &folder, e);
	if (rc <= 0)
		return rc;
	folder_empty(folder);
	own(own_free) char *path = NULL;
	if (!blob_container_parse(container, &project_id, &file_id) ||
		asprintf(&path, "%lld/%s", (long long)project_id, container) < 0)
		return fail_internal(e, ERR_INTERNAL, "out of memory");
	if (unlinkat(blobs->root, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return local_fail(e, "remove");
	return 0;
}
