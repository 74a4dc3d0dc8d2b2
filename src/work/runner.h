/* Jobs: durable rows, run one after another per table, at most `workers` at a time; they survive a restart. A running job has
 * the permissions of the token that started it, looked up again when it starts, and no more (R10, R13). */
#ifndef WORK_RUNNER_H
#define WORK_RUNNER_H

#include <jansson.h>

#include "auth/caller.h"
#include "base/arena.h"
#include "work/app.h"
#include "work/events.h"

struct job {
	int64_t project_id, id, branch_id, token_id;
	char *operation; /* "tableImport" */
	char *table_id;  /* or NULL */
	char *bucket_id; /* or NULL */
	json_t *params;  /* operationParams as shown */
	char *run_id;
	char *address, *user_agent;
	char *token_description;
	struct arena *arena; /* ends with the job */
};

/* What a run gives back. */
struct job_result {
	json_t *results;       /* stolen */
	json_t *metrics;       /* stolen; NULL: zeros */
	json_t *error_results; /* results shown when the job failed (missingColumns...); stolen */
};

/* One row per operation, in work/jobs.c: name and function. who is the caller of today, checked again; origin is for events. */
struct job_kind {
	const char *operation;
	int (*run)(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
		struct job_result *ret, struct err *e);
	enum event_type
		failed; /* recorded about the table (or bucket) when the job fails, with params.error; EVENT_NONE: EVENT_JOB_FAILED */
};
extern const struct job_kind JOB_KINDS[];

int runner_start(struct app *app, struct runner **ret, struct err *e);
/* Lets running jobs finish; waiting ones are run at the next start. */
void runner_stop(struct runner *runner);

/* Inside a write: inserts the job; it starts after the commit. lock names what may be used by one job at a time (a table or
 * bucket id), or NULL. params is stolen. */
int job_insert(struct db *db, const struct origin *origin, const char *operation, const char *table_id, const char *bucket_id,
	json_t *params, int64_t *ret_job_id, struct err *e);
/* After the commit of job_insert(): wakes the runner and waits up to wait_us for the job to end (cheap ones finish inside the creating
 * request). Never on a loop or inside a write. */
void runner_wake(struct runner *runner, int64_t project_id, int64_t job_id, int64_t wait_us);

#endif
