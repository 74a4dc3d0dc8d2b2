/* Links that reveal a token. */
#include "store/token_link.h"

#include <string.h>

#include "base/own.h"
#include "store/list.h"

#define COLUMNS                                                                                                                  \
	"project_id, id, token_id, token_refreshed_us, hash, recipient, message, sender_token_id, created_us, expires_us, "      \
	"opened_us, "                                                                                                            \
	"retrieved_us, revoked_us, wrong_tries"

int token_link_next_id(struct db *db, int64_t *ret_id, struct err *e)
{
	return db_next_id(db, "share", ret_id, e);
}

int token_link_insert(struct db *db, const struct token_link *link, struct err *e)
{
	static const struct sql SQL = {
		"INSERT INTO token_links (project_id, id, token_id, token_refreshed_us, hash, recipient, message, "
		"sender_token_id, created_us, expires_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		NULL
	};
	return db_exec(db, &SQL,
		DB_ARGS(db_i(link->project_id), db_i(link->id), db_i(link->token_id), db_i(link->token_refreshed_us),
			db_blob(link->hash, SECRET_HASH_SIZE), db_s(link->recipient), db_s(link->message),
			db_i(link->sender_token_id), db_i(link->created_us), db_i(link->expires_us)),
		e);
}

static void link_read(struct db_rows *rows, struct arena *arena, struct token_link *ret)
{
	size_t length;
	const void *hash = db_col_blob(rows, 4, &length);
	*ret = (struct token_link){
		.project_id = db_col_int(rows, 0),
		.id = db_col_int(rows, 1),
		.token_id = db_col_int(rows, 2),
		.token_refreshed_us = db_col_int(rows, 3),
		.recipient = arena_strdup(arena, db_col_text(rows, 5)),
		.message = arena_strdup(arena, db_col_text(rows, 6)),
		.sender_token_id = db_col_int(rows, 7),
		.created_us = db_col_int(rows, 8),
		.expires_us = db_col_int(rows, 9),
		.opened_us = db_col_int(rows, 10),
		.retrieved_us = db_col_int(rows, 11),
		.revoked_us = db_col_int(rows, 12),
		.wrong_tries = db_col_int(rows, 13),
	};
	if (hash && length == SECRET_HASH_SIZE)
		memcpy(ret->hash, hash, SECRET_HASH_SIZE);
}

static int link_find(
	struct db *db, const struct sql *sql, struct db_args key, struct arena *arena, struct token_link **ret, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, sql, key, &rows, e);
	if (rc <= 0)
		return rc;
	*ret = arena_new_of(arena, struct token_link);
	if (!*ret)
		return fail(e, ERR_INTERNAL, NULL);
	link_read(rows, arena, *ret);
	return 1;
}

int token_link_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct token_link **ret, struct err *e)
{
	static const struct sql SQL = { "SELECT " COLUMNS " FROM token_links WHERE project_id = $1 AND id = $2", NULL };
	return link_find(db, &SQL, DB_ARGS(db_i(project_id), db_i(id)), arena, ret, e);
}

int token_link_lock(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct token_link **ret, struct err *e)
{
	static const struct sql SQL = { "SELECT " COLUMNS " FROM token_links WHERE project_id = $1 AND id = $2",
		"SELECT " COLUMNS " FROM token_links WHERE project_id = $1 AND id = $2 FOR UPDATE" };
	return link_find(db, &SQL, DB_ARGS(db_i(project_id), db_i(id)), arena, ret, e);
}

int token_link_list(struct db *db, struct arena *arena, const int64_t key[2], int64_t limit, struct token_link **ret,
	size_t *ret_count, struct err *e)
{
	static const struct sql SQL = {
		"SELECT " COLUMNS " FROM token_links WHERE project_id = $1 AND token_id = $2 ORDER BY id DESC LIMIT $3", NULL
	};
	own(own_rows) struct db_rows *rows = NULL;
	struct token_link *items = NULL;
	size_t count = 0;
	int rc = db_query(db, &SQL, DB_ARGS(db_i(key[0]), db_i(key[1]), db_i(limit)), &rows, e);
	while (rc >= 0 && (rc = db_next(rows, e)) == 1) {
		items = list_room(arena, items, count, sizeof *items);
		if (!items)
			return fail(e, ERR_INTERNAL, NULL);
		link_read(rows, arena, &items[count++]);
	}
	if (rc == 0) {
		*ret = items;
		*ret_count = count;
	}
	return rc;
}

int token_link_count(struct db *db, const int64_t key[2], int64_t now_us, int64_t *ret_count, struct err *e)
{
	static const struct sql SQL = {
		"SELECT COUNT(*) FROM token_links WHERE project_id = $1 AND token_id = $2 AND expires_us > $3 "
		"AND retrieved_us = 0 AND revoked_us = 0",
		NULL
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &SQL, DB_ARGS(db_i(key[0]), db_i(key[1]), db_i(now_us)), &rows, e);
	if (rc == 1)
		*ret_count = db_col_int(rows, 0);
	return rc < 0 ? rc : 0;
}

int token_link_update(struct db *db, const struct token_link *link, struct err *e)
{
	static const struct sql SQL = {
		"UPDATE token_links SET opened_us = $3, retrieved_us = $4, revoked_us = $5, wrong_tries = $6 "
		"WHERE project_id = $1 AND id = $2",
		NULL
	};
	return db_exec(db, &SQL,
		DB_ARGS(db_i(link->project_id), db_i(link->id), db_i(link->opened_us), db_i(link->retrieved_us),
			db_i(link->revoked_us), db_i(link->wrong_tries)),
		e);
}

int token_link_sweep(struct db *db, int64_t before_us, int64_t limit, int64_t *ret_count, struct err *e)
{
	static const struct sql SQL = {
		"DELETE FROM token_links WHERE (project_id, id) IN "
		"(SELECT project_id, id FROM token_links WHERE expires_us <= $1 ORDER BY expires_us LIMIT $2)",
		NULL
	};
	return db_exec_changed(db, &SQL, DB_ARGS(db_i(before_us), db_i(limit)), ret_count, e);
}
