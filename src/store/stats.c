/* Counting what a run did. An import's duration is the time between its events of start and end. */
#include "store/stats.h"

#include "base/own.h"
#include "store/list.h"

static struct db_args filter_args(const struct stats_filter *filter, struct db_arg args[4])
{
	args[0] = db_i(filter->project_id);
	args[1] = db_i(filter->branch_id);
	args[2] = db_s(filter->run_id);
	args[3] = db_i(filter->seen_by);
	return (struct db_args){ args, 4 };
}

/* Rows of name, count, duration in microseconds. */
static int read_list(struct db *db, struct arena *arena, const struct sql *sql, const struct stats_filter *filter,
	struct stats_list *ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	struct stats_list list = { NULL, 0, 0 };
	struct db_arg args[4];
	int rc = db_query(db, sql, filter_args(filter, args), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the statistics");
		struct stats_item item = { arena_strdup(arena, db_col_text(rows, 0)), db_col_int(rows, 1),
			(double)db_col_int(rows, 2) / 1e6 };
		list.items[list.count++] = item;
		list.total += item.count;
	}
	if (rc == 0)
		*ret = list;
	return rc;
}

#define EVENTS_OF_RUN                                                                                                            \
	"FROM events WHERE project_id = $1 AND branch_id = $2 AND run_id = $3 AND run_id <> '' AND (CAST($4 AS BIGINT) = 0 OR "  \
	"token_id = $4) "

int stats_imports(struct db *db, struct arena *arena, const struct stats_filter *filter, struct stats_list *ret, struct err *e)
{
	static const struct sql imports = {
		.text = "SELECT object_id, done, CASE WHEN ended = started THEN duration ELSE 0 END FROM (SELECT object_id, "
			"CAST(SUM(CASE WHEN name = 'storage.tableImportDone' THEN 1 ELSE 0 END) AS BIGINT) AS done, "
			"CAST(SUM(CASE WHEN name = 'storage.tableImportStarted' THEN 0 ELSE 1 END) AS BIGINT) AS ended, "
			"CAST(SUM(CASE WHEN name = 'storage.tableImportStarted' THEN 1 ELSE 0 END) AS BIGINT) AS started, "
			"CAST(SUM(CASE WHEN name = 'storage.tableImportStarted' THEN -created_us ELSE created_us END) AS BIGINT) "
			"AS duration " EVENTS_OF_RUN
			"AND name IN ('storage.tableImportDone', 'storage.tableImportStarted', 'storage.tableImportError') "
			"GROUP BY object_id) AS counted WHERE done > 0 ORDER BY done DESC, object_id",
	};
	return read_list(db, arena, &imports, filter, ret, e);
}

int stats_exports(struct db *db, struct arena *arena, const struct stats_filter *filter, struct stats_list *ret, struct err *e)
{
	static const struct sql exports = {
		.text = "SELECT object_id, COUNT(*), 0 " EVENTS_OF_RUN
			"AND name = 'storage.tableExported' GROUP BY object_id ORDER BY COUNT(*) DESC, object_id",
	};
	return read_list(db, arena, &exports, filter, ret, e);
}

#define FILES_OF_RUN                                                                                                             \
	"WHERE files.project_id = $1 AND files.branch_id = $2 AND files.run_id = $3 "                                            \
	"AND (CAST($4 AS BIGINT) = 0 OR files.creator_token_id = $4) "

int stats_tags(struct db *db, struct arena *arena, const struct stats_filter *filter, struct stats_list *ret, struct err *e)
{
	static const struct sql tags = {
		.text = "SELECT tag, COUNT(*), 0 FROM file_tags JOIN files ON files.project_id = file_tags.project_id AND "
			"files.id = file_tags.file_id " FILES_OF_RUN "GROUP BY tag ORDER BY COUNT(*) DESC, tag",
	};
	return read_list(db, arena, &tags, filter, ret, e);
}

int stats_files(struct db *db, const struct stats_filter *filter, struct stats_files *ret, struct err *e)
{
	static const struct sql files = {
		.text = "SELECT COUNT(*), CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT), COALESCE(MAX(size_bytes), 0), "
			"COALESCE(MIN(size_bytes), 0) "
			"FROM (SELECT CASE WHEN size_bytes < 0 THEN 0 ELSE size_bytes END AS size_bytes FROM files " FILES_OF_RUN
			"AND files.id IN (SELECT file_id FROM file_runs WHERE project_id = $1 AND run_id = $3)) AS sized",
	};
	own(own_rows) struct db_rows *rows = NULL;
	struct db_arg args[4];
	int rc = db_find(db, &files, filter_args(filter, args), &rows, e);
	if (rc > 0)
		*ret = (struct stats_files){ db_col_int(rows, 0), db_col_int(rows, 1), db_col_int(rows, 2), db_col_int(rows, 3) };
	return rc < 0 ? rc : 0;
}
