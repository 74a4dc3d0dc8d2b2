/* Form fields to JSON, with PHP's brackets. While fields come in, every array is an object whose keys are its numbers. */
#include "http/form.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/own.h"
#include "http/router.h"

int form_init(struct form *form, struct err *e)
{
	*form = (struct form){ .root = json_object() };
	return form->root ? 0 : fail(e, ERR_INTERNAL, NULL);
}

void form_done(struct form *form)
{
	json_decref(form->root);
	form->root = NULL;
}

/* A free number of an array: PHP's "[]". It is the next one, unless some were given by hand; then the steps grow, so that a crowd of them
 * costs nobody's time. */
static void next_number(const json_t *object, char key[24])
{
	for (size_t n = json_object_size(object), step = 1;; n += step, step *= 2) {
		snprintf(key, 24, "%zu", n);
		if (!json_object_get(object, key))
			return;
	}
}

/* A plain name twice ("tags=a&tags=b") is an array of both. */
static int set_value(json_t *object, const char *key, const char *value, bool repeatable)
{
	json_t *before = json_object_get(object, key);
	if (!repeatable || !before)
		return json_object_set_new(object, key, json_string(value));
	if (json_is_array(before))
		return json_array_append_new(before, json_string(value));
	if (!json_is_string(before))
		return json_object_set_new(object, key, json_string(value));
	return json_object_set_new(object, key, json_pack("[O, s]", before, value));
}

/* The object at key, made when there is none; what stood there as plain text gives way. */
static json_t *descend(json_t *object, const char *key)
{
	json_t *inside = json_object_get(object, key);
	if (json_is_object(inside))
		return inside;
	inside = json_object();
	return json_object_set_new(object, key, inside) == 0 ? inside : NULL;
}

/* Are all brackets behind the first name closed and next to each other? Else the whole is a plain name. */
static bool brackets_fine(const char *bracket)
{
	while (*bracket == '[') {
		bracket = strchr(bracket, ']');
		if (!bracket)
			return false;
		bracket++;
	}
	return *bracket == '\0';
}

static int add_bracketed(json_t *object, const char *name, const char *bracket, const char *value, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	const char *key = arena_strndup(arena, name, (size_t)(bracket - name));
	char number[24];
	for (int depth = 0; key && *bracket; depth++) {
		if (depth == FORM_DEPTH_MAX)
			return fail(e, ERR_TOO_LARGE, "The fields of the request are nested too deeply.");
		object = descend(object, key);
		if (!object)
			break;
		const char *end = strchr(bracket, ']');
		if (end == bracket + 1) {
			next_number(object, number);
			key = arena_strdup(arena, number);
		} else {
			key = arena_strndup(arena, bracket + 1, (size_t)(end - bracket - 1));
		}
		bracket = end + 1;
	}
	if (!key || !object || set_value(object, key, value, false) < 0)
		return fail(e, ERR_INTERNAL, NULL);
	return 0;
}

int form_add(struct form *form, const char *name, const char *value, struct err *e)
{
	if (++form->fields > FORM_FIELDS_MAX)
		return fail(e, ERR_TOO_LARGE, "The request has too many fields.");
	const char *bracket = strchr(name, '[');
	if (bracket && bracket != name && brackets_fine(bracket))
		return add_bracketed(form->root, name, bracket, value, e);
	return set_value(form->root, name, value, true) < 0 ? fail(e, ERR_INTERNAL, NULL) : 0;
}

static bool is_list(const json_t *object)
{
	size_t n = 0;
	const char *key;
	json_t *value;
	char number[24];
	json_object_foreach((json_t *)object, key, value) {
		snprintf(number, sizeof(number), "%zu", n++);
		if (strcmp(key, number) != 0)
			return false;
	}
	return n > 0;
}

/* Depth is bounded by FORM_DEPTH_MAX. Steals and returns. */
static json_t *settle(json_t *value, bool top)
{
	if (!json_is_object(value))
		return value;
	void *tmp;
	const char *key;
	json_t *member;
	json_object_foreach_safe(value, tmp, key, member)
		if (json_is_object(member))
			json_object_set_new(value, key, settle(json_incref(member), false));
	if (top || !is_list(value))
		return value;
	json_t *list = form_list(value);
	json_decref(value);
	return list;
}

json_t *form_take(struct form *form)
{
	return settle(give_ptr(form->root), true);
}

json_t *form_list(const json_t *object)
{
	own(own_json) json_t *list = json_array();
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)object, key, value) {
		if (!*key || strspn(key, "0123456789") != strlen(key))
			return NULL;
		json_array_append(list, value);
	}
	return give_ptr(list);
}

static int parse_field(struct form *form, const char *field, size_t length, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	const char *equals = memchr(field, '=', length);
	size_t name_length = equals ? (size_t)(equals - field) : length;
	const char *value_start = equals ? equals + 1 : field + length;
	char *name = percent_decode(arena, field, name_length, true);
	char *value = percent_decode(arena, value_start, (size_t)(field + length - value_start), true);
	if (!name || !value)
		return fail(e, ERR_MALFORMED, "The fields of the request could not be read: a broken encoding, or not UTF-8.");
	return *name ? form_add(form, name, value, e) : 0;
}

int form_parse(const char *data, size_t length, json_t **ret, struct err *e)
{
	own(form_done) struct form form;
	int rc = form_init(&form, e);
	const char *end = data + length;
	for (const char *p = data; rc == 0 && p < end;) {
		const char *stop = memchr(p, '&', (size_t)(end - p));
		if (!stop)
			stop = end;
		if (stop > p)
			rc = parse_field(&form, p, (size_t)(stop - p), e);
		p = stop + 1;
	}
	if (rc == 0)
		*ret = form_take(&form);
	return rc;
}
