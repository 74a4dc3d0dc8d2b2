/* Answers of calls that start a job. */
#ifndef API_JOBS_H
#define API_JOBS_H

#include "http/req.h"
#include "work/runner.h"

/* What start_job() starts; texts borrowed, params stolen. */
struct new_job {
	const char *operation;
	const char *table_id, *bucket_id; /* or NULL */
	json_t *params;
};
/* Inserts the job, gives it a moment to end, answers 202 with it. For RUN_WORK handlers; the row's event is not written: the job records what it does. */
int start_job(struct req *rq, const struct new_job *job, struct err *e);
/* Answers 202 with a job that exists. */
int reply_job(struct req *rq, int64_t job_id, struct err *e);

#endif
