/* From what a client sent to what a handler declared: one meaning for all spellings (clients.md §0.5-0.7). Pure functions. */
#ifndef HTTP_PARAMS_H
#define HTTP_PARAMS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "http/route.h"

/* A JSON body of any kind. ERR_MALFORMED: not JSON, not UTF-8, a NUL; ERR_TOO_LARGE: nested too deeply, or too many values. */
int params_parse_json(const char *data, size_t length, json_t **ret, struct err *e);

/* What a client sent; each may be NULL. */
struct params_sent {
	json_t *query, *body;
	bool is_json; /* the body is JSON: a list in it was meant as one, and is no field that was repeated */
};
/* The declared arguments out of body and query; the body wins. *ret is a new object that holds only what was given.
 * ERR_VALIDATION naming every argument that can't be understood. */
int params_read(const struct param *declared, const struct params_sent *sent, json_t **ret, struct err *e);

#endif
