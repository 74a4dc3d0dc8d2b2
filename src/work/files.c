/* Files: who may use one, how it is deleted, how the contents of dead ones go. */
#include "work/files.h"

#include <stdio.h>

#include "auth/permit.h"
#include "base/clock.h"
#include "base/own.h"
#include "store/blob/blob.h"
#include "store/event.h"
#include "work/events.h"

/* 1: this export was given to the caller by the cache. */
static int was_given(struct db *db, const struct caller *who, const struct file *file, struct err *e)
{
	if (who->kind != CALLER_STORAGE || !file->source_bucket_id)
		return 0;
	const struct token *token = &who->identity->token;
	if (token->id == file->creator_token_id || token->can_read_all_files)
		return 0;
	return file_reader_find(db, file->project_id, file->id, token->id, e);
}

int file_permit(struct db *db, const struct caller *who, const struct file *file, bool write, struct err *e)
{
	if (write)
		return permit_file(who, file->creator_token_id, true, e);
	int rc = was_given(db, who, file, e);
	if (rc < 0 || (rc == 0 && (rc = permit_file(who, file->creator_token_id, false, e)) < 0))
		return rc;
	return file->source_bucket_id ? permit_bucket_behind(who, file->source_bucket_id, BUCKET_READ, "file", e) : 0;
}

int file_absent(struct db *db, const struct caller *who, int64_t file_id, bool write, struct err *e)
{
	char id[24];
	if (permit_file(who, 0, write, e) == 0)
		return fail(e, ERR_FILE_NOT_FOUND, NULL);
	const struct token *token = &who->identity->token;
	snprintf(id, sizeof(id), "%lld", (long long)file_id);
	int known = event_is_known(db,
		&(struct event_filter){
			.project_id = token->project_id, .seen_by = token->id, .object_type = "file", .object_id = id },
		e);
	return known == 1 ? fail(e, ERR_FILE_NOT_FOUND, NULL) : known < 0 ? known : -ERR_ACCESS_DENIED;
}

int file_delete(struct db *db, const struct origin *origin, const struct file *file, struct err *e)
{
	char id[24];
	snprintf(id, sizeof(id), "%lld", (long long)file->id);
	int rc = file_remove(db, file->project_id, file->id, e);
	return rc < 0 ? rc : emit(db, origin, EVENT_FILE_DELETED, &(struct event_object){ .id = id, .name = file->name }, e);
}

struct delete_job {
	const struct job *job;
	const struct caller *who;
	const struct origin *origin;
	int64_t file_id;
};

static int delete_run(struct db *db, void *arg, struct err *e)
{
	const struct delete_job *delete = arg;
	own(own_arena) struct arena *arena = arena_new();
	struct file *file;
	int rc = file_lock(db, arena, delete->job->project_id, delete->file_id, &file, e);
	if (rc == 0)
		rc = file_permit(db, delete->who, file, true, e);
	return rc < 0 ? rc : file_delete(db, delete->origin, file, e);
}

int job_file_delete(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e)
{
	(void)ret;
	struct delete_job delete = { job, who, origin, json_integer_value(json_object_get(job->params, "fileId")) };
	int rc = database_transact(app->database, delete_run, &delete, e);
	if (rc != -ERR_FILE_NOT_FOUND)
		return rc;
	err_done(e); /* gone already: this job was started again after a crash */
	return 0;
}

static int grave_done(struct db *db, void *arg, struct err *e)
{
	return file_grave_done(db, arg, e);
}

static int forget_expired(struct db *db, void *arg, struct err *e)
{
	return file_remove_expired(db, *(int64_t *)arg, e);
}

/* The contents first: when the row says that they are gone, they are. */
static int sweep_contents(struct app *app, struct arena *arena, size_t *ret_count, struct err *e)
{
	struct db *db;
	struct file_grave *graves;
	int rc = db_reader_take(app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = file_graves(db, arena, &graves, ret_count, e);
	db_reader_give(db);
	for (size_t i = 0; rc == 0 && i < *ret_count; i++) {
		rc = blob_remove_container(app->blobs, graves[i].container, e);
		if (rc == 0)
			rc = database_transact(app->database, grave_done, &graves[i], e);
	}
	return rc;
}

int files_sweep(struct app *app, int64_t now, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	int64_t before_us = now - app->conf.file_keep_days * US_PER_DAY;
	size_t count = 0;
	int rc = sweep_contents(app, arena, &count, e);
	if (rc == 0)
		rc = database_transact(app->database, forget_expired, &before_us, e);
	return rc < 0 ? rc : count == 100;
}
