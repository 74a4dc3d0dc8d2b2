/* Jobs on rows that are there: export into a file, delete. */
#ifndef WORK_EXPORT_H
#define WORK_EXPORT_H

#include "work/runner.h"

/* The kinds of work/jobs.c. */
int export_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);
int rows_delete_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);

#endif
