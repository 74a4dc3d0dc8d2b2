/* Who is a member of which project, in which role, with which master token (R04). */
#include "store/member.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"

#define MEMBER_SELECT                                                                                                            \
	"SELECT m.project_id, m.user_id, m.role, m.master_token_id, m.created_us, m.expires_us, m.reason, m.invited_by, "        \
	"u.email, u.name,"                                                                                                       \
	" CASE WHEN u.password_hash IS NULL THEN 0 ELSE 1 END, CASE WHEN u.totp_sealed IS NULL THEN 0 ELSE 1 END, u.features,"   \
	" p.name, p.organization_id, o.name, p.is_disabled, m.approved_by, i.name, i.email, a.name, a.email"                     \
	" FROM project_users m JOIN users u ON u.id = m.user_id JOIN projects p ON p.id = m.project_id"                          \
	" JOIN organizations o ON o.id = p.organization_id"                                                                      \
	" LEFT JOIN users i ON i.id = m.invited_by LEFT JOIN users a ON a.id = m.approved_by"

static void member_read(struct arena *arena, struct db_rows *rows, struct member *member)
{
	*member = (struct member){
		.project_id = db_col_int(rows, 0),
		.user_id = db_col_int(rows, 1),
		.role = arena_strdup(arena, db_col_text(rows, 2)),
		.master_token_id = db_col_int(rows, 3),
		.created_us = db_col_int(rows, 4),
		.expires_us = db_col_int(rows, 5),
		.reason = arena_strdup(arena, db_col_text(rows, 6)),
		.invited_by = db_col_int(rows, 7),
		.email = arena_strdup(arena, db_col_text(rows, 8)),
		.name = arena_strdup(arena, db_col_text(rows, 9)),
		.is_activated = db_col_bool(rows, 10),
		.has_second_factor = db_col_bool(rows, 11),
		.features = arena_strdup(arena, db_col_text(rows, 12)),
		.project_name = arena_strdup(arena, db_col_text(rows, 13)),
		.organization_id = db_col_int(rows, 14),
		.organization_name = arena_strdup(arena, db_col_text(rows, 15)),
		.project_disabled = db_col_bool(rows, 16),
		.approved_by = db_col_int(rows, 17),
		.invitor_name = arena_strdup(arena, db_col_text(rows, 18)),
		.invitor_email = arena_strdup(arena, db_col_text(rows, 19)),
		.approver_name = arena_strdup(arena, db_col_text(rows, 20)),
		.approver_email = arena_strdup(arena, db_col_text(rows, 21)),
	};
}

static int member_list_by(
	struct db *db, struct arena *arena, const struct sql *sql, struct db_args args, struct member_list *ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	struct member_list list = { NULL, 0 };
	int rc = db_query(db, sql, args, &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the members");
		member_read(arena, rows, &list.items[list.count++]);
	}
	if (rc == 0)
		*ret = list;
	return rc;
}

int member_find(struct db *db, struct arena *arena, int64_t project_id, int64_t user_id, struct member **ret, struct err *e)
{
	static const struct sql sql = { MEMBER_SELECT " WHERE m.project_id = $1 AND m.user_id = $2", NULL };
	struct member_list list;
	int rc = member_list_by(db, arena, &sql, DB_ARGS(db_i(project_id), db_i(user_id)), &list, e);
	if (rc < 0 || list.count == 0)
		return rc;
	*ret = list.items;
	return 1;
}

int member_list(struct db *db, struct arena *arena, int64_t project_id, struct member_list *ret, struct err *e)
{
	static const struct sql sql = { MEMBER_SELECT " WHERE m.project_id = $1 ORDER BY m.user_id", NULL };
	return member_list_by(db, arena, &sql, DB_ARGS(db_i(project_id)), ret, e);
}

int member_count(struct db *db, int64_t project_id, int64_t *ret_count, struct err *e)
{
	static const struct sql sql = { "SELECT COUNT(*) FROM project_users WHERE project_id = $1", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(project_id)), &rows, e);
	if (rc == 1)
		*ret_count = db_col_int(rows, 0);
	return rc < 0 ? rc : 0;
}

int member_list_of_user(struct db *db, struct arena *arena, int64_t user_id, struct member_list *ret, struct err *e)
{
	static const struct sql sql = { MEMBER_SELECT " WHERE m.user_id = $1 AND p.deleted_us = 0 ORDER BY m.project_id", NULL };
	return member_list_by(db, arena, &sql, DB_ARGS(db_i(user_id)), ret, e);
}

int member_list_expired(struct db *db, struct arena *arena, int64_t now, int64_t limit, struct member_list *ret, struct err *e)
{
	static const struct sql sql = {
		MEMBER_SELECT " WHERE m.expires_us > 0 AND m.expires_us <= $1 ORDER BY m.expires_us LIMIT $2", NULL
	};
	return member_list_by(db, arena, &sql, DB_ARGS(db_i(now), db_i(limit)), ret, e);
}

int member_insert(struct db *db, struct member *member, struct err *e)
{
	static const struct sql sql = { "INSERT INTO project_users (project_id, user_id, role, master_token_id, created_us, "
					"expires_us, reason, invited_by, approved_by)"
					" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
		NULL };
	int64_t changed = 0;
	member->created_us = now_us();
	int rc = db_exec_changed(db, &sql,
		DB_ARGS(db_i(member->project_id), db_i(member->user_id), db_s(member->role), db_i(member->master_token_id),
			db_i(member->created_us), db_i(member->expires_us), db_s(member->reason ? member->reason : ""),
			db_i(member->invited_by), db_i(member->approved_by)),
		&changed, e);
	return rc < 0 || changed ? rc : fail(e, ERR_MANAGE_VALIDATION, "The user is already a member of the project.");
}

int member_set_role(struct db *db, int64_t project_id, int64_t user_id, const char *role, struct err *e)
{
	static const struct sql sql = { "UPDATE project_users SET role = $3 WHERE project_id = $1 AND user_id = $2", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(project_id), db_i(user_id), db_s(role)), e);
}

int member_remove(struct db *db, int64_t project_id, int64_t user_id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM project_users WHERE project_id = $1 AND user_id = $2", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(project_id), db_i(user_id)), e);
}
