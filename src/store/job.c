/* Jobs: rows of the table jobs. */
#include "store/job.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"

#define JOB_COLUMNS                                                                                                              \
	"project_id, id, branch_id, token_id, token_description, operation, table_id, bucket_id, params, run_id, status, "       \
	"created_us, started_us, ended_us, results, error, metrics, address, user_agent"

static void read_job(struct db_rows *rows, struct arena *arena, struct job_row *job)
{
	*job = (struct job_row){
		.project_id = db_col_int(rows, 0),
		.id = db_col_int(rows, 1),
		.branch_id = db_col_int(rows, 2),
		.token_id = db_col_int(rows, 3),
		.token_description = arena_strdup(arena, db_col_text(rows, 4)),
		.operation = arena_strdup(arena, db_col_text(rows, 5)),
		.table_id = arena_strdup(arena, db_col_text(rows, 6)),
		.bucket_id = arena_strdup(arena, db_col_text(rows, 7)),
		.params = arena_strdup(arena, db_col_text(rows, 8)),
		.run_id = arena_strdup(arena, db_col_text(rows, 9)),
		.status = arena_strdup(arena, db_col_text(rows, 10)),
		.created_us = db_col_int(rows, 11),
		.started_us = db_col_int(rows, 12),
		.ended_us = db_col_int(rows, 13),
		.results = arena_strdup(arena, db_col_text(rows, 14)),
		.error = arena_strdup(arena, db_col_text(rows, 15)),
		.metrics = arena_strdup(arena, db_col_text(rows, 16)),
		.address = arena_strdup(arena, db_col_text(rows, 17)),
		.user_agent = arena_strdup(arena, db_col_text(rows, 18)),
	};
}

static int find_one(
	struct db *db, struct arena *arena, const struct sql *sql, struct db_args args, struct job_row **ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, sql, args, &rows, e);
	if (rc <= 0)
		return rc;
	struct job_row *job = arena_new_of(arena, struct job_row);
	if (!job)
		return fail(e, ERR_INTERNAL, NULL);
	read_job(rows, arena, job);
	*ret = job;
	return 1;
}

int job_row_insert(struct db *db, struct arena *arena, struct job_row *job, struct err *e)
{
	static const struct sql sql = { "INSERT INTO jobs (project_id, id, branch_id, token_id, token_description, operation, "
					"table_id, bucket_id, lock_name, params, "
					"run_id, status, created_us, address, user_agent) "
					"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', $12, $13, $14)" };
	struct job_row made = *job;
	int64_t ticket;
	int rc = db_next_id(db, "job", &made.id, e);
	if (rc < 0)
		return rc;
	if (!made.run_id) {
		if ((rc = db_next_id(db, "ticket", &ticket, e)) < 0)
			return rc;
		made.run_id = arena_printf(arena, "%lld", (long long)ticket);
	}
	made.created_us = now_us();
	rc = db_exec(db, &sql,
		DB_ARGS(db_i(made.project_id), db_i(made.id), db_i(made.branch_id), db_i(made.token_id),
			db_s(made.token_description), db_s(made.operation), db_s(made.table_id), db_s(made.bucket_id),
			db_s(made.lock ? made.lock : ""), db_s(made.params), db_s(made.run_id), db_i(made.created_us),
			db_s(made.address), db_s(made.user_agent)),
		e);
	if (rc < 0)
		return rc;
	*job = made;
	return 0;
}

int job_row_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct job_row **ret, struct err *e)
{
	static const struct sql sql = { "SELECT " JOB_COLUMNS " FROM jobs WHERE project_id = $1 AND id = $2" };
	return find_one(db, arena, &sql, DB_ARGS(db_i(project_id), db_i(id)), ret, e);
}

#define LISTED_JOBS                                                                                                              \
	"AND (CAST($3 AS TEXT) IS NULL OR (',' || $3 || ',') LIKE ('%,' || status || ',%')) "                                    \
	"AND (CAST($4 AS TEXT) IS NULL OR (',' || $4 || ',') NOT LIKE ('%,' || status || ',%')) "                                \
	"AND created_us >= $5 AND (CAST($6 AS BIGINT) = 0 OR created_us <= $6) "                                                 \
	"AND started_us >= $7 AND (CAST($8 AS BIGINT) = 0 OR (started_us > 0 AND started_us <= $8)) "                            \
	"AND ended_us >= $9 AND (CAST($10 AS BIGINT) = 0 OR (ended_us > 0 AND ended_us <= $10)) "                                \
	"ORDER BY id DESC LIMIT $11 OFFSET $12"

/* Two statements, each with its index: the jobs of one token are found however many others there are (R18). */
int job_row_list(struct db *db, struct arena *arena, int64_t project_id, const struct job_filter *filter, struct job_list *ret,
	struct err *e)
{
	static const struct sql of_project = { "SELECT " JOB_COLUMNS
					       " FROM jobs WHERE project_id = $1 AND CAST($2 AS BIGINT) = 0 " LISTED_JOBS };
	static const struct sql of_token = { "SELECT " JOB_COLUMNS
					     " FROM jobs WHERE project_id = $1 AND token_id = $2 " LISTED_JOBS };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, filter->token_id ? &of_token : &of_project,
		DB_ARGS(db_i(project_id), db_i(filter->token_id), db_s(filter->status), db_s(filter->excluded),
			db_i(filter->created_from_us), db_i(filter->created_to_us), db_i(filter->started_from_us),
			db_i(filter->started_to_us), db_i(filter->ended_from_us), db_i(filter->ended_to_us), db_i(filter->limit),
			db_i(filter->offset)),
		&rows, e);
	if (rc < 0)
		return rc;
	void *items = NULL;
	size_t count = 0;
	while ((rc = db_next(rows, e)) > 0) {
		if (!(items = list_room(arena, items, count, sizeof(struct job_row))))
			return fail(e, ERR_INTERNAL, NULL);
		read_job(rows, arena, (struct job_row *)items + count++);
	}
	if (rc < 0)
		return rc;
	*ret = (struct job_list){ items, count };
	return 0;
}

/* Who claims at the same time would not see the others' choice: claims take turns. LOCK takes no snapshot: what follows sees what the one
 * before it has done, which it would not behind a SELECT that waited. (This table, because hardly anybody else writes in it.) */
static int lock_claims(struct db *db, struct err *e)
{
	static const struct sql sql = { "SELECT 1", "LOCK TABLE job_places IN SHARE ROW EXCLUSIVE MODE" };
	return db_exec(db, &sql, DB_NONE, e);
}

int job_row_claim(struct db *db, struct arena *arena, int64_t lease_us, struct job_row **ret, struct err *e)
{
	static const struct sql sql = {
		"UPDATE jobs SET status = 'processing', started_us = $1, lease_us = $2 WHERE (project_id, id) = ("
		"SELECT w.project_id, w.id FROM jobs w WHERE w.status = 'waiting' AND w.ended_us = 0 AND (w.lock_name = '' OR "
		"NOT EXISTS ("
		"SELECT 1 FROM jobs p WHERE p.status = 'processing' AND p.ended_us = 0 AND p.project_id = w.project_id AND "
		"p.lock_name = w.lock_name)) "
		"ORDER BY w.id LIMIT 1) RETURNING " JOB_COLUMNS
	};
	int rc = lock_claims(db, e);
	return rc < 0 ? rc : find_one(db, arena, &sql, DB_ARGS(db_i(now_us()), db_i(lease_us)), ret, e);
}

int job_row_lease(struct db *db, int64_t project_id, int64_t id, int64_t lease_us, struct err *e)
{
	static const struct sql sql = {
		"UPDATE jobs SET lease_us = $3 WHERE project_id = $1 AND id = $2 AND status = 'processing'"
	};
	return db_exec(db, &sql, DB_ARGS(db_i(project_id), db_i(id), db_i(lease_us)), e);
}

int job_row_release(struct db *db, int64_t ended_before_us, struct err *e)
{
	static const struct sql sql = { "UPDATE jobs SET status = 'waiting', started_us = 0 WHERE status = 'processing' AND "
					"ended_us = 0 AND lease_us < $1" };
	return db_exec(db, &sql, DB_ARGS(db_i(ended_before_us)), e);
}

int job_row_end(struct db *db, const struct job_row *job, bool *ret_ended, struct err *e)
{
	static const struct sql sql = { "UPDATE jobs SET status = $3, results = $4, error = $5, metrics = $6, ended_us = $7 "
					"WHERE project_id = $1 AND id = $2 AND ended_us = 0" };
	int64_t changed = 0;
	int rc = db_exec_changed(db, &sql,
		DB_ARGS(db_i(job->project_id), db_i(job->id), db_s(job->status), db_s(job->results), db_s(job->error),
			db_s(job->metrics), db_i(now_us())),
		&changed, e);
	if (rc >= 0 && ret_ended)
		*ret_ended = changed > 0;
	return rc;
}
