/* Joining, leaving and changing roles: the member and their master token change in one transaction (R04, R13). */
#ifndef WORK_MEMBERS_H
#define WORK_MEMBERS_H

#include "auth/caller.h"
#include "base/arena.h"
#include "db/db.h"
#include "store/member.h"
#include "store/user.h"

/* Makes the user a member: master token, EVENT_MEMBER_ADDED. member: role, expires_us, reason, invited_by; project_id and user_id are
 * set. *ret_token (may be NULL) is the master token's string, the arena's. ERR_MANAGE_VALIDATION when already a member. Inside a write. */
int member_join(struct db *db, struct arena *arena, const struct origin *origin, const struct user *user, struct member *member,
	char **ret_token, struct err *e);
/* Role changed, the master token's powers with it. */
int member_change_role(struct db *db, struct arena *arena, const struct origin *origin, const struct member *member,
	enum role role, struct err *e);
/* The master token is dead, the membership gone, EVENT_MEMBER_REMOVED. The caller mails it after the commit. */
int member_leave(struct db *db, const struct origin *origin, const struct member *member, struct err *e);

#endif
