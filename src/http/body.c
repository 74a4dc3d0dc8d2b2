/* The body of a request as it comes in. */
#include "http/body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/own.h"
#include "base/str.h"
#include "http/multipart.h"
#include "http/params.h"

static bool is_type(const char *content_type, const char *type)
{
	size_t length = strlen(type);
	return !strncasecmp(content_type, type, length) && strchr("; \t", content_type[length]);
}

/* --- files ---------------------------------------------------------------------------------------------------------------- */

static int upload_open(struct body *body, const char *name, const char *filename, struct err *e)
{
	struct upload *upload = arena_new_of(body->arena, struct upload);
	char *path = arena_printf(body->arena, "%s/upload-XXXXXX", body->tmp);
	int fd = upload && path ? mkostemp(path, O_CLOEXEC) : -1;
	if (fd < 0)
		return fail_internal(e, ERR_UNAVAILABLE, "no file for an upload in %s: %s", body->tmp, strerror(errno));
	*upload = (struct upload){ .name = arena_strdup(body->arena, name),
		.filename = arena_strdup(body->arena, filename),
		.path = path,
		.fd = fd,
		.next = body->uploads };
	body->uploads = upload;
	return 0;
}

static int upload_write(struct upload *upload, const char *data, size_t length, struct err *e)
{
	while (length) {
		ssize_t n = write(upload->fd, data, length);
		if (n < 0)
			return fail_internal(e, ERR_UNAVAILABLE, "an upload could not be written: %s", strerror(errno));
		upload->size += n;
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

static void upload_close(struct upload *upload)
{
	if (upload->fd >= 0)
		close(upload->fd);
	upload->fd = -1;
}

/* --- parts ---------------------------------------------------------------------------------------------------------------- */

/* What stays in memory is limited like a body that is no upload. */
static int count_text(struct body *body, size_t length, struct err *e)
{
	body->text += (int64_t)length;
	return body->text > body->text_most ? fail(e, ERR_TOO_LARGE, "The fields of the request are too large.") : 0;
}

static int part_begin(void *arg, const char *name, const char *filename, struct err *e)
{
	struct body *body = arg;
	if (count_text(body, strlen(name), e) < 0)
		return -ERR_TOO_LARGE;
	body->part_name = arena_strdup(body->arena, name);
	buf_clear(&body->memory);
	if (!body->part_name)
		return fail(e, ERR_INTERNAL, NULL);
	if (!filename || !body->tmp)
		return 0;
	if (++body->upload_count > BODY_UPLOADS_MAX)
		return fail(e, ERR_TOO_LARGE, "The request has more than %d files.", BODY_UPLOADS_MAX);
	body->part_name = NULL;
	return upload_open(body, name, filename, e);
}

static int part_data(void *arg, const char *data, size_t length, struct err *e)
{
	struct body *body = arg;
	if (!body->part_name)
		return upload_write(body->uploads, data, length, e);
	if (body->memory.length + length > MULTIPART_TEXT_MAX)
		return fail(e, ERR_TOO_LARGE, "A field of the request is too large.");
	if (count_text(body, length, e) < 0)
		return -ERR_TOO_LARGE;
	buf_add(&body->memory, data, length);
	return body->memory.failed ? fail(e, ERR_INTERNAL, NULL) : 0;
}

static int part_end(void *arg, struct err *e)
{
	struct body *body = arg;
	if (!body->part_name) {
		upload_close(body->uploads);
		return 0;
	}
	const char *text = body->memory.length ? body->memory.data : "";
	if (!utf8_valid(text, body->memory.length))
		return fail(e, ERR_MALFORMED, "A field of the request is not UTF-8.");
	return form_add(&body->form, body->part_name, text, e);
}

static int multipart_begin(struct body *body, struct err *e)
{
	struct multipart_sink sink = { part_begin, part_data, part_end, body };
	int rc = form_init(&body->form, e);
	return rc < 0 ? rc : multipart_new(body->content_type, &sink, &body->multipart, e);
}

/* --- the whole ------------------------------------------------------------------------------------------------------------ */

int body_begin(struct body *body, const struct body_plan *plan, struct err *e)
{
	*body = (struct body){ .arena = plan->arena, .tmp = plan->tmp, .content_type = plan->content_type };
	if (plan->raw) {
		body->kind = BODY_SPOOL;
		body->most = plan->upload_most;
		return upload_open(body, "", "", e);
	}
	if (is_type(body->content_type, "multipart/form-data")) {
		body->kind = BODY_MULTIPART;
		body->most = plan->upload_most;
		body->text_most = plan->memory_most;
		return multipart_begin(body, e);
	}
	body->kind = BODY_MEMORY;
	body->most = plan->memory_most;
	return 0;
}

int body_feed(struct body *body, const char *data, size_t length, struct err *e)
{
	body->received += (int64_t)length;
	if (body->kind == BODY_DISCARD)
		return 0;
	if (body->received > body->most)
		return fail(e, ERR_TOO_LARGE, NULL);
	switch (body->kind) {
	case BODY_MULTIPART:
		return multipart_feed(body->multipart, data, length, e);
	case BODY_SPOOL:
		return upload_write(body->uploads, data, length, e);
	default:
		buf_add(&body->memory, data, length);
		return body->memory.failed ? fail(e, ERR_INTERNAL, NULL) : 0;
	}
}

int body_end(struct body *body, struct err *e)
{
	if (body->kind == BODY_SPOOL)
		upload_close(body->uploads);
	return body->kind == BODY_MULTIPART ? multipart_finish(body->multipart, e) : 0;
}

void body_discard(struct body *body)
{
	int64_t received = body->received;
	body_done(body);
	body->kind = BODY_DISCARD;
	body->received = received;
}

void body_done(struct body *body)
{
	for (struct upload *upload = body->uploads; upload; upload = upload->next) {
		upload_close(upload);
		unlink(upload->path);
	}
	buf_done(&body->memory);
	form_done(&body->form);
	multipart_free(body->multipart);
	*body = (struct body){ 0 };
}

/* --- what is in it -------------------------------------------------------------------------------------------------------- */

static int text_json(const char *data, size_t length, json_t **ret, struct err *e)
{
	if (!utf8_valid(data, length))
		return fail(e, ERR_MALFORMED, "The request body is not UTF-8.");
	*ret = json_stringn(data, length);
	return *ret ? 0 : fail(e, ERR_INTERNAL, NULL);
}

static bool looks_like_json(const char *data, size_t length)
{
	size_t i = 0;
	while (i < length && strchr(" \t\r\n", data[i]))
		i++;
	return i < length && (data[i] == '{' || data[i] == '[');
}

static int memory_json(struct body *body, json_t **ret, struct err *e)
{
	const char *data = body->memory.data;
	size_t length = body->memory.length;
	if (!length) {
		*ret = json_object();
		return *ret ? 0 : fail(e, ERR_INTERNAL, NULL);
	}
	if (is_type(body->content_type, "text/plain"))
		return text_json(data, length, ret, e);
	/* Clients that set no type, or the form's one by habit, still send JSON. */
	body->is_json = is_type(body->content_type, "application/json") || looks_like_json(data, length);
	return body->is_json ? params_parse_json(data, length, ret, e) : form_parse(data, length, ret, e);
}

int body_json(struct body *body, json_t **ret, struct err *e)
{
	if (body->kind == BODY_MULTIPART) {
		*ret = form_take(&body->form);
		return 0;
	}
	return memory_json(body, ret, e);
}

int body_parse(const char *content_type, const char *data, size_t length, json_t **ret, struct err *e)
{
	struct body_plan plan = {
		.arena = arena_new(), .content_type = content_type, .memory_most = INT64_MAX, .upload_most = INT64_MAX
	};
	struct body body;
	int rc = body_begin(&body, &plan, e);
	if (rc == 0)
		rc = body_feed(&body, data, length, e);
	if (rc == 0)
		rc = body_end(&body, e);
	if (rc == 0)
		rc = body_json(&body, ret, e);
	body_done(&body);
	arena_free(plan.arena);
	return rc;
}
