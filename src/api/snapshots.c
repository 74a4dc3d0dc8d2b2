/* Snapshots of tables over HTTP. */
#include "work/snapshots.h"
#include "api/jobs.h"
#include "auth/permit.h"
#include "store/table.h"

#define SNAPSHOTS_STANDARD 20
#define SNAPSHOTS_MOST 1000

static int find_table(struct req *rq, enum bucket_level need, struct table **ret, struct err *e)
{
	int rc = permit_bucket(rq->who, table_id_bucket(rq->arena, req_path(rq, 0)), need, e);
	return rc < 0 ? rc : table_get(rq->db, rq->arena, rq->origin.project_id, req_path(rq, 0), ret, e);
}

static int snapshots_create(struct req *rq, struct err *e)
{
	struct table *table;
	int rc = find_table(rq, BUCKET_WRITE, &table, e);
	if (rc < 0)
		return rc;
	struct new_job job = { .operation = "tableSnapshotCreate", .table_id = table->id };
	job.params = json_pack("{s:s?}", "description", arg_text(rq, "description", NULL));
	return start_job(rq, &job, e);
}

static int snapshots_list(struct req *rq, struct err *e)
{
	struct table *table;
	struct snapshot_query query = { .project_id = rq->origin.project_id };
	struct snapshot_list snapshots;
	int rc = find_table(rq, BUCKET_READ, &table, e);
	if (rc == 0)
		rc = arg_page(rq, SNAPSHOTS_STANDARD, SNAPSHOTS_MOST, &query.limit, &query.offset, e);
	if (rc < 0)
		return rc;
	query.table_number = table->number;
	rc = snapshot_list(rq->db, rq->arena, &query, &snapshots, e);
	if (rc < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < snapshots.count; i++)
		json_array_append_new(list, snapshot_json(rq->app, &snapshots.items[i], false));
	req_object(rq, table->id, table->name, NULL);
	return reply_json(rq, 200, list);
}

static int find_snapshot(struct req *rq, enum bucket_level need, struct snapshot **ret, struct err *e)
{
	int64_t id = req_path_id(rq, 0, e);
	return id ? snapshot_get(rq->db, rq->arena, rq->who, id, need, ret, e) : -ERR_ROUTE_NOT_FOUND;
}

static int snapshots_detail(struct req *rq, struct err *e)
{
	struct snapshot *snapshot;
	int rc = find_snapshot(rq, BUCKET_READ, &snapshot, e);
	if (rc < 0)
		return rc;
	req_object(rq, snapshot->table_id, NULL, json_pack("{s:I}", "snapshotId", (json_int_t)snapshot->id));
	return reply_json(rq, 200, snapshot_json(rq->app, snapshot, true));
}

static int snapshots_delete(struct req *rq, struct err *e)
{
	struct snapshot *snapshot;
	int rc = find_snapshot(rq, BUCKET_WRITE, &snapshot, e);
	if (rc < 0)
		return rc;
	struct new_job job = { .operation = "tableSnapshotDelete", .table_id = snapshot->table_id };
	job.params = json_pack("{s:s}", "snapshotId", arena_printf(rq->arena, "%lld", (long long)snapshot->id));
	return start_job(rq, &job, e);
}

static const struct param CREATE_PARAMS[] = { { "description", P_TEXT, 0, "what it is for" }, { NULL } };
static const struct param LIST_PARAMS[] = { { "limit", P_INT, 0, "at most so many" },
	{ "offset", P_INT, 0, "so many are left out" }, { NULL } };

const struct route SNAPSHOT_ROUTES[] = {
	{ "GET", "/v2/storage/snapshots/{id}", ALLOW_TOKEN, EVENT_TABLE_SNAPSHOT_DETAIL, RUN_LOOP, snapshots_detail, NULL,
		"One snapshot" },
	{ "DELETE", "/v2/storage/snapshots/{id}", ALLOW_WRITER, EVENT_TABLE_SNAPSHOT_DELETED, RUN_WORK, snapshots_delete, NULL,
		"Delete a snapshot: a job" },
	{ "GET", "/v2/storage/tables/{id}/snapshots", ALLOW_TOKEN, EVENT_TABLE_SNAPSHOTS_LISTED, RUN_WORK, snapshots_list,
		LIST_PARAMS, "Snapshots of a table, newest first" },
	{ "POST", "/v2/storage/tables/{id}/snapshots", ALLOW_WRITER, EVENT_TABLE_SNAPSHOT_CREATED, RUN_WORK, snapshots_create,
		CREATE_PARAMS, "Keep a table as it is now: a job" },
	{ 0 },
};
