/* Uses of tokens: small tables under locks of their own, emptied by the sweeper every few seconds. When one is full, the use of a
 * token without a rate limit is not noted: the time of last use is a help, not a promise; counts of limited tokens always are. */
#include "auth/uses.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"

#define TABLES 16
#define CHAINS 1024
#define NOTED_MAX 8192 /* of one table */
#define MINUTE_US (60 * US_PER_S)

struct noted {
	struct token_use use;
	bool unwritten;
	int64_t minute, requests; /* of a token with a limit */
	struct noted *chain;
};

struct table {
	pthread_mutex_t lock;
	struct noted *chains[CHAINS];
	size_t count;
};

struct uses {
	struct table tables[TABLES];
};

struct uses *uses_new(void)
{
	struct uses *uses = calloc(1, sizeof *uses);
	for (int i = 0; uses && i < TABLES; i++)
		pthread_mutex_init(&uses->tables[i].lock, NULL);
	return uses;
}

void uses_free(struct uses *uses)
{
	for (int i = 0; uses && i < TABLES; i++) {
		for (int c = 0; c < CHAINS; c++)
			for (struct noted *noted = uses->tables[i].chains[c], *next; noted; noted = next) {
				next = noted->chain;
				free(noted);
			}
		pthread_mutex_destroy(&uses->tables[i].lock);
	}
	free(uses);
}

/* The table, locked; *ret_link is where the token's entry is, or where it would be. */
static struct table *find_locked(struct uses *uses, int64_t project_id, int64_t token_id, struct noted ***ret_link)
{
	uint64_t hash = ((uint64_t)project_id * 0x9E3779B97F4A7C15u) ^ ((uint64_t)token_id * 0xC2B2AE3D27D4EB4Fu);
	hash ^= hash >> 29;
	struct table *table = &uses->tables[hash % TABLES];
	struct noted **link = &table->chains[hash / TABLES % CHAINS];
	pthread_mutex_lock(&table->lock);
	while (*link && ((*link)->use.token_id != token_id || (*link)->use.project_id != project_id))
		link = &(*link)->chain;
	*ret_link = link;
	return table;
}

static struct noted *note_new(struct table *table, const struct token *token)
{
	if (table->count >= NOTED_MAX && !token->requests_per_minute)
		return NULL;
	struct noted *noted = calloc(1, sizeof *noted);
	if (!noted)
		return NULL;
	noted->use.project_id = token->project_id;
	noted->use.token_id = token->id;
	table->count++;
	return noted;
}

bool uses_count(struct uses *uses, const struct token *token, const char *address, int *ret_wait_s)
{
	int64_t now = now_us();
	bool within = true;
	struct noted **link;
	struct table *table = find_locked(uses, token->project_id, token->id, &link);
	if (!*link)
		*link = note_new(table, token);
	struct noted *noted = *link;
	if (noted) {
		noted->use.time_us = now;
		noted->unwritten = true;
		if (address && !str_eq(address, noted->use.address))
			snprintf(noted->use.address, sizeof noted->use.address, "%s", address);
		if (noted->minute != now / MINUTE_US) {
			noted->minute = now / MINUTE_US;
			noted->requests = 0;
		}
		within = !token->requests_per_minute || noted->requests < token->requests_per_minute;
		noted->requests += within;
	}
	pthread_mutex_unlock(&table->lock);
	*ret_wait_s = (int)((MINUTE_US - now % MINUTE_US) / US_PER_S) + 1;
	return within;
}

bool uses_latest(struct uses *uses, int64_t project_id, int64_t token_id, struct token_use *ret)
{
	struct noted **link;
	struct table *table = find_locked(uses, project_id, token_id, &link);
	bool found = *link != NULL;
	if (found)
		*ret = (*link)->use;
	pthread_mutex_unlock(&table->lock);
	return found;
}

/* What is written stays only while its minute's count may still matter. */
static size_t table_take(struct table *table, struct token_use *ret, size_t most)
{
	int64_t minute = now_us() / MINUTE_US;
	size_t taken = 0;
	pthread_mutex_lock(&table->lock);
	for (int c = 0; c < CHAINS; c++) {
		struct noted **link = &table->chains[c];
		while (*link && taken < most) {
			struct noted *noted = *link;
			if (noted->unwritten)
				ret[taken++] = noted->use;
			noted->unwritten = false;
			if (noted->minute == minute) {
				link = &noted->chain;
				continue;
			}
			*link = noted->chain;
			free(noted);
			table->count--;
		}
	}
	pthread_mutex_unlock(&table->lock);
	return taken;
}

size_t uses_take(struct uses *uses, struct token_use *ret, size_t most)
{
	size_t taken = 0;
	for (int i = 0; i < TABLES && taken < most; i++)
		taken += table_take(&uses->tables[i], ret + taken, most - taken);
	return taken;
}
