/* The text of a token: "<projectId>-<tokenId>-<34 random and 6 checksum characters>". */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/secret.h"

#define NUMBER_DIGITS_MAX 19
#define TOKEN_TEXT_MAX (2 * NUMBER_DIGITS_MAX + 2 + TOKEN_SECRET_LENGTH)

static void checksum(const char *text, size_t length, char ret[TOKEN_CHECK_LENGTH])
{
	static const char DIGITS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint32_t crc = (uint32_t)crc32(0, (const Bytef *)text, (uInt)length);
	for (int i = TOKEN_CHECK_LENGTH - 1; i >= 0; i--, crc /= 62)
		ret[i] = DIGITS[crc % 62];
}

void token_secret_make(int64_t project_id, int64_t token_id, char ret_secret[TOKEN_SECRET_LENGTH + 1])
{
	char text[TOKEN_TEXT_MAX + 1];
	secret_random_text(ret_secret, TOKEN_RANDOM_LENGTH);
	int length = snprintf(text, sizeof(text), "%lld-%lld-%s", (long long)project_id, (long long)token_id, ret_secret);
	checksum(text, (size_t)length, ret_secret + TOKEN_RANDOM_LENGTH);
	ret_secret[TOKEN_SECRET_LENGTH] = 0;
	secret_wipe(text, sizeof(text));
}

/* A positive number without leading zeros and the dash after it. */
static const char *take_number(const char *p, int64_t *ret)
{
	int64_t value = 0;
	int digits = 0;
	if (*p == '0')
		return NULL;
	for (; *p >= '0' && *p <= '9'; p++, digits++) {
		if (digits == NUMBER_DIGITS_MAX || value > (INT64_MAX - (*p - '0')) / 10)
			return NULL;
		value = value * 10 + (*p - '0');
	}
	*ret = value;
	return digits && *p == '-' ? p + 1 : NULL;
}

static bool is_base62(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool token_parse(const char *text, int64_t *ret_project_id, int64_t *ret_token_id)
{
	int64_t project_id, token_id;
	const char *secret = take_number(text, &project_id);
	secret = secret ? take_number(secret, &token_id) : NULL;
	if (!secret)
		return false;
	for (int i = 0; i < TOKEN_SECRET_LENGTH; i++)
		if (!is_base62(secret[i]))
			return false;
	if (secret[TOKEN_SECRET_LENGTH])
		return false;
	char expected[TOKEN_CHECK_LENGTH];
	checksum(text, (size_t)(secret - text) + TOKEN_RANDOM_LENGTH, expected);
	if (memcmp(expected, secret + TOKEN_RANDOM_LENGTH, TOKEN_CHECK_LENGTH) != 0)
		return false;
	*ret_project_id = project_id;
	*ret_token_id = token_id;
	return true;
}
