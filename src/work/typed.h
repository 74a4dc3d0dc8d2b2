/* Typed columns: what a caller says of a column's type, as the table keeps and shows it. */
#ifndef WORK_TYPED_H
#define WORK_TYPED_H

#include <jansson.h>

#include "base/arena.h"
#include "db/db.h"
#include "store/table.h"
#include "work/runner.h"

/* Does the column {name, definition, basetype} say a type? */
bool typed_is(json_t *column);
/* A length or standard value as text: a client may send a number. NULL when it is neither, or too long. */
char *typed_text(struct arena *arena, json_t *value);
/* Every spelling of a truth; the standard when it is none. */
bool typed_nullable(json_t *given, bool standard);
/* {"definition": {"type", "nullable", "length", "default"}, "basetype"} of it as text; ERR_TABLE_VALIDATION when the type is not known. */
int typed_definition(struct arena *arena, json_t *column, bool in_key, char **ret, struct err *e);

/* The arguments of tables-definition as a table (bucket_id and project_id are the caller's to set); ERR_TABLE_VALIDATION,
 * ERR_TABLE_KEY_COLUMNS, ERR_TABLE_INVALID_COLUMN_NAME, ERR_TABLE_NO_COLUMNS. */
int typed_table(struct arena *arena, json_t *args, struct table *ret, struct err *e);
/* What the provider "storage" says of a typed column's type, or of every column of the table. Inside a write. */
int typed_set_column_metadata(
	struct db *db, const struct table *table, const char *column, const char *definition, struct err *e);
int typed_set_metadata(struct db *db, const struct table *table, struct err *e);

/* The kind of job of tables-definition. */
int job_table_definition(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);

#endif
