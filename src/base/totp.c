/* One-time codes of a second factor: RFC 6238 with HMAC-SHA-1, 30 seconds, 6 digits, as every authenticator does. */
#include <gnutls/crypto.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"

#define STEP_S 30
#define KEY_MAX 128

/* Number of bytes, or -1. Blanks and padding are passed over, case does not matter. */
static int base32_decode(const char *text, uint8_t ret[KEY_MAX])
{
	uint32_t bits = 0;
	int have = 0, length = 0;
	for (; *text && *text != '='; text++) {
		int value;
		if (*text >= 'A' && *text <= 'Z')
			value = *text - 'A';
		else if (*text >= 'a' && *text <= 'z')
			value = *text - 'a';
		else if (*text >= '2' && *text <= '7')
			value = *text - '2' + 26;
		else if (*text == ' ')
			continue;
		else
			return -1;
		bits = bits << 5 | (uint32_t)value;
		have += 5;
		if (have < 8)
			continue;
		have -= 8;
		if (length == KEY_MAX)
			return -1;
		ret[length++] = (uint8_t)(bits >> have);
	}
	return length ? length : -1;
}

int totp_code(const char *secret_base32, int64_t time_us)
{
	uint8_t key[KEY_MAX], counter[8], mac[20];
	int length = base32_decode(secret_base32, key);
	if (length < 0)
		return -1;
	uint64_t step = (uint64_t)(time_us / US_PER_S / STEP_S);
	for (int i = 0; i < 8; i++)
		counter[i] = (uint8_t)(step >> (56 - 8 * i));
	int rc = gnutls_hmac_fast(GNUTLS_MAC_SHA1, key, (size_t)length, counter, sizeof(counter), mac);
	secret_wipe(key, sizeof(key));
	if (rc < 0)
		return -1;
	const uint8_t *p = mac + (mac[19] & 15);
	uint32_t value = (uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	return (int)(value % 1000000);
}
