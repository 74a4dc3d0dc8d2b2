/* Scope-end clean-up: declare a foreign object with its end, and every return path ends it. */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

/* own(type_done) T x = ...;  calls type_done(&x) when x goes out of scope. */
#define own(end) __attribute__((cleanup(end)))

/* Takes a pointer out of an owned variable: the caller's to free from here on, the variable becomes NULL. */
#define give_ptr(p)                                                                                                              \
	__extension__({                                                                                                          \
		__typeof__(p) given_ = (p);                                                                                      \
		(p) = NULL;                                                                                                      \
		given_;                                                                                                          \
	})

static inline void own_free(void *p)
{
	free(*(void **)p);
}

static inline void own_json(json_t **p)
{
	json_decref(*p);
}

/* A descriptor; -1: none. */
static inline void own_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#endif
