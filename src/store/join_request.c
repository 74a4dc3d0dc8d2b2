/* Requests to join a project. */
#include "base/clock.h"
#include "base/own.h"
#include "store/invitation.h"
#include "store/list.h"

#define REQUEST_SELECT                                                                                                           \
	"SELECT r.project_id, r.id, r.user_id, r.role, r.reason, r.created_us, r.expires_us, r.member_s, u.name, u.email, "      \
	"p.name"                                                                                                                 \
	" FROM join_requests r JOIN users u ON u.id = r.user_id JOIN projects p ON p.id = r.project_id"                          \
	" WHERE r.expires_us > $1 AND p.deleted_us = 0"

static int join_request_list_by(struct db *db, struct arena *arena, const struct sql *sql, struct db_args args,
	struct join_request_list *ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	struct join_request_list list = { NULL, 0 };
	int rc = db_query(db, sql, args, &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the requests");
		list.items[list.count++] = (struct join_request){
			.project_id = db_col_int(rows, 0),
			.id = db_col_int(rows, 1),
			.user_id = db_col_int(rows, 2),
			.role = arena_strdup(arena, db_col_text(rows, 3)),
			.reason = arena_strdup(arena, db_col_text(rows, 4)),
			.created_us = db_col_int(rows, 5),
			.expires_us = db_col_int(rows, 6),
			.member_s = db_col_int(rows, 7),
			.user_name = arena_strdup(arena, db_col_text(rows, 8)),
			.user_email = arena_strdup(arena, db_col_text(rows, 9)),
			.project_name = arena_strdup(arena, db_col_text(rows, 10)),
		};
	}
	if (rc == 0)
		*ret = list;
	return rc;
}

int join_request_find(
	struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct join_request **ret, struct err *e)
{
	static const struct sql sql = { REQUEST_SELECT " AND r.project_id = $2 AND r.id = $3", NULL };
	struct join_request_list list;
	int rc = join_request_list_by(db, arena, &sql, DB_ARGS(db_i(now_us()), db_i(project_id), db_i(id)), &list, e);
	if (rc < 0 || list.count == 0)
		return rc;
	*ret = list.items;
	return 1;
}

int join_request_list_of_project(
	struct db *db, struct arena *arena, int64_t project_id, struct join_request_list *ret, struct err *e)
{
	static const struct sql sql = { REQUEST_SELECT " AND r.project_id = $2 ORDER BY r.id", NULL };
	return join_request_list_by(db, arena, &sql, DB_ARGS(db_i(now_us()), db_i(project_id)), ret, e);
}

int join_request_list_of_user(struct db *db, struct arena *arena, int64_t user_id, struct join_request_list *ret, struct err *e)
{
	static const struct sql sql = { REQUEST_SELECT " AND r.user_id = $2 ORDER BY r.id", NULL };
	return join_request_list_by(db, arena, &sql, DB_ARGS(db_i(now_us()), db_i(user_id)), ret, e);
}

int join_request_insert(struct db *db, struct join_request *request, struct err *e)
{
	static const struct sql sql_insert = {
		"INSERT INTO join_requests (project_id, id, user_id, role, reason, created_us, expires_us, member_s)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		NULL
	};
	int rc = join_request_forget(db, request->project_id, request->user_id, e);
	if (rc < 0 || (rc = db_next_id(db, "join_request", &request->id, e)) < 0)
		return rc;
	request->created_us = now_us();
	return db_exec(db, &sql_insert,
		DB_ARGS(db_i(request->project_id), db_i(request->id), db_i(request->user_id), db_s(request->role),
			db_s(request->reason ? request->reason : ""), db_i(request->created_us), db_i(request->expires_us),
			db_i(request->member_s)),
		e);
}

int join_request_remove(struct db *db, int64_t project_id, int64_t id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM join_requests WHERE project_id = $1 AND id = $2", NULL };
	int64_t changed = 0;
	int rc = db_exec_changed(db, &sql, DB_ARGS(db_i(project_id), db_i(id)), &changed, e);
	return rc < 0 ? rc : changed > 0;
}

int join_request_forget(struct db *db, int64_t project_id, int64_t user_id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM join_requests WHERE user_id = $1 AND project_id = $2", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(user_id), db_i(project_id)), e);
}
