/* Files as callers see them: who may use one, its signed addresses, its JSON, the manifest of a sliced one. */
#ifndef WORK_FILES_H
#define WORK_FILES_H

#include <jansson.h>

#include "auth/caller.h"
#include "store/file.h"
#include "work/app.h"
#include "work/runner.h"

/* The account of our blob endpoint: its path is /<BLOB_ACCOUNT>.blob.core.windows.net/<container>/<blob>, because clients look
 * for that domain in the addresses of slices. */
#define BLOB_ACCOUNT "chatelaine"
#define BLOB_DOMAIN ".blob.core.windows.net"
#define BLOB_ROOT "/" BLOB_ACCOUNT BLOB_DOMAIN

/* May the caller read (or change, delete, upload) this file now? Own files, all of them with canReadAllFileUploads, exports that
 * were given to it (R08); of an export only with read on the bucket that it came from (R09). */
int file_permit(struct db *db, const struct caller *who, const struct file *file, bool write, struct err *e);

/* The refusal for a file that is not there: who may not read (write) every file hears what it hears of another's, unless it dealt with
 * this one while it was there. */
int file_absent(struct db *db, const struct caller *who, int64_t file_id, bool write, struct err *e);

/* As answered by detail, list and prepare. The url is signed for this identity and works one hour. */
json_t *file_json(struct app *app, struct arena *arena, const struct identity *identity, const struct file *file);
/* Adds absUploadParams: may write this file's contents. */
void file_json_upload(
	struct app *app, struct arena *arena, const struct identity *identity, const struct file *file, json_t *json);
/* Adds absCredentials and absPath: may read them. */
void file_json_read(struct app *app, struct arena *arena, const struct identity *identity, const struct file *file, json_t *json);

/* A signed address that a plain GET downloads; of a sliced file its manifest. */
char *file_download_url(struct app *app, struct arena *arena, const struct identity *identity, const struct file *file);
/* Where a blob of the file is, as manifests write it: azure://... name is the blob's ("<file->blob><slice>"). */
char *file_blob_url(struct app *app, struct arena *arena, const struct file *file, const char *name);
/* {"entries":[{"url":...}]} for the blob <file->blob>manifest. slices are names after the prefix ("0_0_0.csv.gz"). The caller's to free(). */
char *file_manifest_text(struct app *app, const struct file *file, const char *const *slices, size_t count);
/* The blob that an entry's url means, when it is one of this file's own slices; NULL when it is not (ERR_UNAUTHORIZED_ACCESS). */
const char *file_slice_of(const struct file *file, const char *url);
/* A manifest as its reader wants it, entries of ours pointing to this server. plain: for a plain GET of file.url, else for blob
 * clients. Text that is no manifest stays as it is. The caller's to free(); NULL when memory is short. */
char *file_manifest_for(struct app *app, const struct file *file, const char *text, bool plain);

/* What an event keeps of a file: {id, name, created, sizeBytes, isSliced, uploadType}; never an address, which is a key. */
json_t *file_attachment(const struct file *file);
/* Adds url and isExpired to an event's attachments for who reads it now; url is null where they may not read the file, or it is gone. */
int file_attachments_show(
	struct app *app, struct db *db, struct arena *arena, const struct caller *who, json_t *attachments, struct err *e);

/* Removes the row and records it. Inside a write. */
int file_delete(struct db *db, const struct origin *origin, const struct file *file, struct err *e);
/* The job of DELETE files/{id}?async=1. */
int job_file_delete(struct app *app, const struct job *job, const struct caller *who, const struct origin *origin,
	struct job_result *ret, struct err *e);
/* The sweep: contents of removed and expired files go, and after as many days again what was known of expired ones. */
int files_sweep(struct app *app, int64_t now_us, struct err *e);

#endif
