/* JSON bodies through a declaration that has every kind of argument. */
#include "fuzz.h"

#include "http/params.h"

static const struct param DECLARED[] = {
	{ "text", P_TEXT, 40, NULL },
	{ "int", P_INT, 0, NULL },
	{ "number", P_NUMBER, 0, NULL },
	{ "bool", P_BOOL, 0, NULL },
	{ "texts", P_TEXTS, 9, NULL },
	{ "comma", P_COMMA, 9, NULL },
	{ "map", P_MAP, 9, NULL },
	{ "list", P_LIST, 9, NULL },
	{ "json", P_JSON, 0, NULL },
	{ "any", P_ANY, 0, NULL },
	{ NULL, P_TEXT, 0, NULL },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	json_t *body = NULL, *args = NULL;
	if (params_parse_json((const char *)data, size, &body, &e) == 0) {
		if (params_read(DECLARED, &(struct params_sent){ .query = body }, &args, &e) == 0 && json_object_size(args) > 10)
			abort();
		json_decref(args);
		json_decref(body);
	}
	err_done(&e);
	return 0;
}
