/* Another disk: each sync takes SLOW_SYNC_US microseconds longer. Loaded with LD_PRELOAD, by the server and by its peer alike. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

static int slowed(const char *name, int fd)
{
	int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	const char *text = getenv("SLOW_SYNC_US");
	const struct timespec wait = { 0, (text ? atol(text) : 0) * 1000 };
	prctl(PR_SET_TIMERSLACK, 1);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, NULL);
	return sync(fd);
}

int fdatasync(int fd)
{
	return slowed("fdatasync", fd);
}

int fsync(int fd)
{
	return slowed("fsync", fd);
}
