/* JSON that is written straight into a buffer is read back as what was meant. */
#include "test.h"

#include <jansson.h>

#include "base/json_out.h"

static void test_all(void)
{
	struct buf buf = { 0 };
	struct json_out out = { &buf, false };
	const char *hard = "q\" b\\ n\n t\t u\x01 / ž 🗝";
	out_object(&out, NULL);
	out_text(&out, "text", hard);
	out_text(&out, "absent", NULL);
	out_int(&out, "int", INT64_MIN);
	out_bool(&out, "yes", true);
	out_time(&out, "never", 0);
	out_time(&out, "time", 1486978070000000);
	out_array(&out, "list");
	out_int(&out, NULL, 1);
	out_object(&out, NULL);
	out_object_end(&out);
	out_array_end(&out);
	out_object(&out, "map");
	out_named_text(&out, "k\"ey", "v");
	out_object_end(&out);
	out_ready(&out, "ready", "[1]");
	out_object_end(&out);
	json_t *read = json_loads(buf.data, JSON_REJECT_DUPLICATES, NULL);
	CHECK(read != NULL);
	CHECK_TEXT(json_string_value(json_object_get(read, "text")), hard);
	CHECK(json_is_null(json_object_get(read, "absent")) && json_is_null(json_object_get(read, "never")));
	CHECK(json_integer_value(json_object_get(read, "int")) == INT64_MIN && json_is_true(json_object_get(read, "yes")));
	CHECK_TEXT(json_string_value(json_object_get(read, "time")), "2017-02-13T09:27:50+0000");
	CHECK(json_array_size(json_object_get(read, "list")) == 2 && json_array_size(json_object_get(read, "ready")) == 1);
	CHECK_TEXT(json_string_value(json_object_get(json_object_get(read, "map"), "k\"ey")), "v");
	json_decref(read);
	buf_done(&buf);
}

int main(void)
{
	test_all();
	return test_end();
}
