/* Keys, hashes, sealed texts, the text of tokens, passwords, one-time codes. */
#include "test.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"

static struct err e;

static void test_key_file(const char *folder, char *path, size_t size)
{
	struct stat info;
	struct rlimit core;
	snprintf(path, size, "%s/secret.key", folder);
	CHECK(secret_init(path, false, &e) < 0); /* not there, not to be made */
	CHECK(secret_init(path, true, &e) == 0);
	CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600 && info.st_size == 32);
	CHECK(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
	uint8_t first[SECRET_HASH_SIZE], again[SECRET_HASH_SIZE];
	secret_hash("x", 1, first);
	CHECK(secret_init(path, true, &e) == 0);
	secret_hash("x", 1, again);
	CHECK(secret_equal(first, again, sizeof(first)));
	chmod(path, 0640);
	CHECK(secret_init(path, true, &e) < 0 && strstr(err_text(&e), "chmod 600"));
	chmod(path, 0600);
	CHECK(truncate(path, 31) == 0 && secret_init(path, true, &e) < 0);
	unlink(path);
	CHECK(secret_init(path, true, &e) == 0);
	secret_hash("x", 1, again);
	CHECK(!secret_equal(first, again, sizeof(first)));
	err_done(&e);
}

static void test_seal(void)
{
	char *sealed = secret_seal("1-2-abc", "token:1:2"), *twice = secret_seal("1-2-abc", "token:1:2");
	char *opened = secret_open(sealed, "token:1:2");
	CHECK_TEXT(opened, "1-2-abc");
	CHECK(strcmp(sealed, twice) != 0 && !strstr(sealed, "abc"));
	CHECK(secret_open(sealed, "token:1:3") == NULL);
	CHECK(secret_open("", "token:1:2") == NULL && secret_open("not base64!", "token:1:2") == NULL);
	sealed[20] = sealed[20] == 'A' ? 'B' : 'A';
	CHECK(secret_open(sealed, "token:1:2") == NULL);
	secret_free(opened);
	free(sealed);
	free(twice);
}

static void test_R06_token_text(void)
{
	char text[128], other[TOKEN_SECRET_LENGTH + 1], secret[TOKEN_SECRET_LENGTH + 1];
	int64_t project, token;
	token_secret_make(12, 345, secret);
	token_secret_make(12, 345, other);
	CHECK(strlen(secret) == 40 && strcmp(secret, other) != 0);
	snprintf(text, sizeof(text), "12-345-%s", secret);
	CHECK(token_parse(text, &project, &token) && project == 12 && token == 345);
	for (size_t i = 0; text[i]; i++) {
		/* any one character changed is noticed without a look-up */
		char kept = text[i];
		text[i] = kept == '7' ? '8' : '7';
		CHECK(!token_parse(text, &project, &token));
		text[i] = '!';
		CHECK(!token_parse(text, &project, &token));
		text[i] = 0;
		CHECK(!token_parse(text, &project, &token));
		text[i] = kept;
	}
	strcat(text, "0");
	CHECK(!token_parse(text, &project, &token));
	snprintf(text, sizeof(text), "012-345-%s", secret);
	CHECK(!token_parse(text, &project, &token));
	snprintf(text, sizeof(text), "12-34567890123456789012-%s", secret);
	CHECK(!token_parse(text, &project, &token));
	snprintf(text, sizeof(text), "9223372036854775808-1-%s", secret);
	CHECK(!token_parse(text, &project, &token));
	token_secret_make(INT64_MAX, INT64_MAX, secret);
	snprintf(text, sizeof(text), "9223372036854775807-9223372036854775807-%s", secret);
	CHECK(token_parse(text, &project, &token) && token == INT64_MAX);
	CHECK(!token_parse("", &project, &token) && !token_parse("--", &project, &token));
}

static void test_passwords(void)
{
	char *hash = password_hash("correct horse", &e);
	CHECK(strstr(hash, "$argon2id$") == hash);
	CHECK(password_verify(hash, "correct horse") && !password_verify(hash, "correct hors") && !password_verify("", "x"));
	free(hash);
}

static void test_signatures(void)
{
	char a[44], b[44];
	secret_sign("sas", "text", a);
	secret_sign("sas", "text", b);
	CHECK(strlen(a) == 43);
	CHECK_TEXT(a, b);
	secret_sign("csrf", "text", b);
	CHECK(strcmp(a, b) != 0);
	secret_sign("sas", "texu", b);
	CHECK(strcmp(a, b) != 0);
	uint8_t hash[SECRET_HASH_SIZE];
	plain_hash("", 0, hash); /* BLAKE2b-256 of nothing begins with 0e5751c0 */
	CHECK(memcmp(hash, "\x0e\x57\x51\xc0", 4) == 0);
}

static void test_totp(void)
{
	/* RFC 6238, appendix B, SHA-1, last six digits */
	const char *secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
	CHECK(totp_code(secret, 59 * US_PER_S) == 287082);
	CHECK(totp_code(secret, INT64_C(1111111109) * US_PER_S) == 81804);
	CHECK(totp_code(secret, INT64_C(20000000000) * US_PER_S) == 353130);
	CHECK(totp_code("gezd gnbv gy3t qojq gezd gnbv gy3t qojq", 59 * US_PER_S) == 287082);
	CHECK(totp_code("not base32 1", 0) == -1 && totp_code("", 0) == -1);
}

int main(void)
{
	char folder[] = "/tmp/chatelaine-secret-XXXXXX", path[128];
	CHECK(mkdtemp(folder) != NULL);
	test_key_file(folder, path, sizeof(path));
	test_seal();
	test_R06_token_text();
	test_passwords();
	test_signatures();
	test_totp();
	char text[201];
	secret_random_text(text, 200);
	CHECK(strlen(text) == 200 && strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == 200);
	unlink(path);
	rmdir(folder);
	return test_end();
}
