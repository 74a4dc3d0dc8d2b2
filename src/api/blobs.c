/* Contents of files, by the subset of a blob service's REST protocol that the public clients use. Signed addresses only; errors are XML. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/blob_admit.h"
#include "api/blob_range.h"
#include "base/own.h"
#include "base/str.h"
#include "store/blob/blob.h"
#include "store/blob/block_list.h"
#include "work/files.h"

#define MANIFEST_MAX (16 << 20)
#define BLOCK_LIST_MAX (8 << 20)

/* --- answers --------------------------------------------------------------------------------------------------------------- */

static void header_state(struct req *rq, const struct blob_info *info)
{
	blob_common_headers(rq);
	reply_header(rq, "ETag", info->etag);
	blob_header_time(rq, "Last-Modified", info->modified_us);
}

static const char *content_type(const struct blob_info *info)
{
	return str_empty(info->content_type) ? "application/octet-stream" : info->content_type;
}

/* Contents come from anybody: they are downloaded, never shown as a page of this server. */
static void header_contents(struct req *rq, const struct file *file, const struct blob_info *info)
{
	const char *disposition = info->content_disposition;
	header_state(rq, info);
	blob_header_time(rq, "x-ms-creation-time", info->created_us);
	reply_header(rq, "x-ms-blob-type", "BlockBlob");
	reply_header(rq, "x-ms-server-encrypted", "false");
	reply_header(rq, "x-ms-lease-status", "unlocked");
	reply_header(rq, "x-ms-lease-state", "available");
	reply_header(rq, "Accept-Ranges", "bytes");
	reply_header(rq, "Content-Disposition",
		disposition && str_starts(disposition, "attachment")
			? disposition
			: arena_printf(rq->arena, "attachment; filename=\"%s\"", strchr(file->blob, '.') + 1));
	reply_header(rq, "X-Content-Type-Options", "nosniff");
	reply_header(rq, "Content-Security-Policy", "sandbox; default-src 'none'");
	if (info->content_language)
		reply_header(rq, "Content-Language", info->content_language);
	if (info->cache_control)
		reply_header(rq, "Cache-Control", info->cache_control);
}

/* --- reading --------------------------------------------------------------------------------------------------------------- */

static bool etag_in(const char *header, const char *etag)
{
	return str_eq(header, "*") || (etag && strstr(header, etag));
}

/* 1: 304 was answered. */
static int check_conditions(struct req *rq, const struct blob_info *info, struct err *e)
{
	const char *match = req_header(rq, "If-Match"), *none = req_header(rq, "If-None-Match");
	if (!str_empty(match) && !etag_in(match, info->etag))
		return fail(e, ERR_BLOB_CONDITION, NULL);
	if (str_empty(none) || !etag_in(none, info->etag))
		return 0;
	header_state(rq, info);
	return reply_none(rq, 304) < 0 ? -ERR_INTERNAL : 1;
}

/* The range asked for within size bytes; the whole when none was. */
static int find_range(struct req *rq, int64_t size, struct blob_range *ret, struct err *e)
{
	const char *header = req_header(rq, "x-ms-range");
	*ret = (struct blob_range){ 0, size, false };
	if (blob_range_parse(header ? header : req_header(rq, "Range"), size, ret))
		return 0;
	reply_header(rq, "Content-Range", arena_printf(rq->arena, "bytes */%lld", (long long)size));
	return fail(e, ERR_BLOB_RANGE, NULL);
}

static int header_range(struct req *rq, const struct blob_range *range, int64_t size)
{
	if (!range->asked)
		return 200;
	reply_header(rq, "Content-Range",
		arena_printf(rq->arena, "bytes %lld-%lld/%lld", (long long)range->offset,
			(long long)(range->offset + range->length - 1), (long long)size));
	return 206;
}

/* The manifest as this reader wants it: of another size than what was uploaded, so it is made whole first. */
static int reply_manifest(
	struct req *rq, const struct file *file, const struct blob_info *info, int fd, bool plain, struct err *e)
{
	struct blob_range range;
	own(own_free) char *text = calloc(1, (size_t)info->size_bytes + 1);
	if (!text || pread(fd, text, (size_t)info->size_bytes, 0) != info->size_bytes)
		return fail_internal(e, ERR_INTERNAL, "a manifest cannot be read");
	own(own_free) char *made = file_manifest_for(rq->app, file, text, plain);
	if (!made)
		return fail_internal(e, ERR_INTERNAL, "out of memory");
	int64_t size = (int64_t)strlen(made);
	int rc = find_range(rq, size, &range, e);
	if (rc < 0)
		return rc;
	struct buf body = { 0 };
	buf_add(&body, made + range.offset, (size_t)range.length);
	header_contents(rq, file, info);
	int status = header_range(rq, &range, size);
	return reply_text(rq, status, content_type(info), &body);
}

static bool is_manifest(const struct file *file, const char *name, const struct blob_info *info)
{
	return file->is_sliced && str_eq(name + strlen(file->blob), "manifest") && info->size_bytes <= MANIFEST_MAX;
}

static int blobs_get(struct req *rq, struct err *e)
{
	struct sas sas;
	struct file *file = NULL;
	struct blob_info info = { 0 };
	struct blob_range range;
	own(own_close) int fd = -1;
	int rc = blob_admit(rq, NEED_READ, &sas, &file, e);
	if (rc == 0)
		rc = blob_open(rq->app->blobs, rq->arena, req_path(rq, 0), req_path(rq, 1), &fd, &info, e);
	if (rc == 0)
		return fail(e, ERR_BLOB_NOT_FOUND, NULL);
	if (rc == 1)
		rc = check_conditions(rq, &info, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (is_manifest(file, req_path(rq, 1), &info))
		return reply_manifest(rq, file, &info, fd, sas.is_blob, e);
	rc = find_range(rq, info.size_bytes, &range, e);
	if (rc < 0)
		return rc;
	header_contents(rq, file, &info);
	int status = header_range(rq, &range, info.size_bytes);
	reply_header(rq, "Content-Type", content_type(&info));
	int given = fd;
	fd = -1;
	return reply_file(rq, status, given, range.offset, range.length);
}

/* --- writing --------------------------------------------------------------------------------------------------------------- */

static char *header_copy(struct req *rq, const char *name)
{
	const char *value = req_header(rq, name);
	return str_empty(value) ? NULL : arena_strdup(rq->arena, value);
}

/* The token may have been refreshed, or the file deleted, while the contents were on their way (R13). */
static int admit_again(void *arg, struct err *e)
{
	struct req *rq = arg;
	struct sas sas;
	struct file *file = NULL;
	return blob_admit(rq, NEED_WRITE, &sas, &file, e);
}

/* What the client says about the blob, and If-None-Match. */
static struct blob_info info_of(struct req *rq, bool content_type_is_blobs)
{
	struct blob_info info = {
		.content_type = header_copy(rq, "x-ms-blob-content-type"),
		.content_disposition = header_copy(rq, "x-ms-blob-content-disposition"),
		.content_language = header_copy(rq, "x-ms-blob-content-language"),
		.cache_control = header_copy(rq, "x-ms-blob-cache-control"),
		.only_new = str_eq(req_header(rq, "If-None-Match"), "*"),
		.allow = admit_again,
		.allow_arg = rq,
	};
	if (!info.content_type && content_type_is_blobs)
		info.content_type = header_copy(rq, "Content-Type");
	return info;
}

/* If-Match on what is there. */
static int check_match(struct req *rq, struct err *e)
{
	const char *match = req_header(rq, "If-Match");
	struct blob_info info = { 0 };
	own(own_close) int fd = -1;
	if (str_empty(match))
		return 0;
	int rc = blob_open(rq->app->blobs, rq->arena, req_path(rq, 0), req_path(rq, 1), &fd, &info, e);
	if (rc < 0)
		return rc;
	return rc == 1 && etag_in(match, info.etag) ? 0 : fail(e, ERR_BLOB_CONDITION, NULL);
}

/* The file may have been deleted while its contents were on their way: then nobody would ever clear them away. */
static int check_still_there(struct req *rq, const struct file *file, struct err *e)
{
	struct file *now = NULL;
	int rc = file_find(rq->db, rq->arena, file->project_id, file->id, &now, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = blob_remove_container(rq->app->blobs, file->container, e);
	return rc < 0 ? rc : fail(e, ERR_BLOB_NOT_FOUND, NULL);
}

static int reply_written(struct req *rq, const struct file *file, struct err *e)
{
	struct blob_info info = { 0 };
	own(own_close) int fd = -1;
	int rc = check_still_there(rq, file, e);
	if (rc == 0)
		rc = blob_open(rq->app->blobs, rq->arena, req_path(rq, 0), req_path(rq, 1), &fd, &info, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_BLOB_NOT_FOUND, NULL);
	header_state(rq, &info);
	reply_header(rq, "x-ms-request-server-encrypted", "false");
	return reply_none(rq, 201);
}

static int put_whole(struct req *rq, const struct file *file, struct err *e)
{
	int64_t size = 0;
	const char *type = req_header(rq, "x-ms-blob-type");
	struct blob_info info = info_of(rq, true);
	if (type && !str_eq_nocase(type, "BlockBlob"))
		return fail(e, ERR_BLOB_HEADER, NULL);
	int rc = check_match(rq, e);
	if (rc == 0)
		rc = blob_put_file(rq->app->blobs, req_path(rq, 0), req_path(rq, 1), req_body_file(rq, &size), &info, e);
	return rc < 0 ? rc : reply_written(rq, file, e);
}

static int put_block(struct req *rq, const struct file *file, struct err *e)
{
	int64_t size = 0;
	const char *id = req_raw_query(rq, "blockid");
	if (!id || !block_id_valid(id))
		return fail(e, ERR_BLOB_QUERY, NULL);
	int rc = blob_block_put(rq->app->blobs, req_path(rq, 0), req_path(rq, 1), id, req_body_file(rq, &size), e);
	if (rc == 0)
		rc = check_still_there(rq, file, e);
	if (rc < 0)
		return rc;
	blob_common_headers(rq);
	reply_header(rq, "x-ms-request-server-encrypted", "false");
	return reply_none(rq, 201);
}

static bool read_whole(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool whole = fd >= 0 && pread(fd, text, size, 0) == (ssize_t)size;
	own_close(&fd);
	return whole;
}

static int read_block_list(struct req *rq, struct blob_block **ret, size_t *ret_count, struct err *e)
{
	int64_t size = 0;
	const char *path = req_body_file(rq, &size);
	if (!path || size > BLOCK_LIST_MAX)
		return fail(e, path ? ERR_TOO_LARGE : ERR_BLOB_XML, NULL);
	own(own_free) char *text = malloc((size_t)size);
	if (!text || !read_whole(path, text, (size_t)size))
		return fail_internal(e, ERR_INTERNAL, "a block list cannot be read");
	return block_list_parse(rq->arena, text, (size_t)size, ret, ret_count, e);
}

static int put_block_list(struct req *rq, const struct file *file, struct err *e)
{
	struct blob_block *list = NULL;
	size_t count = 0;
	struct blob_info info = info_of(rq, false);
	int rc = read_block_list(rq, &list, &count, e);
	if (rc == 0)
		rc = check_match(rq, e);
	if (rc == 0)
		rc = blob_blocks_commit(rq->app->blobs, req_path(rq, 0), req_path(rq, 1), list, count, &info, e);
	return rc < 0 ? rc : reply_written(rq, file, e);
}

static int blobs_put(struct req *rq, struct err *e)
{
	struct sas sas;
	struct file *file = NULL;
	const char *operation = req_raw_query(rq, "comp");
	int rc = blob_admit(rq, NEED_WRITE, &sas, &file, e);
	if (rc < 0)
		return rc;
	if (!operation)
		return put_whole(rq, file, e);
	if (str_eq(operation, "block"))
		return put_block(rq, file, e);
	if (str_eq(operation, "blocklist"))
		return put_block_list(rq, file, e);
	return fail(e, ERR_BLOB_QUERY, NULL);
}

/* Asked before the body is let in. */
static int may_write(struct req *rq, struct err *e)
{
	struct sas sas;
	return blob_check_signature(rq, NEED_WRITE, &sas, e);
}

const struct route BLOB_ROUTES[] = {
	{ "GET", BLOB_ROOT "/{container}/{blob*}", ALLOW_SIGNED_URL, EVENT_NONE, RUN_WORK, blobs_get, NULL,
		"Download contents of a file", .xml_errors = true },
	{ "HEAD", BLOB_ROOT "/{container}/{blob*}", ALLOW_SIGNED_URL, EVENT_NONE, RUN_WORK, blobs_get, NULL,
		"What is known of contents", .xml_errors = true },
	{ "PUT", BLOB_ROOT "/{container}/{blob*}", ALLOW_SIGNED_URL, EVENT_NONE, RUN_WORK, blobs_put, NULL,
		"Upload contents of a file", .raw_body = true, .xml_errors = true, .before_body = may_write },
	{ 0 },
};
