/* Changes of a table's definition: what describes it and its columns, and lengths, nulls and standard values of typed ones. */
#ifndef WORK_REDEFINE_H
#define WORK_REDEFINE_H

#include <jansson.h>

#include "store/table.h"
#include "work/runner.h"

/* What a caller asks of a table, as the params of the job: {displayName, description, columns: [{name, description, length, nullable,
 * default}]}, or {columnName, columnDefinition} for one column. A description or standard value that is null goes; what is absent stays.
 * ERR_TABLE_VALIDATION, ERR_TABLE_COLUMN_NOT_EXISTS, ERR_TABLE_ALIAS_IMPORT. */
int redefine_check(struct arena *arena, const struct table *table, json_t *params, struct err *e);

/* The kind of job of both. */
int job_table_redefine(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);

#endif
