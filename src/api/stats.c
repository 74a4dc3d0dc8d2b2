/* What a run did, in numbers. */
#include "store/stats.h"

#include "base/str.h"
#include "http/req.h"

static json_t *tables_json(const struct stats_list *list)
{
	json_t *tables = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(tables, json_pack("{s:s, s:I, s:f, s:f}", "id", list->items[i].name, "count",
						      (json_int_t)list->items[i].count, "durationTotalSeconds",
						      list->items[i].duration_s, "durationTotalSecs", list->items[i].duration_s));
	return json_pack("{s:o, s:I, s:i}", "tables", tables, "totalCount", (json_int_t)list->total, "other", 0);
}

static json_t *tags_json(const struct stats_list *list)
{
	json_t *tags = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(
			tags, json_pack("{s:s, s:I}", "tag", list->items[i].name, "count", (json_int_t)list->items[i].count));
	return json_pack("{s:o, s:i}", "tags", tags, "other", 0);
}

static json_t *files_json(const struct stats_files *files)
{
	double mean = files->count ? (double)files->total_bytes / (double)files->count : 0;
	return json_pack("{s:I, s:{s:I, s:f, s:I, s:I}}", "count", (json_int_t)files->count, "dataSizeBytes", "total",
		(json_int_t)files->total_bytes, "mean", mean, "max", (json_int_t)files->most_bytes, "min",
		(json_int_t)files->least_bytes);
}

static int stats_show(struct req *rq, struct err *e)
{
	struct stats_list imports = { 0 }, exports = { 0 }, tags = { 0 };
	struct stats_files files = { 0 };
	struct stats_filter filter = {
		.project_id = rq->origin.project_id,
		.branch_id = rq->branch_id,
		.run_id = arg_text(rq, "runId", ""),
		.seen_by = permit_sees_all_events(rq->who) ? 0 : rq->origin.token_id,
	};
	if (str_empty(filter.run_id)) {
		fail(e, ERR_STORAGE_VALIDATION, "Invalid request:\n - runId: \"This field is missing.\"");
		err_field(e, "runId", "This field is missing.");
		return -ERR_STORAGE_VALIDATION;
	}
	int rc = stats_imports(rq->db, rq->arena, &filter, &imports, e);
	if (rc >= 0)
		rc = stats_exports(rq->db, rq->arena, &filter, &exports, e);
	if (rc >= 0)
		rc = stats_tags(rq->db, rq->arena, &filter, &tags, e);
	if (rc >= 0)
		rc = stats_files(rq->db, &filter, &files, e);
	if (rc < 0)
		return rc;
	req_object(rq, filter.run_id, NULL, NULL);
	return reply_json(rq, 200,
		json_pack("{s:{s:o, s:o}, s:{s:o, s:o}}", "tables", "import", tables_json(&imports), "export",
			tables_json(&exports), "files", "total", files_json(&files), "tags", tags_json(&tags)));
}

static const struct param SHOW_PARAMS[] = {
	{ "runId", P_TEXT, 0, "Exactly this run" },
	{ NULL },
};

const struct route STATS_ROUTES[] = {
	{ "GET", "/v2/storage/stats", ALLOW_TOKEN, EVENT_STATS_READ, RUN_WORK, stats_show, SHOW_PARAMS, "What a run did" },
	{ 0 },
};
