/* Buckets, tables, metadata and jobs as JSON: the same in an answer of the API and in a job's results. */
#ifndef WORK_RESOURCE_JSON_H
#define WORK_RESOURCE_JSON_H

#include <jansson.h>

#include "store/bucket.h"
#include "store/job.h"
#include "store/metadata.h"
#include "store/table.h"
#include "work/app.h"

/* "2017-02-13T10:27:50+0000", null for 0. */
json_t *json_time(int64_t time_us);

/* The keys that create, detail and list share; byte-identical in all three. */
json_t *bucket_json(const struct app *app, int64_t default_branch_id, const struct bucket *bucket);

/* What is shown of tables beside their own keys. */
struct table_parts {
	bool columns, definition, bucket, bucket_metadata;
	bool metadata, column_metadata;
	bool source, source_metadata, source_column_metadata; /* of aliases */
};
extern const struct table_parts TABLE_DETAIL; /* what GET tables/{id} shows */

/* Tables of one project as an array; a few statements however many tables there are. The tables have their columns when parts wants them. */
int tables_json(struct app *app, struct db *db, struct arena *arena, const struct table_list *tables,
	const struct table_parts *parts, json_t **ret, struct err *e);
/* One table with everything of TABLE_DETAIL. */
int table_json(struct app *app, struct db *db, struct arena *arena, const struct table *table, json_t **ret, struct err *e);

json_t *metadata_json(const struct metadata *metadata);
/* A list of them; an object of lists by column. */
json_t *metadata_json_list(const struct metadata *list, size_t count);
json_t *metadata_json_columns(const struct metadata *list, size_t count);

json_t *job_json(const struct app *app, const struct job_row *job);

#endif
