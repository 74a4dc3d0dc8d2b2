/* Dropping tables and buckets. */
#include "work/drop.h"

#include "auth/permit.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/own.h"
#include "base/shortage.h"
#include "store/bucket.h"
#include "store/rows/rows.h"
#include "store/table.h"
#include "work/events.h"
#include "work/load.h"

/* Aliases of aliases go no deeper. */
#define DEPTH_MOST 64
#define LEFTOVERS_AT_ONCE 100

struct dropping {
	const struct drop *drop;
	struct arena *arena;
	struct db *db;
};

/* Aliases first: a row never refers to one that is gone. */
static int remove_tree(struct dropping *dropping, const struct table *table, int depth, struct err *e)
{
	struct table_list aliases;
	int rc = depth > DEPTH_MOST ? fail_internal(e, ERR_INTERNAL, "chain of aliases of %s has no end", table->id)
				    : table_list_aliases(dropping->db, dropping->arena, table, &aliases, e);
	for (size_t i = 0; rc >= 0 && i < aliases.count; i++) {
		rc = permit_bucket_behind(
			dropping->drop->who, aliases.items[i].bucket_id, BUCKET_WRITE, "an alias of what is dropped", e);
		if (rc >= 0)
			rc = remove_tree(dropping, &aliases.items[i], depth + 1, e);
	}
	if (rc < 0 || (rc = table_remove(dropping->db, table, e)) < 0)
		return rc;
	struct event_object object = { .id = table->id, .name = table->name };
	return emit(dropping->db, dropping->drop->origin, EVENT_TABLE_DELETED, &object, e);
}

static int refuse_aliases(struct dropping *dropping, const struct table *table, struct err *e)
{
	struct table_list aliases;
	int rc = table_list_aliases(dropping->db, dropping->arena, table, &aliases, e);
	if (rc < 0 || !aliases.count)
		return rc;
	return fail(e, ERR_TABLE_HAS_ALIASES, "The table %s cannot be deleted because an alias exists.", table->name);
}

static int still_allowed(const struct dropping *dropping, struct err *e)
{
	const struct drop *drop = dropping->drop;
	return drop->still ? drop->still(dropping->db, drop->arg, e) : 0;
}

static int finish(const struct dropping *dropping, struct err *e)
{
	return dropping->drop->job ? job_succeed(dropping->db, dropping->drop->job, json_null(), NULL, e) : 0;
}

static int drop_table_now(struct db *db, void *arg, struct err *e)
{
	struct dropping *dropping = arg;
	const struct drop *drop = dropping->drop;
	struct table *table = NULL;
	dropping->db = db;
	int rc = still_allowed(dropping, e);
	if (rc < 0 || (rc = table_get(db, dropping->arena, drop->origin->project_id, drop->id, &table, e)) < 0 ||
		(!drop->force && (rc = refuse_aliases(dropping, table, e)) < 0))
		return rc;
	rc = remove_tree(dropping, table, 0, e);
	return rc < 0 ? rc : finish(dropping, e);
}

int drop_table(struct app *app, const struct drop *drop, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct dropping dropping = { .drop = drop, .arena = arena };
	int rc = database_transact(app->database, drop_table_now, &dropping, e);
	if (rc >= 0)
		drop_leftover_rows(app);
	return rc;
}

/* An alias in the list may be gone already, with the table that it showed. */
static int remove_if_there(struct dropping *dropping, const struct table *table, struct err *e)
{
	struct table *found = NULL;
	int rc = table_find(dropping->db, dropping->arena, table->project_id, table->id, &found, e);
	return rc > 0 ? remove_tree(dropping, found, 0, e) : rc;
}

static int drop_bucket_now(struct db *db, void *arg, struct err *e)
{
	struct dropping *dropping = arg;
	const struct drop *drop = dropping->drop;
	struct bucket *bucket = NULL;
	struct table_list tables;
	dropping->db = db;
	int rc = still_allowed(dropping, e);
	if (rc < 0 || (rc = bucket_get(db, dropping->arena, drop->origin->project_id, drop->id, &bucket, e)) < 0 ||
		(rc = bucket_lock(db, bucket, e)) < 0)
		return rc;
	struct table_query query = { bucket->project_id, bucket->number, false };
	rc = table_list(db, dropping->arena, &query, &tables, e);
	if (rc >= 0 && tables.count && !drop->force)
		return fail(e, ERR_BUCKET_NOT_EMPTY, "Only empty buckets can be deleted. There are %zu tables in the bucket.",
			tables.count);
	for (size_t i = 0; rc >= 0 && i < tables.count; i++)
		rc = remove_if_there(dropping, &tables.items[i], e);
	if (rc < 0 || (rc = bucket_remove(db, bucket, e)) < 0)
		return rc;
	struct event_object object = { .id = bucket->id, .name = bucket->name };
	rc = emit(db, drop->origin, EVENT_BUCKET_DELETED, &object, e);
	return rc < 0 ? rc : finish(dropping, e);
}

int drop_bucket(struct app *app, const struct drop *drop, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct dropping dropping = { .drop = drop, .arena = arena };
	int rc = database_transact(app->database, drop_bucket_now, &dropping, e);
	if (rc >= 0)
		drop_leftover_rows(app);
	return rc;
}

static int forget(struct db *db, void *arg, struct err *e)
{
	return table_forget_dropped(db, arg, e);
}

static int list_dropped(struct app *app, struct arena *arena, struct dropped_rows **ret, size_t *ret_count, struct err *e)
{
	struct db *db;
	int rc = db_reader_take(app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = table_list_dropped(db, arena, LEFTOVERS_AT_ONCE, ret, ret_count, e);
	db_reader_give(db);
	return rc;
}

static int drop_some(struct app *app, size_t *ret_count, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct dropped_rows *dropped = NULL;
	int rc = list_dropped(app, arena, &dropped, ret_count, e);
	for (size_t i = 0; rc >= 0 && i < *ret_count; i++) {
		rc = rows_drop(app->database, dropped[i].project_id, dropped[i].bucket_number, dropped[i].table_number, e);
		if (rc >= 0)
			rc = database_transact(app->database, forget, &dropped[i], e);
	}
	return rc;
}

void drop_leftover_rows(struct app *app)
{
	own(err_done) struct err e = { 0 };
	size_t count = LEFTOVERS_AT_ONCE;
	int rc = 0;
	while (rc >= 0 && count == LEFTOVERS_AT_ONCE)
		rc = drop_some(app, &count, &e);
	if (rc < 0)
		log_line(LOG_WARN, "rows of dropped tables are still there", "error", err_text(&e), NULL);
	shortage_forget(); /* they can wait; what was done before stands */
}
