/* Maintainers: who keeps a set of organizations. */
#ifndef STORE_MAINTAINER_H
#define STORE_MAINTAINER_H

#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"
#include "store/organization.h"

struct maintainer {
	int64_t id;
	char *name;
	int64_t created_us;
};
struct maintainer_list {
	struct maintainer *items;
	size_t count;
};

/* 1 found, 0 not found, negative failed. */
int maintainer_find(struct db *db, struct arena *arena, int64_t id, struct maintainer **ret, struct err *e);
/* user_id 0: all; else those that the user is a member of. */
int maintainer_list(struct db *db, struct arena *arena, int64_t user_id, struct maintainer_list *ret, struct err *e);
int maintainer_insert(struct db *db, struct maintainer *maintainer, struct err *e);
int maintainer_update(struct db *db, const struct maintainer *maintainer, struct err *e);
/* As organization_hold(). */
int maintainer_hold(struct db *db, int64_t id, struct err *e);
/* 0 when it still has organizations, 1 done. */
int maintainer_remove(struct db *db, int64_t id, struct err *e);

/* 1 yes, 0 no. */
int maintainer_has_user(struct db *db, int64_t maintainer_id, int64_t user_id, struct err *e);
int maintainer_user_add(struct db *db, int64_t maintainer_id, int64_t user_id, struct err *e);
int maintainer_user_remove(struct db *db, int64_t maintainer_id, int64_t user_id, struct err *e);
int maintainer_users(
	struct db *db, struct arena *arena, int64_t maintainer_id, struct organization_user_list *ret, struct err *e);

#endif
