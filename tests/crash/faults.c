/* Loaded before the C library (LD_PRELOAD): while the file named by FAULT_FSYNC is there, no file can be synced; while the one
 * named by FAULT_FULL is there, none can grow. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int is_on(const char *variable)
{
	const char *path = getenv(variable);
	return path && access(path, F_OK) == 0;
}

static int call_sync(const char *name, int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	if (is_on("FAULT_FSYNC")) {
		errno = EIO;
		return -1;
	}
	return real(fd);
}

int fsync(int fd)
{
	return call_sync("fsync", fd);
}

int fdatasync(int fd)
{
	return call_sync("fdatasync", fd);
}

/* A regular file is full when this would make it longer. */
static int is_full(int fd, off_t end)
{
	struct stat info;
	if (!is_on("FAULT_FULL") || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
		return 0;
	return (end < 0 ? info.st_size + 1 : end) > info.st_size;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off64_t) =
		(ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
	if (is_full(fd, offset + (off_t)size)) {
		errno = ENOSPC;
		return -1;
	}
	return real(fd, data, size, offset);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	return pwrite64(fd, data, size, offset);
}

ssize_t write(int fd, const void *data, size_t size)
{
	ssize_t (*real)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	if (fd > 2 && is_full(fd, -1)) {
		errno = ENOSPC;
		return -1;
	}
	return real(fd, data, size);
}
