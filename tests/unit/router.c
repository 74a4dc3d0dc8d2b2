/* From method and path to the row. */
#include "http/router.h"

#include "base/own.h"
#include "base/str.h"
#include "test.h"

static int nothing(struct req *rq, struct err *e)
{
	(void)rq;
	(void)e;
	return 0;
}

#define ROW(method, path, ...)                                                                                                   \
	{                                                                                                                        \
		method, path, ALLOW_TOKEN, EVENT_NONE, RUN_LOOP, nothing, NULL, path, ##__VA_ARGS__                              \
	}

static const struct route ROWS[] = {
	ROW("GET", "/v2/storage"),
	ROW("GET", "/v2/storage/tokens", .branched = true),
	ROW("POST", "/v2/storage/tokens", .branched = true),
	ROW("GET", "/v2/storage/tokens/verify", .branched = true),
	ROW("GET", "/v2/storage/tokens/{id}", .branched = true),
	ROW("DELETE", "/v2/storage/tokens/{id}"),
	ROW("GET", "/v2/storage/tokens/{id}/events"),
	ROW("GET", "/v2/storage/branch/{branch}/metadata"),
	ROW("DELETE", "/v2/storage/files/{id}/tags/{tag*}"),
	ROW("GET", "/health/live"),
	{ 0 },
};
static const struct route *const TABLES[] = { ROWS, NULL };

struct found {
	struct arena *arena;
	struct route_match match;
	int rc;
};

static void found_done(struct found *found)
{
	arena_free(found->arena);
}

static struct found find(const struct router *router, const char *method, const char *path)
{
	struct found found = { .arena = arena_new() };
	own(err_done) struct err e = { 0 };
	found.rc = router_find(router, found.arena, method, path, &found.match, &e);
	return found;
}

/* The row's path, or its error's number as text. */
static const char *row(const struct router *router, const char *method, const char *path)
{
	static char text[128];
	own(found_done) struct found found = find(router, method, path);
	if (found.rc < 0)
		return found.rc == -ERR_MALFORMED ? "malformed" : found.rc == -ERR_METHOD_NOT_ALLOWED ? "method" : "unknown";
	snprintf(text, sizeof(text), "%s", found.match.route ? found.match.route->path : "options");
	return text;
}

static void test_paths(const struct router *router)
{
	CHECK_TEXT(row(router, "GET", "/v2/storage"), "/v2/storage");
	CHECK_TEXT(row(router, "GET", "/v2/storage/"), "/v2/storage");
	CHECK_TEXT(row(router, "GET", "/v2/storage/tokens/"), "/v2/storage/tokens");
	CHECK_TEXT(row(router, "GET", "/v2/storage/tokens/verify"), "/v2/storage/tokens/verify");
	CHECK_TEXT(row(router, "GET", "/v2/storage/tokens/7"), "/v2/storage/tokens/{id}");
	CHECK_TEXT(row(router, "GET", "/v2/storage/tokens/verify/events"), "/v2/storage/tokens/{id}/events");
	CHECK_TEXT(row(router, "GET", "/v2/storage//not-a-url"), "unknown");
	CHECK_TEXT(row(router, "GET", "/v2/storage/tokens//"), "unknown");
	CHECK_TEXT(row(router, "GET", "/v2//storage"), "unknown");
	CHECK_TEXT(row(router, "GET", "/nothing"), "unknown");
	CHECK_TEXT(row(router, "GET", "/"), "unknown");
	CHECK_TEXT(row(router, "GET", ""), "unknown");
	CHECK_TEXT(row(router, "GET", "/v2/storage/%74okens"), "/v2/storage/tokens");
}

static void test_methods(const struct router *router)
{
	CHECK_TEXT(row(router, "HEAD", "/health/live"), "/health/live");
	CHECK_TEXT(row(router, "DELETE", "/health/live"), "method");
	CHECK_TEXT(row(router, "BREW", "/health/live"), "method");
	CHECK_TEXT(row(router, "OPTIONS", "/health/live"), "options");
	CHECK_TEXT(row(router, "OPTIONS", "/nothing"), "unknown");
	/* the id is missing: no such path, rather than a wrong method */
	CHECK_TEXT(row(router, "DELETE", "/v2/storage/tokens/"), "unknown");
	own(found_done) struct found found = find(router, "PUT", "/v2/storage/tokens/7");
	CHECK_TEXT(found.match.allowed, "GET, HEAD, DELETE, OPTIONS");
}

static void test_branches(const struct router *router)
{
	CHECK_TEXT(row(router, "GET", "/v2/storage/branch/default/tokens"), "/v2/storage/tokens");
	CHECK_TEXT(row(router, "GET", "/v2/storage/branch/7/tokens/verify/"), "/v2/storage/tokens/verify");
	CHECK_TEXT(row(router, "GET", "/v2/storage/branch/7/metadata"), "/v2/storage/branch/{branch}/metadata");
	/* rows that are not branched do not exist there */
	CHECK_TEXT(row(router, "DELETE", "/v2/storage/branch/7/tokens/7"), "method");
	CHECK_TEXT(row(router, "GET", "/v2/storage/branch/7/tokens/7/events"), "unknown");
	CHECK_TEXT(row(router, "GET", "/v2/storage/branch/7/branch/7/tokens"), "unknown");
	CHECK_TEXT(row(router, "GET", "/v2/storage/branch/7"), "unknown");
	own(found_done) struct found found = find(router, "GET", "/v2/storage/branch/12/tokens/7");
	CHECK_TEXT(found.match.branch, "12");
	CHECK(found.match.value_count == 1);
	CHECK_TEXT(found.match.values[0], "7");
	own(found_done) struct found own_branch = find(router, "GET", "/v2/storage/branch/12/metadata");
	CHECK_TEXT(own_branch.match.branch, "12");
	CHECK(own_branch.match.value_count == 0);
	own(found_done) struct found plain = find(router, "GET", "/v2/storage/tokens/7");
	CHECK(!plain.match.branch);
}

static void test_values(const struct router *router)
{
	own(found_done) struct found decoded = find(router, "GET", "/v2/storage/tokens/a%2Fb%20c+d");
	CHECK_TEXT(decoded.match.values[0], "a/b c+d");
	own(found_done) struct found rest = find(router, "DELETE", "/v2/storage/files/7/tags/image/tag%20x/tag1/");
	CHECK_TEXT(rest.match.values[0], "7");
	CHECK_TEXT(rest.match.values[1], "image/tag x/tag1/");
	CHECK_TEXT(row(router, "DELETE", "/v2/storage/files/7/tags/"), "unknown");
	CHECK_TEXT(row(router, "GET", "/v2/storage/tokens/%"), "malformed");
	CHECK_TEXT(row(router, "GET", "/v2/storage/tokens/%2"), "malformed");
	CHECK_TEXT(row(router, "GET", "/v2/storage/tokens/%zz"), "malformed");
	CHECK_TEXT(row(router, "GET", "/v2/storage/tokens/%00"), "malformed");
	CHECK_TEXT(row(router, "GET", "/v2/storage/tokens/%ff"), "malformed");
	CHECK_TEXT(row(router, "GET", "/v2/storage/tokens/%c5%99"), "/v2/storage/tokens/{id}");
}

static void test_long_paths(const struct router *router)
{
	char path[4096] = "/v2/storage/files/7/tags";
	for (int i = 0; i < 200; i++)
		strcat(path, "/x");
	own(found_done) struct found found = find(router, "DELETE", path);
	CHECK(found.rc == 0);
	CHECK(found.rc == 0 && strlen(found.match.values[1]) == 399);
	CHECK_TEXT(row(router, "GET", path), "method");
}

static bool refused(const struct route *rows)
{
	const struct route *const tables[] = { rows, NULL };
	own(err_done) struct err e = { 0 };
	struct router *router = NULL;
	int rc = router_new(tables, &router, &e);
	router_free(router);
	return rc < 0;
}

static void test_R01_rows_that_say_nothing_do_not_start(void)
{
	const struct route nobody[] = { { "GET", "/x", ALLOW_NOBODY, EVENT_NONE, RUN_LOOP, nothing }, { 0 } };
	const struct route no_handler[] = { { "GET", "/x", ALLOW_TOKEN, EVENT_NONE, RUN_LOOP, NULL }, { 0 } };
	const struct route twice[] = { ROW("GET", "/x/{id}"), ROW("GET", "/x/{name}"), { 0 } };
	const struct route fine[] = { ROW("GET", "/x"), ROW("PUT", "/x"), { 0 } };
	CHECK(refused(nobody));
	CHECK(refused(no_handler));
	CHECK(refused(twice));
	CHECK(!refused(fine));
}

int main(void)
{
	own(err_done) struct err e = { 0 };
	struct router *router = NULL;
	CHECK(router_new(TABLES, &router, &e) == 0);
	test_paths(router);
	test_methods(router);
	test_branches(router);
	test_values(router);
	test_long_paths(router);
	test_R01_rows_that_say_nothing_do_not_start();
	router_free(router);
	return test_end();
}
