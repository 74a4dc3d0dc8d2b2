/* Loaded before the C library (LD_PRELOAD): allocations fail when the file named by FAULT_MEMORY, mapped by both sides (Memory in
 * tests/support/memory.py), says so. What crashes says where. */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { OFF, COUNT, ONCE, FROM }; /* fail nothing; that neither; the one that left reaches; that one and all after it */

struct control {
	_Atomic int32_t mode;
	_Atomic int32_t tells; /* where it fails, on stderr */
	_Atomic int64_t left;
	_Atomic int64_t seen;
	_Atomic int64_t failed;
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static struct control *control;

static void tell(const char *what)
{
	void *frames[48];
	int count = backtrace(frames, 48);
	if (write(2, what, strlen(what)) > 0)
		backtrace_symbols_fd(frames, count, 2);
}

static void crashed(int signal_number)
{
	tell("*** crash\n");
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_MEMORY");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *frames[1];
	if (fd < 0)
		return;
	backtrace(frames, 1); /* its first call allocates */
	signal(SIGSEGV, crashed);
	signal(SIGABRT, crashed);
	void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory != MAP_FAILED)
		control = memory;
	close(fd);
}

static int fails(void)
{
	int mode = control ? atomic_load(&control->mode) : OFF;
	if (mode == OFF)
		return 0;
	atomic_fetch_add(&control->seen, 1);
	if (mode == COUNT)
		return 0;
	int64_t left = atomic_fetch_sub(&control->left, 1);
	if (left > 1 || (mode == ONCE && left < 1))
		return 0;
	atomic_fetch_add(&control->failed, 1);
	if (atomic_load(&control->tells))
		tell("*** fails\n");
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *memory = fails() ? NULL : __libc_memalign(alignment, size);
	if (!memory)
		return ENOMEM;
	*ret = memory;
	return 0;
}

/* Waiting a moment for memory is in vain while all of it fails. */
int nanosleep(const struct timespec *wanted, struct timespec *rest)
{
	if (wanted->tv_sec == 0 && control && atomic_load(&control->mode) == FROM && atomic_load(&control->left) < 1)
		return 0;
	return (int)syscall(SYS_nanosleep, wanted, rest);
}
