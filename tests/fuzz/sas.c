/* Signed addresses: six lines are the six arguments. Without the key nothing can be signed, so nothing may be accepted. */
#include "fuzz.h"

#include "auth/sas.h"
#include "base/secret.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The key that signatures are checked with: made anew for this run. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	char folder[] = "/tmp/fuzz-sas-XXXXXX";
	char path[sizeof(folder) + 4];
	struct err e = { 0 };
	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof(path), "%s/key", folder);
	if (secret_init(path, true, &e) != 0)
		abort();
	unlink(path);
	rmdir(folder);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text;
	const char *part[6] = { NULL };
	for (int i = 0; i < 6 && rest; i++)
		part[i] = strsep(&rest, "\n");
	struct sas_text given = { part[0], part[1], part[2], part[3], part[4], part[5] };
	struct sas sas = { 0 };
	if (sas_check(&given, "exp-15-files-1-42", "42.data.csv", INT64_C(1800000000000000), &sas))
		abort();
	free(text);
	return 0;
}
