/* What changes whole projects. */
#ifndef WORK_PROJECTS_H
#define WORK_PROJECTS_H

#include "base/arena.h"
#include "db/db.h"
#include "store/project.h"

/* A deleted project for good: every token is dead, every membership and invitation gone. Inside a write. */
int project_purge(struct db *db, struct arena *arena, struct project *project, struct err *e);

#endif
