/* Small questions about strings, and strict readers for numbers. */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_eq_nocase(const char *a, const char *b)
{
	return a && b ? strcasecmp(a, b) == 0 : a == b;
}

bool str_starts(const char *s, const char *prefix)
{
	return s && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t length = s ? strlen(s) : 0, wanted = strlen(suffix);
	return s && length >= wanted && strcmp(s + length - wanted, suffix) == 0;
}

bool str_empty(const char *s)
{
	return !s || !*s;
}

bool str_to_i64(const char *s, int64_t *ret_value)
{
	if (!s)
		return false;
	const char *digits = *s == '-' || *s == '+' ? s + 1 : s;
	if (!isdigit((unsigned char)*digits))
		return false;
	char *end;
	errno = 0;
	long long value = strtoll(s, &end, 10);
	if (errno || *end)
		return false;
	*ret_value = value;
	return true;
}

bool str_to_double(const char *s, double *ret_value)
{
	/* strtod() alone would take blanks, "inf", "nan" and hexadecimal. */
	if (!s || !*s || strspn(s, "+-.0123456789eE") != strlen(s))
		return false;
	char *end;
	double value = strtod(s, &end);
	if (end == s || *end || !isfinite(value))
		return false;
	*ret_value = value;
	return true;
}

bool str_to_bool(const char *s, bool *ret_value)
{
	if (!s)
		return false;
	bool is_true = strcmp(s, "1") == 0 || strcasecmp(s, "true") == 0;
	if (!is_true && *s && strcmp(s, "0") != 0 && strcasecmp(s, "false") != 0)
		return false;
	*ret_value = is_true;
	return true;
}

/* Length of the sequence that begins at s, 0 when it is not valid. */
static size_t utf8_sequence(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char first, last, second_low, second_high, length;
	} FORMS[] = {
		{ 0x01, 0x7f, 0, 0, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	for (size_t i = 0; i < sizeof(FORMS) / sizeof(FORMS[0]); i++) {
		size_t length = FORMS[i].length;
		if (s[0] < FORMS[i].first || s[0] > FORMS[i].last)
			continue;
		if (length > left || (length > 1 && (s[1] < FORMS[i].second_low || s[1] > FORMS[i].second_high)))
			return 0;
		for (size_t k = 2; k < length; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return length;
	}
	return 0;
}

bool utf8_valid(const char *s, size_t length)
{
	const unsigned char *p = (const unsigned char *)s;
	for (size_t i = 0; i < length;) {
		size_t step = p[i] > 0 && p[i] < 0x80 ? 1 : utf8_sequence(p + i, length - i);
		if (!step)
			return false;
		i += step;
	}
	return true;
}

void utf8_mend(char *s)
{
	char *to = s;
	for (size_t left = strlen(s); left;) {
		size_t step = utf8_sequence((const unsigned char *)s, left);
		memmove(to, s, step);
		to += step;
		s += step ? step : 1;
		left -= step ? step : 1;
	}
	*to = '\0';
}

size_t utf8_length(const char *s)
{
	size_t count = 0;
	for (; *s; s++)
		count += ((unsigned char)*s & 0xc0) != 0x80;
	return count;
}

void str_lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s += 'a' - 'A';
}

static bool is_email_character(unsigned char c)
{
	return c > ' ' && c != 0x7f && !strchr("()<>[]:;,\\\"", c);
}

bool str_is_email(const char *s)
{
	size_t length = s ? strlen(s) : 0;
	const char *at = s ? strchr(s, '@') : NULL;
	if (!at || length > 254 || at == s || at - s > 64 || strchr(at + 1, '@'))
		return false;
	for (const char *p = s; *p; p++)
		if (!is_email_character((unsigned char)*p))
			return false;
	const char *domain = at + 1;
	return *domain && *domain != '.' && *domain != '-' && !strstr(domain, "..") && !str_ends(domain, ".") &&
	       !str_ends(domain, "-");
}
