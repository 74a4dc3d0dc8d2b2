/* Features: names that switch something on for projects or people. */
#ifndef STORE_FEATURE_H
#define STORE_FEATURE_H

#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

struct feature {
	int64_t id;
	char *name, *type /* "project", "admin", "global" */, *title, *description;
	int64_t created_us;
};
struct feature_list {
	struct feature *items;
	size_t count;
};

/* 1 found, 0 not found, negative failed. type NULL: any. */
int feature_find(struct db *db, struct arena *arena, int64_t id, struct feature **ret, struct err *e);
/* Is there one of this name for this type ("project", "admin"; "global" is for both)? 1 yes, 0 no. */
int feature_has_name(struct db *db, const char *name, const char *type, struct err *e);
int feature_list(struct db *db, struct arena *arena, const char *type, struct feature_list *ret, struct err *e);
/* 1 inserted, 0 the name is taken. */
int feature_insert(struct db *db, struct feature *feature, struct err *e);
int feature_update(struct db *db, const struct feature *feature, struct err *e);
int feature_remove(struct db *db, int64_t id, struct err *e);

#endif
