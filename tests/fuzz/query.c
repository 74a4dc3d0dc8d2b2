/* The language of q. */
#include "fuzz.h"

#include "base/arena.h"
#include "store/event_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct arena *arena = arena_new();
	const struct query_node *node = NULL;
	struct err e = { 0 };
	event_query_parse(arena, text, &node, &e);
	err_done(&e);
	arena_free(arena);
	free(text);
	return 0;
}
