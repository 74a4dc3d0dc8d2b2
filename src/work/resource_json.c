/* Buckets, metadata and jobs as JSON. */
#include "work/resource_json.h"

#include "base/clock.h"
#include "base/json_read.h"
#include "base/str.h"

json_t *json_time(int64_t time_us)
{
	char text[TIME_TEXT_SIZE];
	return time_us ? json_string(time_text(time_us, text)) : json_null();
}

static json_t *owner_json(const struct bucket *bucket)
{
	if (!bucket->owner_id || !bucket->owner_email)
		return json_null();
	return json_pack(
		"{s:I, s:s, s:s}", "id", (json_int_t)bucket->owner_id, "name", bucket->owner_name, "email", bucket->owner_email);
}

json_t *bucket_json(const struct app *app, int64_t default_branch_id, const struct bucket *bucket)
{
	char project[32];
	snprintf(project, sizeof(project), "project_%lld", (long long)bucket->project_id);
	json_t *json = json_pack(
		"{s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:I, s:I, s:b, s:s, s:n, s:b, s:n, s:s}", "uri",
		json_sprintf("%s/v2/storage/buckets/%s", app->public_url, bucket->id), "id", bucket->id, "name", bucket->name,
		"displayName", bucket->display_name, "stage", bucket->stage, "description", bucket->description, "tables",
		json_sprintf("%s/v2/storage/buckets/%s/tables", app->public_url, bucket->id), "created",
		json_time(bucket->created_us), "lastChangeDate", json_time(bucket->changed_us), "updated",
		json_time(bucket->updated_us), "isReadOnly", 0, "dataSizeBytes", (json_int_t)bucket->data_size_bytes, "rowsCount",
		(json_int_t)bucket->rows_count, "isMaintenance", 0, "backend", bucket->backend, "sharing", "hasExternalSchema", 0,
		"databaseName", "path", bucket->id);
	json_object_set_new(json, "backendPath", json_pack("[s, s]", project, bucket->id));
	json_object_set_new(json, "bucketSharingAllowed", json_false());
	json_object_set_new(json, "color", bucket->color ? json_string(bucket->color) : json_null());
	json_object_set_new(json, "owner", owner_json(bucket));
	json_object_set_new(json, "idBranch", json_integer(default_branch_id));
	json_object_set_new(json, "isLinkedBucket", json_false());
	json_object_set_new(json, "isSnowflakeSharedDatabase", json_false());
	json_object_set_new(json, "attributes", json_array());
	return json;
}

json_t *metadata_json(const struct metadata *metadata)
{
	return json_pack("{s:o, s:s, s:s, s:s, s:o}", "id", json_sprintf("%lld", (long long)metadata->id), "key", metadata->key,
		"value", metadata->value, "provider", metadata->provider, "timestamp", json_time(metadata->changed_us));
}

json_t *metadata_json_list(const struct metadata *list, size_t count)
{
	json_t *json = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(json, metadata_json(&list[i]));
	return json;
}

json_t *metadata_json_columns(const struct metadata *list, size_t count)
{
	json_t *json = json_object();
	for (size_t i = 0; i < count; i++) {
		json_t *of_column = json_object_get(json, list[i].column);
		if (!of_column) {
			of_column = json_array();
			json_object_set_new(json, list[i].column, of_column);
		}
		json_array_append_new(of_column, metadata_json(&list[i]));
	}
	return json;
}

static json_t *stored(const char *text)
{
	json_t *json = text ? json_read(text, JSON_DECODE_ANY) : NULL;
	return json ? json : json_null();
}

static json_t *metrics_json(const char *text)
{
	json_t *json = json_pack("{s:b, s:i, s:i, s:b, s:i, s:i}", "inCompressed", 0, "inBytes", 0, "inBytesUncompressed", 0,
		"outCompressed", 0, "outBytes", 0, "outBytesUncompressed", 0);
	json_t *given = text ? json_read(text, 0) : NULL;
	if (given)
		json_object_update_existing(json, given);
	json_decref(given);
	return json;
}

json_t *job_json(const struct app *app, const struct job_row *job)
{
	json_t *json = json_pack("{s:I, s:s, s:o, s:s?, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:{s:o, s:s}, s:o}", "id",
		(json_int_t)job->id, "status", job->status, "url",
		json_sprintf("%s/v2/storage/jobs/%lld", app->public_url, (long long)job->id), "tableId", job->table_id,
		"operationName", job->operation, "operationParams", stored(job->params), "createdTime",
		json_time(job->created_us), "startTime", json_time(job->started_us), "endTime", json_time(job->ended_us), "runId",
		job->run_id, "results", stored(job->results), "creatorToken", "id",
		json_sprintf("%lld", (long long)job->token_id), "description", job->token_description, "metrics",
		metrics_json(job->metrics));
	if (str_eq(job->status, "error"))
		json_object_set_new(json, "error", stored(job->error));
	return json;
}
