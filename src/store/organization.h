/* Organizations, and the maintainers above them. */
#ifndef STORE_ORGANIZATION_H
#define STORE_ORGANIZATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

struct organization {
	int64_t id, maintainer_id;
	char *name;
	int64_t created_us;
	bool allow_auto_join; /* who keeps it without being a member may join it and its projects by themselves */
	char *maintainer_name;
	int64_t maintainer_created_us;
};
struct organization_list {
	struct organization *items;
	size_t count;
};

/* Deleted ones are not found. 1 found, 0 not found, negative failed. */
int organization_find(struct db *db, struct arena *arena, int64_t id, struct organization **ret, struct err *e);
/* Of one maintainer (0: any) and one user (0: any): those that the user is a member of. */
int organization_list(
	struct db *db, struct arena *arena, int64_t maintainer_id, int64_t user_id, struct organization_list *ret, struct err *e);
/* In: maintainer_id, name. Out: id, created_us. */
int organization_insert(struct db *db, struct organization *organization, struct err *e);
/* Writes maintainer, name and switch. */
int organization_update(struct db *db, const struct organization *organization, struct err *e);
/* For a write that is right only while another one does not change what the organization holds (its members, its projects): of two
 * at the same time PostgreSQL has the later done again, and it sees what the earlier did. */
int organization_hold(struct db *db, int64_t id, struct err *e);
/* Deletes it; 0 when it still has projects that are not deleted, 1 done. */
int organization_remove(struct db *db, int64_t id, struct err *e);

/* Membership. organization_has_user: 1 yes, 0 no, negative failed. */
int organization_has_user(struct db *db, int64_t organization_id, int64_t user_id, struct err *e);
/* Nothing happens when the user is a member already. */
int organization_user_add(struct db *db, int64_t organization_id, int64_t user_id, struct err *e);
/* 1 removed, 0 was not a member. */
int organization_user_remove(struct db *db, int64_t organization_id, int64_t user_id, struct err *e);
struct organization_user {
	int64_t user_id;
	char *name, *email;
	bool is_activated;
	int64_t created_us;
};
struct organization_user_list {
	struct organization_user *items;
	size_t count;
};
int organization_users(
	struct db *db, struct arena *arena, int64_t organization_id, struct organization_user_list *ret, struct err *e);
/* The same from another statement with these columns (maintainers): id, name, email, is activated, member since. $1 is id. */
int organization_users_read(
	struct db *db, struct arena *arena, const struct sql *sql, int64_t id, struct organization_user_list *ret, struct err *e);

#endif
