/* Settings from the command line, a file, the environment; errors and their answers. */
#include "test.h"

#include <stdlib.h>

#include "base/conf.h"

static struct err e;

static void test_set(struct conf *conf)
{
	CHECK(conf->workers == 8 && !conf->trust_proxy);
	CHECK_TEXT(conf->engine, "sqlite");
	CHECK(conf_set(conf, "public-url", "https://a.example", &e) == 0);
	CHECK_TEXT(conf->public_url, "https://a.example");
	CHECK(conf_set(conf, "workers", "16", &e) == 0 && conf->workers == 16);
	CHECK(conf_set(conf, "trust_proxy", "yes", &e) == 0 && conf->trust_proxy);
	CHECK(conf_set(conf, "workers", "0", &e) < 0 && strstr(err_text(&e), "workers"));
	CHECK(conf_set(conf, "workers", "many", &e) < 0 && conf->workers == 16);
	CHECK(conf_set(conf, "trust-proxy", "", &e) < 0 && conf->trust_proxy);
	CHECK(conf_set(conf, "worker", "1", &e) < 0 && strstr(err_text(&e), "worker"));
}

static void test_parse(struct conf *conf)
{
	static const char TEXT[] = "# a comment\n\n  workers =  4 \r\nlisten=127.0.0.1:1\npublic_url = https://b.example/a=b";
	CHECK(conf_parse(conf, TEXT, sizeof(TEXT) - 1, &e) == 0);
	CHECK(conf->workers == 4);
	CHECK_TEXT(conf->listen, "127.0.0.1:1");
	CHECK_TEXT(conf->public_url, "https://b.example/a=b");
	CHECK(conf_parse(conf, "workers = 5\nnonsense\n", 21, &e) < 0 && strstr(err_text(&e), "Line 2"));
	CHECK(conf_parse(conf, "a\0b = 1", 7, &e) < 0);
	CHECK(conf_parse(conf, "", 0, &e) == 0);
	CHECK(conf_read(conf, "/nowhere/at/all", &e) < 0);
}

static void test_environment(struct conf *conf)
{
	setenv("CHATELAINE_WORKERS", "9", 1);
	CHECK(conf_environment(conf, &e) == 0 && conf->workers == 9);
	setenv("CHATELAINE_WORKERS", "x", 1);
	CHECK(conf_environment(conf, &e) < 0 && conf->workers == 9);
	unsetenv("CHATELAINE_WORKERS");
}

static void test_R07_print_hides_secrets(struct conf *conf)
{
	char *text = NULL;
	size_t length;
	CHECK(conf_set(conf, "smtp", "smtp://user:hidden@mail", &e) == 0);
	CHECK(conf_set(conf, "engine", "postgresql://user:hidden@host/db", &e) == 0);
	CHECK(conf_set(conf, "metrics_token", "hidden", &e) == 0);
	FILE *out = open_memstream(&text, &length);
	conf_print(conf, out);
	fclose(out);
	CHECK(!strstr(text, "hidden") && strstr(text, "workers = 9") && strstr(text, "1 to 512"));
	free(text);
}

static void test_errors(void)
{
	struct err err = { 0 };
	CHECK(fail(&err, ERR_TOKEN_NOT_FOUND, NULL) == -ERR_TOKEN_NOT_FOUND);
	CHECK_TEXT(err_text(&err), "Token not found");
	CHECK_TEXT(err_wire_code(&err), "storage.tokens.notFound");
	CHECK(err_status(&err) == 404);
	err_field(&err, "name", "is missing");
	err_field(&err, "stage", "is wrong");
	CHECK(json_array_size(json_object_get(err.more, "errors")) == 2);
	CHECK(fail(&err, ERR_TOKEN_MISSING, "no %s", "token") == -ERR_TOKEN_MISSING);
	CHECK_TEXT(err_text(&err), "no token");
	CHECK(err.more == NULL && err_wire_code(&err) == NULL && err_status(&err) == 401);
	CHECK(fail(NULL, ERR_NOT_FOUND, "nobody asks") == -ERR_NOT_FOUND);
	err_done(&err);
	CHECK(err.code == ERR_NONE && err.text == NULL);
}

int main(void)
{
	struct conf conf;
	CHECK(conf_init(&conf, &e) == 0);
	test_set(&conf);
	test_parse(&conf);
	test_environment(&conf);
	test_R07_print_hides_secrets(&conf);
	test_errors();
	err_done(&e);
	conf_done(&conf);
	return test_end();
}
