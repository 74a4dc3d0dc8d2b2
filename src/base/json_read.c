/* Reading JSON, safely also while memory is short.
 *
 * jansson goes on with a token when it found no room for one of its characters, and then writes past the end of what it had room for.
 * So the memory that a token may come to need is taken before; when that had to be touched, no character follows: the text ends there. */
#include "base/json_read.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/own.h"
#include "base/shortage.h"

enum { ALIGNMENT = 16, TOKEN_SMALLEST = 64 };

static __thread struct {
	char *memory; /* NULL: nothing is being read */
	size_t size, used;
	bool is_short;
} reserve;

static void *reserve_take(size_t size)
{
	reserve.is_short = true;
	if (!reserve.memory || size > reserve.size - reserve.used)
		return NULL;
	void *memory = reserve.memory + reserve.used;
	size_t taken = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	reserve.used = taken < reserve.size - reserve.used ? reserve.used + taken : reserve.size;
	return memory;
}

static void *json_malloc(size_t size)
{
	void *memory = malloc(size);
	if (memory)
		return memory;
	shortage_note();
	return reserve_take(size);
}

static void json_free(void *memory)
{
	const char *p = memory;
	if (!reserve.memory || p < reserve.memory || p >= reserve.memory + reserve.size)
		free(memory);
}

void json_read_init(void)
{
	json_set_alloc_funcs(json_malloc, json_free);
}

struct source {
	const char *data;
	size_t left;
};

static size_t give_one(void *buffer, size_t size, void *arg)
{
	struct source *source = arg;
	if (!size || !source->left || reserve.is_short)
		return 0;
	*(char *)buffer = *source->data++;
	source->left--;
	return 1;
}

json_t *json_read_bytes(const char *data, size_t length, size_t flags, json_error_t *ret_error)
{
	/* a token's memory doubles: never more than twice the text */
	struct source source = { data, length };
	reserve.size = 2 * length + TOKEN_SMALLEST;
	reserve.used = 0;
	reserve.is_short = false;
	reserve.memory = malloc(reserve.size);
	if (!reserve.memory) {
		shortage_note();
		return NULL;
	}
	json_t *json = json_load_callback(give_one, &source, flags, ret_error);
	if (reserve.is_short) {
		json_decref(json);
		json = NULL;
	}
	free(reserve.memory);
	reserve.memory = NULL;
	return json;
}

json_t *json_read(const char *text, size_t flags)
{
	return text ? json_read_bytes(text, strlen(text), flags, NULL) : NULL;
}

json_t *json_read_fd(int fd)
{
	own(buf_done) struct buf text = { 0 };
	char part[4096];
	ssize_t length;
	while ((length = read(fd, part, sizeof(part))) > 0)
		buf_add(&text, part, (size_t)length);
	return length < 0 || text.failed || !text.data ? NULL : json_read_bytes(text.data, text.length, 0, NULL);
}

/* Looks at the brackets and commas outside of strings. */
enum json_size json_size_of(const char *data, size_t length)
{
	enum { CONTAINER_BYTES = 200, ITEM_BYTES = 48 };
	int depth = 0;
	size_t memory = 0;
	bool quoted = false;
	for (size_t i = 0; i < length; i++) {
		char c = data[i];
		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			memory += CONTAINER_BYTES;
			if (++depth > JSON_NESTING_MAX)
				return JSON_TOO_DEEP;
		} else if (c == '}' || c == ']') {
			depth--;
		} else if (c == ',') {
			memory += ITEM_BYTES;
		}
	}
	return memory > JSON_MEMORY_MAX ? JSON_TOO_MANY : JSON_SIZE_FINE;
}

json_t *json_read_foreign(const char *text)
{
	return json_size_of(text, strlen(text)) == JSON_SIZE_FINE ? json_read(text, 0) : NULL;
}
