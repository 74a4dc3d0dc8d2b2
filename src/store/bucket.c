/* Buckets: rows of the table buckets. */
#include "store/bucket.h"

#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "store/list.h"
#include "store/metadata.h"
#include "store/token.h"

#define SELECT_BUCKETS                                                                                                           \
	"SELECT b.project_id, b.number, b.id, b.stage, b.name, b.display_name, b.description, b.color, b.backend, "              \
	"b.created_us, "                                                                                                         \
	"b.changed_us, b.updated_us, b.rows_count, b.data_size_bytes, b.owner_id, u.name, u.email "                              \
	"FROM buckets b LEFT JOIN users u ON u.id = b.owner_id "

static void read_bucket(struct db_rows *rows, struct arena *arena, struct bucket *bucket)
{
	*bucket = (struct bucket){
		.project_id = db_col_int(rows, 0),
		.number = db_col_int(rows, 1),
		.id = arena_strdup(arena, db_col_text(rows, 2)),
		.stage = arena_strdup(arena, db_col_text(rows, 3)),
		.name = arena_strdup(arena, db_col_text(rows, 4)),
		.display_name = arena_strdup(arena, db_col_text(rows, 5)),
		.description = arena_strdup(arena, db_col_text(rows, 6)),
		.color = arena_strdup(arena, db_col_text(rows, 7)),
		.backend = arena_strdup(arena, db_col_text(rows, 8)),
		.created_us = db_col_int(rows, 9),
		.changed_us = db_col_int(rows, 10),
		.updated_us = db_col_int(rows, 11),
		.rows_count = db_col_int(rows, 12),
		.data_size_bytes = db_col_int(rows, 13),
		.owner_id = db_col_int(rows, 14),
		.owner_name = arena_strdup(arena, db_col_text(rows, 15)),
		.owner_email = arena_strdup(arena, db_col_text(rows, 16)),
	};
}

int bucket_find(struct db *db, struct arena *arena, int64_t project_id, const char *bucket_id, struct bucket **ret, struct err *e)
{
	static const struct sql sql = { SELECT_BUCKETS "WHERE b.project_id = $1 AND b.id = $2" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(project_id), db_s(bucket_id)), &rows, e);
	if (rc <= 0)
		return rc;
	struct bucket *bucket = arena_new_of(arena, struct bucket);
	if (!bucket)
		return fail(e, ERR_INTERNAL, NULL);
	read_bucket(rows, arena, bucket);
	*ret = bucket;
	return 1;
}

int bucket_get(struct db *db, struct arena *arena, int64_t project_id, const char *bucket_id, struct bucket **ret, struct err *e)
{
	int rc = bucket_find(db, arena, project_id, bucket_id, ret, e);
	if (rc == 0)
		return fail(e, ERR_BUCKET_NOT_FOUND, "The bucket \"%s\" was not found in the project \"%lld\"", bucket_id,
			(long long)project_id);
	return rc < 0 ? rc : 0;
}

int bucket_list(struct db *db, struct arena *arena, int64_t project_id, struct bucket **ret, size_t *ret_count, struct err *e)
{
	static const struct sql sql = { SELECT_BUCKETS "WHERE b.project_id = $1 ORDER BY b.number" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql, DB_ARGS(db_i(project_id)), &rows, e);
	if (rc < 0)
		return rc;
	void *items = NULL;
	size_t count = 0;
	while ((rc = db_next(rows, e)) > 0) {
		if (!(items = list_room(arena, items, count, sizeof(struct bucket))))
			return fail(e, ERR_INTERNAL, NULL);
		read_bucket(rows, arena, (struct bucket *)items + count++);
	}
	if (rc < 0)
		return rc;
	*ret = items;
	*ret_count = count;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int bucket_ids(struct db *db, struct arena *arena, int64_t project_id, char ***ret, size_t *ret_count, struct err *e)
{
	static const struct sql sql = { "SELECT id FROM buckets WHERE project_id = $1" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql, DB_ARGS(db_i(project_id)), &rows, e);
	if (rc < 0)
		return rc;
	void *items = NULL;
	size_t count = 0;
	while ((rc = db_next(rows, e)) > 0) {
		if (!(items = list_room(arena, items, count, sizeof(char *))))
			return fail(e, ERR_INTERNAL, NULL);
		((char **)items)[count++] = arena_strdup(arena, db_col_text(rows, 0));
	}
	if (rc < 0)
		return rc;
	if (count)
		qsort(items, count, sizeof(char *), compare_ids);
	*ret = items;
	*ret_count = count;
	return 0;
}

/* A name that was chosen must be free in the whole project; one that only follows from the bucket's name, in its stage and among
 * those that were chosen (in.c-main and out.c-main may both be there). */
static int check_display_name(struct db *db, const struct bucket *bucket, bool chosen, struct err *e)
{
	static const struct sql sql = { "SELECT 1 FROM buckets WHERE project_id = $1 AND display_name = $2 AND number <> $3 AND "
					"(CAST($4 AS BIGINT) = 1 OR stage = $5 OR "
					"(name <> display_name AND name <> 'c-' || display_name))" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql,
		DB_ARGS(db_i(bucket->project_id), db_s(bucket->display_name), db_i(bucket->number), db_bool(chosen),
			db_s(bucket->stage)),
		&rows, e);
	if (rc > 0)
		return fail(e, ERR_BUCKET_EXISTS, "The display name \"%s\" already exists in project.", bucket->display_name);
	return rc;
}

int bucket_insert(struct db *db, struct arena *arena, struct bucket *bucket, struct err *e)
{
	static const struct sql sql = { "INSERT INTO buckets (project_id, number, id, stage, name, display_name, description, "
					"color, backend, created_us) "
					"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING" };
	struct bucket made = *bucket;
	bool chosen = made.display_name != NULL;
	if (!chosen)
		made.display_name = str_starts(made.name, "c-") ? made.name + 2 : made.name;
	made.id = arena_printf(arena, "%s.%s", made.stage, made.name);
	made.created_us = now_us();
	struct bucket *other;
	int rc = bucket_find(db, arena, made.project_id, made.id, &other, e);
	if (rc > 0)
		return fail(e, ERR_BUCKET_EXISTS, "The bucket %s already exists.", made.id);
	if (rc < 0 || (rc = check_display_name(db, &made, chosen, e)) < 0 || (rc = db_next_id(db, "bucket", &made.number, e)) < 0)
		return rc;
	int64_t changed;
	rc = db_exec_changed(db, &sql,
		DB_ARGS(db_i(made.project_id), db_i(made.number), db_s(made.id), db_s(made.stage), db_s(made.name),
			db_s(made.display_name), db_s(made.description ? made.description : ""), db_s(made.color),
			db_s(made.backend), db_i(made.created_us)),
		&changed, e);
	if (rc < 0)
		return rc;
	if (!changed)
		return fail(e, ERR_BUCKET_EXISTS, "The bucket %s already exists.", made.id);
	*bucket = made;
	return token_touch_project(db, made.project_id, e);
}

int bucket_update(struct db *db, const struct bucket *bucket, struct err *e)
{
	static const struct sql sql = {
		"UPDATE buckets SET display_name = $3, color = $4 WHERE project_id = $1 AND number = $2"
	};
	int rc = check_display_name(db, bucket, true, e);
	if (rc < 0)
		return rc;
	return db_exec(db, &sql,
		DB_ARGS(db_i(bucket->project_id), db_i(bucket->number), db_s(bucket->display_name), db_s(bucket->color)), e);
}

int bucket_set_owner(struct db *db, struct bucket *bucket, int64_t owner_id, struct err *e)
{
	static const struct sql sql = { "UPDATE buckets SET owner_id = $3 WHERE project_id = $1 AND number = $2" };
	int rc = db_exec(db, &sql, DB_ARGS(db_i(bucket->project_id), db_i(bucket->number), db_i(owner_id)), e);
	if (rc < 0)
		return rc;
	bucket->owner_id = owner_id;
	return bucket_mark_updated(db, bucket, e);
}

int bucket_mark_updated(struct db *db, const struct bucket *bucket, struct err *e)
{
	static const struct sql sql = { "UPDATE buckets SET updated_us = $3 WHERE project_id = $1 AND number = $2" };
	return db_exec(db, &sql, DB_ARGS(db_i(bucket->project_id), db_i(bucket->number), db_i(now_us())), e);
}

int bucket_lock(struct db *db, const struct bucket *bucket, struct err *e)
{
	static const struct sql sql = {
		"SELECT 1 FROM buckets WHERE project_id = $1 AND number = $2",
		"SELECT 1 FROM buckets WHERE project_id = $1 AND number = $2 FOR UPDATE",
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(bucket->project_id), db_i(bucket->number)), &rows, e);
	if (rc == 0)
		return fail(e, ERR_BUCKET_NOT_FOUND, "The bucket \"%s\" was not found in the project \"%lld\"", bucket->id,
			(long long)bucket->project_id);
	return rc < 0 ? rc : 0;
}

/* Snapshots outlive their bucket, for those who may read every bucket: no later bucket of the name opens them (R09). */
static int close_snapshots(struct db *db, const struct bucket *bucket, struct err *e)
{
	static const struct sql sql = { "UPDATE snapshots SET bucket_id = '' WHERE project_id = $1 AND bucket_id = $2" };
	return db_exec(db, &sql, DB_ARGS(db_i(bucket->project_id), db_s(bucket->id)), e);
}

int bucket_remove(struct db *db, const struct bucket *bucket, struct err *e)
{
	static const struct sql sql = { "DELETE FROM buckets WHERE project_id = $1 AND number = $2" };
	struct metadata_object object = { bucket->project_id, "bucket", bucket->number, NULL };
	int rc = db_exec(db, &sql, DB_ARGS(db_i(bucket->project_id), db_i(bucket->number)), e);
	if (rc < 0 || (rc = metadata_remove_all(db, &object, e)) < 0 ||
		(rc = token_forget_bucket(db, bucket->project_id, bucket->id, e)) < 0 ||
		(rc = close_snapshots(db, bucket, e)) < 0)
		return rc;
	return token_touch_project(db, bucket->project_id, e);
}

int bucket_touch(struct db *db, int64_t project_id, int64_t bucket_number, int64_t rows_added, int64_t bytes_added, struct err *e)
{
	static const struct sql of_bucket = {
		"UPDATE buckets SET rows_count = rows_count + $3, data_size_bytes = data_size_bytes + $4, changed_us = $5 "
		"WHERE project_id = $1 AND number = $2"
	};
	static const struct sql of_project = {
		"UPDATE projects SET rows_count = rows_count + $2, data_size_bytes = data_size_bytes + $3 WHERE id = $1"
	};
	int rc = db_exec(db, &of_bucket,
		DB_ARGS(db_i(project_id), db_i(bucket_number), db_i(rows_added), db_i(bytes_added), db_i(now_us())), e);
	if (rc < 0 || (rc = db_exec(db, &of_project, DB_ARGS(db_i(project_id), db_i(rows_added), db_i(bytes_added)), e)) < 0)
		return rc;
	return token_touch_project(db, project_id, e);
}
