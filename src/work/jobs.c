/* The kinds of jobs. */
#include "work/branches.h"
#include "work/buckets.h"
#include "work/export.h"
#include "work/files.h"
#include "work/load.h"
#include "work/redefine.h"
#include "work/runner.h"
#include "work/snapshots.h"
#include "work/tables.h"
#include "work/typed.h"

const struct job_kind JOB_KINDS[] = {
	{ "bucketDelete", job_bucket_delete, EVENT_NONE },
	{ "bucketUpdate", job_bucket_update, EVENT_NONE },
	{ "devBranchCreate", job_branch_create, EVENT_NONE },
	{ "devBranchDelete", job_branch_delete, EVENT_NONE },
	{ "fileDelete", job_file_delete, EVENT_NONE },
	{ "tableColumnAdd", job_table_column_add, EVENT_NONE },
	{ "tableColumnDefinitionUpdate", job_table_redefine, EVENT_NONE },
	{ "tableColumnDelete", job_table_column_delete, EVENT_NONE },
	{ "tableCreate", table_create_job, EVENT_NONE },
	{ "tableDefinitionCreate", job_table_definition, EVENT_NONE },
	{ "tableDefinitionUpdate", job_table_redefine, EVENT_NONE },
	{ "tableDrop", job_table_drop, EVENT_NONE },
	{ "tableExport", export_job, EVENT_NONE },
	{ "tableImport", import_job, EVENT_TABLE_IMPORT_ERROR },
	{ "tableOptimize", job_table_optimize, EVENT_NONE },
	{ "tablePrimaryKeyAdd", job_table_key_add, EVENT_NONE },
	{ "tablePrimaryKeyDelete", job_table_key_delete, EVENT_NONE },
	{ "tableRowsDelete", rows_delete_job, EVENT_NONE },
	{ "tableSnapshotCreate", snapshot_create_job, EVENT_NONE },
	{ "tableSnapshotDelete", snapshot_delete_job, EVENT_NONE },
	{ "tableUpdate", job_table_update, EVENT_NONE },
	{ NULL, NULL, EVENT_NONE },
};
