/* From what a client sent to what a handler declared. Each reader takes a value that is not null and answers a new value, or NULL with
 * the sentence that says what was expected. */
#include "http/params.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "http/form.h"

#define NOT_TEXT "This value should be of type string."
#define NOT_INT "This value should be of type int."
#define NOT_NUMBER "This value should be of type float."
#define NOT_BOOL "This value should be of type bool."
#define NOT_LIST "This value should be of type array."
#define NOT_MAP "This value should be of type object."
#define TOO_LONG "This value is too long."
#define TOO_MANY "This collection should contain fewer elements."

int params_parse_json(const char *data, size_t length, json_t **ret, struct err *e)
{
	if (!utf8_valid(data, length))
		return fail(e, ERR_MALFORMED, "The request body is not UTF-8.");
	enum json_size size = json_size_of(data, length);
	if (size != JSON_SIZE_FINE)
		return fail(e, ERR_TOO_LARGE,
			size == JSON_TOO_DEEP ? "The request body is nested too deeply."
					      : "The request body has too many values.");
	json_error_t error = { .line = 1 };
	*ret = json_read_bytes(data, length, JSON_DECODE_ANY, &error);
	return *ret ? 0
		    : fail(e, ERR_MALFORMED, "The request body is not valid JSON (line %d, column %d).", error.line,
			      error.column);
}

/* A string that holds JSON, as its value; else NULL. */
static json_t *json_inside(const json_t *value)
{
	own(err_done) struct err ignored = { 0 };
	json_t *inside = NULL;
	if (json_is_string(value) && json_string_length(value))
		params_parse_json(json_string_value(value), json_string_length(value), &inside, &ignored);
	return inside;
}

static bool is_single(const struct param *param)
{
	return param->type == P_TEXT || param->type == P_INT || param->type == P_NUMBER || param->type == P_BOOL;
}

/* A form's repeated plain name is an array: where one value is wanted, the last counts. */
static json_t *last_of(json_t *value)
{
	size_t n = json_array_size(value);
	return n ? json_array_get(value, n - 1) : value;
}

static json_t *read_text(json_t *value, size_t max, const char **ret_why)
{
	char number[40];
	const char *text = json_string_value(value);
	*ret_why = NOT_TEXT;
	if (json_is_integer(value))
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value)), text = number;
	else if (json_is_real(value))
		snprintf(number, sizeof(number), "%.15g", json_real_value(value)), text = number;
	else if (json_is_boolean(value))
		text = json_is_true(value) ? "true" : "false";
	if (!text)
		return NULL;
	*ret_why = TOO_LONG;
	return strlen(text) <= (max ? max : PARAM_TEXT_MAX) ? json_string(text) : NULL;
}

/* A real that is a whole number, of a size that an integer has (-2^63 is one, 2^63 is not). */
static bool is_whole(double real)
{
	return real >= -9223372036854775808.0 && real < 9223372036854775808.0 && real == (double)(int64_t)real;
}

static json_t *read_int(json_t *value, const char **ret_why)
{
	int64_t number;
	*ret_why = NOT_INT;
	if (json_is_integer(value))
		return json_incref(value);
	if (json_is_real(value) && is_whole(json_real_value(value)))
		return json_integer((json_int_t)json_real_value(value));
	if (json_is_string(value) && str_to_i64(json_string_value(value), &number))
		return json_integer(number);
	return NULL;
}

static json_t *read_number(json_t *value, const char **ret_why)
{
	double number;
	*ret_why = NOT_NUMBER;
	if (json_is_number(value))
		return json_incref(value);
	return json_is_string(value) && str_to_double(json_string_value(value), &number) ? json_real(number) : NULL;
}

static json_t *read_bool(json_t *value, const char **ret_why)
{
	bool flag;
	*ret_why = NOT_BOOL;
	if (json_is_boolean(value))
		return json_incref(value);
	if (json_is_integer(value) && (json_integer_value(value) == 0 || json_integer_value(value) == 1))
		return json_boolean(json_integer_value(value));
	return json_is_string(value) && str_to_bool(json_string_value(value), &flag) ? json_boolean(flag) : NULL;
}

/* Any array: with gaps in its numbers, empty as {}, or JSON in a form's text. New. */
static json_t *read_list(json_t *value, size_t max, const char **ret_why)
{
	own(own_json) json_t *list = NULL;
	*ret_why = NOT_LIST;
	if (json_is_array(value)) {
		list = json_incref(value);
	} else if (json_is_object(value)) {
		list = form_list(value);
	} else {
		own(own_json) json_t *inside = json_inside(value);
		if (json_is_array(inside))
			list = json_incref(inside);
	}
	if (!list)
		return NULL;
	*ret_why = TOO_MANY;
	return json_array_size(list) <= (max ? max : PARAM_ITEMS_MAX) ? give_ptr(list) : NULL;
}

static json_t *texts_of(json_t *list, const char **ret_why)
{
	own(own_json) json_t *texts = json_array();
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item) {
		json_t *text = read_text(item, 0, ret_why);
		if (!text)
			return NULL;
		json_array_append_new(texts, text);
	}
	return give_ptr(texts);
}

static json_t *read_texts(json_t *value, size_t max, const char **ret_why)
{
	if (json_is_string(value)) {
		own(own_json) json_t *inside = json_inside(value);
		if (json_is_array(inside))
			return read_texts(inside, max, ret_why);
		return *json_string_value(value) ? json_pack("[O]", value) : json_array();
	}
	if (json_is_integer(value))
		value = json_pack("[O]", value);
	else
		json_incref(value);
	own(own_json) json_t *owned = value;
	own(own_json) json_t *list = read_list(owned, max, ret_why);
	return list ? texts_of(list, ret_why) : NULL;
}

static json_t *read_comma(json_t *value, size_t max, const char **ret_why)
{
	if (!json_is_string(value))
		return read_texts(value, max, ret_why);
	own(own_json) json_t *list = json_array();
	const char *p = json_string_value(value);
	if (*p == '[')
		return read_texts(value, max, ret_why);
	while (*p) {
		p += strspn(p, ", \t");
		size_t length = strcspn(p, ",");
		size_t used = length;
		while (used && (p[used - 1] == ' ' || p[used - 1] == '\t'))
			used--;
		if (used)
			json_array_append_new(list, json_stringn(p, used));
		p += length;
	}
	*ret_why = TOO_MANY;
	return json_array_size(list) <= (max ? max : PARAM_ITEMS_MAX) ? give_ptr(list) : NULL;
}

static json_t *map_of_list(const json_t *list)
{
	json_t *map = json_object();
	size_t i;
	json_t *item;
	char key[24];
	json_array_foreach(list, i, item) {
		snprintf(key, sizeof(key), "%zu", i);
		json_object_set(map, key, item);
	}
	return map;
}

/* An object. PHP sends an empty one as [], and one whose keys are 0, 1, 2... as an array. */
static json_t *read_map(json_t *value, size_t max, const char **ret_why)
{
	own(own_json) json_t *inside = json_inside(value);
	if (inside)
		value = inside;
	*ret_why = NOT_MAP;
	if (json_is_string(value) && !json_string_length(value))
		return json_object();
	if (!json_is_object(value) && !json_is_array(value))
		return NULL;
	*ret_why = TOO_MANY;
	if ((json_is_object(value) ? json_object_size(value) : json_array_size(value)) > (max ? max : PARAM_ITEMS_MAX))
		return NULL;
	return json_is_object(value) ? json_incref(value) : map_of_list(value);
}

static json_t *read_json(json_t *value)
{
	json_t *inside = json_inside(value);
	return inside ? inside : json_incref(value);
}

static json_t *read_value(const struct param *param, json_t *value, const char **ret_why)
{
	switch (param->type) {
	case P_TEXT:
		return read_text(value, param->max, ret_why);
	case P_INT:
		return read_int(value, ret_why);
	case P_NUMBER:
		return read_number(value, ret_why);
	case P_BOOL:
		return read_bool(value, ret_why);
	case P_TEXTS:
		return read_texts(value, param->max, ret_why);
	case P_COMMA:
		return read_comma(value, param->max, ret_why);
	case P_MAP:
		return read_map(value, param->max, ret_why);
	case P_LIST:
		return read_list(value, param->max, ret_why);
	case P_JSON:
		return read_json(value);
	case P_ANY:
	case P_BODY:
		break;
	}
	return json_incref(value);
}

/* "limit=" is no number and no refusal: it was left empty. */
static bool is_blank(const struct param *param, const json_t *value)
{
	return (param->type == P_INT || param->type == P_NUMBER) && json_is_string(value) && !json_string_length(value);
}

static json_t *find_value(const struct param *param, const struct params_sent *sent)
{
	if (param->type == P_BODY)
		return sent->body;
	json_t *value = json_is_object(sent->body) ? json_object_get(sent->body, param->name) : NULL;
	bool in_body = value && !json_is_null(value);
	if (!in_body)
		value = json_object_get(sent->query, param->name);
	if (is_single(param) && !(in_body && sent->is_json))
		value = last_of(value);
	return !value || json_is_null(value) || is_blank(param, value) ? NULL : value;
}

static int refuse(const struct buf *bad, struct err *e)
{
	struct err fields = *e; /* keeps the list of fields while the sentence is made */
	*e = (struct err){ 0 };
	int rc = fail(e, ERR_VALIDATION, "Invalid request:%s", bad->data);
	e->more = fields.more;
	fields.more = NULL;
	err_done(&fields);
	return rc;
}

int params_read(const struct param *declared, const struct params_sent *sent, json_t **ret, struct err *e)
{
	own(own_json) json_t *args = json_object();
	own(buf_done) struct buf bad = { 0 };
	for (const struct param *param = declared; param && param->name; param++) {
		json_t *value = find_value(param, sent);
		if (!value)
			continue;
		const char *why = NULL;
		json_t *read = read_value(param, value, &why);
		if (read) {
			json_object_set_new(args, param->name, read);
			continue;
		}
		buf_printf(&bad, "\n - %s: \"%s\"", param->name, why);
		err_field(e, param->name, why);
	}
	if (bad.length)
		return refuse(&bad, e);
	*ret = give_ptr(args);
	return 0;
}
