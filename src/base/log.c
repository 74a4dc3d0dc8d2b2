/* The log: one JSON object a line on standard error, one write(2) each, so that lines of threads never mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"

static const char *const LEVELS[] = { "debug", "info", "warn", "error" };
static atomic_int lowest_level = LOG_INFO;
static __thread const char *context_request_id;
static __thread int64_t context_token_id;

void log_init(enum log_level lowest)
{
	atomic_store(&lowest_level, (int)lowest);
}

void log_context(const char *request_id, int64_t token_id)
{
	context_request_id = request_id;
	context_token_id = token_id;
}

const char *log_request_id(void)
{
	return context_request_id;
}

static void put_text(struct buf *line, const char *text)
{
	bool valid = utf8_valid(text, strlen(text));
	buf_putc(line, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			buf_printf(line, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(line, "\\u%04x", c);
		else if (c >= 0x80 && !valid)
			buf_puts(line, "\\ufffd");
		else
			buf_putc(line, (char)c);
	}
	buf_putc(line, '"');
}

static void put_pair(struct buf *line, const char *key, const char *value)
{
	if (!value)
		return;
	buf_putc(line, line->length ? ',' : '{');
	put_text(line, key);
	buf_putc(line, ':');
	put_text(line, value);
}

static void write_all(const char *data, size_t length)
{
	while (length) {
		ssize_t n = write(STDERR_FILENO, data, length);
		if (n <= 0)
			return; /* nobody is left to tell */
		data += n;
		length -= (size_t)n;
	}
}

void log_line(enum log_level level, const char *message, ...)
{
	if ((int)level < atomic_load_explicit(&lowest_level, memory_order_relaxed))
		return;
	own(buf_done) struct buf line = { 0 };
	char time[TIME_TEXT_SIZE];
	put_pair(&line, "time", time_text(now_us(), time));
	put_pair(&line, "level", LEVELS[level]);
	put_pair(&line, "message", message);
	put_pair(&line, "request", context_request_id);
	if (context_token_id) {
		char token[24];
		snprintf(token, sizeof(token), "%lld", (long long)context_token_id);
		put_pair(&line, "token", token);
	}
	va_list args;
	va_start(args, message);
	for (const char *key; (key = va_arg(args, const char *));)
		put_pair(&line, key, va_arg(args, const char *));
	va_end(args);
	buf_puts(&line, "}\n");
	if (!line.failed)
		write_all(line.data, line.length);
}
