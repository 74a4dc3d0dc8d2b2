/* Organizations and their members. */
#include "store/organization.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"
#include "store/maintainer.h"
#include "store/token.h"
#include "store/user.h"

#define ORGANIZATION_SELECT                                                                                                      \
	"SELECT o.id, o.maintainer_id, o.name, o.created_us, o.allow_auto_join, m.name, m.created_us FROM organizations o"       \
	" LEFT JOIN maintainers m ON m.id = o.maintainer_id"

static void organization_read(struct arena *arena, struct db_rows *rows, struct organization *organization)
{
	organization->id = db_col_int(rows, 0);
	organization->maintainer_id = db_col_int(rows, 1);
	organization->name = arena_strdup(arena, db_col_text(rows, 2));
	organization->created_us = db_col_int(rows, 3);
	organization->allow_auto_join = db_col_bool(rows, 4);
	organization->maintainer_name = arena_strdup(arena, db_col_text(rows, 5));
	organization->maintainer_created_us = db_col_int(rows, 6);
}

int organization_find(struct db *db, struct arena *arena, int64_t id, struct organization **ret, struct err *e)
{
	static const struct sql sql = { ORGANIZATION_SELECT " WHERE o.id = $1 AND o.deleted_us = 0", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(id)), &rows, e);
	if (rc <= 0)
		return rc;
	struct organization *organization = arena_new_of(arena, struct organization);
	if (!organization)
		return fail_internal(e, ERR_INTERNAL, "no memory for an organization");
	organization_read(arena, rows, organization);
	*ret = organization;
	return 1;
}

int organization_list(
	struct db *db, struct arena *arena, int64_t maintainer_id, int64_t user_id, struct organization_list *ret, struct err *e)
{
	static const struct sql sql = { ORGANIZATION_SELECT
		" WHERE o.deleted_us = 0"
		" AND (CAST($1 AS BIGINT) = 0 OR o.maintainer_id = $1)"
		" AND (CAST($2 AS BIGINT) = 0 OR EXISTS (SELECT 1 FROM organization_users u WHERE "
		"u.organization_id = o.id AND u.user_id = $2))"
		" ORDER BY o.id",
		NULL };
	own(own_rows) struct db_rows *rows = NULL;
	struct organization_list list = { NULL, 0 };
	int rc = db_query(db, &sql, DB_ARGS(db_i(maintainer_id), db_i(user_id)), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the organizations");
		organization_read(arena, rows, &list.items[list.count++]);
	}
	if (rc == 0)
		*ret = list;
	return rc;
}

int organization_insert(struct db *db, struct organization *organization, struct err *e)
{
	static const struct sql sql = { "INSERT INTO organizations (id, maintainer_id, name, created_us) VALUES ($1, $2, $3, $4)",
		NULL };
	int rc = maintainer_hold(db, organization->maintainer_id, e);
	if (rc < 0 || (rc = db_next_id(db, "organization", &organization->id, e)) < 0)
		return rc;
	organization->created_us = now_us();
	return db_exec(db, &sql,
		DB_ARGS(db_i(organization->id), db_i(organization->maintainer_id), db_s(organization->name),
			db_i(organization->created_us)),
		e);
}

int organization_update(struct db *db, const struct organization *organization, struct err *e)
{
	static const struct sql sql = {
		"UPDATE organizations SET maintainer_id = $2, name = $3, allow_auto_join = $4 WHERE id = $1", NULL
	};
	return db_exec(db, &sql,
		DB_ARGS(db_i(organization->id), db_i(organization->maintainer_id), db_s(organization->name),
			db_bool(organization->allow_auto_join)),
		e);
}

int organization_hold(struct db *db, int64_t id, struct err *e)
{
	static const struct sql sql = { "UPDATE organizations SET name = name WHERE id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(id)), e);
}

int organization_remove(struct db *db, int64_t id, struct err *e)
{
	static const struct sql sql_delete = {
		"UPDATE organizations SET deleted_us = $2 WHERE id = $1 AND deleted_us = 0"
		" AND NOT EXISTS (SELECT 1 FROM projects p WHERE p.organization_id = $1 AND p.deleted_us = 0)",
		NULL
	};
	static const struct sql sql_users = { "DELETE FROM organization_users WHERE organization_id = $1", NULL };
	static const struct sql sql_invitations = { "DELETE FROM invitations WHERE project_id = 0 AND organization_id = $1",
		NULL };
	int64_t changed = 0;
	int rc = db_exec_changed(db, &sql_delete, DB_ARGS(db_i(id), db_i(now_us())), &changed, e);
	if (rc < 0 || changed == 0)
		return rc < 0 ? rc : 0;
	rc = db_exec(db, &sql_users, DB_ARGS(db_i(id)), e);
	if (rc >= 0)
		rc = db_exec(db, &sql_invitations, DB_ARGS(db_i(id)), e);
	return rc < 0 ? rc : 1;
}

int organization_has_user(struct db *db, int64_t organization_id, int64_t user_id, struct err *e)
{
	static const struct sql sql = { "SELECT 1 FROM organization_users WHERE organization_id = $1 AND user_id = $2", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	return db_find(db, &sql, DB_ARGS(db_i(organization_id), db_i(user_id)), &rows, e);
}

int organization_user_add(struct db *db, int64_t organization_id, int64_t user_id, struct err *e)
{
	static const struct sql sql = { "INSERT INTO organization_users (organization_id, user_id, created_us) VALUES ($1, $2, "
					"$3) ON CONFLICT DO NOTHING",
		NULL };
	int rc = user_hold(db, user_id, e);
	if (rc >= 0)
		rc = db_exec(db, &sql, DB_ARGS(db_i(organization_id), db_i(user_id), db_i(now_us())), e);
	return rc < 0 ? rc : token_touch_admin(db, user_id, e); /* master tokens show isOrganizationMember */
}

int organization_user_remove(struct db *db, int64_t organization_id, int64_t user_id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM organization_users WHERE organization_id = $1 AND user_id = $2", NULL };
	int64_t changed = 0;
	int rc = organization_hold(db, organization_id, e);
	if (rc >= 0)
		rc = db_exec_changed(db, &sql, DB_ARGS(db_i(organization_id), db_i(user_id)), &changed, e);
	if (rc >= 0)
		rc = token_touch_admin(db, user_id, e);
	return rc < 0 ? rc : changed > 0;
}

int organization_users(
	struct db *db, struct arena *arena, int64_t organization_id, struct organization_user_list *ret, struct err *e)
{
	static const struct sql sql = { "SELECT u.id, u.name, u.email, CASE WHEN u.password_hash IS NULL THEN 0 ELSE 1 END, "
					"m.created_us FROM organization_users m"
					" JOIN users u ON u.id = m.user_id WHERE m.organization_id = $1 ORDER BY u.id",
		NULL };
	return organization_users_read(db, arena, &sql, organization_id, ret, e);
}

int organization_users_read(
	struct db *db, struct arena *arena, const struct sql *sql, int64_t id, struct organization_user_list *ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	struct organization_user_list list = { NULL, 0 };
	int rc = db_query(db, sql, DB_ARGS(db_i(id)), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the members");
		list.items[list.count++] = (struct organization_user){
			.user_id = db_col_int(rows, 0),
			.name = arena_strdup(arena, db_col_text(rows, 1)),
			.email = arena_strdup(arena, db_col_text(rows, 2)),
			.is_activated = db_col_bool(rows, 3),
			.created_us = db_col_int(rows, 4),
		};
	}
	if (rc == 0)
		*ret = list;
	return rc;
}
