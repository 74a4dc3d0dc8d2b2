/* Files: tags, runs, who was given which, lists and their filters, what the sweeper finds; on both engines. */
#include "engines.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "store/file.h"
#include "store/file_query.h"

#define PROJECT 901

static struct err e;
static struct arena *arena;
static struct database *database;

/* One call inside a write. */
struct change {
	int (*run)(struct change *change, struct db *db, struct err *err);
	struct file *file;
	int64_t id, number;
	const char *text;
};

static int run_change(struct db *db, void *arg, struct err *err)
{
	struct change *change = arg;
	return change->run(change, db, err);
}

static int change_do(struct change change)
{
	err_done(&e);
	return database_transact(database, run_change, &change, &e);
}

static int do_insert(struct change *change, struct db *db, struct err *err)
{
	return file_insert(db, arena, change->file, err);
}

static int do_tag_add(struct change *change, struct db *db, struct err *err)
{
	struct file *file;
	int rc = file_lock(db, arena, PROJECT, change->id, &file, err);
	return rc < 0 ? rc : file_tag_add(db, arena, file, change->text, err);
}

static int do_tag_remove(struct change *change, struct db *db, struct err *err)
{
	struct file *file;
	int rc = file_lock(db, arena, PROJECT, change->id, &file, err);
	return rc < 0 ? rc : file_tag_remove(db, arena, file, change->text, err);
}

static int do_reuse(struct change *change, struct db *db, struct err *err)
{
	struct file *file;
	int rc = file_lock(db, arena, PROJECT, change->id, &file, err);
	return rc < 0 ? rc : file_reuse(db, arena, file, change->number, change->text, err);
}

static int do_remove(struct change *change, struct db *db, struct err *err)
{
	return file_remove(db, PROJECT, change->id, err);
}

static int do_grave_done(struct change *change, struct db *db, struct err *err)
{
	return file_grave_done(db, &(struct file_grave){ PROJECT, change->id, arena_strdup(arena, change->text) }, err);
}

static int do_remove_expired(struct change *change, struct db *db, struct err *err)
{
	return file_remove_expired(db, change->number, err);
}

static int do_expire(struct change *change, struct db *db, struct err *err)
{
	static const struct sql sql = { "UPDATE files SET expires_us = $3 WHERE project_id = $1 AND id = $2" };
	return db_exec(db, &sql, DB_ARGS(db_i(PROJECT), db_i(change->id), db_i(now_us() - 1)), err);
}

static int do_clean(struct change *change, struct db *db, struct err *err)
{
	static const struct sql sql[] = { { "DELETE FROM files WHERE project_id = $1" },
		{ "DELETE FROM file_tags WHERE project_id = $1" }, { "DELETE FROM file_runs WHERE project_id = $1" },
		{ "DELETE FROM file_readers WHERE project_id = $1" }, { "DELETE FROM file_graves WHERE project_id = $1" } };
	int rc = 0;
	(void)change;
	for (size_t i = 0; rc == 0 && i < sizeof(sql) / sizeof(sql[0]); i++)
		rc = db_exec(db, &sql[i], DB_ARGS(db_i(PROJECT)), err);
	return rc;
}

static struct file *find(int64_t id)
{
	struct db *db;
	struct file *file = NULL;
	CHECK(db_reader_take(database, &db, &e) == 0);
	CHECK(file_find(db, arena, PROJECT, id, &file, &e) >= 0);
	db_reader_give(db);
	return file;
}

/* A file with the tags "a", "b", "a". */
static int64_t insert(const char *name, int64_t token_id, const char *run_id)
{
	char *tags[] = { arena_strdup(arena, "a"), arena_strdup(arena, "b"), arena_strdup(arena, "a") };
	struct file file = { .project_id = PROJECT,
		.branch_id = 1,
		.name = arena_strdup(arena, name),
		.max_age_days = 15,
		.size_bytes = 5,
		.creator_token_id = token_id,
		.creator_description = arena_strdup(arena, "me"),
		.run_id = arena_strdup(arena, run_id),
		.tags = tags,
		.tag_count = 3 };
	CHECK(change_do((struct change){ .run = do_insert, .file = &file }) == 0);
	return file.id;
}

/* The names found, joined by blanks. */
static const char *list(struct file_filter filter)
{
	struct db *db;
	struct file **files = NULL;
	size_t count = 0;
	const char *names = "";
	filter.project_id = PROJECT;
	filter.limit = filter.limit ? filter.limit : 100;
	CHECK(db_reader_take(database, &db, &e) == 0);
	CHECK(file_list(db, arena, &filter, &files, &count, &e) == 0);
	db_reader_give(db);
	for (size_t i = 0; i < count; i++)
		names = arena_printf(arena, "%s%s%s", names, i ? " " : "", files[i]->name);
	return names;
}

static const char *query(const char *q)
{
	struct file_filter filter = { 0 };
	err_done(&e);
	return file_query_parse(arena, q, &filter.query, &e) < 0 ? "refused" : list(filter);
}

static void test_row(void)
{
	int64_t id = insert("my data/é.csv", 7, NULL);
	struct file *file = find(id);
	CHECK(file && file->tag_count == 2 && file->run_id_count == 0 && !file->run_id && !file->file_type);
	CHECK_TEXT(file->container, arena_printf(arena, "exp-15-files-%d-%lld", PROJECT, (long long)id));
	CHECK_TEXT(file->blob, arena_printf(arena, "%lld.my_data___.csv", (long long)id));
	CHECK(file->expires_us == file->created_us + 15 * US_PER_DAY && file->size_bytes == 5);
	CHECK(change_do((struct change){ .run = do_tag_add, .id = id, .text = "image/tag" }) == 0);
	CHECK(change_do((struct change){ .run = do_tag_add, .id = id, .text = "b" }) == 0);
	CHECK(change_do((struct change){ .run = do_tag_remove, .id = id, .text = "a" }) == 0);
	CHECK(change_do((struct change){ .run = do_tag_remove, .id = id, .text = "never" }) == 0);
	file = find(id);
	CHECK(file->tag_count == 2 && str_eq(file->tags[0], "b") && str_eq(file->tags[1], "image/tag"));
	CHECK(change_do((struct change){ .run = do_tag_add, .id = id + 1000, .text = "x" }) == -ERR_FILE_NOT_FOUND);
	CHECK(change_do((struct change){ .run = do_remove, .id = id }) == 0);
	CHECK(!find(id));
	CHECK(change_do((struct change){ .run = do_remove, .id = id }) == 0);
}

static void test_lists(void)
{
	int64_t one = insert("One.csv", 7, "10"), two = insert("two_x.csv", 8, "10"), three = insert("three.csv", 7, NULL);
	const char *const tags[] = { "nothing", "image" };
	CHECK_TEXT(list((struct file_filter){ 0 }), "three.csv two_x.csv One.csv");
	CHECK_TEXT(list((struct file_filter){ .limit = 1, .offset = 1 }), "two_x.csv");
	CHECK_TEXT(list((struct file_filter){ .since_id = one, .max_id = three }), "two_x.csv");
	CHECK_TEXT(list((struct file_filter){ .token_id = 8 }), "two_x.csv");
	CHECK_TEXT(list((struct file_filter){ .run_id = "10" }), "two_x.csv One.csv");
	CHECK(change_do((struct change){ .run = do_tag_add, .id = two, .text = "image" }) == 0);
	CHECK_TEXT(list((struct file_filter){ .tags = tags, .tag_count = 2 }), "two_x.csv");
	CHECK_TEXT(query("ONE"), "One.csv");
	CHECK_TEXT(query("_"), "two_x.csv");
	CHECK_TEXT(query("csv AND name:\"t\""), "three.csv two_x.csv");
	CHECK_TEXT(query("tags:image csv"), "two_x.csv");
	CHECK_TEXT(query(arena_printf(arena, "id:%lld", (long long)three)), "three.csv");
	CHECK_TEXT(query("  "), "three.csv two_x.csv One.csv");
	CHECK_TEXT(query("tags[]:sd"), "refused");
	CHECK_TEXT(query("tags:image OR name:three"), "three.csv two_x.csv");
	CHECK_TEXT(query("csv AND NOT (tags:image || three)"), "One.csv");
	CHECK_TEXT(query("+csv -tags:image"), "three.csv One.csv");
	CHECK_TEXT(query("T*"), "three.csv two_x.csv");
	CHECK_TEXT(query("tags:im*"), "two_x.csv");
	CHECK_TEXT(query("tags:Im*"), "");
	CHECK_TEXT(query("NOT tags:*"), "");
	CHECK_TEXT(query("id:x"), "");
	CHECK_TEXT(query("(csv"), "refused");
	CHECK_TEXT(query("csv OR"), "refused");
	CHECK_TEXT(query("\"open"), "refused");
	CHECK_TEXT(query("what:x"), "refused");
	CHECK_TEXT(query("name:"), "refused");
}

static void test_reuse(void)
{
	int64_t id = insert("export.csv", 7, "20");
	struct db *db;
	CHECK(change_do((struct change){ .run = do_reuse, .id = id, .number = 9, .text = "21" }) == 0);
	CHECK(change_do((struct change){ .run = do_reuse, .id = id, .number = 9, .text = "21" }) == 0);
	CHECK(change_do((struct change){ .run = do_reuse, .id = id, .number = 7, .text = NULL }) == 0);
	struct file *file = find(id);
	CHECK(file->run_id_count == 2 && str_eq(file->run_id, "20") && str_eq(file->run_ids[1], "21"));
	CHECK_TEXT(list((struct file_filter){ .token_id = 9 }), "export.csv");
	CHECK_TEXT(list((struct file_filter){ .run_id = "21" }), "export.csv");
	CHECK(db_reader_take(database, &db, &e) == 0);
	CHECK(file_reader_find(db, PROJECT, id, 9, &e) == 1 && file_reader_find(db, PROJECT, id, 8, &e) == 0);
	db_reader_give(db);
}

/* How many containers of this project wait; *ret is one of them. */
static int graves(struct file_grave *ret)
{
	struct db *db;
	struct file_grave *list_of;
	size_t count = 0;
	int found = 0;
	CHECK(db_reader_take(database, &db, &e) == 0);
	CHECK(file_graves(db, arena, &list_of, &count, &e) == 0);
	db_reader_give(db);
	for (size_t i = 0; i < count; i++) {
		if (list_of[i].project_id != PROJECT)
			continue;
		*ret = list_of[i];
		found++;
	}
	return found;
}

static void test_sweep(void)
{
	struct file_grave grave;
	int64_t removed = insert("removed", 7, NULL), expired = insert("expired", 7, NULL);
	CHECK(graves(&grave) == 0);
	CHECK(change_do((struct change){ .run = do_remove, .id = removed }) == 0);
	CHECK(graves(&grave) == 1 && grave.file_id == 0);
	CHECK(change_do((struct change){ .run = do_grave_done, .text = grave.container }) == 0);
	CHECK(graves(&grave) == 0);
	CHECK(change_do((struct change){ .run = do_expire, .id = expired }) == 0);
	CHECK(!find(expired) && graves(&grave) == 1 && grave.file_id == expired);
	CHECK_TEXT(list((struct file_filter){ .max_id = expired + 1, .since_id = expired - 1 }), "");
	CHECK_TEXT(list((struct file_filter){ .max_id = expired + 1, .since_id = expired - 1, .show_expired = true }), "expired");
	CHECK(change_do((struct change){ .run = do_remove_expired, .number = now_us() }) == 0);
	CHECK_TEXT(list((struct file_filter){ .max_id = expired + 1, .since_id = expired - 1, .show_expired = true }), "expired");
	CHECK(change_do((struct change){ .run = do_grave_done, .id = expired, .text = "" }) == 0);
	CHECK(graves(&grave) == 0);
	CHECK(change_do((struct change){ .run = do_remove_expired, .number = now_us() }) == 0);
	CHECK_TEXT(list((struct file_filter){ .max_id = expired + 1, .since_id = expired - 1, .show_expired = true }), "");
}

static void test_engine(const struct conf *conf)
{
	CHECK(database_open(conf, true, &database, &e) == 0);
	CHECK(change_do((struct change){ .run = do_clean }) == 0);
	test_row();
	CHECK(change_do((struct change){ .run = do_clean }) == 0);
	test_lists();
	test_reuse();
	test_sweep();
	CHECK(change_do((struct change){ .run = do_clean }) == 0);
	database_close(database);
}

int main(void)
{
	arena = arena_new();
	on_engines(test_engine);
	arena_free(arena);
	return test_end();
}
