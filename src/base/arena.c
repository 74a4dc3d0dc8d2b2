/* Memory with the life of one request. */
#include "base/arena.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/shortage.h"

#define CHUNK_SIZE 8192
#define ALIGNMENT 16
#define WAIT_NS 10000000
#define WAITS_MOST 10
#define RESERVES 24
#define RESERVE_SIZE (256 * 1024)

struct chunk {
	struct chunk *next;
	size_t size;
	size_t used;
	_Alignas(ALIGNMENT) char data[];
};

struct arena {
	struct chunk *chunks; /* the first one is the one in use */
};

/* For those who get no memory: what they do is refused at its end (base/shortage.h), and until then need not look at each piece that they
 * take. Costs nothing before it is touched. */
static struct {
	_Alignas(ALIGNMENT) char memory[RESERVES][RESERVE_SIZE];
	atomic_bool is_taken[RESERVES];
} reserves;

static bool is_reserve(const struct chunk *chunk)
{
	return (const char *)chunk >= reserves.memory[0] && (const char *)chunk < reserves.memory[RESERVES];
}

static struct chunk *reserve_take(size_t size)
{
	for (size_t i = 0; size <= RESERVE_SIZE && i < RESERVES; i++)
		if (!atomic_exchange(&reserves.is_taken[i], true))
			return (struct chunk *)(void *)reserves.memory[i];
	return NULL;
}

static void chunk_free(struct chunk *chunk)
{
	if (is_reserve(chunk))
		atomic_store(&reserves.is_taken[(size_t)((char *)chunk - reserves.memory[0]) / RESERVE_SIZE], false);
	else
		free(chunk);
}

/* Memory that is exhausted comes back when other requests end: worth a wait, a bounded one. */
static void *wait_for_memory(size_t size)
{
	const struct timespec pause = { .tv_nsec = WAIT_NS };
	void *memory = NULL;
	for (int i = 0; !memory && i < WAITS_MOST; i++) {
		nanosleep(&pause, NULL);
		memory = malloc(size);
	}
	return memory;
}

static struct chunk *chunk_new(size_t size)
{
	struct chunk *chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		chunk = wait_for_memory(sizeof(*chunk) + size);
	if (!chunk) {
		shortage_note();
		chunk = reserve_take(sizeof(*chunk) + size);
	}
	if (chunk)
		*chunk = (struct chunk){ .size = is_reserve(chunk) ? RESERVE_SIZE - sizeof(*chunk) : size };
	return chunk;
}

static void *chunk_take(struct chunk *chunk, size_t size)
{
	void *p = chunk->data + chunk->used;
	chunk->used += size;
	return memset(p, 0, size);
}

/* What arena_new() returns when there is no memory: nothing can be taken from it. */
static struct arena empty_arena;

#define ARENA_SIZE ((sizeof(struct arena) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1))

/* The arena itself is the first thing in its last chunk: a small request costs one malloc. */
struct arena *arena_new(void)
{
	struct chunk *chunk = chunk_new(CHUNK_SIZE);
	if (!chunk)
		return &empty_arena;
	struct arena *arena = chunk_take(chunk, ARENA_SIZE);
	arena->chunks = chunk;
	return arena;
}

void arena_free(struct arena *arena)
{
	if (!arena || arena == &empty_arena)
		return;
	for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		chunk_free(chunk);
	}
}

/* The chunk that the arena stands in. */
static struct chunk *home(struct arena *arena)
{
	return (struct chunk *)(void *)((char *)arena - offsetof(struct chunk, data));
}

void arena_clear(struct arena *arena)
{
	if (arena == &empty_arena)
		return;
	struct chunk *kept = home(arena);
	for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		if (chunk != kept)
			chunk_free(chunk);
	}
	kept->next = NULL;
	kept->used = ARENA_SIZE;
	arena->chunks = kept;
}

bool arena_may_stay(struct arena *arena)
{
	return arena != &empty_arena && !is_reserve(home(arena));
}

void own_arena(struct arena **arena)
{
	arena_free(*arena);
}

/* What is large gets a chunk of its own behind the one in use, so that the rest of that one is not lost. */
static void *alloc_slow(struct arena *arena, size_t size)
{
	bool large = size > CHUNK_SIZE / 4;
	struct chunk *chunk = chunk_new(large ? size : CHUNK_SIZE);
	if (!chunk)
		return NULL;
	if (large && !is_reserve(chunk)) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	return chunk_take(chunk, size);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2 || arena == &empty_arena) {
		shortage_note();
		return NULL;
	}
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	struct chunk *chunk = arena->chunks;
	if (chunk->size - chunk->used < size)
		return alloc_slow(arena, size);
	return chunk_take(chunk, size);
}

char *arena_strndup(struct arena *arena, const char *s, size_t length)
{
	if (!s)
		return NULL;
	char *copy = arena_alloc(arena, length + 1);
	if (copy)
		memcpy(copy, s, length);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
	return s ? arena_strndup(arena, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
	if (text)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}
