/* The argument q of lists of files. */
#include "fuzz.h"

#include "store/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct arena *arena = arena_new();
	struct file_filter filter = { 0 };
	struct err e = { 0 };
	if (file_query_parse(arena, text, &filter, &e) == 0)
		for (size_t i = 0; i < filter.word_count; i++)
			if (!*filter.words[i])
				abort();
	err_done(&e);
	arena_free(arena);
	free(text);
	return 0;
}
