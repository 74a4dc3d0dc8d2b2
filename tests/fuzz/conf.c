/* The configuration file. */
#include "fuzz.h"

#include "base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf conf = { 0 };
	struct err e = { 0 };
	if (conf_init(&conf, &e) == 0)
		conf_parse(&conf, (const char *)data, size, &e);
	conf_done(&conf);
	err_done(&e);
	return 0;
}
