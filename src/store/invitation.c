/* Invitations to projects and organizations. */
#include "store/invitation.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"

#define INVITATION_SELECT                                                                                                        \
	"SELECT i.project_id, i.organization_id, i.id, i.email, i.role, i.reason, i.created_us, i.expires_us, i.member_s, "      \
	"i.creator_id,"                                                                                                          \
	" c.name, c.email, p.name, o.name, u.id, u.name FROM invitations i"                                                      \
	" LEFT JOIN users c ON c.id = i.creator_id LEFT JOIN projects p ON p.id = i.project_id"                                  \
	" LEFT JOIN organizations o ON o.id = i.organization_id LEFT JOIN users u ON u.email = i.email"                          \
	" WHERE i.expires_us > $1 AND (i.project_id = 0 OR p.deleted_us = 0)"

static void invitation_read(struct arena *arena, struct db_rows *rows, struct invitation *invitation)
{
	*invitation = (struct invitation){
		.project_id = db_col_int(rows, 0),
		.organization_id = db_col_int(rows, 1),
		.id = db_col_int(rows, 2),
		.email = arena_strdup(arena, db_col_text(rows, 3)),
		.role = arena_strdup(arena, db_col_text(rows, 4)),
		.reason = arena_strdup(arena, db_col_text(rows, 5)),
		.created_us = db_col_int(rows, 6),
		.expires_us = db_col_int(rows, 7),
		.member_s = db_col_int(rows, 8),
		.creator_id = db_col_int(rows, 9),
		.creator_name = arena_strdup(arena, db_col_text(rows, 10)),
		.creator_email = arena_strdup(arena, db_col_text(rows, 11)),
		.project_name = arena_strdup(arena, db_col_text(rows, 12)),
		.organization_name = arena_strdup(arena, db_col_text(rows, 13)),
		.user_id = db_col_int(rows, 14),
		.user_name = arena_strdup(arena, db_col_text(rows, 15)),
	};
}

static int invitation_list_by(struct db *db, struct arena *arena, const struct sql *sql, struct db_args args,
	struct invitation_list *ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	struct invitation_list list = { NULL, 0 };
	int rc = db_query(db, sql, args, &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the invitations");
		invitation_read(arena, rows, &list.items[list.count++]);
	}
	if (rc == 0)
		*ret = list;
	return rc;
}

static int invitation_find_by(
	struct db *db, struct arena *arena, const struct sql *sql, struct db_args args, struct invitation **ret, struct err *e)
{
	struct invitation_list list;
	int rc = invitation_list_by(db, arena, sql, args, &list, e);
	if (rc < 0 || list.count == 0)
		return rc;
	*ret = list.items;
	return 1;
}

int invitation_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct invitation **ret, struct err *e)
{
	static const struct sql sql = { INVITATION_SELECT " AND i.project_id = $2 AND i.id = $3", NULL };
	return invitation_find_by(db, arena, &sql, DB_ARGS(db_i(now_us()), db_i(project_id), db_i(id)), ret, e);
}

int invitation_find_hash(struct db *db, struct arena *arena, const uint8_t hash[32], struct invitation **ret, struct err *e)
{
	static const struct sql sql = { INVITATION_SELECT " AND i.hash = $2", NULL };
	return invitation_find_by(db, arena, &sql, DB_ARGS(db_i(now_us()), db_blob(hash, 32)), ret, e);
}

int invitation_list_of_project(struct db *db, struct arena *arena, int64_t project_id, struct invitation_list *ret, struct err *e)
{
	static const struct sql sql = { INVITATION_SELECT " AND i.project_id = $2 ORDER BY i.id", NULL };
	return invitation_list_by(db, arena, &sql, DB_ARGS(db_i(now_us()), db_i(project_id)), ret, e);
}

int invitation_list_of_organization(
	struct db *db, struct arena *arena, int64_t organization_id, struct invitation_list *ret, struct err *e)
{
	static const struct sql sql = { INVITATION_SELECT " AND i.project_id = 0 AND i.organization_id = $2 ORDER BY i.id",
		NULL };
	return invitation_list_by(db, arena, &sql, DB_ARGS(db_i(now_us()), db_i(organization_id)), ret, e);
}

int invitation_list_of_email(
	struct db *db, struct arena *arena, const char *email, bool to_projects, struct invitation_list *ret, struct err *e)
{
	static const struct sql sql_projects = { INVITATION_SELECT " AND i.email = lower($2) AND i.project_id > 0 ORDER BY i.id",
		NULL };
	static const struct sql sql_organizations = {
		INVITATION_SELECT " AND i.email = lower($2) AND i.project_id = 0 ORDER BY i.id", NULL
	};
	return invitation_list_by(
		db, arena, to_projects ? &sql_projects : &sql_organizations, DB_ARGS(db_i(now_us()), db_s(email)), ret, e);
}

int invitation_insert(struct db *db, struct invitation *invitation, const uint8_t hash[32], struct err *e)
{
	static const struct sql sql_insert = { "INSERT INTO invitations (project_id, id, organization_id, email, role, reason, "
					       "hash, created_us, expires_us, member_s, creator_id)"
					       " VALUES ($1, $2, $3, lower($4), $5, $6, $7, $8, $9, $10, $11)",
		NULL };
	int rc = invitation_forget(db, invitation, e);
	if (rc < 0 || (rc = db_next_id(db, "invitation", &invitation->id, e)) < 0)
		return rc;
	invitation->created_us = now_us();
	return db_exec(db, &sql_insert,
		DB_ARGS(db_i(invitation->project_id), db_i(invitation->id), db_i(invitation->organization_id),
			db_s(invitation->email), db_s(invitation->role ? invitation->role : ""),
			db_s(invitation->reason ? invitation->reason : ""), db_blob(hash, 32), db_i(invitation->created_us),
			db_i(invitation->expires_us), db_i(invitation->member_s), db_i(invitation->creator_id)),
		e);
}

int invitation_remove(struct db *db, int64_t project_id, int64_t id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM invitations WHERE project_id = $1 AND id = $2", NULL };
	int64_t changed = 0;
	int rc = db_exec_changed(db, &sql, DB_ARGS(db_i(project_id), db_i(id)), &changed, e);
	return rc < 0 ? rc : changed > 0;
}

int invitation_is_pending(struct db *db, const struct invitation *invitation, struct err *e)
{
	static const struct sql sql = { "SELECT 1 FROM invitations WHERE project_id = $1 AND (project_id > 0 OR organization_id "
					"= $2) AND email = lower($3) AND expires_us > $4",
		NULL };
	own(own_rows) struct db_rows *rows = NULL;
	return db_find(db, &sql,
		DB_ARGS(db_i(invitation->project_id), db_i(invitation->organization_id), db_s(invitation->email), db_i(now_us())),
		&rows, e);
}

int invitation_forget(struct db *db, const struct invitation *invitation, struct err *e)
{
	static const struct sql sql = { "DELETE FROM invitations WHERE project_id = $1 AND (project_id > 0 OR organization_id = "
					"$2) AND email = lower($3)",
		NULL };
	return db_exec(
		db, &sql, DB_ARGS(db_i(invitation->project_id), db_i(invitation->organization_id), db_s(invitation->email)), e);
}

int invitation_remove_of_email(struct db *db, const char *email, struct err *e)
{
	static const struct sql sql = { "DELETE FROM invitations WHERE email = lower($1)", NULL };
	return db_exec(db, &sql, DB_ARGS(db_s(email)), e);
}
