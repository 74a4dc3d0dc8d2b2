/* Which blobs a container has. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/blob/local.h"

/* Entries as they are found. */
struct found {
	struct blob_entry *list;
	size_t count, size;
};

static int add(struct found *found, struct arena *arena, json_t *meta, struct err *e)
{
	if (found->count == BLOB_LIST_MAX)
		return fail(e, ERR_TOO_LARGE, "The container has more than %d blobs.", BLOB_LIST_MAX);
	if (found->count == found->size) {
		size_t size = found->size ? found->size * 2 : 64;
		struct blob_entry *list = realloc(found->list, size * sizeof(*list));
		if (!list)
			return local_fail(e, "list");
		found->list = list;
		found->size = size;
	}
	struct blob_entry *entry = &found->list[found->count];
	*entry = (struct blob_entry){ .name = arena_strdup(arena, json_string_value(json_object_get(meta, "name"))) };
	local_info(arena, meta, &entry->info);
	found->count += entry->name != NULL;
	return 0;
}

static int read_folder(int folder, struct arena *arena, struct found *found, struct err *e)
{
	DIR *dir = local_dir(folder);
	if (!dir)
		return local_fail(e, "folder");
	int rc = 0;
	for (struct dirent *entry; rc == 0 && (entry = readdir(dir));) {
		if (!str_ends(entry->d_name, ".meta"))
			continue;
		own(own_close) int fd = openat(folder, entry->d_name, O_RDONLY | O_CLOEXEC);
		own(own_json) json_t *meta = fd < 0 ? NULL : json_read_fd(fd);
		rc = meta ? add(found, arena, meta, e) : 0; /* gone since it was listed */
	}
	closedir(dir);
	return rc;
}

static int order(const void *a, const void *b)
{
	return strcmp(((const struct blob_entry *)a)->name, ((const struct blob_entry *)b)->name);
}

int blob_list(struct blobs *blobs, struct arena *arena, const char *container, struct blob_entry **ret, size_t *ret_count,
	struct err *e)
{
	struct found found = { 0 };
	own(own_close) int folder = -1;
	int rc = local_container(blobs, container, false, &folder, e);
	if (rc == 1)
		rc = read_folder(folder, arena, &found, e);
	struct blob_entry *list = rc == 0 ? arena_array(arena, struct blob_entry, found.count + 1) : NULL;
	if (rc == 0 && !list)
		rc = local_fail(e, "list");
	if (list && found.list) {
		qsort(found.list, found.count, sizeof(*found.list), order);
		memcpy(list, found.list, found.count * sizeof(*list));
	}
	free(found.list);
	if (rc < 0)
		return rc;
	*ret = list;
	*ret_count = found.count;
	return 0;
}
