/* What a running job has reserved. */
#include "store/job_place.h"

#include "base/own.h"

int job_place_find(struct db *db, int64_t project_id, int64_t job_id, int64_t *ret_number, struct err *e)
{
	static const struct sql sql = { "SELECT number FROM job_places WHERE project_id = $1 AND job_id = $2" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(project_id), db_i(job_id)), &rows, e);
	if (rc < 0)
		return rc;
	*ret_number = rc ? db_col_int(rows, 0) : 0;
	return 0;
}

int job_place_keep(struct db *db, int64_t project_id, int64_t job_id, int64_t number, struct err *e)
{
	static const struct sql sql = { "INSERT INTO job_places (project_id, job_id, number) VALUES ($1, $2, $3)" };
	return db_exec(db, &sql, DB_ARGS(db_i(project_id), db_i(job_id), db_i(number)), e);
}

int job_place_forget(struct db *db, int64_t project_id, int64_t job_id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM job_places WHERE project_id = $1 AND job_id = $2" };
	return db_exec(db, &sql, DB_ARGS(db_i(project_id), db_i(job_id)), e);
}
