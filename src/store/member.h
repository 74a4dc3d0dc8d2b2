/* Who is a member of which project, in which role, with which master token (R04). */
#ifndef STORE_MEMBER_H
#define STORE_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

struct member {
	int64_t project_id, user_id;
	char *role; /* "admin", "share", "guest", "readOnly" */
	int64_t master_token_id;
	int64_t created_us, expires_us;
	char *reason;
	int64_t invited_by, approved_by; /* 0: nobody */
	/* of the user */
	char *email, *name;
	bool is_activated, has_second_factor;
	char *features;
	/* of who invited and approved */
	char *invitor_name, *invitor_email, *approver_name, *approver_email;
	/* of the project */
	char *project_name;
	int64_t organization_id;
	char *organization_name;
	bool project_disabled;
};
struct member_list {
	struct member *items;
	size_t count;
};

/* 1 found, 0 not found, negative failed. Members of deleted projects are found by project, not by user. */
int member_find(struct db *db, struct arena *arena, int64_t project_id, int64_t user_id, struct member **ret, struct err *e);
int member_list(struct db *db, struct arena *arena, int64_t project_id, struct member_list *ret, struct err *e);
int member_count(struct db *db, int64_t project_id, int64_t *ret_count, struct err *e);
int member_list_of_user(struct db *db, struct arena *arena, int64_t user_id, struct member_list *ret, struct err *e);
/* In: project_id, user_id, role, master_token_id, expires_us, reason, invited_by, approved_by. Out: created_us.
 * ERR_MANAGE_VALIDATION when the user is a member already. */
int member_insert(struct db *db, struct member *member, struct err *e);
int member_set_role(struct db *db, int64_t project_id, int64_t user_id, const char *role, struct err *e);
int member_remove(struct db *db, int64_t project_id, int64_t user_id, struct err *e);
/* Memberships whose time is over, at most limit. */
int member_list_expired(struct db *db, struct arena *arena, int64_t now, int64_t limit, struct member_list *ret, struct err *e);

#endif
