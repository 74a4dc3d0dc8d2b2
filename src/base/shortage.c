/* Memory that was short, noted per thread. */
#include "base/shortage.h"

static __thread bool seen, committed;

void shortage_note(void)
{
	seen = true;
}

void shortage_forget(void)
{
	seen = committed = false;
}

bool shortage_seen(void)
{
	return seen;
}

void shortage_note_commit(void)
{
	committed = true;
}

bool shortage_seen_after_commit(void)
{
	return seen && committed;
}

int shortage_check(int rc, struct err *e)
{
	return seen ? fail(e, ERR_UNAVAILABLE, "The server is short of memory at the moment.") : rc;
}
