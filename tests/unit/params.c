/* Every spelling of clients.md §0.5-0.7 means the same to a handler. */
#include "http/params.h"

#include "base/own.h"
#include "http/body.h"
#include "test.h"

static const struct param DECLARED[] = {
	{ "name", P_TEXT, 20 },
	{ "limit", P_INT },
	{ "ratio", P_NUMBER },
	{ "async", P_BOOL },
	{ "tags", P_TEXTS, 4 },
	{ "columns", P_COMMA },
	{ "bucketPermissions", P_MAP },
	{ "metadata", P_LIST },
	{ "configuration", P_JSON },
	{ "any", P_ANY },
	{ NULL },
};

/* The arguments as compact JSON, "!" and the error's text when refused. Static: read before the next call. */
static const char *args_of(const char *content_type, const char *query, const char *body)
{
	static char text[4096];
	own(err_done) struct err e = { 0 };
	own(own_json) json_t *from_query = NULL, *from_body = NULL, *args = NULL;
	int rc = query ? form_parse(query, strlen(query), &from_query, &e) : 0;
	if (rc == 0 && body)
		rc = body_parse(content_type, body, strlen(body), &from_body, &e);
	if (rc == 0)
		rc = params_read(DECLARED,
			&(struct params_sent){ from_query, from_body, strcmp(content_type, "application/json") == 0 }, &args, &e);
	if (rc < 0) {
		snprintf(text, sizeof(text), "!%s", err_text(&e));
		return text;
	}
	own(own_free) char *dump = json_dumps(args, JSON_COMPACT);
	snprintf(text, sizeof(text), "%s", dump);
	return text;
}

#define FORM(body) args_of("application/x-www-form-urlencoded", NULL, body)
#define JSON(body) args_of("application/json", NULL, body)
#define QUERY(query) args_of("", query, NULL)
#define REFUSED(text) ((text)[0] == '!')

static void test_array_spellings(void)
{
	const char *wanted = "{\"tags\":[\"a\",\"b\"]}";
	CHECK_TEXT(FORM("tags[]=a&tags[]=b"), wanted);
	CHECK_TEXT(FORM("tags[0]=a&tags[1]=b"), wanted);
	CHECK_TEXT(FORM("tags%5B0%5D=a&tags%5B1%5D=b"), wanted);
	CHECK_TEXT(FORM("tags=a&tags=b"), wanted);
	CHECK_TEXT(FORM("tags[3]=a&tags[7]=b"), wanted);
	CHECK_TEXT(JSON("{\"tags\": [\"a\", \"b\"]}"), wanted);
	CHECK_TEXT(JSON("{\"tags\": {\"1\": \"a\", \"5\": \"b\"}}"), wanted);
	CHECK_TEXT(QUERY("tags[]=a&tags[]=b"), wanted);
	CHECK_TEXT(QUERY("tags=a&tags=b"), wanted);
	CHECK_TEXT(FORM("tags=a"), "{\"tags\":[\"a\"]}");
	CHECK_TEXT(FORM("tags="), "{\"tags\":[]}");
	CHECK_TEXT(FORM("tags=[\"a\"]"), "{\"tags\":[\"a\"]}");
	CHECK_TEXT(JSON("{\"tags\": [1, \"b\"]}"), "{\"tags\":[\"1\",\"b\"]}");
	CHECK_TEXT(JSON("{\"tags\": []}"), "{\"tags\":[]}");
	CHECK(REFUSED(JSON("{\"tags\": [[\"a\"]]}")));
	CHECK(REFUSED(JSON("{\"tags\": {\"x\": \"a\"}}")));
	CHECK(REFUSED(FORM("tags[]=1&tags[]=2&tags[]=3&tags[]=4&tags[]=5")));
}

static void test_comma_lists(void)
{
	const char *wanted = "{\"columns\":[\"a\",\"b\"]}";
	CHECK_TEXT(QUERY("columns=a,b"), wanted);
	CHECK_TEXT(QUERY("columns=a%2Cb"), wanted);
	CHECK_TEXT(QUERY("columns=a,+b,"), wanted);
	CHECK_TEXT(FORM("columns[]=a&columns[]=b"), wanted);
	CHECK_TEXT(JSON("{\"columns\": [\"a\", \"b\"]}"), wanted);
	CHECK_TEXT(JSON("{\"columns\": \"a,b\"}"), wanted);
	CHECK_TEXT(QUERY("columns="), "{\"columns\":[]}");
	CHECK(REFUSED(JSON("{\"columns\": true}")));
}

static void test_nested_brackets(void)
{
	CHECK_TEXT(FORM("metadata[0][key]=k&metadata[0][value]=v&metadata[1][key]=l&metadata[1][value]=w"),
		"{\"metadata\":[{\"key\":\"k\",\"value\":\"v\"},{\"key\":\"l\",\"value\":\"w\"}]}");
	CHECK_TEXT(FORM("bucketPermissions[in.c-x]=read&bucketPermissions[out.c-y]=write"),
		"{\"bucketPermissions\":{\"in.c-x\":\"read\",\"out.c-y\":\"write\"}}");
	CHECK_TEXT(FORM("any[0][column]=c&any[0][values][0]=v&any[0][values][]=w"),
		"{\"any\":[{\"column\":\"c\",\"values\":[\"v\",\"w\"]}]}");
	CHECK_TEXT(FORM("any[x][]=1&any[x][]=2"), "{\"any\":{\"x\":[\"1\",\"2\"]}}");
	CHECK_TEXT(FORM("metadata={}"), "!Invalid request:\n - metadata: \"This value should be of type array.\"");
}

static void test_booleans(void)
{
	static const char *const yes[] = { "1", "true", "True", "TRUE" }, *const no[] = { "0", "false", "False", "" };
	char text[64];
	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "async=%s", yes[i]);
		CHECK_TEXT(QUERY(text), "{\"async\":true}");
		CHECK_TEXT(FORM(text), "{\"async\":true}");
		snprintf(text, sizeof(text), "async=%s", no[i]);
		CHECK_TEXT(QUERY(text), "{\"async\":false}");
		snprintf(text, sizeof(text), "{\"async\": \"%s\"}", yes[i]);
		CHECK_TEXT(JSON(text), "{\"async\":true}");
	}
	CHECK_TEXT(JSON("{\"async\": true}"), "{\"async\":true}");
	CHECK_TEXT(JSON("{\"async\": 1}"), "{\"async\":true}");
	CHECK_TEXT(JSON("{\"async\": 0}"), "{\"async\":false}");
	CHECK(REFUSED(JSON("{\"async\": 2}")));
	CHECK(REFUSED(JSON("{\"async\": \"maybe\"}")));
	CHECK(REFUSED(JSON("{\"async\": []}")));
}

static void test_json_in_text(void)
{
	const char *wanted = "{\"configuration\":{\"a\":[1,{}]}}";
	CHECK_TEXT(JSON("{\"configuration\": {\"a\": [1, {}]}}"), wanted);
	CHECK_TEXT(JSON("{\"configuration\": \"{\\\"a\\\":[1,{}]}\"}"), wanted);
	CHECK_TEXT(FORM("configuration={\"a\":[1,{}]}"), wanted);
	CHECK_TEXT(FORM("configuration=%7B%22a%22%3A%5B1%2C%7B%7D%5D%7D"), wanted);
	CHECK_TEXT(JSON("{\"configuration\": []}"), "{\"configuration\":[]}");
	/* what is no JSON stays text: the handler says what is wrong with it */
	CHECK_TEXT(FORM("configuration={a"), "{\"configuration\":\"{a\"}");
	CHECK_TEXT(FORM("configuration="), "{\"configuration\":\"\"}");
}

static void test_null_is_absent(void)
{
	CHECK_TEXT(JSON("{\"name\": null, \"limit\": null, \"tags\": null, \"configuration\": null}"), "{}");
	CHECK_TEXT(args_of("application/json", "name=q", "{\"name\": null}"), "{\"name\":\"q\"}");
	CHECK_TEXT(args_of("application/json", "name=q&limit=2", "{\"name\": \"b\"}"), "{\"name\":\"b\",\"limit\":2}");
	CHECK_TEXT(JSON("{\"undeclared\": 1}"), "{}");
	CHECK_TEXT(JSON(""), "{}");
	CHECK_TEXT(QUERY("include=&limit=&name="), "{\"name\":\"\"}");
}

static void test_scalars(void)
{
	CHECK_TEXT(JSON("{\"name\": 12, \"limit\": \"12\", \"ratio\": \"1.5\"}"), "{\"name\":\"12\",\"limit\":12,\"ratio\":1.5}");
	CHECK_TEXT(JSON("{\"name\": true, \"limit\": 12.0, \"ratio\": 2}"), "{\"name\":\"true\",\"limit\":12,\"ratio\":2}");
	CHECK(REFUSED(JSON("{\"limit\": \"12a\"}")));
	CHECK(REFUSED(JSON("{\"limit\": 1.5}")));
	CHECK(REFUSED(JSON("{\"limit\": 1e300}")));
	CHECK(REFUSED(JSON("{\"limit\": 9223372036854775808.0}")));
	CHECK_TEXT(JSON("{\"limit\": -9223372036854775808.0}"), "{\"limit\":-9223372036854775808}");
	CHECK(REFUSED(JSON("{\"limit\": true}")));
	CHECK(REFUSED(JSON("{\"name\": []}")));
	CHECK(REFUSED(JSON("{\"name\": {}}")));
	CHECK(REFUSED(JSON("{\"name\": \"123456789012345678901\"}")));
	CHECK_TEXT(JSON("{\"name\": \"12345678901234567890\"}"), "{\"name\":\"12345678901234567890\"}");
}

/* In a form a name may come twice; a list in JSON was meant as one. */
static void test_lists_are_no_scalars(void)
{
	CHECK(REFUSED(JSON("{\"name\": [\"a\", \"b\"]}")));
	CHECK(REFUSED(JSON("{\"limit\": [1]}")));
	CHECK(REFUSED(JSON("{\"ratio\": [1.5]}")));
	CHECK(REFUSED(JSON("{\"async\": [true]}")));
	CHECK_TEXT(FORM("name=a&name=b&limit=1&limit=2&async=0&async=1"), "{\"name\":\"b\",\"limit\":2,\"async\":true}");
	CHECK_TEXT(QUERY("limit=1&limit=2"), "{\"limit\":2}");
	CHECK_TEXT(
		args_of("application/json", "name=a&name=b", "{\"limit\": 1, \"name\": null}"), "{\"name\":\"b\",\"limit\":1}");
}

static void test_maps(void)
{
	CHECK_TEXT(JSON("{\"bucketPermissions\": []}"), "{\"bucketPermissions\":{}}");
	CHECK_TEXT(JSON("{\"bucketPermissions\": {\"in.c-x\": \"read\"}}"), "{\"bucketPermissions\":{\"in.c-x\":\"read\"}}");
	CHECK_TEXT(FORM("bucketPermissions={\"in.c-x\":\"read\"}"), "{\"bucketPermissions\":{\"in.c-x\":\"read\"}}");
	CHECK_TEXT(FORM("bucketPermissions="), "{\"bucketPermissions\":{}}");
	CHECK(REFUSED(JSON("{\"bucketPermissions\": \"read\"}")));
	CHECK(REFUSED(JSON("{\"bucketPermissions\": 1}")));
}

static void test_kinds_of_bodies(void)
{
	const char *wanted = "{\"name\":\"a b\"}";
	CHECK_TEXT(args_of("", NULL, "{\"name\": \"a b\"}"), wanted);
	CHECK_TEXT(args_of("", NULL, "name=a+b"), wanted);
	CHECK_TEXT(args_of("application/json; charset=utf-8", NULL, "{\"name\": \"a b\"}"), wanted);
	CHECK_TEXT(args_of("APPLICATION/JSON", NULL, "{\"name\": \"a b\"}"), wanted);
	CHECK_TEXT(FORM("name=a%20b"), wanted);
	CHECK_TEXT(FORM(" {\"name\": \"a b\"}"), wanted);
	CHECK_TEXT(args_of("multipart/form-data; boundary=x", NULL,
			   "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na b\r\n--x--\r\n"),
		wanted);
	CHECK(REFUSED(JSON("{\"name\": ")));
	CHECK(REFUSED(JSON("name=a")));
	CHECK(REFUSED(JSON("{\"name\": \"\xff\"}")));
	CHECK(REFUSED(JSON("{\"name\": \"\\u0000\"}")));
	CHECK(REFUSED(FORM("name=%")));
	CHECK(REFUSED(FORM("name=%4")));
	CHECK(REFUSED(FORM("name=%zz")));
	CHECK(REFUSED(FORM("name=%00")));
	CHECK(REFUSED(FORM("name=%ff")));
}

static void test_every_bad_argument_is_named(void)
{
	own(err_done) struct err e = { 0 };
	own(own_json) json_t *body = json_pack("{s:s, s:[]}", "limit", "x", "async"), *args = NULL;
	CHECK(params_read(DECLARED, &(struct params_sent){ .body = body, .is_json = true }, &args, &e) == -ERR_VALIDATION);
	json_t *errors = json_object_get(e.more, "errors");
	CHECK(json_array_size(errors) == 2);
	CHECK_TEXT(json_string_value(json_object_get(json_array_get(errors, 0), "key")), "limit");
	CHECK_TEXT(json_string_value(json_object_get(json_array_get(errors, 1), "key")), "async");
	CHECK_TEXT(err_wire_code(&e), "validation.failed");
}

static void test_whole_body(void)
{
	static const struct param declared[] = { { "body", P_BODY }, { "id", P_TEXT }, { NULL } };
	own(err_done) struct err e = { 0 };
	own(own_json) json_t *query = NULL, *args = NULL;
	own(own_json) json_t *body = json_pack("{s:s, s:s}", "#password", "x", "id", "inside");
	CHECK(form_parse("id=q", 4, &query, &e) == 0);
	CHECK(params_read(declared, &(struct params_sent){ query, body, true }, &args, &e) == 0);
	CHECK(json_equal(json_object_get(args, "body"), body));
}

int main(void)
{
	test_array_spellings();
	test_comma_lists();
	test_nested_brackets();
	test_booleans();
	test_json_in_text();
	test_null_is_absent();
	test_scalars();
	test_lists_are_no_scalars();
	test_maps();
	test_kinds_of_bodies();
	test_every_bad_argument_is_named();
	test_whole_body();
	return test_end();
}
