/* Rows as slices of a file, packed while they are read. */
#include "work/slices.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/own.h"
#include "store/blob/blob.h"
#include "store/job_place.h"
#include "store/rows/csv.h"
#include "work/files.h"

#define CHUNK_SIZE (256 * 1024)
#define PACK_LEVEL 3 /* a third of the time of the standard level for a tenth more bytes */

struct slices {
	struct app *app;
	const struct file *file;
	struct arena *arena;
	bool gzip;
	struct blob_writer *writer; /* of the slice that is being written */
	z_stream stream;
	struct buf rows, packed;
	int64_t slice_bytes;
	const char **names;
	size_t count, size;
	struct slices_sizes sizes;
};

int slices_reserve(struct db *db, struct arena *arena, const struct job *job, struct file *file, struct err *e)
{
	int rc = job_place_find(db, job->project_id, job->id, &file->id, e);
	bool is_new = !file->id;
	if (rc == 0)
		rc = file_reserve(db, arena, file, e);
	return rc < 0 || !is_new ? rc : job_place_keep(db, job->project_id, job->id, file->id, e);
}

int slices_claimed(struct db *db, const struct job *job, struct err *e)
{
	return job_place_forget(db, job->project_id, job->id, e);
}

static int store_bytes(struct slices *slices, const void *data, size_t length, struct err *e)
{
	slices->sizes.stored_bytes += (int64_t)length;
	return length ? blob_write(slices->writer, data, length, e) : 0;
}

static int pack(struct slices *slices, int flush, struct err *e)
{
	z_stream *stream = &slices->stream;
	int rc = 0;
	stream->next_in = (unsigned char *)slices->rows.data;
	stream->avail_in = (uInt)slices->rows.length;
	if (!buf_reserve(&slices->packed, CHUNK_SIZE))
		return fail_internal(e, ERR_INTERNAL, "no memory for an export");
	do {
		stream->next_out = (unsigned char *)slices->packed.data;
		stream->avail_out = CHUNK_SIZE;
		if (deflate(stream, flush) == Z_STREAM_ERROR)
			return fail_internal(e, ERR_INTERNAL, "an export can't be packed");
		rc = store_bytes(slices, slices->packed.data, CHUNK_SIZE - stream->avail_out, e);
	} while (rc == 0 && stream->avail_out == 0);
	return rc;
}

/* Hands on the rows that are rendered so far. */
static int flush_rows(struct slices *slices, bool is_last, struct err *e)
{
	if (slices->rows.failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for an export");
	slices->sizes.rows_bytes += (int64_t)slices->rows.length;
	slices->slice_bytes += (int64_t)slices->rows.length;
	int rc = slices->gzip ? pack(slices, is_last ? Z_FINISH : Z_NO_FLUSH, e)
			      : store_bytes(slices, slices->rows.data, slices->rows.length, e);
	buf_clear(&slices->rows);
	return rc;
}

static int add_slice_name(struct slices *slices, struct err *e)
{
	if (slices->count == slices->size) {
		size_t size = slices->size ? slices->size * 2 : 16;
		const char **grown = realloc(slices->names, size * sizeof(*grown));
		if (!grown)
			return fail_internal(e, ERR_INTERNAL, "no memory for the slices of an export");
		slices->names = grown;
		slices->size = size;
	}
	const char *name = arena_printf(slices->arena, "_0_%zu_0.csv%s", slices->count, slices->gzip ? ".gz" : "");
	slices->names[slices->count++] = name;
	return 0;
}

static int open_slice(struct slices *slices, struct err *e)
{
	int rc = add_slice_name(slices, e);
	if (rc < 0)
		return rc;
	const char *blob = arena_printf(slices->arena, "%s%s", slices->file->blob, slices->names[slices->count - 1]);
	rc = blob_write_open(slices->app->blobs, slices->file->container, blob, &slices->writer, e);
	if (rc < 0)
		return rc;
	slices->slice_bytes = 0;
	slices->stream = (z_stream){ 0 };
	if (slices->gzip && deflateInit2(&slices->stream, PACK_LEVEL, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return fail_internal(e, ERR_INTERNAL, "no memory to pack an export");
	return 0;
}

static int close_slice(struct slices *slices, struct err *e)
{
	int rc = flush_rows(slices, true, e);
	if (slices->gzip)
		deflateEnd(&slices->stream);
	if (rc < 0)
		return rc;
	struct blob_info info = { .content_type = (char[]){ "application/octet-stream" } };
	return blob_write_commit(give_ptr(slices->writer), &info, e);
}

static int take_row(void *arg, const char *const *fields, const size_t *lengths, size_t count, struct err *e)
{
	struct slices *slices = arg;
	int rc = slices->writer ? 0 : open_slice(slices, e);
	if (rc < 0)
		return rc;
	csv_write(&slices->rows, fields, lengths, count);
	if (slices->rows.length < CHUNK_SIZE && !slices->rows.failed)
		return 0;
	if (slices->slice_bytes + (int64_t)slices->rows.length >= slices->app->conf.export_slice_bytes)
		return close_slice(slices, e);
	return flush_rows(slices, false, e);
}

static int write_manifest(struct slices *slices, struct err *e)
{
	own(own_free) char *text = file_manifest_text(slices->app, slices->file, slices->names, slices->count);
	const char *blob = arena_printf(slices->arena, "%smanifest", slices->file->blob);
	if (!text || !blob)
		return fail_internal(e, ERR_INTERNAL, "no memory for a manifest");
	int rc = blob_write_open(slices->app->blobs, slices->file->container, blob, &slices->writer, e);
	if (rc == 0)
		rc = blob_write(slices->writer, text, strlen(text), e);
	struct blob_info info = { .content_type = (char[]){ "application/json" } };
	return rc < 0 ? rc : blob_write_commit(give_ptr(slices->writer), &info, e);
}

static int write_all(struct slices *slices, const struct rows_view *view, struct err *e)
{
	struct rows_query query = rows_view_query(view);
	int rc = rows_select(slices->app->database, &query, take_row, slices, e);
	if (rc == 0 && slices->count == 0)
		rc = open_slice(slices, e);
	if (rc == 0 && slices->writer)
		rc = close_slice(slices, e);
	return rc < 0 ? rc : write_manifest(slices, e);
}

static void slices_done(struct slices *slices)
{
	blob_write_abort(slices->writer);
	deflateEnd(&slices->stream);
	buf_done(&slices->rows);
	buf_done(&slices->packed);
	free(slices->names);
	arena_free(slices->arena);
}

int slices_write(struct app *app, const struct file *file, const struct rows_view *view, bool gzip, struct slices_sizes *ret,
	struct err *e)
{
	own(slices_done) struct slices slices = { .app = app, .file = file, .gzip = gzip, .arena = arena_new() };
	int rc = write_all(&slices, view, e);
	if (rc == 0) {
		*ret = slices.sizes;
		return 0;
	}
	struct err ignored = { 0 };
	blob_write_abort(give_ptr(slices.writer));
	blob_remove_container(app->blobs, file->container, &ignored);
	err_done(&ignored);
	return rc;
}
