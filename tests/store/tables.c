/* Buckets, tables, columns, aliases, metadata, branches, jobs and snapshots: every store function, on both engines. */
#include "engines.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "store/branch.h"
#include "store/bucket.h"
#include "store/job.h"
#include "store/metadata.h"
#include "store/names.h"
#include "store/project.h"
#include "store/snapshot.h"
#include "store/table.h"
#include "store/token.h"

static struct err e;
static struct arena *arena;
static int64_t P; /* the project */

static char *text(const char *s)
{
	return arena_strdup(arena, s);
}

static struct bucket new_bucket(struct db *db, const char *stage, const char *name, const char *display_name)
{
	struct bucket bucket = { .project_id = P,
		.stage = text(stage),
		.name = text(name),
		.display_name = text(display_name),
		.backend = text("snowflake") };
	CHECK(bucket_insert(db, arena, &bucket, &e) == 0);
	return bucket;
}

static struct table new_table(struct db *db, const struct bucket *bucket, const char *name)
{
	struct column *columns = arena_array(arena, struct column, 2);
	columns[0].name = text("id");
	columns[1].name = text("name");
	struct table table = {
		.project_id = P, .bucket_id = bucket->id, .name = text(name), .columns = columns, .column_count = 2
	};
	table.primary_key = arena_array(arena, char *, 1);
	table.primary_key[0] = text("id");
	table.primary_key_count = 1;
	CHECK(table_insert(db, arena, &table, &e) == 0);
	return table;
}

static int64_t version_of_project(struct db *db)
{
	struct project *project = NULL;
	CHECK(project_find(db, arena, P, &project, &e) == 1);
	return project->version;
}

static void test_buckets(struct db *db)
{
	struct bucket *found = NULL, *list = NULL, main = new_bucket(db, "in", "c-main", NULL);
	char **ids = NULL;
	size_t count = 0;
	int64_t version = version_of_project(db);
	CHECK_TEXT(main.id, "in.c-main");
	CHECK_TEXT(main.display_name, "main");
	struct bucket out = new_bucket(db, "out", "c-main", NULL);
	CHECK(version_of_project(db) > version); /* R13 */
	struct bucket again = { .project_id = P, .stage = text("in"), .name = text("c-main"), .backend = text("snowflake") };
	CHECK(bucket_insert(db, arena, &again, &e) == -ERR_BUCKET_EXISTS);
	again = (struct bucket){
		.project_id = P, .stage = text("out"), .name = text("c-x"), .display_name = text("main"), .backend = text("b")
	};
	CHECK(bucket_insert(db, arena, &again, &e) == -ERR_BUCKET_EXISTS);
	err_done(&e);
	CHECK(bucket_find(db, arena, P, "in.c-none", &found, &e) == 0);
	CHECK(bucket_get(db, arena, P, "in.c-none", &found, &e) == -ERR_BUCKET_NOT_FOUND);
	err_done(&e);
	CHECK(bucket_find(db, arena, P + 1, "in.c-main", &found, &e) == 0);
	CHECK(bucket_get(db, arena, P, "in.c-main", &found, &e) == 0 && found->number == main.number && !found->color &&
		!found->updated_us);
	found->color = text("#fff");
	found->display_name = text("shown");
	CHECK(bucket_update(db, found, &e) == 0 && bucket_mark_updated(db, found, &e) == 0 &&
		bucket_set_owner(db, found, 0, &e) == 0);
	CHECK(bucket_lock(db, found, &e) == 0);
	CHECK(bucket_get(db, arena, P, "in.c-main", &found, &e) == 0 && found->updated_us > 0);
	CHECK_TEXT(found->color, "#fff");
	CHECK_TEXT(found->display_name, "shown");
	CHECK(bucket_touch(db, P, main.number, 5, 70, &e) == 0 && bucket_touch(db, P, main.number, -2, -10, &e) == 0);
	CHECK(bucket_get(db, arena, P, "in.c-main", &found, &e) == 0 && found->rows_count == 3 && found->data_size_bytes == 60);
	CHECK(bucket_touch(db, P, main.number, -3, -60, &e) == 0);
	CHECK(bucket_list(db, arena, P, &list, &count, &e) == 0 && count == 2 && list[0].number == main.number &&
		list[1].number == out.number);
	CHECK(bucket_ids(db, arena, P, &ids, &count, &e) == 0 && count == 2);
	CHECK_TEXT(ids[0], "in.c-main");
	CHECK_TEXT(ids[1], "out.c-main");
}

/* A bucket that goes takes every permission for it along (R09). */
static void test_forgotten_permission(struct db *db)
{
	struct bucket_permission permissions[] = { { text("in.c-gone"), BUCKET_WRITE }, { text("in.c-main"), BUCKET_READ } };
	struct token token = {
		.project_id = P, .version = 1, .description = text("t"), .buckets = permissions, .bucket_count = 2
	};
	struct token *found = NULL;
	struct bucket gone = new_bucket(db, "in", "c-gone", NULL);
	CHECK(token_next_id(db, &token.id, &e) == 0 && token_insert(db, &token, "sealed", &e) == 0);
	CHECK(bucket_remove(db, &gone, &e) == 0);
	CHECK(token_find(db, arena, P, token.id, &found, &e) == 1 && found->version == 2 && found->bucket_count == 1);
	CHECK_TEXT(found->buckets[0].bucket_id, "in.c-main");
	CHECK(token_forget_bucket(db, P, "in.c-gone", &e) == 0);
	CHECK(token_find(db, arena, P, token.id, &found, &e) == 1 && found->version == 2);
}

static void test_tables(struct db *db)
{
	struct bucket *found_bucket = NULL, bucket = new_bucket(db, "in", "c-tables", NULL);
	struct table *found = NULL, users = new_table(db, &bucket, "users");
	int64_t number = 0;
	CHECK_TEXT(users.id, "in.c-tables.users");
	struct table again = { .project_id = P, .bucket_id = bucket.id, .name = text("users") };
	CHECK(table_insert(db, arena, &again, &e) == -ERR_TABLE_EXISTS);
	again = (struct table){ .project_id = P, .bucket_id = bucket.id, .name = text("other"), .display_name = text("users") };
	CHECK(table_insert(db, arena, &again, &e) == -ERR_TABLE_EXISTS);
	again = (struct table){ .project_id = P, .bucket_id = text("in.c-none"), .name = text("users") };
	CHECK(table_insert(db, arena, &again, &e) == -ERR_BUCKET_NOT_FOUND);
	err_done(&e);
	CHECK(table_get(db, arena, P, "in.c-tables.none", &found, &e) == -ERR_TABLE_NOT_FOUND);
	CHECK(table_get(db, arena, P, "in.c-none.none", &found, &e) == -ERR_BUCKET_NOT_FOUND);
	err_done(&e);
	CHECK(table_find(db, arena, P, "in.c-tables.none", &found, &e) == 0);
	CHECK(table_column_add(db, &users, "city", "{\"basetype\":\"STRING\"}", &number, &e) == 0 && number == 3);
	CHECK(table_column_remove(db, &users, 2, &e) == 0);
	CHECK(table_set_key(db, &users, (const char *const[]){ "city", "id" }, 2, &e) == 0);
	CHECK(table_get(db, arena, P, users.id, &found, &e) == 0 && found->column_count == 2 && found->primary_key_count == 2);
	CHECK_TEXT(found->primary_key[0], "city");
	CHECK(table_column(found, "city") == &found->columns[1] && found->columns[1].number == 3 && !table_column(found, "name"));
	CHECK_TEXT(found->columns[1].definition, "{\"basetype\":\"STRING\"}");
	int64_t state = found->state;
	CHECK(table_rows_changed(db, found, 7, 900, true, &e) == 0 && found->state > state);
	CHECK(table_rows_changed(db, found, 4, 500, false, &e) == 0);
	CHECK(table_get(db, arena, P, users.id, &found, &e) == 0 && found->rows_count == 4 && found->last_import_us > 0);
	CHECK(bucket_get(db, arena, P, bucket.id, &found_bucket, &e) == 0 && found_bucket->rows_count == 4 &&
		found_bucket->data_size_bytes == 500);
	found->display_name = text("shown");
	CHECK(table_update(db, found, &e) == 0 && table_get(db, arena, P, users.id, &found, &e) == 0);
	CHECK_TEXT(found->display_name, "shown");
	CHECK_TEXT(table_id_bucket(arena, "in.c-a.b"), "in.c-a");
	CHECK_TEXT(table_id_bucket(arena, "junk"), "junk");
}

static void test_aliases(struct db *db)
{
	struct bucket bucket = new_bucket(db, "out", "c-aliases", NULL);
	struct table *source = NULL, *found = NULL, *rows = NULL;
	struct table_list list = { 0 };
	CHECK(table_get(db, arena, P, "in.c-tables.users", &source, &e) == 0);
	struct table simple = {
		.project_id = P, .bucket_id = bucket.id, .name = text("simple"), .source_number = source->number
	};
	CHECK(table_insert(db, arena, &simple, &e) == 0);
	char *names[] = { text("city") };
	struct table part = { .project_id = P,
		.bucket_id = bucket.id,
		.name = text("part"),
		.source_number = simple.number,
		.alias_columns = names,
		.alias_column_count = 1,
		.alias_filter = text("{}") };
	CHECK(table_insert(db, arena, &part, &e) == 0);
	CHECK(table_get(db, arena, P, simple.id, &found, &e) == 0 && found->column_count == 2 && found->primary_key_count == 2);
	CHECK(found->rows_count == 4 && table_is_simple_alias(found) && !found->source_is_alias);
	CHECK_TEXT(found->source_table_id, source->id);
	CHECK(table_get(db, arena, P, part.id, &found, &e) == 0 && found->column_count == 1 && found->primary_key_count == 0);
	CHECK(!table_is_simple_alias(found) && found->source_is_alias);
	CHECK(table_rows_of(db, arena, found, &rows, &e) == 0 && rows->number == source->number && rows->column_count == 2);
	CHECK(table_list_aliases(db, arena, source, &list, &e) == 0 && list.count == 1 && list.items[0].number == simple.number);
	CHECK(table_list(db, arena, &(struct table_query){ P, 0, true }, &list, &e) == 0 && list.count == 3);
	CHECK(list.items[0].column_count == 2 && list.items[1].column_count == 2 && list.items[2].column_count == 1);
	CHECK(table_list(db, arena, &(struct table_query){ P, bucket.number, false }, &list, &e) == 0 && list.count == 2);
	CHECK(list.items[0].rows_count == 4 && list.items[1].source_number == simple.number);
}

static void test_removal(struct db *db)
{
	struct table *alias = NULL, *users = NULL;
	struct dropped_rows *dropped = NULL;
	struct bucket *bucket = NULL;
	struct metadata *list = NULL;
	size_t count = 0;
	CHECK(table_get(db, arena, P, "out.c-aliases.part", &alias, &e) == 0 && table_remove(db, alias, &e) == 0);
	CHECK(table_get(db, arena, P, "out.c-aliases.simple", &alias, &e) == 0 && table_remove(db, alias, &e) == 0);
	CHECK(table_list_dropped(db, arena, 10, &dropped, &count, &e) == 0 && count == 0);
	CHECK(table_get(db, arena, P, "in.c-tables.users", &users, &e) == 0);
	struct metadata_object of_column = { P, "column", users->number, "city" };
	CHECK(metadata_set(db, &of_column, "user", "k", "v", &e) == 0 && table_remove(db, users, &e) == 0);
	CHECK(metadata_list(db, arena, &of_column, &list, &count, &e) == 0 && count == 0);
	CHECK(table_list_dropped(db, arena, 10, &dropped, &count, &e) == 0 && count == 1 &&
		dropped[0].table_number == users->number);
	CHECK(table_forget_dropped(db, &dropped[0], &e) == 0);
	CHECK(table_list_dropped(db, arena, 10, &dropped, &count, &e) == 0 && count == 0);
	CHECK(bucket_get(db, arena, P, "in.c-tables", &bucket, &e) == 0 && bucket->rows_count == 0 &&
		bucket->data_size_bytes == 0);
}

static void test_metadata(struct db *db)
{
	struct metadata_object bucket = { P, "bucket", 900, NULL }, a = { P, "column", 901, "a" }, b = { P, "column", 901, "b" };
	struct metadata_object all = { P, "column", 901, NULL };
	struct metadata *list = NULL, *found = NULL;
	int64_t *numbers = NULL;
	size_t count = 0;
	CHECK(metadata_set(db, &bucket, "user", "k", "1", &e) == 0 && metadata_set(db, &bucket, "system", "k", "2", &e) == 0);
	CHECK(metadata_list(db, arena, &bucket, &list, &count, &e) == 0 && count == 2);
	int64_t id = list[0].id;
	CHECK(metadata_set(db, &bucket, "user", "k", "3", &e) == 0);
	CHECK(metadata_list(db, arena, &bucket, &list, &count, &e) == 0 && count == 2 && list[0].id == id);
	CHECK_TEXT(list[0].value, "3");
	CHECK(metadata_find(db, arena, &bucket, id, &found, &e) == 1 && metadata_find(db, arena, &a, id, &found, &e) == 0);
	CHECK(metadata_set(db, &a, "user", "k", "x", &e) == 0 && metadata_set(db, &b, "user", "k", "y", &e) == 0);
	CHECK(metadata_list(db, arena, &all, &list, &count, &e) == 0 && count == 2);
	CHECK(metadata_list(db, arena, &a, &list, &count, &e) == 0 && count == 1);
	CHECK(metadata_list_all(db, arena, P, "column", &list, &count, &e) == 0 && count == 2);
	struct metadata_search search = { P, "bucket", "k", "2", NULL };
	CHECK(metadata_find_objects(db, arena, &search, &numbers, &count, &e) == 0 && count == 1 && numbers[0] == 900);
	search.provider = "user";
	CHECK(metadata_find_objects(db, arena, &search, &numbers, &count, &e) == 0 && count == 0);
	CHECK(metadata_remove(db, P, id, &e) == 0);
	CHECK(metadata_list(db, arena, &bucket, &list, &count, &e) == 0 && count == 1);
	CHECK(metadata_remove_all(db, &a, &e) == 0);
	CHECK(metadata_list(db, arena, &all, &list, &count, &e) == 0 && count == 1);
	CHECK(metadata_remove_all(db, &all, &e) == 0 && metadata_remove_all(db, &bucket, &e) == 0);
	CHECK(metadata_list(db, arena, &all, &list, &count, &e) == 0 && count == 0);
}

static void test_branches(struct db *db)
{
	struct branch *found = NULL, *list = NULL;
	struct branch branch = { .project_id = P,
		.name = text("Mine"),
		.description = text("d"),
		.creator_token_id = 4,
		.creator_token_name = text("c") };
	size_t count = 0;
	int64_t main = 0;
	CHECK(branch_default_id(db, P, &main, &e) == 0 && branch_default_id(db, P + 1000, &main, &e) == -ERR_BRANCH_NOT_FOUND);
	err_done(&e);
	CHECK(branch_insert(db, &branch, &e) == 0 && branch.id > main);
	CHECK(branch_insert(db, &(struct branch){ .project_id = P, .name = text("Mine") }, &e) == -ERR_BRANCH_DUPLICATE);
	err_done(&e);
	CHECK(branch_find(db, arena, P, branch.id, &found, &e) == 1 && !found->is_default && found->creator_token_id == 4);
	CHECK(branch_get(db, arena, P, branch.id + 1000, &found, &e) == -ERR_BRANCH_NOT_FOUND);
	err_done(&e);
	CHECK(branch_find_name(db, arena, P, "Main", &found, &e) == 1 && found->is_default && found->id == main);
	CHECK(branch_list(db, arena, P, &list, &count, &e) == 0 && count == 2 && list[0].is_default);
	branch.name = text("Main");
	CHECK(branch_update(db, &branch, &e) == -ERR_BRANCH_DUPLICATE);
	err_done(&e);
	branch.name = text("Ours");
	CHECK(branch_update(db, &branch, &e) == 0 && branch_find_name(db, arena, P, "Ours", &found, &e) == 1);
	CHECK(branch_remove(db, &branch, &e) == 0 && branch_find(db, arena, P, branch.id, &found, &e) == 0);
}

static struct job_row new_job(struct db *db, const char *lock, int64_t token_id)
{
	struct job_row job = { .project_id = P,
		.token_id = token_id,
		.token_description = text("t"),
		.operation = text("o"),
		.params = text("{}"),
		.address = text(""),
		.user_agent = text(""),
		.lock = text(lock) };
	CHECK(job_row_insert(db, arena, &job, &e) == 0);
	return job;
}

static void test_jobs(struct db *db)
{
	struct job_row first = new_job(db, "t", 1), second = new_job(db, "t", 1), other = new_job(db, NULL, 2), *job = NULL;
	struct job_list list;
	CHECK(atoll(first.run_id) > 0 && !str_eq(first.run_id, second.run_id));
	CHECK(job_row_claim(db, arena, 100, &job, &e) == 1 && job->id == first.id);
	CHECK_TEXT(job->status, "processing");
	CHECK(job_row_claim(db, arena, 100, &job, &e) == 1 && job->id == other.id); /* second waits for the lock */
	CHECK(job_row_claim(db, arena, 100, &job, &e) == 0);
	first.status = text("success");
	first.results = text("{\"a\":1}");
	bool ended = false;
	CHECK(job_row_end(db, &first, &ended, &e) == 0 && ended);
	CHECK(job_row_end(db, &first, &ended, &e) == 0 && !ended);
	CHECK(job_row_claim(db, arena, 100, &job, &e) == 1 && job->id == second.id);
	CHECK(job_row_lease(db, P, second.id, 900, &e) == 0 && job_row_release(db, 500, &e) == 0); /* other's lease is over */
	CHECK(job_row_claim(db, arena, 1000, &job, &e) == 1 && job->id == other.id);
	CHECK(job_row_find(db, arena, P, first.id, &job, &e) == 1 && job->ended_us > 0);
	CHECK_TEXT(job->results, "{\"a\":1}");
	CHECK(job_row_find(db, arena, P + 1, first.id, &job, &e) == 0);
	struct job_filter filter = { .limit = 10 };
	CHECK(job_row_list(db, arena, P, &filter, &list, &e) == 0 && list.count == 3 && list.items[0].id == other.id);
	filter = (struct job_filter){ .limit = 10, .token_id = 1, .status = "success,error" };
	CHECK(job_row_list(db, arena, P, &filter, &list, &e) == 0 && list.count == 1 && list.items[0].id == first.id);
	filter = (struct job_filter){ .limit = 10, .excluded = "success" };
	CHECK(job_row_list(db, arena, P, &filter, &list, &e) == 0 && list.count == 2);
	filter = (struct job_filter){ .limit = 10, .ended_to_us = INT64_MAX };
	CHECK(job_row_list(db, arena, P, &filter, &list, &e) == 0 && list.count == 1);
	filter = (struct job_filter){ .limit = 1, .offset = 2, .created_from_us = 1 };
	CHECK(job_row_list(db, arena, P, &filter, &list, &e) == 0 && list.count == 1 && list.items[0].id == first.id);
}

static void test_snapshots(struct db *db)
{
	struct snapshot snapshot = { .project_id = P,
		.table_number = 70,
		.table_id = text("in.c-a.b"),
		.bucket_id = text("in.c-a"),
		.description = text("d"),
		.creator_token_id = 3,
		.creator_description = text("c"),
		.data_file_id = 9,
		.definition = text("{}") };
	struct snapshot *found = NULL, second = snapshot;
	struct snapshot_list list;
	CHECK(snapshot_insert(db, &snapshot, &e) == 0 && snapshot_insert(db, &second, &e) == 0);
	CHECK(snapshot_find(db, arena, P, snapshot.id, &found, &e) == 1 && found->data_file_id == 9);
	CHECK(snapshot_list(db, arena, &(struct snapshot_query){ P, 70, 10, 0 }, &list, &e) == 0 && list.count == 2 &&
		list.items[0].id == second.id);
	CHECK(snapshot_remove(db, P, snapshot.id, &e) == 0 && snapshot_find(db, arena, P, snapshot.id, &found, &e) == 0);
}

static void test_names(void)
{
	CHECK_TEXT(name_of_column(arena, "with spaces"), "with_spaces");
	CHECK_TEXT(name_of_column(arena, "CTID"), "CTID_");
	CHECK_TEXT(name_of_column(arena, ""), "");
	CHECK_TEXT(name_webalize_display(arena, "My$$Display-Name"), "My-Display-Name");
	CHECK(strlen(name_webalize_column(
		      arena, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")) == COLUMN_NAME_MAX);
	CHECK(name_is_plain("a-b_1") && !name_is_plain("") && !name_is_plain("a.b") && !name_is_plain("č"));
	CHECK(name_is_system("xMin") && !name_is_system("xmin_"));
}

static int run(struct db *db, void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	struct project project = { .organization_id = 1, .name = text("N"), .type = text("production") };
	CHECK(project_insert(db, &project, &e) == 0);
	P = project.id;
	test_buckets(db);
	test_forgotten_permission(db);
	test_tables(db);
	test_aliases(db);
	test_removal(db);
	test_metadata(db);
	test_branches(db);
	test_jobs(db);
	test_snapshots(db);
	return 0;
}

static void test_engine(const struct conf *conf)
{
	struct database *database;
	CHECK(database_open(conf, true, &database, &e) == 0);
	CHECK(database_transact(database, run, NULL, &e) == 0);
	if (e.code)
		fprintf(stderr, "%s\n", err_text(&e));
	database_close(database);
}

int main(void)
{
	arena = arena_new();
	test_names();
	on_engines(test_engine);
	arena_free(arena);
	return test_end();
}
