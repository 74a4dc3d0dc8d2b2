/* The names of roles. */
#include "auth/caller.h"

#include "base/str.h"

static const char *const NAMES[] = { "none", "guest", "readOnly", "share", "admin" };

const char *role_name(enum role role)
{
	return NAMES[role];
}

enum role role_from_name(const char *name)
{
	for (enum role role = ROLE_GUEST; role <= ROLE_ADMIN; role++)
		if (str_eq(name, NAMES[role]))
			return role;
	return ROLE_NONE;
}
