/* Switches in the copy of the sources that sites.py makes. */
#include "mutation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auth/permit.h"
#include "mutation_rows.h" /* made by sites.py: MUTATION_COUNT, WEAKER[], ROW_OF[] by number */

static bool active[MUTATION_COUNT + 1];
static unsigned char nowhere[MUTATION_COUNT + 1], *reached = nowhere;
static _Thread_local bool lifted;

__attribute__((constructor)) static void begin(void)
{
	const char *numbers = getenv("CHATELAINE_MUTANT"), *path = getenv("CHATELAINE_MUTATION_REACHED");
	for (const char *at = numbers; at && *at; at += strspn(at, ",")) {
		char *end;
		long n = strtol(at, &end, 10);
		if (n > 0 && n <= MUTATION_COUNT)
			active[n] = true;
		at = end;
	}
	int fd = path ? open(path, O_RDWR) : -1;
	void *map = fd >= 0 ? mmap(NULL, sizeof(nowhere), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (map != MAP_FAILED)
		reached = map;
	if (fd >= 0)
		close(fd);
}

bool mutant(int n)
{
	reached[n] = 1;
	return active[n];
}

bool mutant_lifted(int n)
{
	return mutant(n) || lifted;
}

int mutation_allow(int marked)
{
	int first = marked >> 8;
	for (int n = first; n && n <= MUTATION_COUNT && ROW_OF[n] == first; n++)
		if (mutant(n))
			return WEAKER[n];
	return marked & 0xff;
}

bool mutation_lift(int n)
{
	bool before = lifted;
	if (mutant(n))
		lifted = true;
	return before;
}

void mutation_settle(bool before)
{
	lifted = before;
}

const struct caller *mutation_super(int n, const struct caller *who)
{
	static _Thread_local struct caller super[8];
	static _Thread_local unsigned next;
	if (!mutant_lifted(n))
		return who;
	struct caller *copy = &super[next++ % 8];
	*copy = *who;
	copy->is_super = true;
	return copy;
}
