/* Names made of any text, and names judged, before they are used. */
#include "base/str.h"
#include "http/req.h"
#include "store/names.h"

#define NAMES_MAX 10000

static int webalize_display_name(struct req *rq, struct err *e)
{
	const char *text;
	int rc = arg_required(rq, "displayName", &text, e);
	if (rc < 0)
		return rc;
	const char *name = name_webalize_display(rq->arena, text);
	if (str_empty(name))
		return fail(e, ERR_WEBALIZE, "Filtered name \"%s\" should be valid name", name);
	return reply_json(rq, 200, json_pack("{s:s}", "displayName", name));
}

/* The list of names; each must be a text that is not empty when blank is not allowed. */
static int read_names(struct req *rq, bool blank_allowed, json_t **ret, struct err *e)
{
	json_t *list = arg_json(rq, "columnNames"), *item;
	size_t i;
	if (!list) {
		int rc = fail(e, ERR_VALIDATION, "Invalid request:\n - columnNames: \"This field is missing.\"");
		err_field(e, "columnNames", "This field is missing.");
		return rc;
	}
	json_array_foreach(list, i, item) {
		if (!json_is_null(item) && (blank_allowed || json_string_length(item) > 0 || json_is_integer(item)))
			continue;
		return fail(e, ERR_VALIDATION, "Invalid request:\n - columnNames[%zu]: \"This value should not be blank.\"", i);
	}
	*ret = list;
	return 0;
}

/* A number in the list is its text: "0" and "45" are columns. */
static const char *name_text(struct req *rq, json_t *item)
{
	if (json_is_integer(item))
		return arena_printf(rq->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(item));
	return json_is_string(item) ? json_string_value(item) : "";
}

static int webalize_column_names(struct req *rq, struct err *e)
{
	json_t *list = NULL, *item, *names;
	size_t i;
	int rc = read_names(rq, true, &list, e);
	if (rc < 0)
		return rc;
	names = json_array();
	json_array_foreach(list, i, item) {
		json_array_append_new(names, json_string(name_webalize_column(rq->arena, name_text(rq, item))));
	}
	return reply_json(rq, 200, json_pack("{s:o}", "columnNames", names));
}

static const char *fault_of(struct req *rq, const char *name)
{
	if (name_is_system(name))
		return arena_printf(rq->arena, "\"%s\" is a system column used by the database for internal purposes.", name);
	if (!name_is_plain(name))
		return arena_printf(rq->arena,
			"\"%s\" contains not allowed characters. Only alphanumeric characters dash and underscores are allowed.",
			name);
	if (utf8_length(name) > COLUMN_NAME_MAX)
		return arena_printf(rq->arena, "Column name cannot be longer than %d characters.", COLUMN_NAME_MAX);
	return NULL;
}

static int validate_column_names(struct req *rq, struct err *e)
{
	json_t *list = NULL, *item, *faults;
	size_t i;
	int rc = read_names(rq, false, &list, e);
	if (rc < 0)
		return rc;
	faults = json_array();
	json_array_foreach(list, i, item) {
		const char *fault = fault_of(rq, name_text(rq, item));
		if (fault)
			json_array_append_new(
				faults, json_pack("{s:o, s:s}", "key", json_sprintf("columnNames[%zu]", i), "message", fault));
	}
	if (json_array_size(faults)) {
		rc = fail(e, ERR_COLUMN_NAMES, NULL);
		err_more(e, "errors", faults);
		return rc;
	}
	json_decref(faults);
	return reply_none(rq, 204);
}

static const struct param DISPLAY_PARAMS[] = {
	{ "displayName", P_TEXT, 4096, NULL },
	{ NULL },
};
static const struct param COLUMN_PARAMS[] = {
	{ "columnNames", P_LIST, NAMES_MAX, NULL },
	{ NULL },
};

const struct route WEBALIZE_ROUTES[] = {
	{ "POST", "/v2/storage/webalize/display-name", ALLOW_TOKEN, EVENT_NAMES_CHECKED, RUN_LOOP, webalize_display_name,
		DISPLAY_PARAMS, "A name to show, made of any text", true },
	{ "POST", "/v2/storage/webalize/column-names", ALLOW_TOKEN, EVENT_NAMES_CHECKED, RUN_LOOP, webalize_column_names,
		COLUMN_PARAMS, "Names of columns, made of any texts", true },
	{ "POST", "/v2/storage/validate/column-names", ALLOW_TOKEN, EVENT_NAMES_CHECKED, RUN_LOOP, validate_column_names,
		COLUMN_PARAMS, "Can these be names of columns?", true },
	{ 0 },
};
