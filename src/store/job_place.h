/* What a running job has reserved, so that it writes to the same place when it runs again after a crash. */
#ifndef STORE_JOB_PLACE_H
#define STORE_JOB_PLACE_H

#include <stdint.h>

#include "db/db.h"

/* All inside a write. The number that the job reserved, 0 when none. */
int job_place_find(struct db *db, int64_t project_id, int64_t job_id, int64_t *ret_number, struct err *e);
int job_place_keep(struct db *db, int64_t project_id, int64_t job_id, int64_t number, struct err *e);
/* The place is in use now, or was given up. */
int job_place_forget(struct db *db, int64_t project_id, int64_t job_id, struct err *e);

#endif
