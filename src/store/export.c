/* Exports that can be given again. */
#include "store/export.h"

#include "base/clock.h"
#include "base/own.h"

int export_find(struct db *db, int64_t project_id, const char *key, int64_t *ret_file_id, struct err *e)
{
	static const struct sql sql = { "SELECT file_id FROM exports WHERE project_id = $1 AND key = $2" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(project_id), db_s(key)), &rows, e);
	if (rc == 1)
		*ret_file_id = db_col_int(rows, 0);
	return rc;
}

int export_keep(struct db *db, int64_t project_id, const char *key, int64_t file_id, int64_t forget_before_us, struct err *e)
{
	static const struct sql forget = { "DELETE FROM exports WHERE project_id = $1 AND created_us < $2" };
	static const struct sql keep = {
		"INSERT INTO exports (project_id, key, file_id, created_us) VALUES ($1, $2, $3, $4) "
		"ON CONFLICT (project_id, key) DO UPDATE SET file_id = excluded.file_id, created_us = excluded.created_us"
	};
	int rc = db_exec(db, &forget, DB_ARGS(db_i(project_id), db_i(forget_before_us)), e);
	if (rc < 0)
		return rc;
	return db_exec(db, &keep, DB_ARGS(db_i(project_id), db_s(key), db_i(file_id), db_i(now_us())), e);
}
