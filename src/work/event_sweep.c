/* Old events go: whole months where the engine keeps them apart, the rest in small batches that stop nobody. */
#include "work/event_sweep.h"

#include <string.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "store/event_keep.h"

#define BATCH 500

struct sweep_work {
	int64_t now_us, before_us, project_id, removed;
	struct arena *arena;
};

static int tend_months(struct db *db, void *arg, struct err *e)
{
	struct sweep_work *work = arg;
	int rc = event_months_ahead(db, work->now_us, e);
	return rc < 0 ? rc : event_months_drop(db, work->arena, work->before_us, e);
}

static int remove_batch(struct db *db, void *arg, struct err *e)
{
	struct sweep_work *work = arg;
	return event_remove_before(db, work->project_id, work->before_us, BATCH, &work->removed, e);
}

static int read_keepings(struct app *app, struct arena *arena, struct event_keeping **ret, size_t *ret_count, struct err *e)
{
	struct db *db;
	int rc = db_reader_take(app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = event_keepings(db, arena, ret, ret_count, e);
	db_reader_give(db);
	return rc;
}

static int64_t keep_days(const struct app *app, const struct event_keeping *keeping)
{
	return keeping->keep_days ? keeping->keep_days : app->conf.events_keep_days;
}

/* One batch of each project; 1 when somebody has more. */
static int remove_old(struct app *app, struct sweep_work *work, const struct event_keeping *keepings, size_t count, struct err *e)
{
	int more = 0;
	for (size_t i = 0; i < count; i++) {
		char bound[14];
		work->project_id = keepings[i].project_id;
		work->before_us = work->now_us - keep_days(app, &keepings[i]) * US_PER_DAY;
		if (str_empty(keepings[i].oldest_id) ||
			strcmp(keepings[i].oldest_id, event_id_bound(work->before_us, bound)) >= 0)
			continue;
		int rc = database_transact(app->database, remove_batch, work, e);
		if (rc < 0)
			return rc;
		more |= work->removed == BATCH;
	}
	return more;
}

int event_sweep(struct app *app, int64_t now_us, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct sweep_work work = { .now_us = now_us, .arena = arena };
	struct event_keeping *keepings = NULL;
	size_t count = 0;
	int rc = read_keepings(app, arena, &keepings, &count, e);
	int64_t longest = app->conf.events_keep_days;
	for (size_t i = 0; i < count; i++)
		longest = keep_days(app, &keepings[i]) > longest ? keep_days(app, &keepings[i]) : longest;
	work.before_us = now_us - longest * US_PER_DAY;
	if (rc >= 0 && database_engine(app->database) == DB_POSTGRES)
		rc = database_transact(app->database, tend_months, &work, e);
	return rc < 0 ? rc : remove_old(app, &work, keepings, count, e);
}
