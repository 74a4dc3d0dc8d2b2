/* Exporting a table into a file; the same export of the same rows again is the same file. */
#include "work/export.h"

#include <stdio.h>

#include "auth/permit.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/export.h"
#include "store/file.h"
#include "work/events.h"
#include "work/files.h"
#include "work/load.h"
#include "work/slices.h"

#define EXPORT_KEEP_DAYS 2

struct export
{
	struct app *app;
	const struct job *job;
	const struct caller *who;
	const struct origin *origin;
	struct arena *arena;
	const json_t *params;
	struct rows_view view;
	bool gzip;
	char key[2 * SECRET_HASH_SIZE + 1];
	struct file *made; /* what is to be made when there is no equal one */
	struct file *file; /* the result */
	bool cache_hit;
	struct slices_sizes sizes;
};

/* --- what is asked for ----------------------------------------------------------------------------------------------------------- */

static int read_view(struct export *export, struct err *e)
{
	struct db *db;
	struct table *table;
	int rc = db_reader_take(export->app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = table_get(db, export->arena, export->job->project_id, export->job->table_id, &table, e);
	if (rc >= 0)
		rc = rows_view_read(db, export->arena, table, export->params, ERR_TABLE_COLUMN_NOT_EXISTS, &export->view, e);
	db_reader_give(db);
	export->gzip = json_is_true(json_object_get(export->params, "gzipOutput"));
	return rc;
}

/* Everything that makes an export what it is. Times that were said relative to now are part of it as what they mean now. */
static int make_key(struct export *export, struct err *e)
{
	const struct rows_view *view = &export->view;
	struct buf text = { 0 };
	own(own_free) char *params = json_dumps(export->params, JSON_SORT_KEYS | JSON_COMPACT);
	buf_printf(&text, "%lld %lld %lld %lld %lld %lld\n%s\n%s\n", (long long)view->rows->number, (long long)view->rows->state,
		(long long)view->table->number, (long long)view->table->state, (long long)view->filter.since_us,
		(long long)view->filter.until_us, params ? params : "",
		view->table->alias_filter ? view->table->alias_filter : "");
	for (size_t i = 0; i < view->column_count; i++)
		buf_printf(&text, "%lld,", (long long)view->columns[i]);
	if (text.failed || !params) {
		buf_done(&text);
		return fail_internal(e, ERR_INTERNAL, "no memory for an export's key");
	}
	uint8_t hash[SECRET_HASH_SIZE];
	plain_hash(text.data, text.length, hash);
	buf_done(&text);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(export->key + 2 * i, 3, "%02x", hash[i]);
	return 0;
}

/* --- the file ------------------------------------------------------------------------------------------------------------------------- */

static json_t *results_of(const struct export *export)
{
	return json_pack("{s:{s:I}, s:b}", "file", "id", (json_int_t) export->file->id, "cacheHit", export->cache_hit);
}

static int emit_exported(struct db *db, const struct export *export, struct err *e)
{
	const struct table *table = export->view.table;
	own(own_json) json_t *params = json_pack("{s:O}", "export", export->params);
	own(own_json) json_t *results = results_of(export);
	own(own_json) json_t *attachments = json_array();
	json_array_append_new(attachments, file_attachment(export->file));
	struct event_object object = {
		.id = table->id, .name = table->name, .params = params, .results = results, .attachments = attachments
	};
	return emit(db, export->origin, EVENT_TABLE_EXPORTED, &object, e);
}

static json_t *metrics_of(const struct export *export)
{
	json_int_t packed = export->gzip ? (json_int_t) export->sizes.stored_bytes : 0,
		   plain = export->gzip ? 0 : (json_int_t) export->sizes.rows_bytes;
	return json_pack("{s:b, s:i, s:i, s:b, s:I, s:I}", "inCompressed", 0, "inBytes", 0, "inBytesUncompressed", 0,
		"outCompressed", export->gzip, "outBytes", packed, "outBytesUncompressed", plain);
}

static int succeed(struct db *db, const struct export *export, struct err *e)
{
	own(own_json) json_t *results = results_of(export), *metrics = metrics_of(export);
	int rc = emit_exported(db, export, e);
	return rc < 0 ? rc : job_succeed(db, export->job, results, metrics, e);
}

/* Gives the file of an equal export, or a number for a new one. */
static int find_or_reserve(struct db *db, void *arg, struct err *e)
{
	struct export *export = arg;
	int64_t file_id = 0;
	struct file *file = NULL;
	export->file = export->made;
	export->cache_hit = false;
	int rc = export_find(db, export->job->project_id, export->key, &file_id, e);
	if (rc > 0)
		rc = file_find(db, export->arena, export->job->project_id, file_id, &file, e);
	if (rc < 0)
		return rc;
	if (!file)
		return slices_reserve(db, export->arena, export->job, export->file, e);
	rc = file_lock(db, export->arena, export->job->project_id, file_id, &file, e);
	if (rc >= 0)
		rc = file_reuse(db, export->arena, file, export->job->token_id,
			str_empty(export->origin->run_id) ? NULL : export->origin->run_id, e);
	if (rc < 0)
		return rc;
	export->file = file;
	export->cache_hit = true;
	export->sizes.stored_bytes = file->size_bytes;
	export->sizes.rows_bytes = file->size_bytes;
	return succeed(db, export, e);
}

static int write_file(struct db *db, void *arg, struct err *e)
{
	struct export *export = arg;
	export->file->size_bytes = export->sizes.stored_bytes;
	int rc = file_insert(db, export->arena, export->file, e);
	if (rc == 0)
		rc = slices_claimed(db, export->job, e);
	if (rc == 0)
		rc = export_keep(db, export->job->project_id, export->key, export->file->id,
			now_us() - (EXPORT_KEEP_DAYS + 1) * US_PER_DAY, e);
	return rc < 0 ? rc : succeed(db, export, e);
}

/* The file belongs to the caller; reading it takes read on the bucket (R09). */
static struct file *new_file(const struct export *export)
{
	const struct token *token = &export->who->identity->token;
	struct file *file = arena_new_of(export->arena, struct file);
	if (!file)
		return NULL;
	*file = (struct file){
		.project_id = export->job->project_id,
		.branch_id = export->job->branch_id,
		.name = arena_printf(export->arena, "%s.csv", export->view.table->id),
		.max_age_days = EXPORT_KEEP_DAYS,
		.is_sliced = true,
		.is_encrypted = true,
		.file_type = arena_strdup(export->arena, "csv"),
		.source_bucket_id = export->view.table->bucket_id,
		.creator_token_id = token->id,
		.creator_description = token->description,
		.run_id = str_empty(export->origin->run_id) ? NULL : arena_strdup(export->arena, export->origin->run_id),
	};
	return file;
}

static int make_file(struct export *export, struct err *e)
{
	export->made = new_file(export);
	if (!export->made)
		return fail_internal(e, ERR_INTERNAL, "no memory for an export");
	int rc = database_transact(export->app->database, find_or_reserve, export, e);
	if (rc < 0 || export->cache_hit)
		return rc;
	rc = slices_write(export->app, export->file, &export->view, export->gzip, &export->sizes, e);
	return rc < 0 ? rc : job_commit(export->app, export->job, write_file, export, e);
}

static void export_done(struct export *export)
{
	arena_free(export->arena);
}

int export_job(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e)
{
	own(export_done) struct export export = { .app = app, .job = job, .who = who, .origin = origin, .arena = arena_new() };
	export.params = json_object_get(job->params, "export");
	int rc = permit_bucket(who, table_id_bucket(export.arena, job->table_id), BUCKET_READ, e);
	if (rc >= 0)
		rc = read_view(&export, e);
	if (rc >= 0)
		rc = make_key(&export, e);
	if (rc >= 0)
		rc = make_file(&export, e);
	if (rc < 0)
		return rc;
	ret->results = results_of(&export);
	ret->metrics = metrics_of(&export);
	return 0;
}
