/* Tokens: how a row becomes a struct token, and the questions asked of them. Changes are in token_write.c. */
#include "store/token.h"

#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/token_lookup.h"

/* In the order of token_read(). */
#define TOKEN_COLUMNS                                                                                                            \
	"t.project_id, t.id, t.version, t.hash, t.description, t.created_us, t.refreshed_us, t.expires_us, t.creator_token_id, " \
	"t.creator_description, t.admin_id, t.is_master, t.is_disabled, t.can_manage_buckets, t.can_read_all_files, "            \
	"t.can_purge_trash, t.can_create_jobs, t.bucket_permissions, t.component_access, t.addresses, t.requests_per_minute, "   \
	"t.last_used_us, t.last_used_address"
#define TOKEN_COLUMN_COUNT 23

/* In the order of setting_read(), after TOKEN_COLUMNS. */
#define SETTING_COLUMNS                                                                                                          \
	", p.version, p.default_branch_id, p.name, p.organization_id, p.deleted_us, p.expires_us, p.is_disabled, "               \
	"p.disabled_reason, m.role, m.expires_us, "                                                                              \
	"u.name, u.email, u.is_disabled, "                                                                                       \
	"EXISTS (SELECT 1 FROM token_replays r WHERE r.project_id = t.project_id AND r.token_id = t.id AND r.is_spent = 0)"
#define SETTING_TABLES                                                                                                           \
	" FROM tokens t JOIN projects p ON p.id = t.project_id LEFT JOIN users u ON u.id = t.admin_id"                           \
	" LEFT JOIN project_users m ON m.project_id = t.project_id AND m.user_id = t.admin_id AND m.master_token_id = t.id"

#define VERSIONS                                                                                                                 \
	"SELECT t.version, p.version FROM tokens t JOIN projects p ON p.id = t.project_id WHERE t.project_id = $1 AND t.id = $2"

const char *bucket_level_name(enum bucket_level level)
{
	static const char *const NAMES[] = { NULL, "read", "write", "manage" };
	return NAMES[level];
}

static enum bucket_level level_from_name(const char *name)
{
	return str_eq(name, "write") ? BUCKET_WRITE : str_eq(name, "read") ? BUCKET_READ : BUCKET_NONE;
}

/* {"in.c-a":"read"}: written with sorted keys by token_write.c, and jansson keeps the order of the text. */
static int permissions_read(struct arena *arena, struct token *token, const char *text)
{
	if (str_eq(text, "{}"))
		return 0;
	own(own_json) json_t *map = json_read(text, 0);
	const char *bucket_id;
	json_t *level;
	token->buckets = arena_array(arena, struct bucket_permission, json_object_size(map));
	if (!token->buckets)
		return -1;
	json_object_foreach(map, bucket_id, level) {
		struct bucket_permission *one = &token->buckets[token->bucket_count++];
		one->bucket_id = arena_strdup(arena, bucket_id);
		one->level = level_from_name(json_string_value(level));
		if (!one->bucket_id)
			return -1;
	}
	return 0;
}

static int texts_read(struct arena *arena, const char *text, char ***ret, size_t *ret_count)
{
	if (str_eq(text, "[]"))
		return 0;
	own(own_json) json_t *list = json_read(text, 0);
	char **texts = arena_array(arena, char *, json_array_size(list));
	size_t i;
	json_t *one;
	if (!texts)
		return -1;
	json_array_foreach(list, i, one) {
		texts[i] = arena_strdup(arena, json_string_value(one));
		if (!texts[i])
			return -1;
	}
	*ret = texts;
	*ret_count = json_array_size(list);
	return 0;
}

static int token_read(struct db_rows *rows, struct arena *arena, struct token **ret, struct err *e)
{
	struct token *token = arena_new_of(arena, struct token);
	if (!token)
		return fail(e, ERR_INTERNAL, NULL);
	size_t hash_length;
	const void *hash = db_col_blob(rows, 3, &hash_length);
	if (hash && hash_length == SECRET_HASH_SIZE)
		memcpy(token->hash, hash, SECRET_HASH_SIZE);
	token->project_id = db_col_int(rows, 0);
	token->id = db_col_int(rows, 1);
	token->version = db_col_int(rows, 2);
	token->description = arena_strdup(arena, db_col_text(rows, 4));
	token->created_us = db_col_int(rows, 5);
	token->refreshed_us = db_col_int(rows, 6);
	token->expires_us = db_col_int(rows, 7);
	token->creator_token_id = db_col_int(rows, 8);
	token->creator_description = arena_strdup(arena, db_col_text(rows, 9));
	token->admin_id = db_col_int(rows, 10);
	token->is_master = db_col_bool(rows, 11);
	token->is_disabled = db_col_bool(rows, 12);
	token->can_manage_buckets = db_col_bool(rows, 13);
	token->can_read_all_files = db_col_bool(rows, 14);
	token->can_purge_trash = db_col_bool(rows, 15);
	token->can_create_jobs = db_col_bool(rows, 16);
	token->requests_per_minute = db_col_int(rows, 20);
	token->last_used_us = db_col_int(rows, 21);
	token->last_used_address = arena_strdup(arena, db_col_text(rows, 22));
	if (permissions_read(arena, token, db_col_text(rows, 17)) < 0 ||
		texts_read(arena, db_col_text(rows, 18), &token->components, &token->component_count) < 0 ||
		texts_read(arena, db_col_text(rows, 19), &token->addresses, &token->address_count) < 0)
		return fail_internal(e, ERR_INTERNAL, "token %lld cannot be read", (long long)token->id);
	*ret = token;
	return 0;
}

static int setting_read(struct db_rows *rows, struct arena *arena, struct token_setting **ret, struct err *e)
{
	struct token_setting *setting = arena_new_of(arena, struct token_setting);
	if (!setting)
		return fail(e, ERR_INTERNAL, NULL);
	int c = TOKEN_COLUMN_COUNT;
	setting->project_version = db_col_int(rows, c++);
	setting->default_branch_id = db_col_int(rows, c++);
	setting->project_name = arena_strdup(arena, db_col_text(rows, c++));
	setting->organization_id = db_col_int(rows, c++);
	setting->project_gone = db_col_int(rows, c++) != 0;
	setting->project_expires_us = db_col_int(rows, c++);
	setting->project_disabled = db_col_bool(rows, c++);
	setting->project_disabled_reason = arena_strdup(arena, db_col_text(rows, c++));
	setting->role = arena_strdup(arena, db_col_text(rows, c++));
	setting->role_expires_us = db_col_int(rows, c++);
	setting->admin_name = arena_strdup(arena, db_col_text(rows, c++));
	setting->admin_email = arena_strdup(arena, db_col_text(rows, c++));
	setting->admin_disabled = db_col_bool(rows, c++);
	setting->replay_open = db_col_bool(rows, c++);
	*ret = setting;
	return 0;
}

int token_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct token **ret, struct err *e)
{
	static const struct sql SQL = { "SELECT " TOKEN_COLUMNS " FROM tokens t WHERE t.project_id = $1 AND t.id = $2", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &SQL, DB_ARGS(db_i(project_id), db_i(id)), &rows, e);
	if (rc == 1 && token_read(rows, arena, ret, e) < 0)
		return -ERR_INTERNAL;
	return rc;
}

int token_get(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct token **ret, struct err *e)
{
	int rc = token_find(db, arena, project_id, id, ret, e);
	if (rc == 0)
		return fail(e, ERR_TOKEN_NOT_FOUND, "Token with id \"%lld\" was not found.", (long long)id);
	return rc < 0 ? rc : 0;
}

static const struct sql WHOLE = { "SELECT " TOKEN_COLUMNS SETTING_COLUMNS SETTING_TABLES " WHERE t.project_id = $1 AND t.id = $2",
	NULL };

int token_find_whole(struct db *db, struct arena *arena, const int64_t key[2], struct token **ret,
	struct token_setting **ret_setting, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &WHOLE, DB_ARGS(db_i(key[0]), db_i(key[1])), &rows, e);
	if (rc == 1 && (token_read(rows, arena, ret, e) < 0 || setting_read(rows, arena, ret_setting, e) < 0))
		return -ERR_INTERNAL;
	return rc;
}

static void lookup_submit(struct database *database, struct token_lookup *lookup, const struct sql *sql,
	void (*done)(struct db_lookup *, struct db_rows *, int))
{
	lookup->args[0] = db_i(lookup->key[0]);
	lookup->args[1] = db_i(lookup->key[1]);
	lookup->db = (struct db_lookup){
		.sql = sql, .args = { lookup->args, 2 }, .done = done, .arg = lookup, .batch_end = lookup->batch_end
	};
	database_lookup_submit(database, &lookup->db);
}

static void take_error(struct token_lookup *lookup)
{
	lookup->err = lookup->db.err;
	lookup->db.err = (struct err){ 0 };
}

static void versions_done(struct db_lookup *db, struct db_rows *rows, int rc)
{
	struct token_lookup *lookup = db->arg;
	take_error(lookup);
	if (rc == 0)
		rc = db_next(rows, &lookup->err);
	if (rc == 1) {
		lookup->versions[0] = db_col_int(rows, 0);
		lookup->versions[1] = db_col_int(rows, 1);
	}
	lookup->done(lookup, rc);
}

void token_lookup_versions(struct database *database, struct token_lookup *lookup)
{
	static const struct sql SQL = { VERSIONS, NULL };
	lookup_submit(database, lookup, &SQL, versions_done);
}

static void whole_done(struct db_lookup *db, struct db_rows *rows, int rc)
{
	struct token_lookup *lookup = db->arg;
	take_error(lookup);
	if (!lookup->arena)
		lookup->arena = arena_new();
	if (rc == 0)
		rc = db_next(rows, &lookup->err);
	if (rc == 1 && (token_read(rows, lookup->arena, &lookup->token, &lookup->err) < 0 ||
			       setting_read(rows, lookup->arena, &lookup->setting, &lookup->err) < 0))
		rc = -ERR_INTERNAL;
	lookup->done(lookup, rc);
}

void token_lookup_whole(struct database *database, struct token_lookup *lookup)
{
	lookup_submit(database, lookup, &WHOLE, whole_done);
}

/* Two that share a row and then both want to change it would wait for each other: who will change it takes it alone from the start. */
int token_find_versions(struct db *db, const int64_t key[2], bool change, int64_t ret_versions[2], struct err *e)
{
	static const struct sql SHARED = { VERSIONS, VERSIONS " FOR SHARE OF t" };
	static const struct sql ALONE = { VERSIONS, VERSIONS " FOR UPDATE OF t" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, change ? &ALONE : &SHARED, DB_ARGS(db_i(key[0]), db_i(key[1])), &rows, e);
	if (rc == 1) {
		ret_versions[0] = db_col_int(rows, 0);
		ret_versions[1] = db_col_int(rows, 1);
	}
	return rc;
}

int token_list(struct db *db, const struct token_listing *listing, struct err *e)
{
	static const struct sql SQL = { "SELECT " TOKEN_COLUMNS SETTING_COLUMNS SETTING_TABLES
					" WHERE t.project_id = $1 ORDER BY t.id LIMIT $2 OFFSET $3",
		NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &SQL, DB_ARGS(db_i(listing->project_id), db_i(listing->limit), db_i(listing->offset)), &rows, e);
	while (rc >= 0 && (rc = db_next(rows, e)) == 1) {
		own(own_arena) struct arena *arena = arena_new();
		struct token *token = NULL;
		struct token_setting *setting = NULL;
		if (!arena)
			return fail(e, ERR_INTERNAL, NULL);
		if ((rc = token_read(rows, arena, &token, e)) == 0 && (rc = setting_read(rows, arena, &setting, e)) == 0)
			rc = listing->one(token, setting, listing->arg, e);
	}
	return rc;
}

int token_count(struct db *db, int64_t project_id, int64_t *ret_count, struct err *e)
{
	static const struct sql SQL = { "SELECT COUNT(*) FROM tokens WHERE project_id = $1", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &SQL, DB_ARGS(db_i(project_id)), &rows, e);
	if (rc == 1)
		*ret_count = db_col_int(rows, 0);
	return rc < 0 ? rc : 0;
}

int token_sealed(struct db *db, struct arena *arena, int64_t project_id, int64_t id, char **ret, struct err *e)
{
	static const struct sql SQL = { "SELECT sealed FROM tokens WHERE project_id = $1 AND id = $2", NULL };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &SQL, DB_ARGS(db_i(project_id), db_i(id)), &rows, e);
	if (rc == 1)
		*ret = arena_strdup(arena, db_col_text(rows, 0));
	return rc;
}

int token_sealed_first(struct db *db, struct arena *arena, struct token *ret, char **ret_sealed, struct err *e)
{
	static const struct sql SQL = {
		"SELECT project_id, id, sealed FROM tokens WHERE sealed <> '' ORDER BY project_id, id LIMIT 1", NULL
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &SQL, DB_NONE, &rows, e);
	if (rc <= 0)
		return rc;
	*ret = (struct token){ .project_id = db_col_int(rows, 0), .id = db_col_int(rows, 1) };
	*ret_sealed = arena_strdup(arena, db_col_text(rows, 2));
	return 1;
}

char *token_seal_context(struct arena *arena, int64_t project_id, int64_t id)
{
	return arena_printf(arena, "token:%lld:%lld", (long long)project_id, (long long)id);
}

int token_list_expired(struct db *db, int64_t now_us, int64_t limit, int64_t (*ret)[2], size_t *ret_count, struct err *e)
{
	static const struct sql SQL = {
		"SELECT project_id, id FROM tokens WHERE expires_us > 0 AND expires_us <= $1 ORDER BY expires_us LIMIT $2", NULL
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &SQL, DB_ARGS(db_i(now_us), db_i(limit)), &rows, e);
	size_t count = 0;
	while (rc >= 0 && (rc = db_next(rows, e)) == 1) {
		ret[count][0] = db_col_int(rows, 0);
		ret[count++][1] = db_col_int(rows, 1);
	}
	if (rc == 0)
		*ret_count = count;
	return rc;
}
