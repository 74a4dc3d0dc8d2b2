/* What changes whole projects. */
#ifndef WORK_PROJECTS_H
#define WORK_PROJECTS_H

#include "base/arena.h"
#include "db/db.h"
#include "store/project.h"
#include "work/app.h"

/* A deleted project for good: every token is dead, every membership and invitation gone. Inside a write. Its contents follow by the
 * sweep; the history stays as long as it was promised (R14). */
int project_purge(struct db *db, struct arena *arena, struct project *project, struct err *e);
/* A sweep (work/sweepers.h): removes tables, buckets, configurations and files of a purged project, a bounded piece at a time. */
int projects_sweep(struct app *app, int64_t now_us, struct err *e);

#endif
