/* The runner: threads that claim waiting jobs and run them one by one. */
#include "work/runner.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "auth/index.h"
#include "base/clock.h"
#include "base/json_read.h"
#include "base/log.h"
#include "base/own.h"
#include "base/shortage.h"
#include "base/str.h"
#include "store/job.h"
#include "work/drop.h"

#define THREADS_MOST 16
/* A server that says nothing about its job for so long is taken for dead. */
#define LEASE_US (20 * US_PER_S)
#define LEASE_RENEW_US (5 * US_PER_S)
/* Jobs of other servers, and leases, are looked at so often. */
#define POLL_US (3 * US_PER_S)
#define RETRY_US US_PER_S
/* Ends that runner_wake() may have missed between the insert and its call. */
#define ENDED_KEPT 256
#define END_TRIES 5

struct job_key {
	int64_t project_id, id;
};

struct worker {
	struct runner *runner;
	pthread_t thread;
	struct job_key running; /* id 0: none */
	bool tries_again;       /* the latest claim failed: nobody will wake it for that job */
};

struct runner {
	struct app *app;
	pthread_mutex_t mutex;
	pthread_cond_t work;  /* something may be waiting, or the end */
	pthread_cond_t ended; /* a job has ended */
	int wanted;           /* claims worth trying */
	bool stopping;
	struct job_key last_ended[ENDED_KEPT];
	size_t ended_count;
	struct worker workers[THREADS_MOST];
	int worker_count;
};

static struct timespec deadline_of(int64_t wait_us)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += wait_us / US_PER_S;
	at.tv_nsec += wait_us % US_PER_S * 1000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* --- claiming and leases ---------------------------------------------------------------------------------------------------- */

struct claim {
	struct arena *arena;
	struct job_row *job;
};

static int claim_now(struct db *db, void *arg, struct err *e)
{
	struct claim *claim = arg;
	claim->job = NULL; /* one of a run that was rolled back is somebody else's by now */
	int rc = job_row_claim(db, claim->arena, now_us() + LEASE_US, &claim->job, e);
	return rc < 0 ? rc : 0;
}

static int release_now(struct db *db, void *arg, struct err *e)
{
	return job_row_release(db, *(int64_t *)arg, e);
}

static int lease_now(struct db *db, void *arg, struct err *e)
{
	struct job_key *key = arg;
	return job_row_lease(db, key->project_id, key->id, now_us() + LEASE_US, e);
}

/* One worker does this for all. On the embedded engine nobody else runs jobs: there are no leases to watch. */
static void keep_leases(struct runner *runner)
{
	struct job_key running[THREADS_MOST];
	int count = 0;
	pthread_mutex_lock(&runner->mutex);
	for (int i = 0; i < runner->worker_count; i++)
		if (runner->workers[i].running.id)
			running[count++] = runner->workers[i].running;
	pthread_mutex_unlock(&runner->mutex);
	own(err_done) struct err e = { 0 };
	int rc = 0;
	for (int i = 0; rc >= 0 && i < count; i++)
		rc = database_transact(runner->app->database, lease_now, &running[i], &e);
	int64_t now = now_us();
	if (rc < 0 || database_transact(runner->app->database, release_now, &now, &e) < 0)
		log_line(LOG_WARN, "leases of jobs could not be kept", "error", err_text(&e), NULL);
}

/* --- running one job -------------------------------------------------------------------------------------------------------- */

static const struct job_kind *kind_of(const char *operation)
{
	for (const struct job_kind *kind = JOB_KINDS; kind->operation; kind++)
		if (str_eq(kind->operation, operation))
			return kind;
	return NULL;
}

/* How a job ended, on its way into the database. */
struct ending {
	struct job_row *row;
	const struct job_kind *kind;
	struct origin *origin;
	json_t *event_params; /* of a failure, else NULL */
	bool is_refused;      /* the failure */
};

static int end_now(struct db *db, void *arg, struct err *e)
{
	struct ending *ending = arg;
	struct job_row *row = ending->row;
	bool ended = false; /* false: a kind ended it with its last change */
	int rc = job_row_end(db, row, &ended, e);
	if (rc < 0 || !ended || !ending->event_params)
		return rc;
	enum event_type failed = ending->kind ? ending->kind->failed : EVENT_NONE;
	const char *id = row->table_id ? row->table_id : row->bucket_id, *dot = id ? strrchr(id, '.') : NULL;
	struct event_object object = {
		.id = id,
		.name = dot ? dot + 1 : NULL,
		.type = row->table_id    ? "table"
			: row->bucket_id ? "bucket"
					 : NULL,
		.params = ending->event_params,
		.is_refused = ending->is_refused,
	};
	return emit(db, ending->origin, failed ? failed : EVENT_JOB_FAILED, &object, e);
}

static char *json_text(struct arena *arena, json_t *json)
{
	own(own_free) char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	return arena_strdup(arena, text);
}

static void describe_failure(struct arena *arena, struct ending *ending, const struct err *e)
{
	struct job_row *row = ending->row;
	own(own_json) json_t *error = json_pack("{s:s, s:s, s:o}", "message", err_text(e), "exceptionId",
		log_request_id() ? log_request_id() : "", "contextParams", e->more ? json_deep_copy(e->more) : json_object());
	if (err_wire_code(e))
		json_object_set_new(error, "code", json_string(err_wire_code(e)));
	static char status[] = "error";
	static char short_of_memory[] =
		"{\"message\":\"The server was short of memory.\",\"exceptionId\":\"none\",\"contextParams\":{}}";
	row->status = status;
	row->error = json_text(arena, error);
	ending->is_refused = e->code && (err_status(e) == 401 || err_status(e) == 403);
	if (shortage_seen())
		row->error = short_of_memory;
	ending->event_params =
		json_pack("{s:I, s:s, s:s}", "jobId", (json_int_t)row->id, "operation", row->operation, "error", err_text(e));
}

/* The end of a job is worth waiting for a database that is away for a moment; a job whose end can't be written runs again. */
static void write_end(struct runner *runner, struct ending *ending)
{
	for (int i = 0; i < END_TRIES; i++) {
		own(err_done) struct err e = { 0 };
		if (database_transact(runner->app->database, end_now, ending, &e) >= 0)
			return;
		log_line(LOG_ERROR, "the end of a job could not be written", "error", err_text(&e), NULL);
		nanosleep(&(struct timespec){ .tv_sec = 1 << i }, NULL);
	}
}

static int run_as(struct runner *runner, const struct job *job, const struct origin *origin, struct ending *ending,
	struct job_result *ret, struct err *e)
{
	struct index_lookup lookup = { .project_id = job->project_id, .token_id = job->token_id, .by_id = true };
	int rc = index_find_wait(runner->app->index, &lookup);
	if (rc < 0) {
		*e = lookup.err;
		return rc;
	}
	struct caller who = { .kind = CALLER_STORAGE, .identity = lookup.identity };
	rc = shortage_check(0, e); /* without its parameters it would be another job */
	if (rc == 0)
		rc = ending->kind ? ending->kind->run(runner->app, job, &who, origin, ret, e)
				  : fail(e, ERR_NOT_IMPLEMENTED, "Not implemented: jobs of the kind %s", job->operation);
	identity_give(runner->app->index, lookup.identity);
	return rc < 0 ? shortage_check(rc, e) : rc;
}

static void run_job(struct runner *runner, struct arena *arena, struct job_row *row)
{
	shortage_forget();
	own(own_json) json_t *params = json_read(row->params, 0);
	struct job job = {
		.project_id = row->project_id,
		.id = row->id,
		.branch_id = row->branch_id,
		.token_id = row->token_id,
		.operation = row->operation,
		.table_id = row->table_id,
		.bucket_id = row->bucket_id,
		.params = params,
		.run_id = row->run_id,
		.address = row->address,
		.user_agent = row->user_agent,
		.token_description = row->token_description,
		.arena = arena,
	};
	struct origin origin = {
		.project_id = row->project_id,
		.branch_id = row->branch_id,
		.token_id = row->token_id,
		.token_description = row->token_description,
		.run_id = row->run_id,
		.address = row->address,
		.user_agent = row->user_agent,
		.via = "job",
		.async = true,
	};
	struct ending ending = { .row = row, .kind = kind_of(row->operation), .origin = &origin };
	struct job_result result = { 0 };
	own(err_done) struct err e = { 0 };
	char context[48];
	snprintf(context, sizeof(context), "job-%lld-%lld", (long long)row->project_id, (long long)row->id);
	log_context(context, row->token_id);
	static char success[] = "success";
	int rc = run_as(runner, &job, &origin, &ending, &result, &e);
	shortage_forget(); /* what was done or refused before stands; how it ended is written in any case */
	if (rc < 0)
		describe_failure(arena, &ending, &e);
	else
		row->status = success;
	row->results = json_text(arena, rc < 0 ? result.error_results : result.results);
	row->metrics = json_text(arena, result.metrics);
	shortage_forget();
	write_end(runner, &ending);
	log_context(NULL, 0);
	json_decref(result.results);
	json_decref(result.error_results);
	json_decref(result.metrics);
	json_decref(ending.event_params);
}

/* --- the threads ------------------------------------------------------------------------------------------------------------ */

static bool is_stopping(struct runner *runner)
{
	pthread_mutex_lock(&runner->mutex);
	bool stopping = runner->stopping;
	pthread_mutex_unlock(&runner->mutex);
	return stopping;
}

/* True when a job was there and has been run. */
static bool run_one(struct worker *worker)
{
	struct runner *runner = worker->runner;
	own(own_arena) struct arena *arena = arena_new();
	own(err_done) struct err e = { 0 };
	struct claim claim = { .arena = arena };
	if (is_stopping(runner))
		return false;
	if (database_transact(runner->app->database, claim_now, &claim, &e) < 0) {
		log_line(LOG_WARN, "no job could be claimed", "error", err_text(&e), NULL);
		worker->tries_again = true;
		return false;
	}
	worker->tries_again = false;
	if (!claim.job)
		return false;
	struct job_key key = { claim.job->project_id, claim.job->id };
	pthread_mutex_lock(&runner->mutex);
	worker->running = key;
	runner->wanted++; /* there may be more */
	pthread_cond_signal(&runner->work);
	pthread_mutex_unlock(&runner->mutex);

	run_job(runner, arena, claim.job);

	pthread_mutex_lock(&runner->mutex);
	worker->running = (struct job_key){ 0 };
	runner->last_ended[runner->ended_count++ % ENDED_KEPT] = key;
	runner->wanted++; /* its lock is free */
	pthread_cond_broadcast(&runner->ended);
	pthread_mutex_unlock(&runner->mutex);
	return true;
}

/* Waits for something to do; false at the end. */
static bool wait_for_work(struct worker *worker)
{
	struct runner *runner = worker->runner;
	bool watches =
		worker->tries_again || (worker == runner->workers && database_engine(runner->app->database) == DB_POSTGRES);
	struct timespec until = deadline_of(worker->tries_again ? RETRY_US : POLL_US);
	pthread_mutex_lock(&runner->mutex);
	int rc = 0;
	while (!runner->stopping && !runner->wanted && rc != ETIMEDOUT)
		rc = watches ? pthread_cond_timedwait(&runner->work, &runner->mutex, &until)
			     : pthread_cond_wait(&runner->work, &runner->mutex);
	if (runner->wanted)
		runner->wanted--;
	bool going = !runner->stopping;
	pthread_mutex_unlock(&runner->mutex);
	return going;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct runner *runner = worker->runner;
	int64_t leases_kept = monotonic_us();
	bool watches = worker == runner->workers && database_engine(runner->app->database) == DB_POSTGRES;
	while (wait_for_work(worker)) {
		while (run_one(worker)) {
		}
		if (watches && monotonic_us() - leases_kept > LEASE_RENEW_US) {
			keep_leases(runner);
			leases_kept = monotonic_us();
		}
	}
	return NULL;
}

static int prepare(struct runner *runner, struct err *e)
{
	/* Nobody else runs jobs of an embedded database: whatever was running when it ended waits again. */
	int64_t ended_before = database_engine(runner->app->database) == DB_SQLITE ? INT64_MAX : now_us();
	int rc = database_transact(runner->app->database, release_now, &ended_before, e);
	if (rc >= 0)
		drop_leftover_rows(runner->app);
	return rc;
}

int runner_start(struct app *app, struct runner **ret, struct err *e)
{
	struct runner *runner = calloc(1, sizeof(*runner));
	if (!runner)
		return fail(e, ERR_INTERNAL, NULL);
	runner->app = app;
	runner->wanted = 1;
	int rc = prepare(runner, e);
	if (rc < 0) {
		free(runner);
		return rc;
	}
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&runner->mutex, NULL);
	pthread_cond_init(&runner->work, &attributes);
	pthread_cond_init(&runner->ended, &attributes);
	pthread_condattr_destroy(&attributes);
	int threads = app->conf.workers < THREADS_MOST ? (int)app->conf.workers : THREADS_MOST;
	for (int i = 0; i < threads; i++) {
		runner->workers[i].runner = runner;
		if (pthread_create(&runner->workers[i].thread, NULL, work, &runner->workers[i]) != 0)
			break;
		runner->worker_count++;
	}
	if (!runner->worker_count) {
		runner_stop(runner);
		return fail_internal(e, ERR_INTERNAL, "no thread for jobs could be made");
	}
	*ret = runner;
	return 0;
}

void runner_stop(struct runner *runner)
{
	if (!runner)
		return;
	pthread_mutex_lock(&runner->mutex);
	runner->stopping = true;
	pthread_cond_broadcast(&runner->work);
	pthread_cond_broadcast(&runner->ended);
	pthread_mutex_unlock(&runner->mutex);
	for (int i = 0; i < runner->worker_count; i++)
		pthread_join(runner->workers[i].thread, NULL);
	pthread_cond_destroy(&runner->work);
	pthread_cond_destroy(&runner->ended);
	pthread_mutex_destroy(&runner->mutex);
	free(runner);
}

int job_insert(struct db *db, const struct origin *origin, const char *operation, const char *table_id, const char *bucket_id,
	json_t *params, int64_t *ret_job_id, struct err *e)
{
	own(own_json) json_t *shown = params ? params : json_object();
	own(own_arena) struct arena *arena = arena_new();
	json_object_set_new(shown, "queue", json_string("main"));
	struct job_row row = {
		.project_id = origin->project_id,
		.branch_id = origin->branch_id,
		.token_id = origin->token_id,
		.token_description = arena_strdup(arena, origin->token_description),
		.operation = arena_strdup(arena, operation),
		.table_id = arena_strdup(arena, table_id),
		.bucket_id = arena_strdup(arena, bucket_id),
		.params = json_text(arena, shown),
		.run_id = str_empty(origin->run_id) ? NULL : arena_strdup(arena, origin->run_id),
		.address = arena_strdup(arena, origin->address ? origin->address : ""),
		.user_agent = arena_strdup(arena, origin->user_agent ? origin->user_agent : ""),
	};
	const char *name = json_string_value(json_object_get(shown, "name"));
	if (!name)
		name = json_string_value(json_object_get(json_object_get(shown, "params"), "name"));
	if (table_id)
		row.lock = row.table_id;
	else if (bucket_id && name) /* a table that is to be made */
		row.lock = arena_printf(arena, "%s.%s", bucket_id, name);
	else
		row.lock = row.bucket_id;
	int rc = job_row_insert(db, arena, &row, e);
	if (rc >= 0)
		*ret_job_id = row.id;
	return rc;
}

static bool has_ended(const struct runner *runner, int64_t project_id, int64_t job_id)
{
	size_t count = runner->ended_count < ENDED_KEPT ? runner->ended_count : ENDED_KEPT;
	for (size_t i = 0; i < count; i++)
		if (runner->last_ended[i].id == job_id && runner->last_ended[i].project_id == project_id)
			return true;
	return false;
}

void runner_wake(struct runner *runner, int64_t project_id, int64_t job_id, int64_t wait_us)
{
	struct timespec until = deadline_of(wait_us);
	pthread_mutex_lock(&runner->mutex);
	runner->wanted++;
	pthread_cond_signal(&runner->work);
	int rc = 0;
	while (wait_us > 0 && rc != ETIMEDOUT && !runner->stopping && !has_ended(runner, project_id, job_id))
		rc = pthread_cond_timedwait(&runner->ended, &runner->mutex, &until);
	pthread_mutex_unlock(&runner->mutex);
}
