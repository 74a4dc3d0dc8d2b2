/* Development branches: made with copies of the default branch's configurations, dropped with what belongs to them. */
#ifndef WORK_BRANCHES_H
#define WORK_BRANCHES_H

#include <jansson.h>

#include "auth/caller.h"
#include "store/branch.h"
#include "work/runner.h"

json_t *branch_json(const struct branch *branch);
/* ERR_BRANCH_VALIDATION when the text is no name of a branch. */
int branch_check_name(const char *name, struct err *e);
/* Changing and deleting a branch: admins any, guests what they made (behaviour.md §2). */
int branch_permit_change(const struct caller *who, const struct branch *branch, struct err *e);

/* Kinds of jobs (work/jobs.c). */
int job_branch_create(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);
int job_branch_delete(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);

#endif
