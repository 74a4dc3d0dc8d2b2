/* Deleting rows of a table. */
#include "auth/permit.h"
#include "base/own.h"
#include "store/table.h"
#include "work/events.h"
#include "work/export.h"
#include "work/load.h"
#include "work/rows_view.h"

struct deletion {
	struct app *app;
	const struct job *job;
	const struct origin *origin;
	struct arena *arena;
	const json_t *params;
	struct rows_view view;
	int64_t deleted;
	struct rows_result result;
};

static int read_view(struct deletion *deletion, struct err *e)
{
	struct db *db;
	struct table *table;
	int rc = db_reader_take(deletion->app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = table_get(db, deletion->arena, deletion->job->project_id, deletion->job->table_id, &table, e);
	if (rc >= 0)
		rc = rows_view_read(db, deletion->arena, table, deletion->params, ERR_ROWS_COLUMN_NOT_EXISTS, &deletion->view, e);
	db_reader_give(db);
	if (rc == 0 && table->source_number)
		rc = fail(e, ERR_TABLE_ALIAS_IMPORT, "Rows of the alias \"%s\" cannot be deleted.", table->id);
	if (rc == 0 && !deletion->view.is_filtered && !json_is_true(json_object_get(deletion->params, "allowTruncate")))
		rc = fail(e, ERR_TABLE_UNINTENDED_TRUNCATION, NULL);
	return rc;
}

static json_t *results_of(const struct deletion *deletion)
{
	return json_pack("{s:I}", "deletedRows", (json_int_t)deletion->deleted);
}

static int write_end(struct db *db, void *arg, struct err *e)
{
	struct deletion *deletion = arg;
	struct table *table = deletion->view.table;
	own(own_json) json_t *results = results_of(deletion);
	struct event_object object = {
		.id = table->id, .name = table->name, .params = (json_t *)deletion->params, .results = results
	};
	int rc = table_rows_changed(db, table, deletion->result.rows_count, deletion->result.data_size_bytes, false, e);
	if (rc == 0)
		rc = emit(db, deletion->origin, EVENT_TABLE_ROWS_DELETED, &object, e);
	return rc < 0 ? rc : job_succeed(db, deletion->job, results, NULL, e);
}

int rows_delete_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct deletion deletion = {
		.app = app, .job = job, .origin = origin, .arena = arena, .params = json_object_get(job->params, "request")
	};
	int rc = permit_bucket(who, table_id_bucket(arena, job->table_id), BUCKET_WRITE, e);
	if (rc == 0)
		rc = read_view(&deletion, e);
	if (rc == 0)
		rc = rows_delete(
			app->database, deletion.view.rows, &deletion.view.filter, &deletion.deleted, &deletion.result, e);
	if (rc == 0)
		rc = job_commit(app, job, write_end, &deletion, e);
	if (rc < 0)
		return rc;
	ret->results = results_of(&deletion);
	return 0;
}
