/* Changes of buckets that the API makes at once or as a job. */
#ifndef WORK_BUCKETS_H
#define WORK_BUCKETS_H

#include <jansson.h>

#include "store/bucket.h"
#include "work/runner.h"

/* Judges texts of a caller for a bucket: ERR_BUCKET_VALIDATION. symfony: the style of the message that updates answer with. */
int bucket_check_display_name(const char *name, bool symfony, struct err *e);
int bucket_check_color(const char *color, struct err *e);

/* Writes {displayName, color} of a bucket (a member that is absent stays, color null clears) with its event; the bucket as it is
 * afterwards. Inside a write. */
int bucket_change(struct db *db, struct arena *arena, const struct origin *origin, const char *bucket_id, json_t *changes,
	struct bucket **ret, struct err *e);

/* Kinds of jobs (work/jobs.c). */
int job_bucket_update(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);
int job_bucket_delete(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);

#endif
