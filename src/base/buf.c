/* A string that grows. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shortage.h"

#define SMALLEST 256

bool buf_reserve(struct buf *buf, size_t length)
{
	if (buf->failed)
		return false;
	if (buf->data && length < buf->size - buf->length)
		return true;
	if (length >= SIZE_MAX / 4 || buf->length >= SIZE_MAX / 4) {
		buf->failed = true;
		return false;
	}
	size_t needed = buf->length + length + 1;
	size_t size = buf->size ? buf->size : SMALLEST;
	while (size < needed)
		size *= 2;
	char *data = realloc(buf->data, size);
	if (!data) {
		shortage_note();
		buf->failed = true;
		return false;
	}
	if (!buf->data)
		data[0] = 0;
	buf->data = data;
	buf->size = size;
	return true;
}

void buf_add(struct buf *buf, const void *data, size_t length)
{
	if (!buf_reserve(buf, length))
		return;
	if (length)
		memcpy(buf->data + buf->length, data, length);
	buf->length += length;
	buf->data[buf->length] = 0;
}

void buf_puts(struct buf *buf, const char *s)
{
	buf_add(buf, s, strlen(s));
}

void buf_putc(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		buf->failed = true;
	else if (buf_reserve(buf, (size_t)length)) {
		vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
		buf->length += (size_t)length;
	}
	va_end(again);
}

void buf_clear(struct buf *buf)
{
	buf->length = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = 0;
}

char *buf_take(struct buf *buf)
{
	buf_reserve(buf, 0);
	char *data = buf->data;
	if (buf->failed) {
		free(data);
		data = NULL;
	}
	*buf = (struct buf){ 0 };
	return data;
}

void buf_done(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ 0 };
}
