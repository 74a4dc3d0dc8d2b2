/* Lists that grow while rows are read: an array in the arena that doubles when it is full. */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include <string.h>

#include "base/arena.h"

/* Room for item number count (from 0): items itself or a copy of twice the size; NULL when memory is short. Start with NULL and 0. */
static inline void *list_room(struct arena *arena, void *items, size_t count, size_t size)
{
	if (count > 0 && (count < 8 || (count & (count - 1)) != 0))
		return items;
	void *grown = arena_alloc(arena, (count == 0 ? 8 : 2 * count) * size);
	if (grown && count > 0)
		memcpy(grown, items, count * size);
	return grown;
}

#endif
