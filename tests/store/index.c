/* The index of live tokens: who gets in, what is kept rendered, what is forgotten when memory is full, uses and rates; on both engines. */
#include "engines.h"

#include <stdlib.h>
#include <unistd.h>

#include "auth/index.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"

#define PROJECT 904
#define MANY 3000

static struct err e;
static struct database *database;
static struct token_index *tokens;

/* One change of a token inside a write. */
struct change {
	struct token token;
	enum { INSERT, UPDATE, STRING, REMOVE, RECHECK } what;
	struct caller *who;
	const char *address;
	int rc;
};

static int change_in(struct db *db, void *arg, struct err *err)
{
	struct change *change = arg;
	switch (change->what) {
	case INSERT:
		return token_insert(db, &change->token, "s", err);
	case UPDATE:
		return token_update(db, &change->token, err);
	case STRING:
		return token_set_string(db, &change->token, "s", err);
	case REMOVE:
		return token_remove(db, PROJECT, change->token.id, err) < 0 ? -1 : 0;
	case RECHECK:
		change->rc = index_recheck(db, change->who, change->address, false, err);
		err_done(err);
		break;
	}
	return 0;
}

static int change_do(struct change change)
{
	CHECK(database_transact(database, change_in, &change, &e) == 0);
	return change.rc;
}

static struct token token_of(int64_t id)
{
	struct token token = { .project_id = PROJECT, .id = id, .description = "d", .created_us = 1, .refreshed_us = 1 };
	memcpy(token.hash, &id, sizeof id);
	return token;
}

/* What a look-up by the string says: 0, or the error's code; *ret_identity (may be NULL) is the caller's to give. */
static int find(int64_t id, const char *address, const struct identity **ret_identity)
{
	struct index_lookup lookup = { .project_id = PROJECT, .token_id = id, .address = address };
	memcpy(lookup.hash, &id, sizeof id);
	int rc = index_find_wait(tokens, &lookup);
	CHECK((lookup.err.code == ERR_NONE) == (rc == 0));
	CHECK((lookup.identity == NULL) == (rc == -ERR_TOKEN_INVALID));
	if (ret_identity)
		*ret_identity = lookup.identity;
	else if (lookup.identity)
		identity_give(tokens, lookup.identity);
	err_done(&lookup.err);
	return -rc;
}

static void test_errors(void)
{
	static char *addresses[] = { "10.0.0.0/8" };
	struct token token = token_of(1);
	CHECK(find(1, NULL, NULL) == ERR_TOKEN_INVALID);
	change_do((struct change){ token, INSERT });
	CHECK(find(1, NULL, NULL) == 0 && find(1, NULL, NULL) == 0);
	token.is_disabled = true;
	change_do((struct change){ token, UPDATE });
	CHECK(find(1, NULL, NULL) == ERR_TOKEN_DISABLED);
	token.is_disabled = false;
	token.addresses = addresses;
	token.address_count = 1;
	change_do((struct change){ token, UPDATE });
	CHECK(find(1, "11.0.0.1", NULL) == ERR_ADDRESS_REFUSED && find(1, "10.0.0.1", NULL) == 0);
	memset(token.hash, 7, sizeof token.hash);
	change_do((struct change){ token, STRING });
	CHECK(find(1, "10.0.0.1", NULL) == ERR_TOKEN_INVALID);
	struct index_lookup by_id = { .project_id = PROJECT, .token_id = 1, .by_id = true };
	CHECK(index_find_wait(tokens, &by_id) == 0 && by_id.identity->token.hash[0] == 7);
	identity_give(tokens, by_id.identity);
	change_do((struct change){ token, REMOVE });
	by_id = (struct index_lookup){ .project_id = PROJECT, .token_id = 1, .by_id = true };
	CHECK(index_find_wait(tokens, &by_id) == -ERR_TOKEN_INVALID && !by_id.identity);
	err_done(&by_id.err);
}

static void test_expiry(void)
{
	struct token token = token_of(2);
	token.expires_us = now_us() + US_PER_S / 2;
	change_do((struct change){ token, INSERT });
	CHECK(find(2, NULL, NULL) == 0);
	while (now_us() < token.expires_us)
		usleep(10000);
	CHECK(find(2, NULL, NULL) == ERR_TOKEN_EXPIRED);
}

static void test_rendered(void)
{
	const struct identity *identity, *later;
	struct buf body = { 0 };
	change_do((struct change){ token_of(3), INSERT });
	CHECK(find(3, NULL, &identity) == 0 && !index_rendered(identity));
	buf_puts(&body, "shown");
	index_keep_rendered(tokens, identity, &body);
	CHECK(!body.data && find(3, NULL, &later) == 0);
	CHECK_TEXT(index_rendered(later)->data, "shown");
	identity_give(tokens, later);
	buf_puts(&body, "second");
	index_keep_rendered(tokens, identity, &body);
	CHECK_TEXT(index_rendered(identity)->data, "shown");
	struct token changed = token_of(3);
	changed.description = "other";
	change_do((struct change){ changed, UPDATE });
	CHECK(find(3, NULL, &later) == 0 && !index_rendered(later) && str_eq(later->token.description, "other"));
	CHECK_TEXT(index_rendered(identity)->data, "shown"); /* who holds the old one keeps it */
	identity_give(tokens, later);
	identity_give(tokens, identity);
}

static void test_recheck(void)
{
	struct token token = token_of(4);
	struct caller who = { .kind = CALLER_STORAGE };
	static char *addresses[] = { "10.0.0.0/8" };
	change_do((struct change){ token, INSERT });
	CHECK(find(4, NULL, &who.identity) == 0);
	CHECK(change_do((struct change){ .what = RECHECK, .who = &who }) == 0);
	token.can_purge_trash = true;
	change_do((struct change){ token, UPDATE });
	CHECK(!who.identity->token.can_purge_trash && change_do((struct change){ .what = RECHECK, .who = &who }) == 1);
	CHECK(who.identity->token.can_purge_trash);
	token.addresses = addresses;
	token.address_count = 1;
	change_do((struct change){ token, UPDATE });
	CHECK(change_do((struct change){ .what = RECHECK, .who = &who, .address = "11.0.0.1" }) == -ERR_ADDRESS_REFUSED);
	CHECK(change_do((struct change){ .what = RECHECK, .who = &who, .address = "10.0.0.1" }) == 1);
	memset(token.hash, 7, sizeof token.hash);
	change_do((struct change){ token, STRING });
	CHECK(change_do((struct change){ .what = RECHECK, .who = &who, .address = "10.0.0.1" }) == -ERR_TOKEN_INVALID);
	identity_give(tokens, who.identity);
}

static int insert_many(struct db *db, void *arg, struct err *err)
{
	(void)arg;
	int rc = 0;
	for (int64_t id = 100; id < 100 + MANY && rc == 0; id++) {
		struct token token = token_of(id);
		rc = token_insert(db, &token, "s", err);
	}
	return rc;
}

/* More than the memory of the index holds: all are found, before and after others pushed them out. */
static void test_many(void)
{
	CHECK(database_transact(database, insert_many, NULL, &e) == 0);
	for (int round = 0; round < 2; round++)
		for (int64_t id = 100; id < 100 + MANY; id++) {
			const struct identity *identity;
			struct buf body = { 0 };
			CHECK(find(id, NULL, &identity) == 0);
			buf_printf(&body, "%2000lld", (long long)id);
			index_keep_rendered(tokens, identity, &body);
			CHECK(atoll(index_rendered(identity)->data) == id);
			identity_give(tokens, identity);
		}
}

static void test_uses(void)
{
	struct token token = token_of(5);
	const struct identity *identity;
	struct token_use use;
	token.requests_per_minute = 3;
	change_do((struct change){ token, INSERT });
	CHECK(find(5, NULL, &identity) == 0);
	while (now_us() % (60 * US_PER_S) > 58 * US_PER_S)
		usleep(100000);
	for (int i = 0; i < 3; i++)
		CHECK(index_use(tokens, identity, "10.0.0.9", &e) == 0);
	CHECK(index_use(tokens, identity, "10.0.0.9", &e) == -ERR_RATE_LIMITED && e.retry_after_s > 0 && e.retry_after_s <= 60);
	err_done(&e);
	CHECK(index_latest_use(tokens, PROJECT, 5, &use) && str_eq(use.address, "10.0.0.9"));
	CHECK(index_flush_uses(tokens, &e) == 0);
	CHECK(index_use(tokens, identity, "10.0.0.9", &e) == -ERR_RATE_LIMITED); /* written, and still counted */
	err_done(&e);
	identity_give(tokens, identity);
	CHECK(find(5, NULL, &identity) == 0 && identity->token.requests_per_minute == 3);
	identity_give(tokens, identity);
}

static int clean(struct db *db, void *arg, struct err *err)
{
	(void)arg;
	int rc = db_exec_text(db, "DELETE FROM tokens WHERE project_id = 904", DB_NONE, NULL, err);
	return rc < 0 ? rc : db_exec_text(db, "DELETE FROM projects WHERE id = 904", DB_NONE, NULL, err);
}

static int fill(struct db *db, void *arg, struct err *err)
{
	int rc = clean(db, arg, err);
	return rc < 0 ? rc
		      : db_exec_text(db,
				"INSERT INTO projects (id, organization_id, name, created_us, default_branch_id) VALUES (904, 1, "
				"'P', 1, 1)",
				DB_NONE, NULL, err);
}

static void test_engine(const struct conf *conf)
{
	CHECK(database_open(conf, true, &database, &e) == 0);
	CHECK(database_transact(database, fill, NULL, &e) == 0);
	struct conf small = *conf;
	small.index_max_bytes = 1048576;
	CHECK(index_open(&small, database, &tokens, &e) == 0);
	test_errors();
	test_expiry();
	test_rendered();
	test_recheck();
	test_many();
	test_uses();
	CHECK(database_transact(database, clean, NULL, &e) == 0);
	index_close(tokens);
	database_close(database);
}

int main(void)
{
	on_engines(test_engine);
	return test_end();
}
