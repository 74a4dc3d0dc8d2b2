/* Form bodies and query strings. */
#include "fuzz.h"

#include "http/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	json_t *json = NULL;
	if (form_parse((const char *)data, size, &json, &e) == 0 && !json_is_object(json))
		abort();
	json_decref(json);
	err_done(&e);
	return 0;
}
