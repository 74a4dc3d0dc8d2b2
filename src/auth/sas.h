/* Signed addresses of contents: query arguments in the shape that blob clients expect, signed by us over a text of our own, so
 * that clients may sort them anew. A signature names the token that got it: with that token it ends (R13). */
#ifndef AUTH_SAS_H
#define AUTH_SAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* What a signature allows. */
struct sas {
	bool is_blob; /* one blob (sr=b), else its container (sr=c) */
	int64_t token_id, token_version;
	int64_t starts_us, expires_us; /* whole seconds */
	bool read, write, list;
};

/* The arguments as they came, decoded; NULL where absent. */
struct sas_text {
	const char *resource;                                   /* sr */
	const char *identifier;                                 /* si: "<token id>.<version of the token>" */
	const char *starts, *expires, *permissions, *signature; /* st, se, sp, sig */
};

/* "sv=...&sig=...", nothing in it needs escaping but what is escaped. name is the blob's for is_blob, else ignored. NULL when memory is short. */
char *sas_make(struct arena *arena, const struct sas *sas, const char *container, const char *name);

/* Reads the arguments; false when one is absent or no such text. Says nothing about the signature. */
bool sas_read(const struct sas_text *text, struct sas *ret);
/* Was exactly this signed here, for this container and (sr=b) blob? */
bool sas_signed(const struct sas_text *text, const char *container, const char *name);
/* sas_read() and sas_signed() and the time; false: refuse, without saying which. */
bool sas_check(const struct sas_text *text, const char *container, const char *name, int64_t now_us, struct sas *ret);

/* "2026-11-29T13:27:06Z" and nothing else. */
bool sas_time_read(const char *text, int64_t *ret_us);

#endif
