/* The smallest test frame: CHECK() counts, test_end() prints and gives the exit status. */
#ifndef TEST_H
#define TEST_H

#include <stdio.h>
#include <string.h>

static int test_checks, test_failures;

#define CHECK(condition)                                                                                                         \
	do {                                                                                                                     \
		test_checks++;                                                                                                   \
		if (!(condition)) {                                                                                              \
			test_failures++;                                                                                         \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                          \
		}                                                                                                                \
	} while (0)
#define CHECK_TEXT(a, b)                                                                                                         \
	do {                                                                                                                     \
		const char *a_ = (a), *b_ = (b);                                                                                 \
		test_checks++;                                                                                                   \
		if (!a_ || !b_ || strcmp(a_, b_) != 0) {                                                                         \
			test_failures++;                                                                                         \
			fprintf(stderr, "%s:%d: \"%s\" is not \"%s\"\n", __FILE__, __LINE__, a_ ? a_ : "(null)",                 \
				b_ ? b_ : "(null)");                                                                             \
		}                                                                                                                \
	} while (0)

static inline int test_end(void)
{
	printf("%d passed, %d failed\n", test_checks - test_failures, test_failures);
	return test_failures || !test_checks;
}

#endif
