/* multipart/form-data: the first line is the Content-Type, then two pieces of body split where the second line's first byte says. */
#include "fuzz.h"

#include "http/multipart.h"

static int begin(void *arg, const char *name, const char *filename, struct err *e)
{
	(void)e;
	(void)filename;
	if (!name)
		abort();
	*(int *)arg += 1;
	return 0;
}

static int data_of(void *arg, const char *data, size_t length, struct err *e)
{
	(void)e;
	if (*(int *)arg != 1 || (length && !data))
		abort();
	return 0;
}

static int end(void *arg, struct err *e)
{
	(void)e;
	*(int *)arg -= 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memchr(data, '\n', size);
	if (!line)
		return 0;
	char *type = fuzz_text(data, (size_t)(line - data));
	const char *body = (const char *)line + 1;
	size_t length = size - (size_t)(line - data) - 1;
	size_t first = length ? (unsigned char)body[0] % (length + 1) : 0;
	int open = 0;
	struct multipart_sink sink = { begin, data_of, end, &open };
	struct multipart *multipart = NULL;
	struct err e = { 0 };
	if (multipart_new(type, &sink, &multipart, &e) == 0) {
		if (multipart_feed(multipart, body, first, &e) == 0 &&
			multipart_feed(multipart, body + first, length - first, &e) == 0)
			multipart_finish(multipart, &e);
		multipart_free(multipart);
	}
	err_done(&e);
	free(type);
	return 0;
}
