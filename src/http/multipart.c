/* multipart/form-data, read as it streams in: what might be the beginning of a boundary is held back until more is there. */
#include "http/multipart.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"

enum state { PREAMBLE, AFTER_BOUNDARY, HEADERS, CONTENT, FINISHED };

struct multipart {
	struct multipart_sink sink;
	enum state state;
	char boundary[MULTIPART_BOUNDARY_MAX + 5]; /* "\r\n--" and the boundary */
	size_t boundary_length;
	struct buf held; /* not yet used bytes */
};

/* The value of name="..." or name=token in a header's parameters, the caller's to free; NULL when it is not there. */
static char *header_parameter(const char *text, const char *name)
{
	size_t length = strlen(name);
	for (const char *p = strchr(text, ';'); p; p = strchr(p, ';')) {
		p += 1 + strspn(p + 1, " \t");
		if (strncasecmp(p, name, length) != 0 || p[length] != '=')
			continue;
		p += length + 1;
		if (*p != '"')
			return strndup(p, strcspn(p, "; \t\r\n"));
		struct buf value = { 0 };
		for (p++; *p && *p != '"'; p++) {
			if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
				p++;
			buf_putc(&value, *p);
		}
		if (!value.data)
			buf_puts(&value, "");
		return buf_take(&value);
	}
	return NULL;
}

int multipart_new(const char *content_type, const struct multipart_sink *sink, struct multipart **ret, struct err *e)
{
	char *boundary = header_parameter(content_type, "boundary");
	size_t length = boundary ? strlen(boundary) : 0;
	struct multipart *m = length && length <= MULTIPART_BOUNDARY_MAX ? calloc(1, sizeof(*m)) : NULL;
	if (m) {
		m->sink = *sink;
		m->boundary_length = (size_t)snprintf(m->boundary, sizeof(m->boundary), "\r\n--%s", boundary);
		/* The first boundary may be at the very beginning: pretend that a line ended before it. */
		buf_add(&m->held, "\r\n", 2);
	}
	free(boundary);
	if (!m)
		return fail(e, ERR_MALFORMED, "The multipart body has no usable boundary.");
	*ret = m;
	return 0;
}

void multipart_free(struct multipart *m)
{
	if (!m)
		return;
	buf_done(&m->held);
	free(m);
}

static void held_drop(struct multipart *m, size_t length)
{
	memmove(m->held.data, m->held.data + length, m->held.length - length);
	m->held.length -= length;
	m->held.data[m->held.length] = '\0';
}

/* Up to the next boundary: 1 when it was found and passed, 0 when more bytes are needed. emit: the bytes before it are content. */
static int take_until_boundary(struct multipart *m, bool emit, struct err *e)
{
	const char *at = memmem(m->held.data, m->held.length, m->boundary, m->boundary_length);
	size_t length = m->held.length;
	if (at)
		length = (size_t)(at - m->held.data);
	else
		length = length >= m->boundary_length ? length - m->boundary_length + 1 : 0;
	if (emit && length) {
		int rc = m->sink.data(m->sink.arg, m->held.data, length, e);
		if (rc < 0)
			return rc;
	}
	held_drop(m, length + (at ? m->boundary_length : 0));
	return at != NULL;
}

static int after_boundary(struct multipart *m, struct err *e)
{
	if (m->held.length < 2)
		return 0;
	if (!memcmp(m->held.data, "--", 2)) {
		m->state = FINISHED;
		return 1;
	}
	size_t blanks = strspn(m->held.data, " \t");
	if (m->held.length < blanks + 2)
		return blanks > 64 ? fail(e, ERR_MALFORMED, "The multipart body could not be read.") : 0;
	if (memcmp(m->held.data + blanks, "\r\n", 2) != 0)
		return fail(e, ERR_MALFORMED, "The multipart body could not be read.");
	/* The line's end stays: it is the beginning of an empty header block as well. */
	held_drop(m, blanks);
	m->state = HEADERS;
	return 1;
}

static int part_begin(struct multipart *m, const char *headers, struct err *e)
{
	for (const char *line = headers; line && *line; line = strstr(line, "\r\n")) {
		line += strspn(line, "\r\n");
		if (strncasecmp(line, "Content-Disposition:", 20) != 0)
			continue;
		char *text = strndup(line, strcspn(line, "\r\n"));
		char *name = text ? header_parameter(text, "name") : NULL;
		char *filename = text ? header_parameter(text, "filename") : NULL;
		int rc = name && *name && utf8_valid(name, strlen(name)) && (!filename || utf8_valid(filename, strlen(filename)))
				 ? m->sink.begin(m->sink.arg, name, filename, e)
				 : fail(e, ERR_MALFORMED, "A part of the multipart body has no name, or one that is not UTF-8.");
		free(text);
		free(name);
		free(filename);
		return rc;
	}
	return fail(e, ERR_MALFORMED, "A part of the multipart body has no name.");
}

static int part_headers(struct multipart *m, struct err *e)
{
	/* held begins with the line's end behind the boundary */
	char *end = memmem(m->held.data, m->held.length, "\r\n\r\n", 4);
	if (!end && m->held.length > MULTIPART_HEADER_MAX)
		return fail(e, ERR_TOO_LARGE, "The headers of a part of the multipart body are too large.");
	if (!end)
		return 0;
	*end = '\0';
	size_t length = (size_t)(end - m->held.data);
	int rc = strlen(m->held.data) == length ? part_begin(m, m->held.data, e)
						: fail(e, ERR_MALFORMED, "The multipart body could not be read.");
	if (rc < 0)
		return rc;
	held_drop(m, length + 4);
	m->state = CONTENT;
	return 1;
}

static int part_content(struct multipart *m, struct err *e)
{
	int rc = take_until_boundary(m, true, e);
	if (rc <= 0)
		return rc;
	m->state = AFTER_BOUNDARY;
	rc = m->sink.end(m->sink.arg, e);
	return rc < 0 ? rc : 1;
}

static int step(struct multipart *m, struct err *e)
{
	int rc;
	switch (m->state) {
	case PREAMBLE:
		rc = take_until_boundary(m, false, e);
		if (rc > 0)
			m->state = AFTER_BOUNDARY;
		return rc;
	case AFTER_BOUNDARY:
		return after_boundary(m, e);
	case HEADERS:
		return part_headers(m, e);
	case CONTENT:
		return part_content(m, e);
	case FINISHED:
		break;
	}
	buf_clear(&m->held);
	return 0;
}

int multipart_feed(struct multipart *m, const char *data, size_t length, struct err *e)
{
	buf_add(&m->held, data, length);
	if (m->held.failed)
		return fail(e, ERR_INTERNAL, NULL);
	int rc;
	do
		rc = step(m, e);
	while (rc > 0);
	return rc;
}

int multipart_finish(struct multipart *m, struct err *e)
{
	return m->state == FINISHED ? 0 : fail(e, ERR_MALFORMED, "The multipart body ends before its last boundary.");
}
