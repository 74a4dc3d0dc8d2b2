/* Snapshots of tables: made, shown, removed, and tables made from them. */
#ifndef WORK_SNAPSHOTS_H
#define WORK_SNAPSHOTS_H

#include <jansson.h>

#include "store/snapshot.h"
#include "work/app.h"
#include "work/load.h"
#include "work/runner.h"

/* As lists show it; with_table: and what the table was, as its detail shows it. */
json_t *snapshot_json(const struct app *app, const struct snapshot *snapshot, bool with_table);
/* The caller's snapshot: read (or write) on the bucket that the table was in. ERR_SNAPSHOT_NOT_FOUND only for who may see every bucket:
 * to all others absent and forbidden are the same (R09). */
int snapshot_get(struct db *db, struct arena *arena, const struct caller *who, int64_t id, enum bucket_level need,
	struct snapshot **ret, struct err *e);

/* Makes load->table out of the snapshot that the job names, with what was said about it and its columns. */
int snapshot_restore(struct load *load, struct err *e);

/* The kinds of work/jobs.c. */
int snapshot_create_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);
int snapshot_delete_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);

#endif
