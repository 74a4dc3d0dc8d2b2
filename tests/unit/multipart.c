/* multipart/form-data gives the same whatever the pieces in which it comes. */
#include "http/multipart.h"

#include "base/buf.h"
#include "base/own.h"
#include "test.h"

static int note_begin(void *arg, const char *name, const char *filename, struct err *e)
{
	(void)e;
	buf_printf(arg, "<%s|%s>", name, filename ? filename : "-");
	return 0;
}

static int note_data(void *arg, const char *data, size_t length, struct err *e)
{
	(void)e;
	buf_add(arg, data, length);
	return 0;
}

static int note_end(void *arg, struct err *e)
{
	(void)e;
	buf_puts(arg, ";");
	return 0;
}

/* What the sink heard when the body came in pieces of the given size; "!" when it was refused. */
static const char *heard(const char *content_type, const char *body, size_t piece)
{
	static char result[4096];
	own(buf_done) struct buf log = { 0 };
	own(err_done) struct err e = { 0 };
	struct multipart_sink sink = { note_begin, note_data, note_end, &log };
	struct multipart *multipart = NULL;
	int rc = multipart_new(content_type, &sink, &multipart, &e);
	size_t length = strlen(body);
	for (size_t i = 0; rc == 0 && i < length; i += piece)
		rc = multipart_feed(multipart, body + i, length - i < piece ? length - i : piece, &e);
	if (rc == 0)
		rc = multipart_finish(multipart, &e);
	multipart_free(multipart);
	snprintf(result, sizeof(result), "%s", rc < 0 ? "!" : log.length ? log.data : "");
	return result;
}

#define TYPE "multipart/form-data; boundary=\"XyZ\""
#define DISPOSITION "Content-Disposition: form-data; "

static void test_pieces(void)
{
	static const char body[] =
		"preamble\r\n--XyZ\r\n" DISPOSITION "name=\"a\"\r\n\r\none\r\n--XyZ\r\n" DISPOSITION
		"name=\"data\"; filename=\"t \\\"1\\\".csv\"\r\nContent-Type: text/csv\r\n\r\n\"id\"\r\n\r\n--Xy\r\n\r\n"
		"--XyZ\r\n" DISPOSITION "name=empty\r\n\r\n\r\n--XyZ--\r\nepilogue";
	for (size_t piece = 1; piece <= sizeof(body); piece++)
		CHECK_TEXT(heard(TYPE, body, piece), "<a|->one;<data|t \"1\".csv>\"id\"\r\n\r\n--Xy\r\n;<empty|->;");
	CHECK_TEXT(heard("multipart/form-data; charset=utf-8; boundary=XyZ", "--XyZ--", 3), "");
}

static void test_refused(void)
{
	CHECK_TEXT(heard("multipart/form-data", "--x--", 5), "!");
	CHECK_TEXT(heard("multipart/form-data; boundary=", "--x--", 5), "!");
	CHECK_TEXT(heard(TYPE, "", 1), "!");
	CHECK_TEXT(heard(TYPE, "--XyZ\r\n" DISPOSITION "name=\"a\"\r\n\r\none", 4), "!");
	CHECK_TEXT(heard(TYPE, "--XyZ\r\n" DISPOSITION "name=\"a\"\r\n\r\none\r\n--XyZ", 4), "!");
	CHECK_TEXT(heard(TYPE, "--XyZ\r\nContent-Type: text/csv\r\n\r\none\r\n--XyZ--", 4), "!");
	CHECK_TEXT(heard(TYPE, "--XyZ\r\n" DISPOSITION "filename=\"a\"\r\n\r\none\r\n--XyZ--", 4), "!");
	CHECK_TEXT(heard(TYPE, "--XyZ\r\n" DISPOSITION "name=\"\xff\"\r\n\r\none\r\n--XyZ--", 4), "!");
	CHECK_TEXT(heard(TYPE, "--XyZjunk\r\n" DISPOSITION "name=\"a\"\r\n\r\none\r\n--XyZ--", 4), "!");
}

static void test_headers_are_limited(void)
{
	own(buf_done) struct buf body = { 0 };
	buf_puts(&body, "--XyZ\r\n");
	for (int i = 0; i < MULTIPART_HEADER_MAX; i++)
		buf_putc(&body, 'x');
	CHECK_TEXT(heard(TYPE, body.data, 1000), "!");
}

int main(void)
{
	test_pieces();
	test_refused();
	test_headers_are_limited();
	return test_end();
}
