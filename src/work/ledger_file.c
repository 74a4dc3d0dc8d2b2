/* The ledger's file. */
#include "work/ledger_file.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"

#define FAR 100000

static bool list_add(struct ledger_list *list, const struct ledger_entry *entry)
{
	if (list->count == list->size) {
		size_t size = list->size ? 2 * list->size : 256;
		struct ledger_entry *entries = realloc(list->entries, size * sizeof(*entries));
		if (!entries)
			return false;
		list->entries = entries;
		list->size = size;
	}
	list->entries[list->count++] = *entry;
	return true;
}

/* Entries of a batch stand together or nearly so: looked for backwards, not further than servers can be apart. */
static void mark_done(struct ledger_list *list, int64_t batch)
{
	bool found = false;
	for (size_t i = list->count; i > 0 && i + FAR > list->count; i--) {
		bool same = list->entries[i - 1].batch == batch;
		if (found && !same)
			return;
		found = found || same;
		list->entries[i - 1].done = list->entries[i - 1].done || same;
	}
}

/* A number and the character after it; NULL when there is none. */
static const char *take_number(const char *text, int64_t *ret)
{
	char *end;
	if (*text < '0' || *text > '9')
		return NULL;
	*ret = strtoll(text, &end, 10);
	return *end ? end + 1 : NULL;
}

static bool read_line(struct ledger_list *list, const char *line)
{
	struct ledger_entry entry = { .done = false };
	int64_t *const numbers[] = { &entry.batch, &entry.mark.project_id, &entry.mark.token_id, &entry.mark.version,
		&entry.mark.refreshed_us };
	size_t count = 0;
	const char *p = line;
	for (const char *next; count < 5 && (next = take_number(p, numbers[count])); count++)
		p = next;
	list->lines++;
	if (count && entry.batch > list->last_batch)
		list->last_batch = entry.batch;
	if (count == 1 && !strcmp(p, "done\n"))
		mark_done(list, entry.batch);
	if (count < 5 || p[-1] != '\n' || *p)
		return true;
	entry.done = entry.batch == 0;
	return list_add(list, &entry);
}

int ledger_read(const char *path, struct ledger_list *ret, struct err *e)
{
	struct ledger_list list = { .count = 0 };
	char line[160];
	FILE *file = fopen(path, "re");
	if (!file && errno != ENOENT)
		return fail(e, ERR_INTERNAL, "%s: %s", path, strerror(errno));
	bool good = true;
	while (file && good && fgets(line, sizeof(line), file))
		good = read_line(&list, line);
	good = good && !(file && ferror(file));
	if (file)
		fclose(file);
	if (!good) {
		ledger_list_done(&list);
		return fail(e, ERR_INTERNAL, "%s could not be read", path);
	}
	*ret = list;
	return 0;
}

/* By token; the newest last. Gone is newer than anything. */
static int compare(const void *left, const void *right)
{
	const struct token_mark *a = &((const struct ledger_entry *)left)->mark, *b = &((const struct ledger_entry *)right)->mark;
	if (a->project_id != b->project_id)
		return a->project_id < b->project_id ? -1 : 1;
	if (a->token_id != b->token_id)
		return a->token_id < b->token_id ? -1 : 1;
	if (!a->version != !b->version)
		return a->version ? -1 : 1;
	return (a->version > b->version) - (a->version < b->version);
}

void ledger_merge(struct ledger_list *list)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].done)
			list->entries[kept++] = list->entries[i];
	list->count = kept;
	if (list->count) /* an empty list has no entries to point at */
		qsort(list->entries, list->count, sizeof(*list->entries), compare);
	kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct token_mark *mark = &list->entries[i].mark;
		bool same = kept && list->entries[kept - 1].mark.project_id == mark->project_id &&
			    list->entries[kept - 1].mark.token_id == mark->token_id;
		list->entries[same ? kept - 1 : kept++] = list->entries[i];
	}
	list->count = kept;
}

static bool write_lines(FILE *file, const struct ledger_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct token_mark *m = &list->entries[i].mark;
		fprintf(file, "0 %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", m->project_id, m->token_id, m->version,
			m->refreshed_us);
	}
	return fflush(file) == 0 && fsync(fileno(file)) == 0;
}

int ledger_write(const char *path, const struct ledger_list *list, struct err *e)
{
	char temporary[PATH_MAX];
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	FILE *file = fopen(temporary, "we");
	bool good = file && write_lines(file, list);
	if (file)
		good = fclose(file) == 0 && good;
	if (!good || rename(temporary, path) < 0)
		return fail(e, ERR_UNAVAILABLE, "%s could not be written: %s", path, strerror(errno));
	return 0;
}

void ledger_list_done(struct ledger_list *list)
{
	free(list->entries);
	*list = (struct ledger_list){ .count = 0 };
}
