/* Reads the header Range. */
#include "api/blob_range.h"

#include <string.h>

#include "base/str.h"

#define NUMBER_MAX 18

/* Digits, then the character end; -1 when there are none. */
static int64_t read_number(const char **at)
{
	int64_t value = 0;
	const char *c = *at;
	for (; *c >= '0' && *c <= '9' && c - *at < NUMBER_MAX; c++)
		value = value * 10 + (*c - '0');
	if (c == *at)
		return -1;
	*at = c;
	return value;
}

bool blob_range_parse(const char *header, int64_t size, struct blob_range *ret)
{
	if (!header || !str_starts(header, "bytes="))
		return true;
	const char *at = header + strlen("bytes=");
	int64_t first = read_number(&at);
	if (*at++ != '-')
		return true;
	int64_t last = read_number(&at);
	if (*at || (first < 0 && last < 0) || (first >= 0 && last >= 0 && last < first))
		return true;
	if (size == 0 || first >= size || (first < 0 && last == 0))
		return false;
	if (first < 0) {
		first = last < size ? size - last : 0;
		last = size - 1;
	}
	if (last < 0 || last >= size)
		last = size - 1;
	*ret = (struct blob_range){ first, last - first + 1, true };
	return true;
}
