/* Errors: what went wrong, in words for the caller, carried upwards by whoever notices it. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <jansson.h>

/* One row per wire code in err_codes.h; ERR_NONE is 0 and never sent. */
enum err_code {
	ERR_NONE = 0,
#define ERR_CODE(name, status, code, text) name,
#include "base/err_codes.h"
#undef ERR_CODE
	ERR_COUNT
};

/* Zero-initialise before use ({0}); err_done() frees what it holds. */
struct err {
	enum err_code code;
	char *text;        /* sentence for the client, ours; NULL means the row's standard text */
	json_t *more;      /* members that are added to the top level of the answer, or NULL */
	int retry_after_s; /* > 0: a Retry-After header is sent */
};

/* Records the error and returns -code, so that a function can end with `return fail(...)`.
 * format NULL takes the row's standard text. An error already recorded in e is replaced. e may be NULL. */
int fail(struct err *e, enum err_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As fail(), for causes that the client must not read (a library's or the system's words):
 * the detail goes to the log with the exception id, the client gets the row's standard text. */
int fail_internal(struct err *e, enum err_code code, const char *detail, ...) __attribute__((format(printf, 3, 4)));

/* The same functions; spelled so that whoever reads or analyses the caller sees that the result is negative. */
#define fail(e, code, ...)                                                                                                       \
	__extension__({                                                                                                          \
		(void)(fail)(e, code, __VA_ARGS__);                                                                              \
		-(int)(code);                                                                                                    \
	})
#define fail_internal(e, code, ...)                                                                                              \
	__extension__({                                                                                                          \
		(void)(fail_internal)(e, code, __VA_ARGS__);                                                                     \
		-(int)(code);                                                                                                    \
	})

/* Adds a member to the top level of the error's answer; steals value. */
void err_more(struct err *e, const char *key, json_t *value);

/* Adds {"key":..., "message":...} to the answer's "errors" list (behaviour.md §0). */
void err_field(struct err *e, const char *key, const char *message);

/* HTTP status, wire code (may be NULL: none is sent) and text of what was recorded. */
int err_status(const struct err *e);
const char *err_wire_code(const struct err *e);
const char *err_text(const struct err *e);

/* Frees what e holds and makes it empty again. */
void err_done(struct err *e);

#endif
