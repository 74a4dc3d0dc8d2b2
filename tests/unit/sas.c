/* Signed addresses: what was signed here is read again, what was changed in any part is not. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "auth/sas.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/str.h"

#define CONTAINER "exp-15-files-1-42"
#define NOW (INT64_C(1790000000) * US_PER_S)

/* The arguments of a query as http/ gives them. */
struct query {
	char text[512];
	struct sas_text sas;
};

static void split(struct query *query, const char *sas)
{
	static const struct {
		const char *key;
		size_t offset;
	} places[] = {
		{ "sr=", offsetof(struct sas_text, resource) },
		{ "si=", offsetof(struct sas_text, identifier) },
		{ "st=", offsetof(struct sas_text, starts) },
		{ "se=", offsetof(struct sas_text, expires) },
		{ "sp=", offsetof(struct sas_text, permissions) },
		{ "sig=", offsetof(struct sas_text, signature) },
	};
	char *to = query->text, *save = NULL;
	memset(query, 0, sizeof(*query));
	for (const char *c = sas; *c; c++) {
		bool colon = !strncmp(c, "%3A", 3);
		*to++ = colon ? ':' : *c;
		c += colon ? 2 : 0;
	}
	for (char *part = strtok_r(query->text, "&", &save); part; part = strtok_r(NULL, "&", &save))
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
			if (str_starts(part, places[i].key))
				*(const char **)((char *)&query->sas + places[i].offset) = part + strlen(places[i].key);
}

static struct sas sample(bool is_blob)
{
	return (struct sas){ .is_blob = is_blob,
		.token_id = 7,
		.token_version = 3,
		.starts_us = NOW - 60 * US_PER_S,
		.expires_us = NOW + 60 * US_PER_S,
		.read = true,
		.write = !is_blob,
		.list = !is_blob };
}

static void test_good(struct arena *arena)
{
	struct sas sas = sample(false), ret;
	struct query query;
	split(&query, sas_make(arena, &sas, CONTAINER, NULL));
	CHECK(sas_check(&query.sas, CONTAINER, "anything", NOW, &ret));
	CHECK(ret.token_id == 7 && ret.token_version == 3 && ret.read && ret.write && ret.list && !ret.is_blob);
	CHECK(ret.starts_us == sas.starts_us && ret.expires_us == sas.expires_us);
	sas = sample(true);
	split(&query, sas_make(arena, &sas, CONTAINER, "42.a.csv"));
	CHECK(sas_check(&query.sas, CONTAINER, "42.a.csv", NOW, &ret));
	CHECK(ret.is_blob && ret.read && !ret.write && !ret.list);
}

/* One argument at a time is another one; the place is another one; the time has come. */
static void test_changed(struct arena *arena)
{
	struct sas sas = sample(false), blob = sample(true), ret;
	struct query query;
	const char *text = sas_make(arena, &sas, CONTAINER, NULL);
#define REFUSED(member, value)                                                                                                   \
	do {                                                                                                                     \
		split(&query, text);                                                                                             \
		query.sas.member = value;                                                                                        \
		CHECK(!sas_check(&query.sas, CONTAINER, "x", NOW, &ret));                                                        \
	} while (0)
	REFUSED(resource, "b");
	REFUSED(resource, NULL);
	REFUSED(identifier, "8.3");
	REFUSED(identifier, "7.4");
	REFUSED(starts, "2020-01-01T00:00:00Z");
	REFUSED(expires, "2038-01-01T00:00:00Z");
	REFUSED(permissions, "r");
	REFUSED(permissions, "wr");
	REFUSED(signature, "");
	REFUSED(signature, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
#undef REFUSED
	split(&query, text);
	CHECK(!sas_check(&query.sas, "exp-15-files-1-43", "x", NOW, &ret));
	CHECK(!sas_check(&query.sas, CONTAINER, "x", sas.expires_us, &ret));
	CHECK(sas_check(&query.sas, CONTAINER, "x", sas.expires_us - 1, &ret));
	CHECK(!sas_check(&query.sas, CONTAINER, "x", sas.starts_us - 1, &ret));
	split(&query, sas_make(arena, &blob, CONTAINER, "42.a.csv"));
	CHECK(!sas_check(&query.sas, CONTAINER, "42.a.csvmanifest", NOW, &ret));
}

static void test_junk(void)
{
	static const char *const times[] = { "", "2026", "2026-11-29 13:27:06Z", "2026-11-29T13:27:06+", "2026-13-29T13:27:06Z",
		"2026-11-29T13:27:061", " 026-11-29T13:27:06Z " };
	struct sas ret;
	int64_t us;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		CHECK(!sas_time_read(times[i], &us));
	CHECK(sas_time_read("2026-11-29T13:27:06Z", &us) && us == INT64_C(1795958826) * US_PER_S);
	struct sas_text text = { "c", "7.3", "2026-11-29T13:27:06Z", "2026-11-30T13:27:06Z", "rw", "x" };
	CHECK(sas_read(&text, &ret));
	CHECK(!sas_signed(&text, CONTAINER, ""));
	text.permissions = "rr";
	CHECK(!sas_read(&text, &ret));
	text.permissions = "d";
	CHECK(!sas_read(&text, &ret));
	text.permissions = "r";
	static const char *const identifiers[] = { "", ".", "7", "7.", ".3", "-7.3", "7.3.1", "99999999999999999999999999.1",
		"a.b" };
	for (size_t i = 0; i < sizeof(identifiers) / sizeof(identifiers[0]); i++) {
		text.identifier = identifiers[i];
		CHECK(!sas_read(&text, &ret));
	}
}

int main(void)
{
	char folder[] = "/tmp/test-sas-XXXXXX";
	char key[64];
	struct err e = { 0 };
	CHECK(mkdtemp(folder) != NULL);
	snprintf(key, sizeof(key), "%s/secret.key", folder);
	CHECK(secret_init(key, true, &e) == 0);
	struct arena *arena = arena_new();
	test_good(arena);
	test_changed(arena);
	test_junk();
	arena_free(arena);
	unlink(key);
	rmdir(folder);
	return test_end();
}
