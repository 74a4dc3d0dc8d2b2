/* Runs a test of the store on each engine: the embedded one, and PostgreSQL where TEST_PG_URL names a database. The data folder is the
 * test's own, holds a key, and is gone afterwards. */
#ifndef ENGINES_H
#define ENGINES_H

#include <stdlib.h>

#include "../unit/test.h"
#include "base/conf.h"
#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"

static inline void on_engines(void (*test)(const struct conf *conf))
{
	char folder[] = "/tmp/test-store-XXXXXX", text[64];
	own(err_done) struct err e = { 0 };
	struct conf conf;
	CHECK(mkdtemp(folder) != NULL);
	snprintf(text, sizeof(text), "%s/secret.key", folder);
	CHECK(secret_init(text, true, &e) == 0);
	CHECK(conf_init(&conf, &e) == 0 && conf_set(&conf, "data", folder, &e) == 0);
	test(&conf);
	const char *url = getenv("TEST_PG_URL");
	if (!str_empty(url)) {
		CHECK(conf_set(&conf, "engine", url, &e) == 0);
		test(&conf);
	}
	conf_done(&conf);
	snprintf(text, sizeof(text), "rm -r %s", folder);
	CHECK(system(text) == 0);
}

#endif
