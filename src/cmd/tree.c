/* Folders copied whole. */
#include "cmd/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/str.h"
#include "db/copy.h"

#define DEPTH_MAX 16
#define PIECE_SIZE ((size_t)1 << 30)

static void own_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void own_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int refuse(const char *path, struct err *e)
{
	return fail(e, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
}

int file_copy(const char *from, const char *to, struct tree_sum *sum, struct err *e)
{
	own(own_fd) int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return errno == ENOENT ? 0 : refuse(from, e);
	own(own_fd) int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return refuse(to, e);
	for (ssize_t n; (n = copy_file_range(in, NULL, out, NULL, PIECE_SIZE, 0)) != 0; sum->bytes += n)
		if (n < 0)
			return refuse(to, e);
	sum->files++;
	return 0;
}

static bool is_log(const char *name)
{
	return str_ends(name, "-wal") || str_ends(name, "-shm") || str_ends(name, "-journal");
}

static int copy_database(const char *from, const char *to, struct tree_sum *sum, struct err *e)
{
	struct stat info;
	int rc = database_copy_file(from, to, e);
	if (rc < 0 && access(from, F_OK) < 0) { /* it went away meanwhile */
		unlink(to);
		err_done(e);
		return 0;
	}
	if (rc == 0 && stat(to, &info) == 0) {
		sum->bytes += info.st_size;
		sum->files++;
	}
	return rc;
}

static int copy_below(const char *from, const char *to, int depth, struct tree_sum *sum, struct err *e);

static int copy_entry(const char *from, const char *to, int depth, struct tree_sum *sum, struct err *e)
{
	struct stat info;
	if (lstat(from, &info) < 0)
		return errno == ENOENT ? 0 : refuse(from, e);
	if (S_ISDIR(info.st_mode))
		return copy_below(from, to, depth + 1, sum, e);
	if (!S_ISREG(info.st_mode) || is_log(from))
		return 0;
	return str_ends(from, ".db") ? copy_database(from, to, sum, e) : file_copy(from, to, sum, e);
}

static int copy_below(const char *from, const char *to, int depth, struct tree_sum *sum, struct err *e)
{
	char source[PATH_MAX], target[PATH_MAX];
	own(own_dir) DIR *dir = opendir(from);
	if (!dir)
		return errno == ENOENT ? 0 : refuse(from, e);
	if (depth > DEPTH_MAX)
		return fail(e, ERR_UNAVAILABLE, "%s: too many folders in each other", from);
	if (mkdir(to, 0700) < 0 && errno != EEXIST)
		return refuse(to, e);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		if (snprintf(source, sizeof(source), "%s/%s", from, entry->d_name) >= PATH_MAX ||
			snprintf(target, sizeof(target), "%s/%s", to, entry->d_name) >= PATH_MAX)
			return fail(e, ERR_UNAVAILABLE, "%s: a path is too long", from);
		int rc = copy_entry(source, target, depth, sum, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int tree_copy(const char *from, const char *to, struct tree_sum *sum, struct err *e)
{
	return copy_below(from, to, 0, sum, e);
}

int tree_sync(const char *path, struct err *e)
{
	own(own_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || syncfs(fd) < 0 ? refuse(path, e) : 0;
}

bool folder_is_empty(const char *path)
{
	own(own_dir) DIR *dir = opendir(path);
	int count = 0;
	while (dir && count <= 2 && readdir(dir))
		count++;
	return count <= 2;
}

static int remove_entry(const char *path, const struct stat *info, int flag, struct FTW *where)
{
	(void)info;
	(void)flag;
	(void)where;
	return remove(path);
}

int tree_remove(const char *path, struct err *e)
{
	return nftw(path, remove_entry, DEPTH_MAX, FTW_DEPTH | FTW_PHYS) != 0 ? refuse(path, e) : 0;
}
