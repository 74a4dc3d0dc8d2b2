/* Joining, leaving and changing roles: the member and their master token change in one transaction (R04, R13). */
#include "work/members.h"

#include <stdio.h>

#include "base/own.h"
#include "store/invitation.h"
#include "store/token.h"
#include "work/events.h"
#include "work/tokens.h"

/* Powers of a master token follow the role (behaviour.md §1.7). */
static void powers_set(struct token *token, enum role role)
{
	bool manager = role == ROLE_ADMIN || role == ROLE_SHARE;
	token->can_manage_buckets = manager || role == ROLE_GUEST;
	token->can_read_all_files = true;
	token->can_purge_trash = manager;
	token->can_create_jobs = role != ROLE_READ_ONLY;
}

static int member_event(struct db *db, const struct origin *origin, enum event_type type, const struct member *member,
	const char *role, struct err *e)
{
	char id[24];
	snprintf(id, sizeof(id), "%lld", (long long)member->user_id);
	own(own_json) json_t *params = json_pack("{s:s, s:s, s:I}", "role", role, "email", member->email ? member->email : "",
		"masterTokenId", (json_int_t)member->master_token_id);
	if (!origin->token_id && origin->token_description)
		json_object_set_new(params, "admin", json_pack("{s:s}", "email", origin->token_description));
	struct event_object object = { .id = id, .name = member->email, .params = params };
	return emit(db, origin, type, &object, e);
}

static int refuse_member(struct db *db, struct arena *arena, const struct member *member, struct err *e)
{
	struct member *found;
	int rc = member_find(db, arena, member->project_id, member->user_id, &found, e);
	if (rc <= 0)
		return rc;
	return fail(e, ERR_MANAGE_VALIDATION, "User %s is already a member of the project.", found->email);
}

int member_join(struct db *db, struct arena *arena, const struct origin *origin, const struct user *user, struct member *member,
	char **ret_token, struct err *e)
{
	if (user->is_disabled)
		return fail(e, ERR_MANAGE_VALIDATION, "The account of %s is disabled.", user->email);
	int rc = user_hold(db, user->id, e);
	if (rc < 0 || (rc = refuse_member(db, arena, member, e)) < 0)
		return rc;
	own(own_secret) char *string = NULL;
	struct token token = { .project_id = member->project_id,
		.description = user->email,
		.admin_id = user->id,
		.is_master = true,
		.expires_us = member->expires_us };
	powers_set(&token, role_from_name(member->role));
	if ((rc = token_make(db, &token, &string, e)) < 0)
		return rc;
	member->master_token_id = token.id;
	member->email = user->email;
	member->name = user->name;
	struct invitation invitation = { .project_id = member->project_id, .email = user->email };
	if ((rc = member_insert(db, member, e)) < 0 || (rc = invitation_forget(db, &invitation, e)) < 0 ||
		(rc = join_request_forget(db, member->project_id, user->id, e)) < 0)
		return rc;
	if (ret_token && !(*ret_token = arena_strdup(arena, string)))
		return fail_internal(e, ERR_INTERNAL, "no memory for a master token");
	return member_event(db, origin, EVENT_MEMBER_ADDED, member, member->role, e);
}

int member_change_role(struct db *db, struct arena *arena, const struct origin *origin, const struct member *member,
	enum role role, struct err *e)
{
	struct token *token;
	int rc = token_get(db, arena, member->project_id, member->master_token_id, &token, e);
	if (rc < 0)
		return rc;
	powers_set(token, role);
	if ((rc = member_set_role(db, member->project_id, member->user_id, role_name(role), e)) < 0 ||
		(rc = token_update(db, token, e)) < 0)
		return rc;
	return member_event(db, origin, EVENT_MEMBER_CHANGED, member, role_name(role), e);
}

int member_leave(struct db *db, const struct origin *origin, const struct member *member, struct err *e)
{
	int rc = token_remove(db, member->project_id, member->master_token_id, e);
	if (rc < 0 || (rc = member_remove(db, member->project_id, member->user_id, e)) < 0)
		return rc;
	return member_event(db, origin, EVENT_MEMBER_REMOVED, member, member->role, e);
}
