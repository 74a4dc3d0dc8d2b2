/* Maintainers: who keeps a set of organizations. */
#include "store/maintainer.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"

static void maintainer_read(struct arena *arena, struct db_rows *rows, struct maintainer *maintainer)
{
	maintainer->id = db_col_int(rows, 0);
	maintainer->name = arena_strdup(arena, db_col_text(rows, 1));
	maintainer->created_us = db_col_int(rows, 2);
}

int maintainer_find(struct db *db, struct arena *arena, int64_t id, struct maintainer **ret, struct err *e)
{
	static const struct sql sql = { "SELECT id, name, created_us FROM maintainers WHERE id = $1", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(id)), &rows, e);
	if (rc <= 0)
		return rc;
	struct maintainer *maintainer = arena_new_of(arena, struct maintainer);
	if (!maintainer)
		return fail_internal(e, ERR_INTERNAL, "no memory for a maintainer");
	maintainer_read(arena, rows, maintainer);
	*ret = maintainer;
	return 1;
}

int maintainer_list(struct db *db, struct arena *arena, int64_t user_id, struct maintainer_list *ret, struct err *e)
{
	static const struct sql sql = {
		"SELECT m.id, m.name, m.created_us FROM maintainers m WHERE CAST($1 AS BIGINT) = 0"
		" OR EXISTS (SELECT 1 FROM maintainer_users u WHERE u.maintainer_id = m.id AND u.user_id = $1) ORDER BY m.id",
		NULL
	};
	own(own_rows) struct db_rows *rows = NULL;
	struct maintainer_list list = { NULL, 0 };
	int rc = db_query(db, &sql, DB_ARGS(db_i(user_id)), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the maintainers");
		maintainer_read(arena, rows, &list.items[list.count++]);
	}
	if (rc == 0)
		*ret = list;
	return rc;
}

int maintainer_insert(struct db *db, struct maintainer *maintainer, struct err *e)
{
	static const struct sql sql = { "INSERT INTO maintainers (id, name, created_us) VALUES ($1, $2, $3)", NULL };
	int rc = db_next_id(db, "maintainer", &maintainer->id, e);
	if (rc < 0)
		return rc;
	maintainer->created_us = now_us();
	return db_exec(db, &sql, DB_ARGS(db_i(maintainer->id), db_s(maintainer->name), db_i(maintainer->created_us)), e);
}

int maintainer_update(struct db *db, const struct maintainer *maintainer, struct err *e)
{
	static const struct sql sql = { "UPDATE maintainers SET name = $2 WHERE id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(maintainer->id), db_s(maintainer->name)), e);
}

int maintainer_hold(struct db *db, int64_t id, struct err *e)
{
	static const struct sql sql = { "UPDATE maintainers SET name = name WHERE id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(id)), e);
}

int maintainer_remove(struct db *db, int64_t id, struct err *e)
{
	static const struct sql sql = {
		"DELETE FROM maintainers WHERE id = $1"
		" AND NOT EXISTS (SELECT 1 FROM organizations o WHERE o.maintainer_id = $1 AND o.deleted_us = 0)",
		NULL
	};
	static const struct sql sql_users = { "DELETE FROM maintainer_users WHERE maintainer_id = $1", NULL };
	int64_t changed = 0;
	int rc = db_exec_changed(db, &sql, DB_ARGS(db_i(id)), &changed, e);
	if (rc < 0 || changed == 0)
		return rc < 0 ? rc : 0;
	rc = db_exec(db, &sql_users, DB_ARGS(db_i(id)), e);
	return rc < 0 ? rc : 1;
}

int maintainer_has_user(struct db *db, int64_t maintainer_id, int64_t user_id, struct err *e)
{
	static const struct sql sql = { "SELECT 1 FROM maintainer_users WHERE maintainer_id = $1 AND user_id = $2", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	return db_find(db, &sql, DB_ARGS(db_i(maintainer_id), db_i(user_id)), &rows, e);
}

int maintainer_user_add(struct db *db, int64_t maintainer_id, int64_t user_id, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO maintainer_users (maintainer_id, user_id, created_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		NULL
	};
	return db_exec(db, &sql, DB_ARGS(db_i(maintainer_id), db_i(user_id), db_i(now_us())), e);
}

int maintainer_user_remove(struct db *db, int64_t maintainer_id, int64_t user_id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM maintainer_users WHERE maintainer_id = $1 AND user_id = $2", NULL };
	int64_t changed = 0;
	int rc = db_exec_changed(db, &sql, DB_ARGS(db_i(maintainer_id), db_i(user_id)), &changed, e);
	return rc < 0 ? rc : changed > 0;
}

int maintainer_users(struct db *db, struct arena *arena, int64_t maintainer_id, struct organization_user_list *ret, struct err *e)
{
	static const struct sql sql = {
		"SELECT u.id, u.name, u.email, CASE WHEN u.password_hash IS NULL THEN 0 ELSE 1 END, m.created_us"
		" FROM maintainer_users m JOIN users u ON u.id = m.user_id WHERE m.maintainer_id = $1 ORDER BY u.id",
		NULL
	};
	return organization_users_read(db, arena, &sql, maintainer_id, ret, e);
}
