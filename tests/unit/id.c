/* UUIDs: their form, their order, also among threads. */
#include "test.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"

#define EACH 20000
static char made[2][EACH][UUID_TEXT_SIZE];

static void *make(void *arg)
{
	char(*list)[UUID_TEXT_SIZE] = arg;
	for (int i = 0; i < EACH; i++)
		uuid_v7(now_us(), list[i]);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int main(void)
{
	char text[UUID_TEXT_SIZE];
	pthread_t threads[2];
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, make, made[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	int disorder = 0, invalid = 0, same = 0;
	for (int t = 0; t < 2; t++)
		for (int i = 0; i < EACH; i++) {
			invalid += !uuid_valid(made[t][i]) || made[t][i][14] != '7' || !strchr("89ab", made[t][i][19]);
			disorder += i > 0 && strcmp(made[t][i], made[t][i - 1]) <= 0;
		}
	qsort(made, 2 * EACH, UUID_TEXT_SIZE, compare);
	for (int i = 1; i < 2 * EACH; i++)
		same += strcmp(made[0][0] + (size_t)i * UUID_TEXT_SIZE, made[0][0] + (size_t)(i - 1) * UUID_TEXT_SIZE) == 0;
	CHECK(!disorder && !invalid && !same);
	/* the first 48 bits are the milliseconds */
	char later[UUID_TEXT_SIZE];
	int64_t future_us = INT64_C(4102444800) * US_PER_S;
	uuid_v7(future_us, text);
	CHECK(strncmp(text, "03bb2cc3-d800", 13) == 0);
	/* the clock that steps back does not break the order */
	CHECK(strcmp(uuid_v7(now_us(), later), text) > 0);
	CHECK(uuid_valid("0189A0B1-0000-7000-8000-000000000000"));
	const char *const bad[] = { "", "0189a0b1", "0189a0b1-0000-7000-8000-00000000000",
		"0189a0b1-0000-7000-8000-0000000000000", "0189a0b1x0000-7000-8000-000000000000",
		"g189a0b1-0000-7000-8000-000000000000", NULL };
	for (int i = 0; bad[i]; i++)
		CHECK(!uuid_valid(bad[i]));
	CHECK(!uuid_valid(NULL));
	return test_end();
}
