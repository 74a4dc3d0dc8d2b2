/* Loading a file into a table: what import and create have in common. */
#ifndef WORK_LOAD_H
#define WORK_LOAD_H

#include <jansson.h>

#include "store/rows/rows.h"
#include "work/runner.h"
#include "work/source.h"

/* The "params" of a job's parameters. Texts borrowed from them. */
struct load_options {
	struct csv_dialect dialect;
	bool incremental, keep_existing, without_headers, use_timestamp;
	json_t *columns;        /* array of names, or NULL */
	int64_t ignored_lines;  /* -1: not given */
	const char *null_value; /* as struct rows_import */
};
/* Judges them: ERR_CSV_INVALID, ERR_CSV_PARAMS, ERR_TABLE_VALIDATION. params may be NULL. */
int load_options_parse(const json_t *params, struct load_options *ret, struct err *e);

/* One load: what it reads and what it does with it. */
struct load {
	struct app *app;
	const struct job *job;
	const struct caller *who;
	const struct origin *origin;
	struct arena *arena;
	struct load_options options;
	struct file *file;
	struct source *source;
	struct csv_reader *csv;
	char **names; /* of the file's fields as columns; "_timestamp" is the row's time */
	size_t name_count;
	struct table *table;
	size_t old_column_count; /* before this load added some */
	int64_t *numbers;        /* the table's column of each field */
	struct rows_result result;
	int64_t read_rows; /* of the file */
	struct job_result *job_result;
	bool in_doubt; /* a commit whose answer was lost: it may have happened */
	/* of a table made from a snapshot: what it was, and what is written with it */
	const json_t *definition;
	int (*finish)(struct db *db, const struct load *load, struct err *e);
};

/* Finds the file that the job names, which the caller must be allowed to read (R08), and opens it. */
int load_open(struct load *load, struct err *e);
/* Opens load->file; load->options are set. */
int load_open_file(struct load *load, struct err *e);
/* Reads the names of the fields: the header, the columns of the options, or standard's (positional); passes over ignored lines. */
int load_read_names(struct load *load, const struct table *positional, struct err *e);
/* The name of a new column: ERR_TABLE_INVALID_COLUMN_NAME when the raw one is empty or too long. */
int load_new_name(struct load *load, const char *raw, char **ret, struct err *e);
/* Fails when two fields have the same name, whatever the case. */
int load_check_duplicates(const struct load *load, enum err_code code, struct err *e);
/* Writes the rows: load->result. */
int load_rows(struct load *load, struct err *e);
void load_done(struct load *load);

/* Writes the rows, then load->table with its events and the end of the job; all of it or nothing. */
int table_create_rows(struct load *load, struct err *e);

/* {warnings, transaction, importedColumns, importedRowsCount, totalRowsCount, totalDataSizeBytes} */
json_t *load_results(const struct load *load);
/* tableImportStarted, tableImportDone and the job's end: inside a write. results is borrowed. */
int load_emit_started(struct db *db, const struct load *load, struct err *e);
int load_emit_done(struct db *db, const struct load *load, struct err *e);

/* Ends a job as successful in the transaction of its last change, so that it is not done again when the server dies right after. */
int job_succeed(struct db *db, const struct job *job, json_t *results, json_t *metrics, struct err *e);
/* Runs that last change, fn, which calls job_succeed(). What it tells of has happened already, so a database that is away is tried again for
 * a quarter of a minute; a commit whose answer was lost is not repeated. */
int job_commit(
	struct app *app, const struct job *job, int (*fn)(struct db *db, void *arg, struct err *e), void *arg, struct err *e);

/* The kinds of work/jobs.c. */
int import_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);
int table_create_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);

#endif
