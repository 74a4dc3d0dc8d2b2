/* What blob clients send: the list of blocks and the header Range. A range lies within the blob. */
#include "fuzz.h"

#include "api/blob_range.h"
#include "store/blob/block_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct arena *arena = arena_new();
	struct blob_block *list = NULL;
	struct err e = { 0 };
	size_t count = 0;
	if (block_list_parse(arena, (const char *)data, size, &list, &count, &e) == 0)
		for (size_t i = 0; i < count; i++)
			if (!block_id_valid(list[i].id))
				abort();
	struct blob_range range = { 0, 1000, false };
	if (blob_range_parse(text, 1000, &range) && (range.offset < 0 || range.length < 1 || range.offset + range.length > 1000))
		abort();
	err_done(&e);
	arena_free(arena);
	free(text);
	return 0;
}
