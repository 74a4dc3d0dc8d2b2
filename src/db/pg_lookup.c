/* Look-ups on PostgreSQL: all that wait travel in one pipelined round trip; while it is under way, the next ones gather. */
#include "db/pg.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/shortage.h"

#define BATCH_MOST 128
#define ANSWER_WAIT_MS 5000
#define SLOTS 256 /* a power of two, well above BATCH_MOST */

/* Look-ups that ask the same are asked once: the first of them stands for the others, which hang on its next. Each of them came
 * before the question is sent, so the answer is as new as it must be for all. */
struct batch {
	struct db_lookup *list[BATCH_MOST];
	int count;
	struct db_lookup *slots[SLOTS];
	struct db_lookup *rest; /* taken and not yet in a batch */
};

void pg_lookup(struct database *base, struct db_lookup *lookup)
{
	struct pg_lookups *lookups = &((struct pg_database *)base)->lookups;
	lookup->next = NULL;
	lookup->err = (struct err){ 0 };
	lookup->queued_us = monotonic_us();
	pthread_mutex_lock(&lookups->lock);
	bool wake = !lookups->first;
	*lookups->last = lookup;
	lookups->last = &lookup->next;
	pthread_mutex_unlock(&lookups->lock);
	if (wake)
		pthread_cond_signal(&lookups->filled);
}

static bool same_arg(const struct db_arg *a, const struct db_arg *b)
{
	if (a->type != b->type || a->number != b->number || a->real != b->real || a->length != b->length || !a->data != !b->data)
		return false;
	return !a->data || memcmp(a->data, b->data, a->length) == 0;
}

static bool same_question(const struct db_lookup *a, const struct db_lookup *b)
{
	if (a->sql != b->sql || a->args.count != b->args.count)
		return false;
	for (size_t i = 0; i < a->args.count; i++)
		if (!same_arg(&a->args.list[i], &b->args.list[i]))
			return false;
	return true;
}

static size_t slot_of(const struct batch *batch, const struct db_lookup *lookup)
{
	uint64_t mix = (uint64_t)(size_t)lookup->sql;
	for (size_t i = 0; i < lookup->args.count; i++)
		mix = (mix ^ (uint64_t)lookup->args.list[i].number ^ lookup->args.list[i].length) * 0x9e3779b97f4a7c15u;
	size_t slot = mix >> 32 & (SLOTS - 1);
	while (batch->slots[slot] && !same_question(batch->slots[slot], lookup))
		slot = (slot + 1) & (SLOTS - 1);
	return slot;
}

static void batch_add(struct batch *batch, struct db_lookup *lookup)
{
	size_t slot = slot_of(batch, lookup);
	struct db_lookup *first = batch->slots[slot];
	lookup->next = first ? first->next : NULL;
	if (first) {
		first->next = lookup;
	} else {
		batch->slots[slot] = lookup;
		batch->list[batch->count++] = lookup;
	}
}

/* All that wait; waits for the first. NULL: closed and empty. */
static struct db_lookup *take_all(struct pg_lookups *lookups)
{
	sched_yield(); /* on a busy core the loops get to ask more: fewer and larger round trips */
	pthread_mutex_lock(&lookups->lock);
	while (!lookups->first && !lookups->closed)
		pthread_cond_wait(&lookups->filled, &lookups->lock);
	struct db_lookup *list = lookups->first;
	lookups->first = NULL;
	lookups->last = &lookups->first;
	pthread_mutex_unlock(&lookups->lock);
	return list;
}

/* False: there will be no more. */
static bool fill_batch(struct pg_lookups *lookups, struct batch *batch)
{
	struct db_lookup *list = batch->rest ? batch->rest : take_all(lookups);
	batch->count = 0;
	memset(batch->slots, 0, sizeof(batch->slots));
	for (struct db_lookup *next; list && batch->count < BATCH_MOST; list = next) {
		next = list->next;
		batch_add(batch, list);
	}
	batch->rest = list;
	return batch->count > 0;
}

static void answer_one(struct pg_db *db, struct db_lookup *lookup, PGresult *result, int rc)
{
	struct pg_rows rows = { .base.db = &db->base, .result = result, .row = -1, .count = PQntuples(result) };
	if (lookup->batch_end.call)
		((struct pg_database *)db->base.database)->lookups.batch_end = lookup->batch_end;
	shortage_forget();
	lookup->done(lookup, rc < 0 ? NULL : &rows.base, rc);
	pg_forget_blobs(&rows);
}

/* Calls done() of all that asked the same; result may be NULL when rc is negative. After its done() a look-up is not ours. */
static void answer(struct pg_db *db, struct db_lookup *lookup, PGresult *result, int rc)
{
	for (struct db_lookup *other = lookup->next; other && rc < 0; other = other->next) {
		(void)fail(&other->err, lookup->err.code, "%s", err_text(&lookup->err));
		other->err.retry_after_s = lookup->err.retry_after_s;
	}
	for (struct db_lookup *next; lookup; lookup = next) {
		next = lookup->next;
		answer_one(db, lookup, result, rc);
	}
	PQclear(result);
}

/* Statements that the connection does not know yet; a look-up whose statement is not understood is answered and leaves. */
static void prepare_all(struct pg_db *db, struct batch *batch)
{
	int kept = 0;
	for (int i = 0; i < batch->count; i++) {
		struct db_lookup *lookup = batch->list[i];
		int rc = pg_kept(db, lookup->sql) ? 0 : pg_prepare(db, lookup->sql, lookup->args, &lookup->err);
		if (rc == 0 || db->trouble == PG_BROKEN) {
			err_done(&lookup->err);
			batch->list[kept++] = lookup;
		} else {
			answer(db, lookup, NULL, rc);
		}
	}
	batch->count = kept;
}

static bool send_one(struct pg_db *db, const struct db_lookup *lookup)
{
	struct pg_params params;
	char name[PG_NAME_SIZE];
	pg_statement_name(lookup->sql, name);
	bool good = pg_params_init(&params, lookup->args) &&
		    PQsendQueryPrepared(db->handle, name, params.count, params.values, params.lengths, params.formats, 0);
	pg_params_done(&params);
	return good;
}

static bool send_all(struct pg_db *db, const struct batch *batch)
{
	if (!PQenterPipelineMode(db->handle))
		return false;
	for (int i = 0; i < batch->count; i++)
		if (!send_one(db, batch->list[i]))
			return false;
	return PQpipelineSync(db->handle);
}

/* The next result. A library that had no memory for the end of the pipeline would wait for it for ever: then the connection is given up. */
static PGresult *next_result(struct pg_db *db)
{
	while (db->handle && PQisBusy(db->handle)) {
		struct pollfd fd = { .fd = PQsocket(db->handle), .events = POLLIN };
		int ready = poll(&fd, 1, ANSWER_WAIT_MS);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || !PQconsumeInput(db->handle))
			pg_disconnect(db);
	}
	return db->handle ? PQgetResult(db->handle) : NULL;
}

/* Reads the answer to one. False: it has none, because the connection broke or one before it failed. */
static bool receive_one(struct pg_db *db, struct db_lookup *lookup)
{
	PGresult *result = next_result(db);
	ExecStatusType status = PQresultStatus(result);
	bool answered = result && status != PGRES_PIPELINE_ABORTED && PQstatus(db->handle) == CONNECTION_OK;
	if (answered)
		PQclear(next_result(db)); /* the NULL that ends it */
	if (answered && status == PGRES_TUPLES_OK) {
		answer(db, lookup, result, 0);
		return true;
	}
	int rc = answered ? pg_fail(db, result, &lookup->err) : 0;
	answered = answered && db->trouble != PG_BROKEN;
	PQclear(result);
	if (answered)
		answer(db, lookup, NULL, rc);
	else if (status == PGRES_PIPELINE_ABORTED)
		PQclear(next_result(db));
	return answered;
}

/* One round trip. What has no answer afterwards stays in the batch. */
static void round_trip(struct pg_db *db, struct batch *batch)
{
	int left = 0;
	bool sent = send_all(db, batch);
	for (int i = 0; i < batch->count; i++)
		if (!sent || PQstatus(db->handle) != CONNECTION_OK || !receive_one(db, batch->list[i]))
			batch->list[left++] = batch->list[i];
	batch->count = left;
	PGresult *result = sent ? next_result(db) : NULL;
	bool synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
	PQclear(result);
	if (!synced || !PQexitPipelineMode(db->handle))
		pg_disconnect(db);
}

static void run_batch(struct pg_lookups *lookups, struct batch *batch)
{
	struct pg_db *db = lookups->db;
	while (batch->count > 0) {
		int64_t first_us = batch->list[0]->queued_us;
		struct err e = { 0 };
		int rc = pg_connect_wait(db, first_us, &e);
		err_done(&e);
		if (rc == 0) {
			db->trouble = PG_FINE;
			prepare_all(db, batch);
			round_trip(db, batch);
			db_batch_ended(&lookups->batch_end);
		}
		if (rc == 0 && monotonic_us() < first_us + 2 * DB_WAIT_US)
			continue;
		for (int i = 0; i < batch->count; i++)
			answer(db, batch->list[i], NULL, db_unavailable(&batch->list[i]->err, NULL));
		db_batch_ended(&lookups->batch_end);
		batch->count = 0;
	}
}

static void *lookup_main(void *arg)
{
	struct pg_database *database = arg;
	struct batch batch = { .rest = NULL };
	while (fill_batch(&database->lookups, &batch))
		run_batch(&database->lookups, &batch);
	return NULL;
}

int pg_lookups_start(struct pg_database *database, struct err *e)
{
	struct pg_lookups *lookups = &database->lookups;
	pthread_mutex_init(&lookups->lock, NULL);
	pthread_cond_init(&lookups->filled, NULL);
	lookups->last = &lookups->first;
	lookups->db = pg_db_new(database);
	if (!lookups->db || pthread_create(&lookups->thread, NULL, lookup_main, database) != 0) {
		pg_db_free(lookups->db);
		lookups->db = NULL;
		return db_unavailable(e, NULL);
	}
	pthread_setname_np(lookups->thread, "lookups");
	return 0;
}

void pg_lookups_stop(struct pg_database *database)
{
	struct pg_lookups *lookups = &database->lookups;
	if (!lookups->db)
		return;
	pthread_mutex_lock(&lookups->lock);
	lookups->closed = true;
	pthread_mutex_unlock(&lookups->lock);
	pthread_cond_signal(&lookups->filled);
	pthread_join(lookups->thread, NULL);
	pg_db_free(lookups->db);
}
