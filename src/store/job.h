/* Jobs: their rows. What runs them is work/runner.h. */
#ifndef STORE_JOB_H
#define STORE_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* All memory belongs to the arena that it was read into. Dates 0: not yet. JSON texts NULL: none. */
struct job_row {
	int64_t project_id, id, branch_id, token_id;
	char *token_description, *operation;
	char *table_id, *bucket_id; /* or NULL */
	char *params, *run_id, *status;
	int64_t created_us, started_us, ended_us;
	char *results, *error, *metrics;
	char *address, *user_agent;
	char *lock; /* in only: jobs of one lock in a project run one after another; NULL: none */
};

/* What a list may be narrowed by. */
struct job_filter {
	int64_t token_id;              /* 0: of every token */
	const char *status, *excluded; /* NULL: any, none; "success,error" for more */
	int64_t created_from_us, created_to_us, started_from_us, started_to_us, ended_from_us, ended_to_us; /* 0: open */
	int64_t limit, offset;
};

/* In: everything up to run_id (NULL: a new ticket), address, user_agent. Out: id, run_id, created_us. */
int job_row_insert(struct db *db, struct arena *arena, struct job_row *job, struct err *e);
/* 1 found, 0 not found, negative failed. */
int job_row_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct job_row **ret, struct err *e);
struct job_list {
	struct job_row *items;
	size_t count;
};
/* Newest first. */
int job_row_list(struct db *db, struct arena *arena, int64_t project_id, const struct job_filter *filter, struct job_list *ret,
	struct err *e);

/* The oldest waiting job whose lock is free becomes processing, leased until lease_us: 1 and the job, 0 when there is none. Inside a write. */
int job_row_claim(struct db *db, struct arena *arena, int64_t lease_us, struct job_row **ret, struct err *e);
/* Longer leases for what this server runs. */
int job_row_lease(struct db *db, int64_t project_id, int64_t id, int64_t lease_us, struct err *e);
/* Processing jobs whose lease ended before that wait again. */
int job_row_release(struct db *db, int64_t ended_before_us, struct err *e);
/* The end of a job: status, results, error, metrics; ended now. One that has ended stays as it is: *ret_ended (may be NULL) is false. */
int job_row_end(struct db *db, const struct job_row *job, bool *ret_ended, struct err *e);

#endif
