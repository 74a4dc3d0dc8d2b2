/* What a password must be. */
#ifndef WORK_PASSWORDS_H
#define WORK_PASSWORDS_H

#include "base/err.h"

#define PASSWORD_LENGTH_MIN 8
#define PASSWORD_LENGTH_MAX 512

/* ERR_VALIDATION, naming the key "password", when it is missing, too short or too long. */
int password_check(const char *password, struct err *e);

#endif
