/* Tokens: every change of a row, with the version that makes it seen at once (R13). */
#include "store/token.h"

#include <jansson.h>
#include <string.h>

#include "base/own.h"
#include "store/token_replay.h"

/* JSON as text, to be freed; NULL: no memory. */
static char *permissions_text(const struct token *token)
{
	own(own_json) json_t *map = json_object();
	for (size_t i = 0; i < token->bucket_count; i++)
		json_object_set_new(map, token->buckets[i].bucket_id, json_string(bucket_level_name(token->buckets[i].level)));
	return json_dumps(map, JSON_COMPACT | JSON_SORT_KEYS);
}

static char *list_text(char *const *texts, size_t count)
{
	own(own_json) json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(texts[i]));
	return json_dumps(list, JSON_COMPACT);
}

int token_next_id(struct db *db, int64_t *ret_id, struct err *e)
{
	return db_next_id(db, "token", ret_id, e);
}

int token_insert(struct db *db, const struct token *token, const char *sealed, struct err *e)
{
	static const struct sql SQL = {
		"INSERT INTO tokens (project_id, id, version, hash, sealed, description, created_us, refreshed_us, expires_us, "
		"creator_token_id, creator_description, admin_id, is_master, is_disabled, can_manage_buckets, "
		"can_read_all_files, "
		"can_purge_trash, can_create_jobs, bucket_permissions, component_access, addresses, requests_per_minute) "
		"VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
		NULL
	};
	own(own_free) char *buckets = permissions_text(token);
	own(own_free) char *components = list_text(token->components, token->component_count);
	own(own_free) char *addresses = list_text(token->addresses, token->address_count);
	if (!buckets || !components || !addresses)
		return fail(e, ERR_INTERNAL, NULL);
	return db_exec(db, &SQL,
		DB_ARGS(db_i(token->project_id), db_i(token->id), db_blob(token->hash, SECRET_HASH_SIZE), db_s(sealed),
			db_s(token->description), db_i(token->created_us), db_i(token->refreshed_us), db_i(token->expires_us),
			db_i(token->creator_token_id), db_s(token->creator_description), db_i(token->admin_id),
			db_bool(token->is_master), db_bool(token->is_disabled), db_bool(token->can_manage_buckets),
			db_bool(token->can_read_all_files), db_bool(token->can_purge_trash), db_bool(token->can_create_jobs),
			db_s(buckets), db_s(components), db_s(addresses), db_i(token->requests_per_minute)),
		e);
}

int token_update(struct db *db, struct token *token, struct err *e)
{
	static const struct sql SQL = {
		"UPDATE tokens SET version = version + 1, description = $3, is_disabled = $4, can_manage_buckets = $5, "
		"can_read_all_files = $6, can_purge_trash = $7, can_create_jobs = $8, bucket_permissions = $9, component_access "
		"= $10, "
		"addresses = $11, requests_per_minute = $12 WHERE project_id = $1 AND id = $2",
		NULL
	};
	own(own_free) char *buckets = permissions_text(token);
	own(own_free) char *components = list_text(token->components, token->component_count);
	own(own_free) char *addresses = list_text(token->addresses, token->address_count);
	if (!buckets || !components || !addresses)
		return fail(e, ERR_INTERNAL, NULL);
	int rc = db_exec(db, &SQL,
		DB_ARGS(db_i(token->project_id), db_i(token->id), db_s(token->description), db_bool(token->is_disabled),
			db_bool(token->can_manage_buckets), db_bool(token->can_read_all_files), db_bool(token->can_purge_trash),
			db_bool(token->can_create_jobs), db_s(buckets), db_s(components), db_s(addresses),
			db_i(token->requests_per_minute)),
		e);
	if (rc < 0)
		return rc;
	token->version++;
	db_changed(db, DB_CHANGED_TOKEN, token->project_id, token->id);
	return 0;
}

int token_set_string(struct db *db, struct token *token, const char *sealed, struct err *e)
{
	static const struct sql SQL = { "UPDATE tokens SET version = version + 1, hash = $3, sealed = $4, refreshed_us = $5 "
					"WHERE project_id = $1 AND id = $2",
		NULL };
	int rc = db_exec(db, &SQL,
		DB_ARGS(db_i(token->project_id), db_i(token->id), db_blob(token->hash, SECRET_HASH_SIZE), db_s(sealed),
			db_i(token->refreshed_us)),
		e);
	if (rc < 0)
		return rc;
	token->version++;
	db_changed(db, DB_CHANGED_TOKEN, token->project_id, token->id);
	return 0;
}

int token_remove(struct db *db, int64_t project_id, int64_t id, struct err *e)
{
	static const struct sql LINKS = { "DELETE FROM token_links WHERE project_id = $1 AND token_id = $2", NULL };
	/* An answer with a key stays, spent: its caller who repeats the call must not get another token. */
	static const struct sql REPLAYS = { "DELETE FROM token_replays WHERE project_id = $1 "
					    "AND (caller_token_id = $2 OR (token_id = $2 AND key_hash IS NULL))",
		NULL };
	static const struct sql TOKEN = { "DELETE FROM tokens WHERE project_id = $1 AND id = $2", NULL };
	const struct db_args key = DB_ARGS(db_i(project_id), db_i(id));
	int rc = db_exec(db, &LINKS, key, e);
	if (rc == 0)
		rc = db_exec(db, &REPLAYS, key, e);
	if (rc == 0)
		rc = token_replay_spend(db, project_id, id, e);
	int64_t removed = 0;
	if (rc == 0)
		rc = db_exec_changed(db, &TOKEN, key, &removed, e);
	if (rc < 0)
		return rc;
	db_changed(db, DB_CHANGED_TOKEN, project_id, id);
	return removed > 0;
}

int token_hold(struct db *db, int64_t project_id, int64_t id, struct err *e)
{
	static const struct sql SQL = { "UPDATE tokens SET version = version WHERE project_id = $1 AND id = $2", NULL };
	return db_exec(db, &SQL, DB_ARGS(db_i(project_id), db_i(id)), e);
}

int token_touch_admin(struct db *db, int64_t admin_id, struct err *e)
{
	static const struct sql SQL = { "UPDATE tokens SET version = version + 1 WHERE admin_id = $1", NULL };
	int rc = db_exec(db, &SQL, DB_ARGS(db_i(admin_id)), e);
	if (rc == 0)
		db_changed(db, DB_CHANGED_USER, 0, admin_id);
	return rc;
}

int token_touch_project(struct db *db, int64_t project_id, struct err *e)
{
	static const struct sql SQL = { "UPDATE projects SET version = version + 1 WHERE id = $1", NULL };
	int rc = db_exec(db, &SQL, DB_ARGS(db_i(project_id)), e);
	if (rc == 0)
		db_changed(db, DB_CHANGED_PROJECT, project_id, project_id);
	return rc;
}

int token_write_uses(struct db *db, const struct token_use *uses, size_t count, struct err *e)
{
	/* PostgreSQL: a token that somebody is changing is left out, so that nobody waits for somebody who waits for this. */
	static const struct sql SQL = { "UPDATE tokens SET last_used_us = $3, last_used_address = $4 "
					"WHERE project_id = $1 AND id = $2 AND last_used_us < $3",
		"UPDATE tokens SET last_used_us = $3, last_used_address = $4 WHERE (project_id, id) IN (SELECT project_id, id "
		"FROM tokens WHERE project_id = $1 AND id = $2 AND last_used_us < $3 FOR UPDATE SKIP LOCKED)" };
	int rc = 0;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = db_exec(db, &SQL,
			DB_ARGS(db_i(uses[i].project_id), db_i(uses[i].token_id), db_i(uses[i].time_us), db_s(uses[i].address)),
			e);
	return rc;
}
