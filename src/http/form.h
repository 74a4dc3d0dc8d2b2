/* Form fields to JSON, with PHP's brackets: "a[b][]=x" is {"a": {"b": ["x"]}}. Pure functions from bytes to JSON. */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

#define FORM_FIELDS_MAX 20000
#define FORM_DEPTH_MAX 32

/* Fields put together one by one: form_init(), form_add()..., form_take(). */
struct form {
	json_t *root;
	size_t fields;
};
int form_init(struct form *form, struct err *e);
/* name and value are decoded; they must be UTF-8 without NUL. A plain name that comes again becomes an array of its values. */
int form_add(struct form *form, const char *name, const char *value, struct err *e);
/* The object, the caller's: what is numbered 0, 1, 2... in order has become an array. */
json_t *form_take(struct form *form);
void form_done(struct form *form);

/* An application/x-www-form-urlencoded body or a query string. ERR_MALFORMED for broken encodings, text that is not UTF-8, NULs;
 * ERR_TOO_LARGE for too many fields or too deep ones. */
int form_parse(const char *data, size_t length, json_t **ret, struct err *e);

/* The array that an object with numbers as keys stands for ("tags[2]=a&tags[5]=b"), new; NULL when it is none. */
json_t *form_list(const json_t *object);

#endif
