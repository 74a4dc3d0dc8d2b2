/* Ranges of addresses, compared bit by bit on 16 bytes: IPv4 is kept as ::ffff:a.b.c.d. */
#include "auth/address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct range {
	uint8_t bytes[16];
	int bits;
};

static bool address_read(const char *text, uint8_t ret_bytes[16], bool *ret_is_v4)
{
	static const uint8_t V4_PREFIX[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	memcpy(ret_bytes, V4_PREFIX, sizeof V4_PREFIX);
	*ret_is_v4 = inet_pton(AF_INET, text, ret_bytes + 12) == 1;
	return *ret_is_v4 || inet_pton(AF_INET6, text, ret_bytes) == 1;
}

static bool range_read(const char *text, struct range *ret)
{
	char copy[ADDRESS_RANGE_MAX + 1];
	size_t length = strlen(text);
	if (length > ADDRESS_RANGE_MAX)
		return false;
	memcpy(copy, text, length + 1);
	char *slash = strchr(copy, '/');
	int64_t bits;
	bool is_v4;
	if (slash)
		*slash = '\0';
	if (!address_read(copy, ret->bytes, &is_v4))
		return false;
	int64_t most = is_v4 ? 32 : 128;
	if (!slash)
		bits = most;
	else if (slash[1] < '0' || slash[1] > '9' || !str_to_i64(slash + 1, &bits) || bits > most)
		return false;
	ret->bits = (int)(is_v4 ? bits + 96 : bits);
	return true;
}

static bool bit(const uint8_t bytes[16], int n)
{
	return bytes[n / 8] >> (7 - n % 8) & 1;
}

bool address_range_valid(const char *text)
{
	struct range range;
	if (!range_read(text, &range))
		return false;
	for (int n = range.bits; n < 128; n++)
		if (bit(range.bytes, n))
			return false;
	return true;
}

bool address_in_range(const char *address, const char *text)
{
	struct range range;
	uint8_t bytes[16];
	bool is_v4;
	if (!range_read(text, &range) || !address_read(address, bytes, &is_v4))
		return false;
	int whole = range.bits / 8;
	if (memcmp(bytes, range.bytes, (size_t)whole) != 0)
		return false;
	for (int n = whole * 8; n < range.bits; n++)
		if (bit(bytes, n) != bit(range.bytes, n))
			return false;
	return true;
}
