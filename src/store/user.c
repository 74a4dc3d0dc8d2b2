/* People: accounts with which they sign in. */
#include "store/user.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "store/list.h"
#include "store/token.h"

#define USER_COLUMNS                                                                                                             \
	"id, email, name, password_hash, created_us, is_super, is_disabled, features, totp_sealed, totp_last_step, "             \
	"totp_pending_sealed"

static void user_read(struct arena *arena, struct db_rows *rows, struct user *user)
{
	user->id = db_col_int(rows, 0);
	user->email = arena_strdup(arena, db_col_text(rows, 1));
	user->name = arena_strdup(arena, db_col_text(rows, 2));
	user->password_hash = arena_strdup(arena, db_col_text(rows, 3));
	user->created_us = db_col_int(rows, 4);
	user->is_super = db_col_bool(rows, 5);
	user->is_disabled = db_col_bool(rows, 6);
	user->features = arena_strdup(arena, db_col_text(rows, 7));
	user->totp_sealed = arena_strdup(arena, db_col_text(rows, 8));
	user->totp_last_step = db_col_int(rows, 9);
	user->totp_pending_sealed = arena_strdup(arena, db_col_text(rows, 10));
}

static int user_find_by(
	struct db *db, struct arena *arena, const struct sql *sql, struct db_args args, struct user **ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, sql, args, &rows, e);
	if (rc <= 0)
		return rc;
	struct user *user = arena_new_of(arena, struct user);
	if (!user)
		return fail_internal(e, ERR_INTERNAL, "no memory for a user");
	user_read(arena, rows, user);
	*ret = user;
	return 1;
}

int user_find(struct db *db, struct arena *arena, int64_t id, struct user **ret, struct err *e)
{
	static const struct sql sql = { "SELECT " USER_COLUMNS " FROM users WHERE id = $1", NULL };
	return user_find_by(db, arena, &sql, DB_ARGS(db_i(id)), ret, e);
}

int user_find_email(struct db *db, struct arena *arena, const char *email, struct user **ret, struct err *e)
{
	static const struct sql sql = { "SELECT " USER_COLUMNS " FROM users WHERE email = lower($1)", NULL };
	return user_find_by(db, arena, &sql, DB_ARGS(db_s(email)), ret, e);
}

int user_list(struct db *db, struct arena *arena, int64_t limit, int64_t offset, struct user_list *ret, struct err *e)
{
	static const struct sql sql = { "SELECT " USER_COLUMNS " FROM users ORDER BY id LIMIT $1 OFFSET $2", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	struct user_list list = { NULL, 0 };
	int rc = db_query(db, &sql, DB_ARGS(db_i(limit), db_i(offset)), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the users");
		user_read(arena, rows, &list.items[list.count++]);
	}
	if (rc == 0)
		*ret = list;
	return rc;
}

int user_insert(struct db *db, struct user *user, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO users (id, email, name, password_hash, created_us, is_super) VALUES ($1, lower($2), $3, $4, $5, $6)"
		" ON CONFLICT (email) DO NOTHING",
		NULL
	};
	int64_t changed = 0;
	int rc = db_next_id(db, "user", &user->id, e);
	if (rc < 0)
		return rc;
	user->created_us = now_us();
	rc = db_exec_changed(db, &sql,
		DB_ARGS(db_i(user->id), db_s(user->email), db_s(user->name), db_s(user->password_hash), db_i(user->created_us),
			db_bool(user->is_super)),
		&changed, e);
	return rc < 0 || changed ? rc : fail(e, ERR_ACCOUNT_EXISTS, "There is an account with this address already.");
}

/* Rendered tokens show people (R13). */
static int user_changed(struct db *db, int64_t id, struct err *e)
{
	db_changed(db, DB_CHANGED_USER, 0, id);
	return token_touch_admin(db, id, e);
}

int user_update(struct db *db, const struct user *user, struct err *e)
{
	static const struct sql sql = {
		"UPDATE users SET name = $2, features = $3, is_super = $4, is_disabled = $5 WHERE id = $1", NULL
	};
	int rc = db_exec(db, &sql,
		DB_ARGS(db_i(user->id), db_s(user->name), db_s(user->features), db_bool(user->is_super),
			db_bool(user->is_disabled)),
		e);
	return rc < 0 ? rc : user_changed(db, user->id, e);
}

bool user_is_erased(const struct user *user)
{
	return str_starts(user->email, USER_ERASED);
}

int user_hold(struct db *db, int64_t id, struct err *e)
{
	static const struct sql sql = { "UPDATE users SET name = name WHERE id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(id)), e);
}

/* The organizations are held: another of their members may be leaving. */
int user_erase(struct db *db, int64_t id, struct err *e)
{
	static const struct sql sql = { "UPDATE users SET email = $2, name = 'DELETED', password_hash = NULL, totp_sealed = "
					"NULL, totp_pending_sealed = NULL,"
					" is_super = 0, is_disabled = 1, features = '[]' WHERE id = $1",
		NULL };
	static const struct sql sql_hold = { "UPDATE organizations SET name = name WHERE id IN "
					     "(SELECT organization_id FROM organization_users WHERE user_id = $1)",
		NULL };
	static const struct sql sql_organizations = { "DELETE FROM organization_users WHERE user_id = $1", NULL };
	static const struct sql sql_maintainers = { "DELETE FROM maintainer_users WHERE user_id = $1", NULL };
	char email[40];
	snprintf(email, sizeof(email), USER_ERASED "%lld", (long long)id);
	int rc = db_exec(db, &sql, DB_ARGS(db_i(id), db_s(email)), e);
	if (rc < 0 || (rc = db_exec(db, &sql_hold, DB_ARGS(db_i(id)), e)) < 0 ||
		(rc = db_exec(db, &sql_organizations, DB_ARGS(db_i(id)), e)) < 0 ||
		(rc = db_exec(db, &sql_maintainers, DB_ARGS(db_i(id)), e)) < 0)
		return rc;
	return user_changed(db, id, e);
}

int user_rename(struct db *db, int64_t id, const char *name, struct err *e)
{
	static const struct sql sql = { "UPDATE users SET name = $2 WHERE id = $1", NULL };
	int rc = db_exec(db, &sql, DB_ARGS(db_i(id), db_s(name)), e);
	return rc < 0 ? rc : user_changed(db, id, e);
}

int user_set_password(struct db *db, int64_t id, const char *password_hash, struct err *e)
{
	static const struct sql sql = { "UPDATE users SET password_hash = $2 WHERE id = $1", NULL };
	int rc = db_exec(db, &sql, DB_ARGS(db_i(id), db_s(password_hash)), e);
	return rc < 0 ? rc : user_changed(db, id, e);
}

int user_set_totp_pending(struct db *db, int64_t id, const char *sealed, struct err *e)
{
	static const struct sql sql = { "UPDATE users SET totp_pending_sealed = $2 WHERE id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(id), db_s(sealed)), e);
}

int user_set_totp(struct db *db, int64_t id, const char *sealed, struct err *e)
{
	static const struct sql sql = {
		"UPDATE users SET totp_sealed = $2, totp_pending_sealed = NULL, totp_last_step = 0 WHERE id = $1", NULL
	};
	return db_exec(db, &sql, DB_ARGS(db_i(id), db_s(sealed)), e);
}

int user_use_totp_step(struct db *db, int64_t id, int64_t step, struct err *e)
{
	static const struct sql sql = { "UPDATE users SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2", NULL };
	int64_t changed = 0;
	int rc = db_exec_changed(db, &sql, DB_ARGS(db_i(id), db_i(step)), &changed, e);
	return rc < 0 ? rc : changed > 0;
}

int recovery_set(struct db *db, int64_t user_id, const uint8_t (*hashes)[32], size_t count, struct err *e)
{
	static const struct sql sql_delete = { "DELETE FROM recovery_codes WHERE user_id = $1", NULL };
	static const struct sql sql_insert = { "INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)", NULL };
	int rc = db_exec(db, &sql_delete, DB_ARGS(db_i(user_id)), e);
	for (size_t i = 0; i < count && rc >= 0; i++)
		rc = db_exec(db, &sql_insert, DB_ARGS(db_i(user_id), db_blob(hashes[i], 32)), e);
	return rc;
}

int recovery_use(struct db *db, int64_t user_id, const uint8_t hash[32], struct err *e)
{
	static const struct sql sql = { "DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2", NULL };
	int64_t changed = 0;
	int rc = db_exec_changed(db, &sql, DB_ARGS(db_i(user_id), db_blob(hash, 32)), &changed, e);
	return rc < 0 ? rc : changed > 0;
}

int user_link_insert(struct db *db, int64_t user_id, const char *kind, const uint8_t hash[32], int64_t expires_us, struct err *e)
{
	/* The newest link of a kind is the only one. */
	static const struct sql sql_delete = { "DELETE FROM user_links WHERE user_id = $1 AND kind = $2", NULL };
	static const struct sql sql_insert = {
		"INSERT INTO user_links (hash, user_id, kind, created_us, expires_us) VALUES ($1, $2, $3, $4, $5)", NULL
	};
	int rc = db_exec(db, &sql_delete, DB_ARGS(db_i(user_id), db_s(kind)), e);
	if (rc < 0)
		return rc;
	return db_exec(
		db, &sql_insert, DB_ARGS(db_blob(hash, 32), db_i(user_id), db_s(kind), db_i(now_us()), db_i(expires_us)), e);
}

int user_link_find(struct db *db, const char *kind, const uint8_t hash[32], int64_t *ret_user_id, struct err *e)
{
	static const struct sql sql = { "SELECT user_id FROM user_links WHERE hash = $1 AND kind = $2 AND expires_us > $3",
		NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_blob(hash, 32), db_s(kind), db_i(now_us())), &rows, e);
	if (rc > 0)
		*ret_user_id = db_col_int(rows, 0);
	return rc;
}

int user_links_remove(struct db *db, int64_t user_id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM user_links WHERE user_id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(user_id)), e);
}
