/* Tokens and what belongs to them: rows, versions, notices, repeats, links, uses; on both engines. */
#include "engines.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "store/token.h"
#include "store/token_link.h"
#include "store/token_notice.h"
#include "store/token_replay.h"

#define PROJECT 902
#define USER 902

static struct err e;
static struct arena *arena;
static struct database *database;
static int told; /* changes of tokens of the project that the observer was told of */

static void observe(void *arg, enum db_topic topic, int64_t project_id, int64_t id)
{
	(void)arg;
	(void)id;
	told += topic == DB_CHANGED_TOKEN && project_id == PROJECT;
}

/* The body of a test runs inside one write. */
struct piece {
	void (*run)(struct db *db);
};

static int inside(struct db *db, void *arg, struct err *err)
{
	(void)err;
	((struct piece *)arg)->run(db);
	return 0;
}

static void in_write(void (*run)(struct db *db))
{
	struct piece piece = { run };
	err_done(&e);
	CHECK(database_transact(database, inside, &piece, &e) == 0);
}

static void exec(struct db *db, const char *text)
{
	CHECK(db_exec_text(db, text, DB_NONE, NULL, &e) == 0);
}

static void clean(struct db *db)
{
	exec(db, "DELETE FROM token_links WHERE project_id = 902");
	exec(db, "DELETE FROM token_replays WHERE project_id = 902");
	exec(db, "DELETE FROM tokens WHERE project_id = 902");
	exec(db, "DELETE FROM projects WHERE id = 902");
	exec(db, "DELETE FROM users WHERE id = 902");
}

static void fill(struct db *db)
{
	clean(db);
	exec(db, "INSERT INTO projects (id, organization_id, name, created_us, default_branch_id) VALUES (902, 1, 'P', 1, 9)");
	exec(db, "INSERT INTO users (id, email, name, created_us) VALUES (902, 'u902@example.org', 'U', 1)");
}

static struct token sample(void)
{
	static struct bucket_permission buckets[] = { { "in.c-a", BUCKET_READ }, { "out.c-b", BUCKET_WRITE } };
	static char *components[] = { "a", "b" }, *addresses[] = { "10.0.0.0/8" };
	return (struct token){
		.project_id = PROJECT,
		.description = "d",
		.created_us = 5,
		.refreshed_us = 5,
		.admin_id = USER,
		.creator_token_id = 1,
		.creator_description = "c",
		.can_purge_trash = true,
		.buckets = buckets,
		.bucket_count = 2,
		.components = components,
		.component_count = 2,
		.addresses = addresses,
		.address_count = 1,
		.requests_per_minute = 7,
	};
}

static int64_t insert(struct db *db, struct token token)
{
	CHECK(token_next_id(db, &token.id, &e) == 0);
	memset(token.hash, 3, sizeof token.hash);
	CHECK(token_insert(db, &token, "sealed", &e) == 0);
	return token.id;
}

static void test_row(struct db *db)
{
	struct token *token;
	int64_t id = insert(db, sample());
	CHECK(token_find(db, arena, PROJECT, id, &token, &e) == 1);
	CHECK(token->version == 1 && token->hash[0] == 3 && token->can_purge_trash && !token->can_manage_buckets &&
		!token->is_master);
	CHECK(token->bucket_count == 2 && token->buckets[1].level == BUCKET_WRITE &&
		str_eq(token->buckets[0].bucket_id, "in.c-a"));
	CHECK(token->component_count == 2 && str_eq(token->components[1], "b") && token->address_count == 1);
	CHECK(token->requests_per_minute == 7 && str_eq(token->creator_description, "c") && token->admin_id == USER);
	CHECK(token_find(db, arena, PROJECT, id + 1000, &token, &e) == 0 &&
		token_find(db, arena, PROJECT + 1, id, &token, &e) == 0);
	CHECK(token_get(db, arena, PROJECT, id + 1000, &token, &e) == -ERR_TOKEN_NOT_FOUND);
	err_done(&e);
}

static void test_versions(struct db *db)
{
	struct token *token;
	int64_t id = insert(db, sample()), versions[2];
	const int64_t key[2] = { PROJECT, id };
	CHECK(token_find(db, arena, PROJECT, id, &token, &e) == 1);
	token->bucket_count = 0;
	token->is_disabled = true;
	CHECK(token_update(db, token, &e) == 0 && token->version == 2);
	memset(token->hash, 4, sizeof token->hash);
	token->refreshed_us = 6;
	CHECK(token_set_string(db, token, "sealed2", &e) == 0);
	CHECK(token_find(db, arena, PROJECT, id, &token, &e) == 1);
	CHECK(token->version == 3 && token->bucket_count == 0 && token->is_disabled && token->hash[0] == 4 &&
		token->refreshed_us == 6);
	CHECK(token_hold(db, PROJECT, id, &e) == 0);
	CHECK(token_touch_admin(db, USER, &e) == 0 && token_touch_project(db, PROJECT, &e) == 0);
	CHECK(token_find_versions(db, key, true, versions, &e) == 1 && versions[0] == 4 && versions[1] == 2);
	char *sealed;
	CHECK(token_sealed(db, arena, PROJECT, id, &sealed, &e) == 1 && str_eq(sealed, "sealed2"));
	struct token first;
	/* on PostgreSQL other tests have left theirs before it */
	CHECK(token_sealed_first(db, arena, &first, &sealed, &e) == 1 && sealed[0]);
	CHECK(first.project_id < PROJECT || (first.project_id == PROJECT && first.id <= id));
	CHECK(token_remove(db, PROJECT, id, &e) == 1 && token_remove(db, PROJECT, id, &e) == 0);
	CHECK(token_find_versions(db, key, false, versions, &e) == 0);
}

static void test_uses(struct db *db)
{
	struct token *token;
	int64_t id = insert(db, sample());
	struct token_use uses[] = { { PROJECT, id, 20, "10.0.0.2" }, { PROJECT, id, 10, "10.0.0.1" } };
	CHECK(token_write_uses(db, uses, 2, &e) == 0);
	CHECK(token_find(db, arena, PROJECT, id, &token, &e) == 1);
	CHECK(token->last_used_us == 20 && str_eq(token->last_used_address, "10.0.0.2") && token->version == 1);
}

static void test_whole(struct db *db)
{
	struct token *token;
	struct token_setting *setting;
	struct token master = sample();
	master.is_master = true;
	int64_t id = insert(db, master);
	const int64_t key[2] = { PROJECT, id };
	CHECK(token_find_whole(db, arena, key, &token, &setting, &e) == 1);
	CHECK(setting->project_version >= 1 && !setting->role && !setting->project_gone && setting->default_branch_id == 9);
	CHECK(str_eq(setting->admin_email, "u902@example.org") && !setting->replay_open);
	exec(db, "DELETE FROM project_users WHERE project_id = 902");
	CHECK(db_exec_text(db,
		      "INSERT INTO project_users (project_id, user_id, role, master_token_id, created_us) VALUES (902, 902, "
		      "'guest', $1, 1)",
		      DB_ARGS(db_i(id)), NULL, &e) == 0);
	CHECK(token_find_whole(db, arena, key, &token, &setting, &e) == 1 && str_eq(setting->role, "guest"));
	exec(db, "DELETE FROM project_users WHERE project_id = 902");
}

/* Notices by the clock: what is due, in days; a whole life of looking every six hours. */
static const char *notices_of_life(struct db *db, int64_t life_us)
{
	struct token token = sample();
	struct token_notice *notices;
	char *days = arena_strdup(arena, "");
	size_t count;
	exec(db, "DELETE FROM tokens WHERE project_id = 902");
	token.created_us = INT64_C(1000) * US_PER_DAY;
	token.expires_us = token.created_us + life_us;
	insert(db, token);
	for (int64_t now = token.created_us; now < token.expires_us + US_PER_DAY; now += US_PER_DAY / 4) {
		CHECK(token_notices(db, arena, now, 10, &notices, &count, &e) == 0);
		for (size_t i = 0; i < count; i++) {
			if (notices[i].project_id != PROJECT)
				continue;
			days = arena_printf(arena, "%s %d", days, notices[i].days);
			CHECK(str_eq(notices[i].email, "u902@example.org") && str_eq(notices[i].project_name, "P"));
			CHECK(token_set_notified(db, &notices[i], now, &e) == 0);
		}
	}
	return days;
}

static void test_notices(struct db *db)
{
	CHECK_TEXT(notices_of_life(db, 100 * US_PER_DAY), " 30 7 1");
	CHECK_TEXT(notices_of_life(db, 20 * US_PER_DAY), " 7 1");
	CHECK_TEXT(notices_of_life(db, 2 * US_PER_DAY), " 1");
	CHECK_TEXT(notices_of_life(db, US_PER_DAY / 2), "");
}

static void test_expired(struct db *db)
{
	struct token token = sample();
	int64_t keys[10][2];
	size_t count;
	exec(db, "DELETE FROM tokens WHERE project_id = 902");
	insert(db, token);
	token.expires_us = 1000;
	int64_t id = insert(db, token);
	CHECK(token_list_expired(db, 999, 10, keys, &count, &e) == 0 && count == 0);
	CHECK(token_list_expired(db, 1000, 10, keys, &count, &e) == 0 && count == 1 && keys[0][0] == PROJECT && keys[0][1] == id);
}

static struct token_replay replay_sample(int64_t token_id)
{
	struct token_replay replay = { .project_id = PROJECT,
		.caller_token_id = 5,
		.address = "10.0.0.1",
		.token_id = token_id,
		.token_refreshed_us = 5,
		.expires_us = INT64_MAX };
	memset(replay.caller_hash, 1, SECRET_HASH_SIZE);
	memset(replay.request_hash, 2, SECRET_HASH_SIZE);
	memset(replay.key_hash, 3, SECRET_HASH_SIZE);
	return replay;
}

static void test_replay_by_key(struct db *db)
{
	struct token_replay replay = replay_sample(insert(db, sample())), again = replay, found;
	replay.has_key = again.has_key = true;
	CHECK(token_replay_insert(db, &replay, &e) == 1 && token_replay_insert(db, &again, &e) == 0);
	CHECK(token_replay_find_key(db, arena, &again, 10, &found, &e) == 1);
	CHECK(found.id == replay.id && found.has_key && !found.is_spent && found.caller_hash[0] == 1 &&
		found.request_hash[31] == 2);
	again.caller_token_id = 6;
	CHECK(token_replay_find_key(db, arena, &again, 10, &found, &e) == 0 && token_replay_insert(db, &again, &e) == 1);
	CHECK(token_replay_spend(db, PROJECT, replay.token_id, &e) == 0);
	CHECK(token_replay_find_key(db, arena, &replay, 10, &found, &e) == 1 && found.is_spent);
	CHECK(token_replay_is_spent(db, PROJECT, replay.id, &e) == 1);
	exec(db, "UPDATE token_replays SET expires_us = 1000 WHERE project_id = 902");
	CHECK(token_replay_find_key(db, arena, &replay, 1000, &found, &e) == 0);
	CHECK(token_replay_insert(db, &replay, &e) == 1); /* the one that is over is in nobody's way */
}

static void test_replay_lost(struct db *db)
{
	struct token_replay replay = replay_sample(insert(db, sample())), other, found;
	exec(db, "DELETE FROM token_replays WHERE project_id = 902");
	CHECK(token_replay_insert(db, &replay, &e) == 1);
	CHECK(token_replay_find_open(db, arena, &replay, 10, &found, &e) == 1);
	replay.is_undelivered = true;
	CHECK(token_replay_find_open(db, arena, &replay, 10, &found, &e) == 0);
	CHECK(token_replay_set_undelivered(db, PROJECT, replay.id, true, 1000, &e) == 0);
	CHECK(token_replay_find_open(db, arena, &replay, 10, &found, &e) == 1 && found.id == replay.id && !found.has_key);
	CHECK(token_replay_find_open(db, arena, &replay, 1000, &found, &e) == 0);
	other = replay, other.address = "10.0.0.2";
	CHECK(token_replay_find_open(db, arena, &other, 10, &found, &e) == 0);
	other = replay, other.request_hash[0] = 9;
	CHECK(token_replay_find_open(db, arena, &other, 10, &found, &e) == 0);
	other = replay, other.caller_hash[0] = 9;
	CHECK(token_replay_find_open(db, arena, &other, 10, &found, &e) == 0);
	CHECK(token_replay_spend(db, PROJECT, replay.token_id, &e) == 0);
	CHECK(token_replay_find_open(db, arena, &replay, 10, &found, &e) == 0);
	int64_t count;
	CHECK(token_replay_sweep(db, 1000, 10, &count, &e) == 0 && count >= 1);
	CHECK(token_replay_self(db, PROJECT, replay.token_id, replay.caller_hash, &e) == 0);
}

static void test_links(struct db *db)
{
	int64_t token_id = insert(db, sample()), count;
	const int64_t key[2] = { PROJECT, token_id };
	struct token_link link = { .project_id = PROJECT,
		.token_id = token_id,
		.token_refreshed_us = 5,
		.recipient = "r@example.org",
		.message = "m",
		.sender_token_id = 1,
		.created_us = 10,
		.expires_us = 100 },
			  *found;
	memset(link.hash, 8, sizeof link.hash);
	CHECK(token_link_next_id(db, &link.id, &e) == 0 && token_link_insert(db, &link, &e) == 0);
	CHECK(token_link_lock(db, arena, PROJECT, link.id, &found, &e) == 1 && found->hash[31] == 8 &&
		str_eq(found->recipient, "r@example.org"));
	CHECK(token_link_count(db, key, 99, &count, &e) == 0 && count == 1);
	CHECK(token_link_count(db, key, 100, &count, &e) == 0 && count == 0);
	found->retrieved_us = 50;
	found->wrong_tries = 2;
	CHECK(token_link_update(db, found, &e) == 0 && token_link_count(db, key, 50, &count, &e) == 0 && count == 0);
	size_t listed;
	CHECK(token_link_list(db, arena, key, 10, &found, &listed, &e) == 0 && listed == 1 && found->wrong_tries == 2);
	CHECK(token_remove(db, PROJECT, token_id, &e) == 1);
	CHECK(token_link_find(db, arena, PROJECT, link.id, &found, &e) == 0);
}

static int list_one(const struct token *token, const struct token_setting *setting, void *arg, struct err *err)
{
	(void)setting;
	(void)err;
	char **ids = arg;
	*ids = arena_printf(arena, "%s %lld", *ids, (long long)token->id);
	return 0;
}

static void test_list(struct db *db)
{
	char *ids = arena_strdup(arena, "");
	int64_t count;
	exec(db, "DELETE FROM tokens WHERE project_id = 902");
	int64_t a = insert(db, sample()), b = insert(db, sample()), c = insert(db, sample());
	CHECK(token_count(db, PROJECT, &count, &e) == 0 && count == 3);
	struct token_listing listing = { PROJECT, 10, 0, list_one, &ids };
	CHECK(token_list(db, &listing, &e) == 0);
	CHECK_TEXT(ids, arena_printf(arena, " %lld %lld %lld", (long long)a, (long long)b, (long long)c));
	ids = arena_strdup(arena, "");
	listing = (struct token_listing){ PROJECT, 1, 1, list_one, &ids };
	CHECK(token_list(db, &listing, &e) == 0);
	CHECK_TEXT(ids, arena_printf(arena, " %lld", (long long)b));
}

static void test_engine(const struct conf *conf)
{
	static void (*const TESTS[])(struct db *) = { fill, test_row, test_versions, test_uses, test_whole, test_notices,
		test_expired, test_replay_by_key, test_replay_lost, test_links, test_list };
	CHECK(database_open(conf, true, &database, &e) == 0);
	database_observe(database, observe, NULL);
	told = 0;
	for (size_t i = 0; i < sizeof TESTS / sizeof TESTS[0]; i++)
		in_write(TESTS[i]);
	CHECK(told >= 5);
	in_write(clean);
	database_close(database);
}

int main(void)
{
	arena = arena_new();
	on_engines(test_engine);
	arena_free(arena);
	return test_end();
}
