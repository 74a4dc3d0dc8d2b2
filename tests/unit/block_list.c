/* The XML that names blocks, and the header Range. */
#include "test.h"

#include "api/blob_range.h"
#include "store/blob/block_list.h"

static struct arena *arena;
static struct blob_block *list;
static size_t count;

static int parse(const char *text)
{
	struct err e = { 0 };
	list = NULL;
	count = 99;
	int rc = block_list_parse(arena, text, strlen(text), &list, &count, &e);
	err_done(&e);
	return rc;
}

static void test_good(void)
{
	CHECK(parse("<?xml version='1.0' encoding='utf-8'?>\n<BlockList><Latest>MDAwMQ==</Latest><Committed>MDAwMg==</Committed>"
		    "<Uncommitted>MDAwMw==</Uncommitted></BlockList>") == 0);
	CHECK(count == 3 && list[0].from == BLOB_LATEST && list[1].from == BLOB_COMMITTED && list[2].from == BLOB_UNCOMMITTED);
	CHECK_TEXT(list[1].id, "MDAwMg==");
	CHECK(parse("\xef\xbb\xbf <BlockList>\n  <Latest> YQ== </Latest>\n</BlockList>\n") == 0 && count == 1);
	CHECK_TEXT(list[0].id, "YQ==");
	CHECK(parse("<BlockList></BlockList>") == 0 && count == 0);
	CHECK(parse("<BlockList />") == 0 && count == 0);
}

static void test_bad(void)
{
	static const char *const documents[] = { "", "x", "<BlockList>", "<BlockList><Latest>YQ==</Latest>",
		"<BlockList><Latest>YQ==", "<BlockList><Latest>YQ==</Committed></BlockList>",
		"<BlockList><Other>YQ==</Other></BlockList>", "<?xml <BlockList/>", "<BlockList/>x",
		"<Blocks><Latest>YQ==</Latest></Blocks>", "<BlockList><Latest a='1'>YQ==</Latest></BlockList>",
		"<!DOCTYPE a [<!ENTITY x 'y'>]><BlockList/>" };
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		CHECK(parse(documents[i]) == -ERR_BLOB_XML);
	CHECK(parse("<BlockList><Latest>no base64</Latest></BlockList>") < 0);
	CHECK(parse("<BlockList><Latest>a</Latest></BlockList>") == -ERR_BLOB_BLOCK_LIST);
	CHECK(parse("<BlockList><Latest></Latest></BlockList>") == -ERR_BLOB_BLOCK_LIST);
	CHECK(block_id_valid("YQ==") && !block_id_valid("====") && !block_id_valid("YQ=a") && !block_id_valid("../.."));
}

static void range_is(const char *header, int64_t size, int64_t offset, int64_t length)
{
	struct blob_range range = { -1, -1, false };
	CHECK(blob_range_parse(header, size, &range));
	CHECK(range.offset == offset && range.length == length);
}

static void test_range(void)
{
	struct blob_range range = { 0 };
	range_is("bytes=0-9", 100, 0, 10);
	range_is("bytes=0-33554431", 3, 0, 3);
	range_is("bytes=99-", 100, 99, 1);
	range_is("bytes=-10", 100, 90, 10);
	range_is("bytes=-1000", 100, 0, 100);
	/* Not asked: the whole. */
	range_is(NULL, 100, -1, -1);
	range_is("bytes=", 100, -1, -1);
	range_is("bytes=-", 100, -1, -1);
	range_is("bytes=5-1", 100, -1, -1);
	range_is("bytes=0-1,5-6", 100, -1, -1);
	range_is("lines=0-1", 100, -1, -1);
	range_is("bytes=99999999999999999999-", 100, -1, -1);
	CHECK(!blob_range_parse("bytes=100-", 100, &range));
	CHECK(!blob_range_parse("bytes=0-33554431", 0, &range));
	CHECK(!blob_range_parse("bytes=-5", 0, &range));
	CHECK(!blob_range_parse("bytes=-0", 100, &range));
}

int main(void)
{
	arena = arena_new();
	test_good();
	test_bad();
	test_range();
	arena_free(arena);
	return test_end();
}
