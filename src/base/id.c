/* UUID version 7: milliseconds, then microseconds within them as 12 bits that only grow, then 62 random bits. */
#include "base/id.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/secret.h"

/* Milliseconds and the 12 bits after them, of the last one made. */
static _Atomic uint64_t last_stamp;

static uint64_t next_stamp(int64_t time_us)
{
	uint64_t us = time_us > 0 ? (uint64_t)time_us : 0;
	uint64_t wanted = us / 1000 << 12 | us % 1000 * 4096 / 1000;
	uint64_t last = atomic_load(&last_stamp), stamp;
	do {
		stamp = wanted > last ? wanted : last + 1;
	} while (!atomic_compare_exchange_weak(&last_stamp, &last, stamp));
	return stamp;
}

char *uuid_v7(int64_t time_us, char text[UUID_TEXT_SIZE])
{
	static const char HEX[] = "0123456789abcdef";
	uint64_t stamp = next_stamp(time_us), random;
	secret_random_bytes(&random, sizeof(random));
	uint64_t high = stamp >> 12 << 16 | 0x7000 | (stamp & 0xfff);
	uint64_t low = (random & UINT64_C(0x3fffffffffffffff)) | UINT64_C(0x8000000000000000);
	char *p = text;
	for (int i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			*p++ = '-';
		uint64_t word = i < 16 ? high : low;
		*p++ = HEX[word >> (60 - i % 16 * 4) & 15];
	}
	*p = 0;
	return text;
}

int uuid_valid(const char *text)
{
	int i = 0;
	for (; text && text[i]; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (i >= 36 || (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i])))
			return 0;
	}
	return i == 36;
}
