/* The contents that an import reads, piece after piece, unpacked while they are read. */
#include "work/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/blob/blob.h"
#include "work/files.h"

#define MANIFEST_MAX (16 * 1024 * 1024)
#define SLICES_MAX 100000
#define PACKED_SIZE (128 * 1024)
#define GZIP_WINDOW (16 + MAX_WBITS)

struct source {
	struct app *app;
	struct arena *arena;
	const struct file *file;
	const char **blobs; /* names of the pieces */
	size_t count, at;
	int fd; /* of piece at; -1: none open */
	bool is_packed, member_open, any_packed;
	z_stream stream;
	unsigned char *packed;
	int64_t stored_bytes, given_bytes;
};

/* --- pieces ------------------------------------------------------------------------------------------------------------- */

static void close_piece(struct source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	source->fd = -1;
	if (source->is_packed)
		inflateEnd(&source->stream);
	source->is_packed = false;
}

static bool has_ending(const char *name, const char *ending)
{
	size_t length = strlen(name), end = strlen(ending);
	return length > end && str_eq_nocase(name + length - end, ending);
}

static int open_piece(struct source *source, struct err *e)
{
	const char *blob = source->blobs[source->at];
	int rc = blob_open(source->app->blobs, source->arena, source->file->container, blob, &source->fd, NULL, e);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		source->fd = -1;
		return source->file->is_sliced
			       ? fail(e, ERR_FILE_SLICE_MISSING, "The slice \"%s\" of the file %lld is missing.", blob,
					 (long long)source->file->id)
			       : fail(e, ERR_FILE_NOT_UPLOADED, "The file %lld was not uploaded.", (long long)source->file->id);
	}
	const char *name = source->file->is_sliced ? blob : source->file->name;
	if (has_ending(name, ".zip") || has_ending(name, ".gzip"))
		return fail(
			e, ERR_DATA_INVALID, "Invalid data: \"%s\" is packed; only a name that ends in .gz is unpacked.", name);
	if (!has_ending(name, ".gz"))
		return 0;
	source->stream = (z_stream){ 0 };
	if (inflateInit2(&source->stream, GZIP_WINDOW) != Z_OK)
		return fail_internal(e, ERR_INTERNAL, "no memory to unpack a file");
	source->is_packed = source->any_packed = true;
	source->member_open = true;
	return 0;
}

static int next_piece(void *arg, struct err *e)
{
	struct source *source = arg;
	close_piece(source);
	if (source->at + 1 >= source->count)
		return 0;
	source->at++;
	int rc = open_piece(source, e);
	return rc < 0 ? rc : 1;
}

/* --- bytes --------------------------------------------------------------------------------------------------------------- */

static int read_stored(struct source *source, void *buffer, size_t size, size_t *ret_length, struct err *e)
{
	ssize_t length;
	do
		length = read(source->fd, buffer, size);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return fail_internal(e, ERR_UNAVAILABLE, "a file's contents can't be read: %s", strerror(errno));
	source->stored_bytes += length;
	*ret_length = (size_t)length;
	return 0;
}

static int broken_gzip(const struct source *source, const char *how, struct err *e)
{
	return fail(e, ERR_DATA_INVALID, "Invalid data: the gzip file \"%s\" is %s.", source->blobs[source->at], how);
}

/* One step of unpacking; a file may consist of several gzip members. 1: go on, 0: the piece's end. */
static int unpack_step(struct source *source, struct err *e)
{
	z_stream *stream = &source->stream;
	if (stream->avail_in == 0) {
		size_t length = 0;
		int rc = read_stored(source, source->packed, PACKED_SIZE, &length, e);
		if (rc < 0)
			return rc;
		if (length == 0)
			return source->member_open ? broken_gzip(source, "cut short", e) : 0;
		stream->next_in = source->packed;
		stream->avail_in = (uInt)length;
	}
	if (!source->member_open && inflateReset(stream) != Z_OK)
		return broken_gzip(source, "damaged", e);
	source->member_open = true;
	int code = inflate(stream, Z_NO_FLUSH);
	if (code == Z_STREAM_END)
		source->member_open = false;
	else if (code != Z_OK && code != Z_BUF_ERROR)
		return broken_gzip(source, "damaged", e);
	return 1;
}

static int unpack(struct source *source, char *buffer, size_t size, size_t *ret_length, struct err *e)
{
	z_stream *stream = &source->stream;
	stream->next_out = (unsigned char *)buffer;
	stream->avail_out = size > UINT32_MAX ? UINT32_MAX : (uInt)size;
	uInt room = stream->avail_out;
	int rc = 1;
	while (rc > 0 && stream->avail_out == room)
		rc = unpack_step(source, e);
	*ret_length = room - stream->avail_out;
	return rc < 0 ? rc : 0;
}

static int read_piece(void *arg, char *buffer, size_t size, size_t *ret_length, struct err *e)
{
	struct source *source = arg;
	*ret_length = 0;
	if (source->fd < 0)
		return 0;
	int rc = source->is_packed ? unpack(source, buffer, size, ret_length, e)
				   : read_stored(source, buffer, size, ret_length, e);
	if (rc < 0)
		return rc;
	source->given_bytes += (int64_t)*ret_length;
	if (source->given_bytes > source->app->conf.import_max_bytes)
		return fail(e, ERR_TOO_LARGE, "The contents are larger than %lld bytes.",
			(long long)source->app->conf.import_max_bytes);
	return 0;
}

/* --- the manifest ----------------------------------------------------------------------------------------------------------- */

/* The whole blob as text in the arena; ERR_FILE_MANIFEST_MISSING when there is none. */
static int read_manifest(struct source *source, char **ret, struct err *e)
{
	const char *name = arena_printf(source->arena, "%smanifest", source->file->blob);
	int fd = -1;
	int rc = blob_open(source->app->blobs, source->arena, source->file->container, name, &fd, NULL, e);
	if (rc <= 0)
		return rc < 0 ? rc
			      : fail(e, ERR_FILE_MANIFEST_MISSING, "The manifest of the sliced file %lld is missing.",
					(long long)source->file->id);
	struct buf text = { 0 };
	ssize_t length = 1;
	while (length > 0 && text.length <= MANIFEST_MAX && buf_reserve(&text, 65536)) {
		length = read(fd, text.data + text.length, 65536);
		text.length += length > 0 ? (size_t)length : 0;
	}
	close(fd);
	*ret = length == 0 ? arena_strndup(source->arena, text.data, text.length) : NULL;
	buf_done(&text);
	return *ret ? 0
		    : fail(e, ERR_DATA_INVALID, "The manifest of the sliced file %lld can't be read.",
			      (long long)source->file->id);
}

static int list_slices(struct source *source, struct err *e)
{
	char *text = NULL;
	int rc = read_manifest(source, &text, e);
	if (rc < 0)
		return rc;
	own(own_json) json_t *manifest = json_read_foreign(text);
	json_t *entries = json_object_get(manifest, "entries"), *entry;
	size_t i;
	if (!json_is_array(entries) || json_array_size(entries) > SLICES_MAX)
		return fail(
			e, ERR_DATA_INVALID, "The manifest of the sliced file %lld is not valid.", (long long)source->file->id);
	source->blobs = arena_array(source->arena, const char *, json_array_size(entries) + 1);
	json_array_foreach(entries, i, entry) {
		const char *url = json_string_value(json_object_get(entry, "url"));
		const char *blob = url ? file_slice_of(source->file, url) : NULL;
		if (!blob)
			return fail(e, ERR_UNAUTHORIZED_ACCESS, "Entry %zu of the manifest is not a slice of the file %lld.", i,
				(long long)source->file->id);
		source->blobs[source->count++] = arena_strdup(source->arena, blob);
	}
	return 0;
}

/* --- the source --------------------------------------------------------------------------------------------------------------- */

int source_open(struct app *app, struct arena *arena, const struct file *file, struct source **ret, struct err *e)
{
	own(own_source) struct source *source = calloc(1, sizeof(*source));
	if (!source)
		return fail_internal(e, ERR_INTERNAL, "no memory for a source");
	source->app = app;
	source->arena = arena;
	source->file = file;
	source->fd = -1;
	source->packed = malloc(PACKED_SIZE);
	if (!source->packed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a source");
	int rc = 0;
	if (file->is_sliced) {
		rc = list_slices(source, e);
	} else {
		source->blobs = arena_array(arena, const char *, 1);
		source->blobs[source->count++] = file->blob;
	}
	if (rc == 0 && source->count)
		rc = open_piece(source, e);
	if (rc == 0)
		*ret = give_ptr(source);
	return rc;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	close_piece(source);
	free(source->packed);
	free(source);
}

void own_source(struct source **source)
{
	source_close(*source);
}

struct csv_source source_csv(struct source *source)
{
	return (struct csv_source){ source, read_piece, next_piece };
}

json_t *source_metrics(const struct source *source)
{
	json_int_t unpacked = source->any_packed ? 0 : source->stored_bytes;
	return json_pack("{s:b, s:I, s:I, s:b, s:i, s:i}", "inCompressed", source->any_packed, "inBytes",
		(json_int_t)source->stored_bytes, "inBytesUncompressed", unpacked, "outCompressed", 0, "outBytes", 0,
		"outBytesUncompressed", 0);
}
