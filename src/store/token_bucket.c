/* Bucket permissions of tokens, seen from the bucket. */
#include <jansson.h>

#include "base/json_read.h"
#include "base/own.h"
#include "store/list.h"
#include "store/token.h"

/* A token and its permissions as they are after the change. */
struct change {
	int64_t token_id;
	char *permissions;
};

static int without_bucket(struct arena *arena, const char *permissions, const char *bucket_id, struct change *ret, struct err *e)
{
	own(own_json) json_t *map = json_read(permissions, 0);
	if (!map)
		return fail_internal(e, ERR_INTERNAL, "bucket permissions of token %lld are no JSON", (long long)ret->token_id);
	if (json_object_del(map, bucket_id) < 0)
		return 0;
	own(own_free) char *text = json_dumps(map, JSON_COMPACT);
	ret->permissions = text ? arena_strdup(arena, text) : NULL;
	return ret->permissions ? 1 : fail(e, ERR_INTERNAL, NULL);
}

/* Rows are read to their end before any is written: one connection does both. */
static int list_changes(struct db *db, struct arena *arena, int64_t project_id, const char *bucket_id, struct change **ret,
	size_t *ret_count, struct err *e)
{
	static const struct sql sql = { "SELECT id, bucket_permissions FROM tokens WHERE project_id = $1 AND bucket_permissions "
					"<> '{}' AND bucket_permissions LIKE $2" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql, DB_ARGS(db_i(project_id), db_s(arena_printf(arena, "%%\"%s\"%%", bucket_id))), &rows, e);
	if (rc < 0)
		return rc;
	void *items = NULL;
	size_t count = 0;
	while ((rc = db_next(rows, e)) > 0) {
		struct change change = { .token_id = db_col_int(rows, 0) };
		rc = without_bucket(arena, db_col_text(rows, 1), bucket_id, &change, e);
		if (rc < 0)
			return rc;
		if (rc > 0 && !(items = list_room(arena, items, count, sizeof(struct change))))
			return fail(e, ERR_INTERNAL, NULL);
		if (rc > 0)
			((struct change *)items)[count++] = change;
	}
	*ret = items;
	*ret_count = count;
	return rc;
}

int token_forget_bucket(struct db *db, int64_t project_id, const char *bucket_id, struct err *e)
{
	static const struct sql sql = {
		"UPDATE tokens SET bucket_permissions = $3, version = version + 1 WHERE project_id = $1 AND id = $2"
	};
	own(own_arena) struct arena *arena = arena_new();
	struct change *changes = NULL;
	size_t count = 0;
	int rc = list_changes(db, arena, project_id, bucket_id, &changes, &count, e);
	for (size_t i = 0; rc >= 0 && i < count; i++) {
		rc = db_exec(db, &sql, DB_ARGS(db_i(project_id), db_i(changes[i].token_id), db_s(changes[i].permissions)), e);
		db_changed(db, DB_CHANGED_TOKEN, project_id, changes[i].token_id);
	}
	return rc < 0 ? rc : 0;
}
