/* Changes of tables that the API makes at once or as a job; every job judges again what its call judged. */
#ifndef WORK_TABLES_H
#define WORK_TABLES_H

#include <jansson.h>

#include "store/table.h"
#include "work/runner.h"

/* ERR_TABLE_VALIDATION when a caller's text is no name of a table, no display name. */
int table_check_name(const char *name, struct err *e);
int table_check_display_name(const char *name, struct err *e);

/* What a caller wants to add; *ret is the column's name as it will be. ERR_TABLE_COLUMN_NAME, ERR_TABLE_COLUMN_EXISTS, ERR_TABLE_VALIDATION.
 * *ret_definition: JSON of a typed column, or NULL. */
int table_check_new_column(
	struct arena *arena, const struct table *table, json_t *column, char **ret, char **ret_definition, struct err *e);
/* ERR_TABLE_COLUMN_NOT_EXISTS, ERR_TABLE_COLUMN_IN_KEY, ERR_TABLE_VALIDATION (the last one), ERR_TABLE_COLUMN_REFERENCED. */
int table_check_drop_column(
	struct db *db, struct arena *arena, const struct table *table, const char *name, bool force, struct err *e);
/* ERR_PRIMARY_KEY when the list is empty or names what is no column. */
int table_check_key(const struct table *table, json_t *columns, struct err *e);
/* ERR_TABLE_KEY_COLUMN_REFERENCED when the filter of an alias needs the key's column. */
int table_check_drop_key(struct db *db, struct arena *arena, const struct table *table, struct err *e);

/* Writes a new display name with its event. Inside a write. */
int table_change_display_name(
	struct db *db, struct arena *arena, const struct origin *origin, const char *table_id, const char *name, struct err *e);

/* Kinds of jobs (work/jobs.c). */
#define JOB_RUN(name)                                                                                                            \
	int name(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,                  \
		struct job_result *ret, struct err *e)
JOB_RUN(job_table_drop);
JOB_RUN(job_table_update);
JOB_RUN(job_table_column_add);
JOB_RUN(job_table_column_delete);
JOB_RUN(job_table_key_add);
JOB_RUN(job_table_key_delete);
JOB_RUN(job_table_optimize);

#endif
