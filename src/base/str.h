/* Small questions about strings, and strict readers for numbers. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Equality; NULL equals only NULL. */
bool str_eq(const char *a, const char *b);
bool str_eq_nocase(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* NULL or "". */
bool str_empty(const char *s);

/* Whole string as a decimal number, sign allowed, no blanks; false on anything else or overflow. */
bool str_to_i64(const char *s, int64_t *ret_value);
bool str_to_double(const char *s, double *ret_value);
/* 1 0 true false, any case, "" is false (clients.md §0.6); returns false when it is none of them. */
bool str_to_bool(const char *s, bool *ret_value);

/* Valid UTF-8 without NUL (RFC 3629: no surrogates, no overlong forms). */
bool utf8_valid(const char *s, size_t length);
/* Leaves out, in place, what is not valid: the rest of a character that a precision ("%.100s") has cut. */
void utf8_mend(char *s);
/* Number of code points of a valid UTF-8 string. */
size_t utf8_length(const char *s);

/* The text in lower case (ASCII letters only), in place. */
void str_lower(char *s);
/* Syntax check of an e-mail address: one @, no blanks or control characters, a domain, at most 254 bytes (RFC 5321). */
bool str_is_email(const char *s);

#endif
