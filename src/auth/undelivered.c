/* A list per table under one lock each; the table is chosen by the caller's token, or by the token shown: both know the project only. */
#include "auth/undelivered.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define TABLES 64
#define ENTRIES_MAX 65536 /* in all; the oldest of a table goes */
#define PROBES_MAX 2      /* connections asked for one call; of the others only what is settled is seen */
#define LIFE_US (60 * US_PER_S)
#define FRESH_US (2 * US_PER_S)

struct entry {
	struct shown shown;
	void (*drop)(void *delivery);
	uint64_t number;
	int64_t added_us;
	struct entry *next; /* older */
};

struct table {
	pthread_mutex_t lock;
	struct entry *entries;
	size_t count;
	uint64_t numbers;
};

struct undelivered {
	struct table tables[TABLES];
};

struct undelivered *undelivered_new(void)
{
	struct undelivered *list = calloc(1, sizeof *list);
	for (int i = 0; list && i < TABLES; i++)
		pthread_mutex_init(&list->tables[i].lock, NULL);
	return list;
}

static void entry_drop(struct table *table, struct entry **link)
{
	struct entry *entry = *link;
	*link = entry->next;
	table->count--;
	entry->drop(entry->shown.delivery);
	free(entry);
}

void undelivered_free(struct undelivered *list)
{
	for (int i = 0; list && i < TABLES; i++) {
		while (list->tables[i].entries)
			entry_drop(&list->tables[i], &list->tables[i].entries);
		pthread_mutex_destroy(&list->tables[i].lock);
	}
	free(list);
}

static struct table *table_locked(struct undelivered *list, int64_t project_id)
{
	struct table *table = &list->tables[(uint64_t)project_id % TABLES];
	pthread_mutex_lock(&table->lock);
	return table;
}

/* Drops every entry that is older than a minute, and all behind the first most. */
static void table_trim(struct table *table, size_t most)
{
	int64_t oldest = monotonic_us() - LIFE_US;
	size_t kept = 0;
	for (struct entry **link = &table->entries; *link;) {
		if (kept >= most || (*link)->added_us < oldest) {
			entry_drop(table, link);
		} else {
			kept++;
			link = &(*link)->next;
		}
	}
}

uint64_t undelivered_add(struct undelivered *list, const struct shown *shown, void (*drop)(void *delivery))
{
	struct entry *entry = malloc(sizeof *entry);
	if (!entry) {
		drop(shown->delivery);
		return 0;
	}
	struct table *table = table_locked(list, shown->project_id);
	if (table->count >= ENTRIES_MAX / TABLES)
		table_trim(table, ENTRIES_MAX / TABLES / 2);
	uint64_t number = ++table->numbers * TABLES + (uint64_t)(table - list->tables);
	*entry = (struct entry){ *shown, drop, number, monotonic_us(), table->entries };
	table->entries = entry;
	table->count++;
	pthread_mutex_unlock(&table->lock);
	return number;
}

void undelivered_end(struct undelivered *list, uint64_t number)
{
	struct table *table = table_locked(list, (int64_t)(number % TABLES));
	for (struct entry **link = &table->entries; *link; link = &(*link)->next)
		if ((*link)->number == number) {
			entry_drop(table, link);
			break;
		}
	pthread_mutex_unlock(&table->lock);
}

void undelivered_used(struct undelivered *list, int64_t project_id, int64_t token_id)
{
	struct table *table = table_locked(list, project_id);
	for (struct entry **link = &table->entries; *link;) {
		if ((*link)->shown.token_id == token_id && (*link)->shown.project_id == project_id)
			entry_drop(table, link);
		else
			link = &(*link)->next;
	}
	pthread_mutex_unlock(&table->lock);
}

static bool same_caller(const struct shown *a, const struct shown *b)
{
	return a->project_id == b->project_id && a->caller_token_id == b->caller_token_id &&
	       memcmp(a->caller_hash, b->caller_hash, SECRET_HASH_SIZE) == 0;
}

static bool same_call(const struct shown *a, const struct shown *b)
{
	return same_caller(a, b) && memcmp(a->request_hash, b->request_hash, SECRET_HASH_SIZE) == 0 &&
	       strcmp(a->address, b->address) == 0;
}

static void entry_look(struct entry *entry, int64_t now, bool ask, struct undelivered_search *search)
{
	int state = search->look(entry->shown.delivery, ask);
	if (state == 0 && now - entry->added_us < FRESH_US)
		search->pending++;
	if (state != 1)
		return;
	search->is_lost = true;
	search->shown = entry->shown;
	search->shown.delivery = NULL;
	search->number = entry->number;
}

void undelivered_find(struct undelivered *list, struct undelivered_search *search)
{
	struct table *table = table_locked(list, search->like->project_id);
	int64_t now = monotonic_us();
	int probes = 0;
	search->is_lost = false;
	search->pending = 0;
	for (struct entry *entry = table->entries; entry && !search->is_lost; entry = entry->next)
		if (now - entry->added_us < LIFE_US && same_call(&entry->shown, search->like))
			entry_look(entry, now, probes++ < PROBES_MAX, search);
	pthread_mutex_unlock(&table->lock);
}

bool undelivered_self(struct undelivered *list, const struct shown *like)
{
	struct table *table = table_locked(list, like->project_id);
	struct entry *entry = table->entries;
	while (entry && !(same_caller(&entry->shown, like) && entry->shown.token_id == like->caller_token_id))
		entry = entry->next;
	pthread_mutex_unlock(&table->lock);
	return entry != NULL;
}

void undelivered_sweep(struct undelivered *list)
{
	for (int i = 0; i < TABLES; i++) {
		pthread_mutex_lock(&list->tables[i].lock);
		table_trim(&list->tables[i], ENTRIES_MAX);
		pthread_mutex_unlock(&list->tables[i].lock);
	}
}
