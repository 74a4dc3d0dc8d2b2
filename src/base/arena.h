/* Memory with the life of one request: taken piece by piece, given back all at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Makes an empty arena; arena_free() frees it with all that was taken from it. Never NULL: when memory is short, that is noted
 * (base/shortage.h) and the arena lives on a reserve; arena_alloc() returns NULL only when that is used up. */
struct arena *arena_new(void);
void arena_free(struct arena *arena);
void own_arena(struct arena **arena);
/* Gives back all that was taken, and keeps the arena for the next. */
void arena_clear(struct arena *arena);
/* Its memory is its own, not a reserve's that others wait for. */
bool arena_may_stay(struct arena *arena);

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);

/* Copies; s may be NULL, then NULL is returned. */
char *arena_strdup(struct arena *arena, const char *s);
char *arena_strndup(struct arena *arena, const char *s, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Room for n of T. */
#define arena_array(arena, T, n) ((T *)arena_alloc((arena), sizeof(T) * (n)))
#define arena_new_of(arena, T) ((T *)arena_alloc((arena), sizeof(T)))

#endif
