/* What a password must be. */
#include "work/passwords.h"

#include <string.h>

#include "base/str.h"

int password_check(const char *password, struct err *e)
{
	const char *text = password ? password : "";
	size_t length = strlen(text);
	if (length >= PASSWORD_LENGTH_MIN && length <= PASSWORD_LENGTH_MAX && utf8_valid(text, length))
		return 0;
	int rc = fail(e, ERR_VALIDATION, "A password needs at least %d characters and at most %d.", PASSWORD_LENGTH_MIN,
		PASSWORD_LENGTH_MAX);
	err_field(e, "password", "This value is too short or too long.");
	return rc;
}
