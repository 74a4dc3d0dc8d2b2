/* Events: written, found, listed by every filter, removed when they are old; on both engines. */
#include "engines.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/own.h"
#include "base/str.h"
#include "store/event.h"
#include "store/event_keep.h"
#include "store/project.h"
#include "work/events.h"

#define PROJECT 771
#define BRANCH 5

static struct err e;
static struct arena *arena;
static struct database *database;
static struct buf seen; /* messages of the last list */

struct writing {
	struct event event;
	int64_t time_us, removed;
};

static int write_event(struct db *db, void *arg, struct err *err)
{
	struct writing *writing = arg;
	char id[UUID_TEXT_SIZE], bound[14];
	writing->event.created_us = writing->time_us ? writing->time_us : now_us();
	writing->event.id = uuid_v7(writing->event.created_us, id);
	if (writing->time_us) /* made ids never go back */
		writing->event.id = arena_printf(arena, "%s-7000-8000-000000000000", event_id_bound(writing->time_us, bound));
	writing->event.project_id = PROJECT;
	writing->event.branch_id = BRANCH;
	return event_insert(db, &writing->event, err);
}

static void add_at(int64_t time_us, const struct event *event)
{
	struct writing writing = { .event = *event, .time_us = time_us };
	CHECK(database_transact(database, write_event, &writing, &e) == 0);
}

static void add(const struct event *event)
{
	add_at(0, event);
}

static int see(void *arg, const struct event *event, struct err *err)
{
	(void)arg;
	(void)err;
	buf_printf(&seen, "%s%s", seen.length ? " " : "", event->message);
	return 0;
}

static const char *list(struct event_filter filter)
{
	struct db *db;
	filter.project_id = PROJECT;
	filter.branch_id = BRANCH;
	filter.limit = filter.limit ? filter.limit : 100;
	buf_clear(&seen);
	buf_puts(&seen, "");
	CHECK(db_reader_take(database, &db, &e) == 0);
	CHECK(event_list(db, arena, &filter, see, NULL, &e) == 0);
	db_reader_give(db);
	if (e.code)
		fprintf(stderr, "%s\n", err_text(&e));
	err_done(&e);
	return seen.length ? seen.data : "";
}

static void test_lists(void)
{
	add(&(struct event){ .message = "a",
		.name = "storage.tokenCreated",
		.token_id = 1,
		.token_name = "O'Neill",
		.object_type = "token",
		.object_id = "2",
		.run_id = "7",
		.operation = "manage",
		.outcome = "success" });
	add(&(struct event){ .message = "b",
		.name = "storage.tableCreated",
		.token_id = 2,
		.object_type = "table",
		.object_id = "in.c-x.t",
		.run_id = "7.1",
		.operation = "write",
		.outcome = "success",
		.level = "warn" });
	add(&(struct event){ .message = "c",
		.name = "ext.c.",
		.token_id = 2,
		.component = "c",
		.configuration_id = "main-1",
		.run_id = "70",
		.operation = "write",
		.outcome = "error" });
	add(&(struct event){ .message = "\xff\xfe", .name = "ext.bytes.", .token_id = 3 });
	CHECK_TEXT(list((struct event_filter){ 0 }), "(not UTF-8) c b a");
	CHECK_TEXT(list((struct event_filter){ .oldest_first = true, .limit = 2 }), "a b");
	CHECK_TEXT(list((struct event_filter){ .limit = 1, .offset = 2 }), "b");
	CHECK_TEXT(list((struct event_filter){ .seen_by = 2 }), "c b");
	CHECK_TEXT(list((struct event_filter){ .about_token = 2 }), "c b a");
	CHECK_TEXT(list((struct event_filter){ .about_token = 2, .limit = 1, .offset = 1 }), "b");
	CHECK_TEXT(list((struct event_filter){ .about_token = 2, .oldest_first = true, .limit = 2 }), "a b");
	CHECK_TEXT(list((struct event_filter){ .about_token = 2, .seen_by = 2 }), "c b");
	CHECK_TEXT(list((struct event_filter){ .about_token = 2, .q = "operation:write", .run_id = "7" }), "b");
	CHECK_TEXT(list((struct event_filter){ .object_type = "table", .object_id = "in.c-x.t" }), "b");
	CHECK_TEXT(list((struct event_filter){ .run_id = "7" }), "b a");
	CHECK_TEXT(list((struct event_filter){ .component = "c", .configuration_id = "main-1" }), "c");
	CHECK_TEXT(list((struct event_filter){ .operation = "write", .outcome = "success" }), "b");
	CHECK_TEXT(list((struct event_filter){ .q = "token.name:O'Neill OR token.id:3" }), "(not UTF-8) a");
	CHECK_TEXT(list((struct event_filter){ .q = "NOT (message:A OR message:B) AND -message:utf" }), "c");
	CHECK_TEXT(list((struct event_filter){ .q = "event:storage.* AND NOT type:warn" }), "a");
	CHECK_TEXT(list((struct event_filter){ .q = "objectId:in.c_x*" }), "");
	CHECK_TEXT(list((struct event_filter){ .q = "project.id:771 idBranch:5 token.id:2 objectId:*" }), "b");
}

static void test_find(void)
{
	struct db *db;
	struct event event;
	struct event_filter who = { .project_id = PROJECT, .branch_id = BRANCH };
	add(&(struct event){ .message = "d",
		.name = "ext.d.",
		.token_id = 9,
		.has_duration = true,
		.duration_s = 1.5,
		.params = "{\"a\":1}",
		.address = "10.0.0.1",
		.is_async = true });
	CHECK(db_reader_take(database, &db, &e) == 0);
	char *id = NULL;
	struct db_rows *rows;
	CHECK(db_query_text(db, "SELECT MAX(id) FROM events", DB_NONE, &rows, &e) == 0 && db_next(rows, &e) == 1);
	id = arena_strdup(arena, db_col_text(rows, 0));
	db_rows_close(rows);
	CHECK(event_find(db, arena, &who, id, &event, &e) == 1);
	CHECK_TEXT(event.message, "d");
	CHECK_TEXT(event.params, "{\"a\":1}");
	CHECK_TEXT(event.results, "");
	CHECK_TEXT(event.address, "10.0.0.1");
	CHECK(event.has_duration && event.duration_s == 1.5 && event.is_async && event.token_id == 9);
	who.seen_by = 9;
	CHECK(event_find(db, arena, &who, id, &event, &e) == 1);
	who.seen_by = 8;
	CHECK(event_find(db, arena, &who, id, &event, &e) == 0);
	who = (struct event_filter){ .project_id = PROJECT, .branch_id = BRANCH + 1 };
	CHECK(event_find(db, arena, &who, id, &event, &e) == 0);
	who = (struct event_filter){ .project_id = PROJECT + 1, .branch_id = BRANCH };
	CHECK(event_find(db, arena, &who, id, &event, &e) == 0);
	db_reader_give(db);
}

static int emit_one(struct db *db, void *arg, struct err *err)
{
	json_t *params = json_pack("{s:s, s:s, s:s, s:{s:s}}", "component", "wr-db", "method", "GET", "reason", "no",
		"configuration", "component", "deep");
	struct origin origin = { .project_id = PROJECT, .branch_id = BRANCH, .token_id = 1 };
	struct event_object object = { .id = "x", .name = "N", .params = params };
	int rc = emit(db, &origin, *(enum event_type *)arg, &object, err);
	json_decref(params);
	return rc;
}

static void test_emit(void)
{
	enum event_type types[] = { EVENT_CONFIG_CREATED, EVENT_CONFIG_ROW_CREATED, EVENT_ACCESS_DENIED };
	for (size_t i = 0; i < 3; i++)
		CHECK(database_transact(database, emit_one, &types[i], &e) == 0);
	CHECK_TEXT(list((struct event_filter){ .limit = 1, .offset = 2 }), "Created component configuration \"N\" (wr-db)");
	CHECK_TEXT(list((struct event_filter){ .limit = 1, .offset = 1 }), "Created component configuration row \"N\" (deep)");
	CHECK_TEXT(list((struct event_filter){ .outcome = "refused", .operation = "read" }), "Refused GET : no");
}

static int remove_old(struct db *db, void *arg, struct err *err)
{
	struct writing *writing = arg;
	return event_remove_before(db, PROJECT, writing->time_us, 2, &writing->removed, err);
}

static int make_project(struct db *db, void *arg, struct err *err)
{
	(void)arg;
	return db_exec_text(db,
		"INSERT INTO projects (id, organization_id, name, created_us, default_branch_id, events_keep_days) "
		"VALUES (771, 1, 'P', 0, 5, 30)",
		DB_NONE, NULL, err);
}

static void test_removal(void)
{
	int64_t now = now_us();
	struct writing old = { .time_us = now - 31 * US_PER_DAY };
	struct event_keeping *keepings;
	size_t count;
	struct db *db;
	char bound[14];
	for (int i = 0; i < 3; i++)
		add_at(now - (40 - i) * US_PER_DAY, &(struct event){ .message = "old", .name = "ext.old." });
	add_at(now - 29 * US_PER_DAY, &(struct event){ .message = "kept", .name = "ext.old." });
	CHECK(database_transact(database, make_project, NULL, &e) == 0);
	CHECK(db_reader_take(database, &db, &e) == 0);
	CHECK(event_keepings(db, arena, &keepings, &count, &e) == 0 && count >= 1);
	/* Other store tests have projects in the same database. */
	while (count > 1 && keepings->project_id != PROJECT) {
		keepings++;
		count--;
	}
	CHECK(keepings[0].project_id == PROJECT);
	CHECK(keepings[0].keep_days == 30 && strcmp(keepings[0].oldest_id, event_id_bound(old.time_us, bound)) < 0);
	db_reader_give(db);
	CHECK(database_transact(database, remove_old, &old, &e) == 0 && old.removed == 2);
	CHECK(database_transact(database, remove_old, &old, &e) == 0 && old.removed == 1);
	CHECK(database_transact(database, remove_old, &old, &e) == 0 && old.removed == 0);
	CHECK_TEXT(list((struct event_filter){ .component = "", .q = "event:ext.old." }), "kept");
}

/* --- months (PostgreSQL) -------------------------------------------------------------------------------------------------- */

static int months(struct db *db, void *arg, struct err *err)
{
	struct writing *writing = arg;
	int rc = event_months_ahead(db, writing->time_us, err);
	return rc < 0 || !writing->removed ? rc : event_months_drop(db, arena, writing->removed, err);
}

static int64_t number(const char *text)
{
	struct db *db;
	struct db_rows *rows;
	int64_t value = -1;
	CHECK(db_reader_take(database, &db, &e) == 0);
	if (db_query_text(db, text, DB_NONE, &rows, &e) == 0 && db_next(rows, &e) == 1)
		value = db_col_int(rows, 0);
	db_rows_close(rows);
	db_reader_give(db);
	return value;
}

static int drop_month(struct db *db, void *arg, struct err *err)
{
	struct db_rows *rows;
	char *name = NULL;
	(void)arg;
	int rc = db_query_text(db,
		"SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = "
		"i.inhparent WHERE p.relname = 'events' AND c.relname <> 'events_rest' ORDER BY c.relname LIMIT 1",
		DB_NONE, &rows, err);
	if (rc >= 0 && db_next(rows, err) == 1)
		name = arena_strdup(arena, db_col_text(rows, 0));
	db_rows_close(rows);
	return db_exec_text(db, arena_printf(arena, "DROP TABLE %s", name), DB_NONE, NULL, err);
}

/* What came before its month had a place moves into it. */
static void test_months_made_late(void)
{
	struct writing writing = { .time_us = now_us() };
	CHECK(database_transact(database, drop_month, NULL, &e) == 0);
	add(&(struct event){ .message = "early", .name = "ext.early." });
	int64_t rest = number("SELECT COUNT(*) FROM events_rest");
	CHECK(database_transact(database, months, &writing, &e) == 0);
	CHECK(number("SELECT COUNT(*) FROM events_rest") == rest - 1);
	CHECK_TEXT(list((struct event_filter){ .q = "event:ext.early." }), "early");
}

static void test_months(void)
{
	struct writing writing = { .time_us = now_us() };
	int64_t all = number("SELECT COUNT(*) FROM events");
	CHECK(database_transact(database, months, &writing, &e) == 0);
	if (e.code)
		fprintf(stderr, "%s\n", err_text(&e));
	CHECK(number("SELECT COUNT(*) FROM events") == all);
	if (database_engine(database) != DB_POSTGRES)
		return;
	test_months_made_late();
	CHECK(number("SELECT COUNT(*) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent WHERE p.relname = 'events'") ==
		4);
	CHECK(number("SELECT COUNT(*) FROM events_rest") <= 1);
	add(&(struct event){ .message = "now", .name = "ext.now." });
	CHECK(number("SELECT COUNT(*) FROM events_rest") <= 1);
	writing.removed = now_us() + 40 * US_PER_DAY;
	CHECK(database_transact(database, months, &writing, &e) == 0);
	CHECK(number("SELECT COUNT(*) FROM events") <= 1);
}

static void test_engine(const struct conf *conf)
{
	CHECK(database_open(conf, true, &database, &e) == 0);
	test_lists();
	test_find();
	test_emit();
	test_removal();
	test_months();
	database_close(database);
}

int main(void)
{
	arena = arena_new();
	on_engines(test_engine);
	buf_done(&seen);
	arena_free(arena);
	return test_end();
}
