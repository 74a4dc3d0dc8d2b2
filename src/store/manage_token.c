/* Management tokens "<id>-<secret>": only their keyed hash is kept (R07). */
#include "store/manage_token.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"

#define MANAGE_TOKEN_COLUMNS                                                                                                     \
	"id, user_id, hash, description, scopes, created_us, refreshed_us, expires_us, last_used_us, is_session, creator_id"

static void manage_token_read(struct arena *arena, struct db_rows *rows, struct manage_token *token)
{
	*token = (struct manage_token){
		.id = db_col_int(rows, 0),
		.user_id = db_col_int(rows, 1),
		.description = arena_strdup(arena, db_col_text(rows, 3)),
		.scopes = arena_strdup(arena, db_col_text(rows, 4)),
		.created_us = db_col_int(rows, 5),
		.refreshed_us = db_col_int(rows, 6),
		.expires_us = db_col_int(rows, 7),
		.last_used_us = db_col_int(rows, 8),
		.is_session = db_col_bool(rows, 9),
		.creator_id = db_col_int(rows, 10),
	};
	size_t length = 0;
	const void *hash = db_col_blob(rows, 2, &length);
	if (length == SECRET_HASH_SIZE)
		memcpy(token->hash, hash, SECRET_HASH_SIZE);
}

int manage_token_find(struct db *db, struct arena *arena, int64_t id, struct manage_token **ret, struct err *e)
{
	static const struct sql sql = { "SELECT " MANAGE_TOKEN_COLUMNS " FROM manage_tokens WHERE id = $1", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(id)), &rows, e);
	if (rc <= 0)
		return rc;
	struct manage_token *token = arena_new_of(arena, struct manage_token);
	if (!token)
		return fail_internal(e, ERR_INTERNAL, "no memory for a management token");
	manage_token_read(arena, rows, token);
	*ret = token;
	return 1;
}

int manage_token_list(struct db *db, struct arena *arena, int64_t user_id, struct manage_token_list *ret, struct err *e)
{
	static const struct sql sql = {
		"SELECT " MANAGE_TOKEN_COLUMNS " FROM manage_tokens WHERE user_id = $1 AND is_session = 0 ORDER BY id", NULL
	};
	own(own_rows) struct db_rows *rows = NULL;
	struct manage_token_list list = { NULL, 0 };
	int rc = db_query(db, &sql, DB_ARGS(db_i(user_id)), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0) {
		list.items = list_room(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail_internal(e, ERR_INTERNAL, "no memory for the management tokens");
		manage_token_read(arena, rows, &list.items[list.count++]);
	}
	if (rc == 0)
		*ret = list;
	return rc;
}

/* "<id>-<40 random characters>" and its hash. */
static char *manage_token_text(struct arena *arena, int64_t id, uint8_t ret_hash[SECRET_HASH_SIZE])
{
	char secret[TOKEN_SECRET_LENGTH + 1];
	secret_random_text(secret, TOKEN_SECRET_LENGTH);
	char *text = arena_printf(arena, "%lld-%s", (long long)id, secret);
	secret_wipe(secret, sizeof(secret));
	if (text)
		secret_hash(text, strlen(text), ret_hash);
	return text;
}

int manage_token_insert(struct db *db, struct arena *arena, struct manage_token *token, char **ret_text, struct err *e)
{
	static const struct sql sql = { "INSERT INTO manage_tokens (id, user_id, hash, description, scopes, created_us, "
					"refreshed_us, expires_us, is_session, creator_id)"
					" VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9)",
		NULL };
	int rc = db_next_id(db, "manage_token", &token->id, e);
	if (rc < 0)
		return rc;
	char *text = manage_token_text(arena, token->id, token->hash);
	if (!text)
		return fail_internal(e, ERR_INTERNAL, "no memory for a management token");
	token->created_us = token->refreshed_us = now_us();
	rc = db_exec(db, &sql,
		DB_ARGS(db_i(token->id), db_i(token->user_id), db_blob(token->hash, SECRET_HASH_SIZE), db_s(token->description),
			db_s(token->scopes ? token->scopes : "[]"), db_i(token->created_us), db_i(token->expires_us),
			db_bool(token->is_session), db_i(token->creator_id)),
		e);
	if (rc >= 0)
		*ret_text = text;
	return rc;
}

/* Always later than before, whatever the clock says: the ledger of revocations knows the string by it. */
int manage_token_refresh(struct db *db, struct arena *arena, int64_t id, char **ret_text, struct err *e)
{
	static const struct sql sql = { "UPDATE manage_tokens SET hash = $2, refreshed_us = CASE WHEN refreshed_us < $3 THEN $3 "
					"ELSE refreshed_us + 1 END WHERE id = $1",
		NULL };
	uint8_t hash[SECRET_HASH_SIZE];
	char *text = manage_token_text(arena, id, hash);
	if (!text)
		return fail_internal(e, ERR_INTERNAL, "no memory for a management token");
	int rc = db_exec(db, &sql, DB_ARGS(db_i(id), db_blob(hash, SECRET_HASH_SIZE), db_i(now_us())), e);
	if (rc < 0)
		return rc;
	db_changed(db, DB_CHANGED_MANAGE_TOKEN, 0, id);
	*ret_text = text;
	return 0;
}

int manage_token_remove(struct db *db, int64_t id, struct err *e)
{
	static const struct sql sql = { "DELETE FROM manage_tokens WHERE id = $1", NULL };
	int rc = db_exec(db, &sql, DB_ARGS(db_i(id)), e);
	if (rc >= 0)
		db_changed(db, DB_CHANGED_MANAGE_TOKEN, 0, id);
	return rc;
}

int manage_token_remove_of_user(struct db *db, int64_t user_id, struct err *e)
{
	static const struct sql sql_list = { "SELECT id FROM manage_tokens WHERE user_id = $1", NULL };
	static const struct sql sql = { "DELETE FROM manage_tokens WHERE user_id = $1", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql_list, DB_ARGS(db_i(user_id)), &rows, e);
	if (rc < 0)
		return rc;
	while ((rc = db_next(rows, e)) > 0)
		db_changed(db, DB_CHANGED_MANAGE_TOKEN, 0, db_col_int(rows, 0));
	return rc < 0 ? rc : db_exec(db, &sql, DB_ARGS(db_i(user_id)), e);
}

int manage_token_used(struct db *db, int64_t id, int64_t used_us, struct err *e)
{
	static const struct sql sql = { "UPDATE manage_tokens SET last_used_us = $2 WHERE id = $1", NULL };
	return db_exec(db, &sql, DB_ARGS(db_i(id), db_i(used_us)), e);
}
