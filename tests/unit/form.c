/* Form fields: brackets, limits, what is refused. */
#include "http/form.h"

#include <time.h>

#include "base/buf.h"
#include "base/own.h"
#include "test.h"

static const char *parsed(const char *text)
{
	static char result[1024];
	own(err_done) struct err e = { 0 };
	own(own_json) json_t *root = NULL;
	if (form_parse(text, strlen(text), &root, &e) < 0)
		return err_wire_code(&e);
	own(own_free) char *dump = json_dumps(root, JSON_COMPACT);
	snprintf(result, sizeof(result), "%s", dump);
	return result;
}

static void test_plain(void)
{
	CHECK_TEXT(parsed(""), "{}");
	CHECK_TEXT(parsed("&&"), "{}");
	CHECK_TEXT(parsed("a"), "{\"a\":\"\"}");
	CHECK_TEXT(parsed("a=1&b=2"), "{\"a\":\"1\",\"b\":\"2\"}");
	CHECK_TEXT(parsed("a=b=c"), "{\"a\":\"b=c\"}");
	CHECK_TEXT(parsed("=x"), "{}");
	CHECK_TEXT(parsed("a=%C5%99"), "{\"a\":\"\xc5\x99\"}");
}

static void test_brackets(void)
{
	CHECK_TEXT(parsed("a[]=1"), "{\"a\":[\"1\"]}");
	CHECK_TEXT(parsed("a[0]=1&a[0]=2"), "{\"a\":[\"2\"]}");
	CHECK_TEXT(parsed("a[1]=x"), "{\"a\":{\"1\":\"x\"}}");
	CHECK_TEXT(parsed("a[1]=x&a[]=y"), "{\"a\":{\"1\":\"x\",\"2\":\"y\"}}");
	CHECK_TEXT(parsed("a=1&a[b]=2"), "{\"a\":{\"b\":\"2\"}}");
	CHECK_TEXT(parsed("a[b]=1&a=2"), "{\"a\":\"2\"}");
	/* what is not closed, or not at the end, is a name like any other */
	CHECK_TEXT(parsed("a[b=1"), "{\"a[b\":\"1\"}");
	CHECK_TEXT(parsed("a[b]c=1"), "{\"a[b]c\":\"1\"}");
	CHECK_TEXT(parsed("[a]=1"), "{\"[a]\":\"1\"}");
	/* the object at the top stays one, whatever its keys */
	CHECK_TEXT(parsed("0=a&1=b"), "{\"0\":\"a\",\"1\":\"b\"}");
}

static void test_limits(void)
{
	char deep[512] = "a";
	for (int i = 0; i < FORM_DEPTH_MAX + 1; i++)
		strcat(deep, "[b]");
	CHECK_TEXT(parsed(deep), "requestTooLarge");
	static char many[FORM_FIELDS_MAX * 2 + 16];
	for (int i = 0; i <= FORM_FIELDS_MAX; i++)
		memcpy(many + 2 * i, "a&", 2);
	CHECK_TEXT(parsed(many), "requestTooLarge");
}

/* Every "[]" meets all the numbers that were given by hand: the work must not be their product. */
static void test_crowd(void)
{
	enum { HALF = FORM_FIELDS_MAX / 2 };
	own(buf_done) struct buf text = { 0 };
	own(err_done) struct err e = { 0 };
	own(own_json) json_t *root = NULL;
	for (int i = HALF; i < 2 * HALF; i++)
		buf_printf(&text, "a[%d]=x&", i);
	for (int i = 0; i < HALF; i++)
		buf_puts(&text, "a[]=y&");
	clock_t begun = clock();
	CHECK(form_parse(text.data, text.length, &root, &e) == 0);
	CHECK(clock() - begun < 2 * CLOCKS_PER_SEC);
	CHECK(json_object_size(json_object_get(root, "a")) == 2 * HALF);
}

static void test_list_of_object(void)
{
	own(own_json) json_t *numbers = json_pack("{s:s, s:s}", "2", "a", "9", "b"), *names = json_pack("{s:s}", "x", "a");
	own(own_json) json_t *list = form_list(numbers), *none = form_list(names);
	CHECK(json_array_size(list) == 2);
	CHECK(!none);
}

int main(void)
{
	test_plain();
	test_brackets();
	test_limits();
	test_crowd();
	test_list_of_object();
	return test_end();
}
