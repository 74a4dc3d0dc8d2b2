/* Token strings: whatever is accepted has exactly our three parts. */
#include "fuzz.h"

#include "base/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	int64_t project_id = 0, token_id = 0;
	if (token_parse(text, &project_id, &token_id) &&
		(project_id <= 0 || token_id <= 0 || strlen(text) < TOKEN_SECRET_LENGTH + 4))
		abort();
	free(text);
	return 0;
}
