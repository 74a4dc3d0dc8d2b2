/* Errors: the table of wire codes, and what was recorded in a struct err. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/str.h"

static const struct {
	int status;
	const char *code;
	const char *text;
} ROWS[ERR_COUNT] = {
#define ERR_CODE(name, status, code, text) [name] = { status, code, text },
#include "base/err_codes.h"
#undef ERR_CODE
};

int(fail)(struct err *e, enum err_code code, const char *format, ...)
{
	if (!e)
		return -(int)code;
	char *text = NULL;
	if (format) {
		va_list args;
		va_start(args, format);
		if (vasprintf(&text, format, args) < 0)
			text = NULL;
		va_end(args);
	}
	if (text)
		utf8_mend(text); /* the envelope, jobs and events can't hold half a character */
	err_done(e);
	e->code = code;
	e->text = text;
	return -(int)code;
}

int(fail_internal)(struct err *e, enum err_code code, const char *detail, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, detail);
	if (vasprintf(&text, detail, args) < 0)
		text = NULL;
	va_end(args);
	log_line(LOG_ERROR, "failed", "code", ROWS[code].code, "detail", text, NULL);
	free(text);
	return fail(e, code, NULL);
}

void err_more(struct err *e, const char *key, json_t *value)
{
	if (!e) {
		json_decref(value);
		return;
	}
	if (!e->more)
		e->more = json_object();
	json_object_set_new(e->more, key, value);
}

void err_field(struct err *e, const char *key, const char *message)
{
	if (!e)
		return;
	json_t *list = json_object_get(e->more, "errors");
	if (!list) {
		err_more(e, "errors", json_array());
		list = json_object_get(e->more, "errors");
	}
	json_array_append_new(list, json_pack("{s:s, s:s}", "key", key, "message", message));
}

int err_status(const struct err *e)
{
	return ROWS[e->code].status;
}

const char *err_wire_code(const struct err *e)
{
	return ROWS[e->code].code;
}

const char *err_text(const struct err *e)
{
	return e->text ? e->text : ROWS[e->code].text;
}

void err_done(struct err *e)
{
	free(e->text);
	json_decref(e->more);
	*e = (struct err){ 0 };
}
