/* Jobs over HTTP: what a token started, and how far it is. */
#include "api/jobs.h"

#include <string.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "store/job.h"
#include "work/resource_json.h"

/* Cheap jobs end within the call that starts them: a client's first poll comes at once, its second after seconds. */
#define JOB_WAIT_US (300 * 1000)
#define JOBS_STANDARD 20
#define JOBS_MOST 1000

struct insertion {
	struct req *rq;
	const struct new_job *job;
	int64_t id;
};

static int insert_now(struct db *db, void *arg, struct err *e)
{
	struct insertion *insertion = arg;
	const struct new_job *job = insertion->job;
	return job_insert(db, &insertion->rq->origin, job->operation, job->table_id, job->bucket_id, json_incref(job->params),
		&insertion->id, e);
}

int start_job(struct req *rq, const struct new_job *job, struct err *e)
{
	struct insertion insertion = { .rq = rq, .job = job };
	int rc = database_transact(rq->app->database, insert_now, &insertion, e);
	json_decref(job->params);
	if (rc < 0)
		return rc;
	runner_wake(rq->app->runner, rq->origin.project_id, insertion.id, JOB_WAIT_US);
	req_no_event(rq);
	return reply_job(rq, insertion.id, e);
}

/* Others' jobs are not there for a limited token. */
static int find_own(struct req *rq, int64_t id, struct job_row **ret, struct err *e)
{
	const struct token *token = &rq->who->identity->token;
	int rc = id > 0 ? job_row_find(rq->db, rq->arena, rq->origin.project_id, id, ret, e) : 0;
	if (rc > 0 && (token->is_master || (*ret)->token_id == token->id))
		return 0;
	return rc < 0 ? rc : fail(e, ERR_JOB_NOT_FOUND, "Job \"%lld\" not found", (long long)id);
}

int reply_job(struct req *rq, int64_t job_id, struct err *e)
{
	struct job_row *job = NULL;
	int rc = find_own(rq, job_id, &job, e);
	return rc < 0 ? rc : reply_json(rq, 202, job_json(rq->app, job));
}

static int jobs_detail(struct req *rq, struct err *e)
{
	struct job_row *job = NULL;
	int64_t id = req_path_id(rq, 0, e);
	int rc = id ? find_own(rq, id, &job, e) : -ERR_ROUTE_NOT_FOUND;
	return rc < 0 ? rc : reply_json(rq, 200, job_json(rq->app, job));
}

/* --- the list --------------------------------------------------------------------------------------------------------------- */

/* "storage_job_status" as one text: "success,error"; NULL when it is not given. */
static const char *joined(struct req *rq, const char *name)
{
	own(buf_done) struct buf text = { 0 };
	json_t *list = arg_json(rq, name), *item;
	size_t i;
	json_array_foreach(list, i, item) {
		if (i)
			buf_putc(&text, ',');
		buf_puts(&text, json_string_value(item));
	}
	return text.length ? arena_strdup(rq->arena, text.data) : NULL;
}

static int read_time(struct req *rq, const char *name, int64_t *ret_us, struct err *e)
{
	const char *text = arg_text(rq, name, NULL);
	if (str_empty(text) || time_parse(text, now_us(), ret_us))
		return 0;
	return fail(e, ERR_VALIDATION, "Invalid request:\n - %s: \"This value is not a valid datetime.\"", name);
}

/* <name>, or <name>_from and <name>_to; times are kept in microseconds and asked for in seconds. */
static int read_range(struct req *rq, const char *name, int64_t *ret_from_us, int64_t *ret_to_us, struct err *e)
{
	int64_t exact = 0;
	int rc = read_time(rq, name, &exact, e);
	if (rc < 0)
		return rc;
	if (exact) {
		*ret_from_us = exact;
		*ret_to_us = exact + US_PER_S - 1;
		return 0;
	}
	rc = read_time(rq, arena_printf(rq->arena, "%s_from", name), ret_from_us, e);
	if (rc < 0 || (rc = read_time(rq, arena_printf(rq->arena, "%s_to", name), ret_to_us, e)) < 0)
		return rc;
	if (*ret_to_us)
		*ret_to_us += US_PER_S - 1;
	return 0;
}

static int read_filter(struct req *rq, struct job_filter *filter, struct err *e)
{
	const struct token *token = &rq->who->identity->token;
	filter->token_id = token->is_master ? 0 : token->id;
	filter->status = joined(rq, "storage_job_status");
	filter->excluded = filter->status ? NULL : joined(rq, "excluded_storage_job_status");
	int rc = arg_page(rq, JOBS_STANDARD, JOBS_MOST, &filter->limit, &filter->offset, e);
	if (rc >= 0)
		rc = read_range(rq, "created_time", &filter->created_from_us, &filter->created_to_us, e);
	if (rc >= 0)
		rc = read_range(rq, "start_time", &filter->started_from_us, &filter->started_to_us, e);
	if (rc >= 0)
		rc = read_range(rq, "end_time", &filter->ended_from_us, &filter->ended_to_us, e);
	return rc;
}

static int jobs_list(struct req *rq, struct err *e)
{
	struct job_filter filter = { 0 };
	struct job_list jobs;
	int rc = read_filter(rq, &filter, e);
	if (rc < 0 || (rc = job_row_list(rq->db, rq->arena, rq->origin.project_id, &filter, &jobs, e)) < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < jobs.count; i++)
		json_array_append_new(list, job_json(rq->app, &jobs.items[i]));
	return reply_json(rq, 200, list);
}

static const struct param LIST_PARAMS[] = {
	{ "limit", P_INT, 0, "at most so many jobs" },
	{ "offset", P_INT, 0, "so many are left out" },
	{ "storage_job_status", P_TEXTS, 8, "only jobs with one of these statuses" },
	{ "excluded_storage_job_status", P_TEXTS, 8, "only jobs with none of these statuses" },
	{ "created_time", P_TEXT, 64, NULL },
	{ "created_time_from", P_TEXT, 64, NULL },
	{ "created_time_to", P_TEXT, 64, NULL },
	{ "start_time", P_TEXT, 64, NULL },
	{ "start_time_from", P_TEXT, 64, NULL },
	{ "start_time_to", P_TEXT, 64, NULL },
	{ "end_time", P_TEXT, 64, NULL },
	{ "end_time_from", P_TEXT, 64, NULL },
	{ "end_time_to", P_TEXT, 64, NULL },
	{ NULL },
};

const struct route JOB_ROUTES[] = {
	{ "GET", "/v2/storage/jobs", ALLOW_TOKEN, EVENT_NONE, RUN_WORK, jobs_list, LIST_PARAMS, "Jobs, newest first" },
	{ "GET", "/v2/storage/jobs/{id}", ALLOW_TOKEN, EVENT_NONE, RUN_LOOP, jobs_detail, NULL, "One job" },
	{ 0 },
};
