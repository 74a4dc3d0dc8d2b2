/* JSON written straight into a buffer. */
#include "base/json_out.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* What must be escaped: quote, backslash, controls. */
static void put_quoted(struct buf *buf, const char *text)
{
	buf_putc(buf, '"');
	for (const char *p = text; *p;) {
		size_t plain = 0;
		while ((unsigned char)p[plain] >= 0x20 && p[plain] != '"' && p[plain] != '\\')
			plain++;
		buf_add(buf, p, plain);
		p += plain;
		if (!*p)
			break;
		if (*p == '"' || *p == '\\') {
			buf_putc(buf, '\\');
			buf_putc(buf, *p);
		} else {
			buf_printf(buf, "\\u%04x", (unsigned)*p);
		}
		p++;
	}
	buf_putc(buf, '"');
}

static void put_key(struct json_out *out, const char *key)
{
	if (out->comma)
		buf_putc(out->buf, ',');
	out->comma = true;
	if (!key)
		return;
	buf_putc(out->buf, '"');
	buf_puts(out->buf, key);
	buf_add(out->buf, "\":", 2);
}

static void put_open(struct json_out *out, const char *key, char open)
{
	put_key(out, key);
	buf_putc(out->buf, open);
	out->comma = false;
}

static void put_close(struct json_out *out, char close)
{
	buf_putc(out->buf, close);
	out->comma = true;
}

void out_object(struct json_out *out, const char *key)
{
	put_open(out, key, '{');
}

void out_object_end(struct json_out *out)
{
	put_close(out, '}');
}

void out_array(struct json_out *out, const char *key)
{
	put_open(out, key, '[');
}

void out_array_end(struct json_out *out)
{
	put_close(out, ']');
}

void out_text(struct json_out *out, const char *key, const char *value)
{
	if (!value) {
		out_null(out, key);
		return;
	}
	put_key(out, key);
	put_quoted(out->buf, value);
}

void out_int(struct json_out *out, const char *key, int64_t value)
{
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%lld", (long long)value);
	put_key(out, key);
	buf_add(out->buf, digits, (size_t)length);
}

void out_bool(struct json_out *out, const char *key, bool value)
{
	put_key(out, key);
	buf_puts(out->buf, value ? "true" : "false");
}

void out_null(struct json_out *out, const char *key)
{
	put_key(out, key);
	buf_add(out->buf, "null", 4);
}

void out_named_text(struct json_out *out, const char *name, const char *value)
{
	put_key(out, NULL);
	put_quoted(out->buf, name);
	buf_putc(out->buf, ':');
	put_quoted(out->buf, value);
}

void out_ready(struct json_out *out, const char *key, const char *json)
{
	put_key(out, key);
	buf_puts(out->buf, json);
}

void out_time(struct json_out *out, const char *key, int64_t time_us)
{
	char text[TIME_TEXT_SIZE];
	if (!time_us) {
		out_null(out, key);
		return;
	}
	put_key(out, key);
	buf_putc(out->buf, '"');
	buf_puts(out->buf, time_text(time_us, text));
	buf_putc(out->buf, '"');
}
