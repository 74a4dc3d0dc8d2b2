/* The history that proves itself: whatever is changed, removed, added or cut off is found; on both engines. */
#include "engines.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/own.h"
#include "base/secret.h"
#include "base/signature.h"
#include "base/str.h"
#include "store/event_keep.h"
#include "work/checkpoints.h"

#define PROJECT 772

static struct err e;
static struct arena *arena;
static struct app app;
static char public_key[SIGNATURE_KEY_TEXT_SIZE];

static int run_text(struct db *db, void *arg, struct err *err)
{
	return db_exec_text(db, arg, DB_NONE, NULL, err);
}

static void sql(const char *text)
{
	CHECK(database_transact(app.database, run_text, (void *)text, &e) == 0);
}

static int write_event(struct db *db, void *arg, struct err *err)
{
	char id[UUID_TEXT_SIZE];
	struct event event = { .project_id = PROJECT,
		.created_us = now_us(),
		.branch_id = 1,
		.name = "ext.x.",
		.message = arg,
		.token_id = 4,
		.params = "{\"a\":1}",
		.has_duration = true,
		.duration_s = 0.1 };
	event.id = uuid_v7(event.created_us, id);
	return event_insert(db, &event, err);
}

static void add(const char *message)
{
	CHECK(database_transact(app.database, write_event, (void *)message, &e) == 0);
}

static int sweep(int64_t from_now_us)
{
	int rc = checkpoints_sweep(&app, now_us() + from_now_us, &e);
	if (e.code)
		fprintf(stderr, "%s\n", err_text(&e));
	return rc;
}

/* NULL when the history is whole, else what is wrong. */
static const char *check(struct history *history)
{
	static char text[512];
	struct db *db;
	*history = (struct history){ .project_id = PROJECT,
		.public_key = history->public_key ? history->public_key : public_key,
		.known_hash = history->known_hash,
		.keep_from_us = history->keep_from_us };
	CHECK(db_reader_take(app.database, &db, &e) == 0);
	int rc = checkpoints_check(db, history, &e);
	db_reader_give(db);
	snprintf(text, sizeof(text), "%s", rc < 0 ? err_text(&e) : "");
	err_done(&e);
	return rc < 0 ? text : NULL;
}

static void check_wrong(const char *what)
{
	struct history history = { 0 };
	const char *found = check(&history);
	CHECK(found && strstr(found, what));
	if (found && !strstr(found, what))
		fprintf(stderr, "%s\n", found);
}

static void check_whole(int64_t checkpoints, int64_t events, int64_t open)
{
	struct history history = { 0 };
	const char *found = check(&history);
	CHECK(!found);
	if (found)
		fprintf(stderr, "%s\n", found);
	CHECK(history.checkpoints == checkpoints && history.events == events && history.open_events == open &&
		history.expired == 0);
}

static void test_making(void)
{
	add("one");
	add("two");
	CHECK(sweep(0) == 0); /* too young */
	check_whole(0, 0, 2);
	CHECK(sweep(200 * US_PER_S) == 0);
	check_whole(1, 2, 0);
	CHECK(sweep(200 * US_PER_S) == 0); /* nothing new: no checkpoint */
	check_whole(1, 2, 0);
}

/* Each is found, and put right again. */
static void test_tampering(void)
{
	sql("UPDATE events SET message = 'xwo' WHERE project_id = 772 AND message = 'two'");
	check_wrong("events were changed");
	sql("UPDATE events SET message = 'two' WHERE project_id = 772 AND message = 'xwo'");
	sql("UPDATE events SET params = '{\"a\":2}' WHERE project_id = 772 AND message = 'two'");
	check_wrong("events were changed");
	sql("UPDATE events SET params = '{\"a\":1}' WHERE project_id = 772 AND message = 'two'");
	sql("UPDATE events SET token_id = 5 WHERE project_id = 772 AND message = 'one'");
	check_wrong("events were changed");
	sql("UPDATE events SET token_id = 4 WHERE project_id = 772 AND message = 'one'");
	check_whole(1, 2, 0);
	sql("UPDATE events SET project_id = 773 WHERE message = 'one'");
	check_wrong("events were removed or added");
	sql("UPDATE events SET project_id = 772 WHERE message = 'one'");
	sql("INSERT INTO events SELECT project_id, '00000000-0000-7000-8000-000000000000', created_us, branch_id, name, "
	    "component, configuration_id, "
	    "'before', description, level, run_id, object_type, object_id, object_name, token_id, token_name, operation, "
	    "outcome, address, "
	    "user_agent, client_agent, referer, via, is_async, duration_s, params, results, attachments FROM events WHERE "
	    "message = 'one'");
	check_wrong("events were removed or added");
	sql("DELETE FROM events WHERE message = 'before'");
	sql("UPDATE checkpoints SET event_count = 3 WHERE project_id = 772");
	check_wrong("its signature is not the server's");
	sql("UPDATE checkpoints SET event_count = 2 WHERE project_id = 772");
	check_whole(1, 2, 0);
}

/* The server's key makes another chain, too: the one that was kept elsewhere tells. */
static void test_known(void)
{
	struct history history = { .known_hash = "0123" };
	struct db *db;
	struct checkpoint *last = NULL;
	CHECK(check(&history) != NULL);
	CHECK(db_reader_take(app.database, &db, &e) == 0);
	CHECK(checkpoint_last(db, arena, PROJECT, &last, &e) == 1);
	db_reader_give(db);
	history.known_hash = last->hash;
	CHECK(check(&history) == NULL);
	history = (struct history){ .public_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	CHECK(strstr(check(&history), "signature"));
	history = (struct history){ .public_key = "short" };
	CHECK(strstr(check(&history), "signature"));
	history = (struct history){ .keep_from_us = now_us() + US_PER_DAY };
	CHECK(check(&history) == NULL && history.expired == 1 && history.checkpoints == 0);
}

/* Checkpoints begin where the one before ended: ids of the second batch must be later than what the first sweep looked at. */
static void test_chain(void)
{
	sql("UPDATE checkpoints SET until_id = from_id WHERE project_id = 772");
	check_wrong("signature");
	sql("DELETE FROM checkpoints WHERE project_id = 772");
	CHECK(sweep(120 * US_PER_S + 1000) == 0); /* everything until a millisecond from now */
	for (int64_t begun = now_us(); now_us() < begun + 3000;)
		usleep(1000);
	add("three");
	CHECK(sweep(200 * US_PER_S) == 0);
	check_whole(2, 3, 0);
	sql("DELETE FROM checkpoints WHERE project_id = 772 AND number = 1");
	check_whole(1, 1, 0); /* the older part was removed as past keeping: what is left still proves itself */
	sql("UPDATE checkpoints SET number = 3 WHERE project_id = 772");
	check_wrong("signature");
}

static void test_engine(const struct conf *conf)
{
	app.conf = *conf;
	signature_public_key(public_key);
	CHECK(database_open(&app.conf, true, &app.database, &e) == 0);
	sql("INSERT INTO projects (id, organization_id, name, created_us, default_branch_id) VALUES (772, 1, 'P', 0, 1)");
	test_making();
	test_tampering();
	test_known();
	test_chain();
	database_close(app.database);
}

int main(void)
{
	arena = arena_new();
	on_engines(test_engine);
	arena_free(arena);
	return test_end();
}
