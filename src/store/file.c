/* Files: rows, tags, who was given which export. */
#include <ctype.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "store/file.h"
#include "store/file_row.h"

/* Blobs are named after the file, in letters that every client sends as they are. */
static char *blob_name(struct arena *arena, int64_t id, const char *name)
{
	char *blob = arena_printf(arena, "%lld.%.200s", (long long)id, name);
	if (!blob)
		return NULL;
	for (char *c = blob; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			*c = '_';
	return blob;
}

static size_t text_find(char *const *list, size_t count, const char *text)
{
	size_t i = 0;
	while (i < count && !str_eq(list[i], text))
		i++;
	return i;
}

static void tags_once(struct file *file)
{
	size_t kept = 0;
	for (size_t i = 0; i < file->tag_count; i++)
		if (text_find(file->tags, kept, file->tags[i]) == kept)
			file->tags[kept++] = file->tags[i];
	file->tag_count = kept;
}

static char *texts_json(struct arena *arena, char *const *list, size_t count)
{
	own(own_json) json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(list[i]));
	own(own_free) char *text = json_dumps(array, JSON_COMPACT);
	return arena_strdup(arena, text);
}

static int tag_insert(struct db *db, const struct file *file, const char *tag, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO file_tags (project_id, tag, file_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
	};
	return db_exec(db, &sql, DB_ARGS(db_i(file->project_id), db_s(tag), db_i(file->id)), e);
}

static int run_insert(struct db *db, const struct file *file, const char *run_id, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO file_runs (project_id, run_id, file_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
	};
	return db_exec(db, &sql, DB_ARGS(db_i(file->project_id), db_s(run_id), db_i(file->id)), e);
}

static int row_insert(struct db *db, struct arena *arena, const struct file *file, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO files (project_id, id, branch_id, name, container, blob, created_us, expires_us, max_age_days, "
		"size_bytes,"
		" is_sliced, is_public, is_encrypted, notify, file_type, source_bucket_id, creator_token_id, creator_description,"
		" run_id, run_ids, tags)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)"
	};
	return db_exec(db, &sql,
		DB_ARGS(db_i(file->project_id), db_i(file->id), db_i(file->branch_id), db_s(file->name), db_s(file->container),
			db_s(file->blob), db_i(file->created_us), db_i(file->expires_us), db_i(file->max_age_days),
			db_i(file->size_bytes), db_bool(file->is_sliced), db_bool(file->is_public), db_bool(file->is_encrypted),
			db_bool(file->notify), db_s(file->file_type), db_s(file->source_bucket_id), db_i(file->creator_token_id),
			db_s(file->creator_description), db_s(file->run_id),
			db_s(texts_json(arena, file->run_ids, file->run_id_count)),
			db_s(texts_json(arena, file->tags, file->tag_count))),
		e);
}

int file_reserve(struct db *db, struct arena *arena, struct file *file, struct err *e)
{
	int rc = file->id ? 0 : db_next_id(db, "file", &file->id, e);
	if (rc < 0)
		return rc;
	file->container = arena_printf(arena, "exp-%lld-files-%lld-%lld", (long long)file->max_age_days,
		(long long)file->project_id, (long long)file->id);
	file->blob = blob_name(arena, file->id, file->name);
	return 0;
}

int file_insert(struct db *db, struct arena *arena, struct file *file, struct err *e)
{
	int rc = file->id ? 0 : file_reserve(db, arena, file, e);
	if (rc < 0)
		return rc;
	file->created_us = now_us();
	file->expires_us = file->max_age_days ? file->created_us + file->max_age_days * US_PER_DAY : 0;
	file->run_ids = &file->run_id;
	file->run_id_count = file->run_id ? 1 : 0;
	tags_once(file);
	rc = row_insert(db, arena, file, e);
	for (size_t i = 0; rc == 0 && i < file->tag_count; i++)
		rc = tag_insert(db, file, file->tags[i], e);
	if (rc == 0 && file->run_id)
		rc = run_insert(db, file, file->run_id, e);
	return rc;
}

int file_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct file **ret, struct err *e)
{
	static const struct sql sql = { "SELECT " FILE_COLUMNS
					" FROM files WHERE project_id = $1 AND id = $2 AND (expires_us = 0 OR expires_us > $3)" };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(project_id), db_i(id), db_i(now_us())), &rows, e);
	if (rc == 1)
		*ret = file_row(rows, arena);
	return rc;
}

int file_lock(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct file **ret, struct err *e)
{
	static const struct sql sql = {
		"SELECT " FILE_COLUMNS " FROM files WHERE project_id = $1 AND id = $2 AND (expires_us = 0 OR expires_us > $3)",
		"SELECT " FILE_COLUMNS
		" FROM files WHERE project_id = $1 AND id = $2 AND (expires_us = 0 OR expires_us > $3) FOR UPDATE",
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_find(db, &sql, DB_ARGS(db_i(project_id), db_i(id), db_i(now_us())), &rows, e);
	if (rc == 0)
		return fail(e, ERR_FILE_NOT_FOUND, NULL);
	if (rc < 0)
		return rc;
	*ret = file_row(rows, arena);
	return 0;
}

/* Its contents wait for the sweeper, in the same transaction. */
static int grave_insert(struct db *db, int64_t project_id, int64_t id, struct err *e)
{
	static const struct sql sql = { "INSERT INTO file_graves (project_id, container, removed_us)"
					" SELECT project_id, container, CAST($3 AS BIGINT) FROM files"
					" WHERE project_id = $1 AND id = $2 AND contents_removed = 0 ON CONFLICT DO NOTHING" };
	return db_exec(db, &sql, DB_ARGS(db_i(project_id), db_i(id), db_i(now_us())), e);
}

int file_remove(struct db *db, int64_t project_id, int64_t id, struct err *e)
{
	static const struct sql sql[] = {
		{ "DELETE FROM file_tags WHERE project_id = $1 AND file_id = $2" },
		{ "DELETE FROM file_runs WHERE project_id = $1 AND file_id = $2" },
		{ "DELETE FROM file_readers WHERE project_id = $1 AND file_id = $2" },
		{ "DELETE FROM files WHERE project_id = $1 AND id = $2" },
	};
	int rc = grave_insert(db, project_id, id, e);
	for (size_t i = 0; rc == 0 && i < sizeof(sql) / sizeof(sql[0]); i++)
		rc = db_exec(db, &sql[i], DB_ARGS(db_i(project_id), db_i(id)), e);
	return rc;
}

static int tags_update(struct db *db, struct arena *arena, const struct file *file, struct err *e)
{
	static const struct sql sql = { "UPDATE files SET tags = $3 WHERE project_id = $1 AND id = $2" };
	return db_exec(db, &sql,
		DB_ARGS(db_i(file->project_id), db_i(file->id), db_s(texts_json(arena, file->tags, file->tag_count))), e);
}

/* The list with one more at its end. */
static char **texts_with(struct arena *arena, char *const *list, size_t count, const char *text)
{
	char **longer = arena_array(arena, char *, count + 1);
	if (!longer)
		return NULL;
	if (count)
		memcpy(longer, list, count * sizeof(*longer));
	longer[count] = arena_strdup(arena, text);
	return longer;
}

int file_tag_add(struct db *db, struct arena *arena, struct file *file, const char *tag, struct err *e)
{
	if (text_find(file->tags, file->tag_count, tag) < file->tag_count)
		return 0;
	char **tags = texts_with(arena, file->tags, file->tag_count, tag);
	if (!tags)
		return fail_internal(e, ERR_INTERNAL, "out of memory");
	file->tags = tags;
	file->tag_count++;
	int rc = tags_update(db, arena, file, e);
	return rc < 0 ? rc : tag_insert(db, file, tag, e);
}

int file_tag_remove(struct db *db, struct arena *arena, struct file *file, const char *tag, struct err *e)
{
	static const struct sql sql = { "DELETE FROM file_tags WHERE project_id = $1 AND tag = $2 AND file_id = $3" };
	size_t at = text_find(file->tags, file->tag_count, tag);
	if (at == file->tag_count)
		return 0;
	memmove(file->tags + at, file->tags + at + 1, (file->tag_count - at - 1) * sizeof(*file->tags));
	file->tag_count--;
	int rc = tags_update(db, arena, file, e);
	return rc < 0 ? rc : db_exec(db, &sql, DB_ARGS(db_i(file->project_id), db_s(tag), db_i(file->id)), e);
}

static int run_add(struct db *db, struct arena *arena, struct file *file, const char *run_id, struct err *e)
{
	static const struct sql sql = { "UPDATE files SET run_ids = $3 WHERE project_id = $1 AND id = $2" };
	if (text_find(file->run_ids, file->run_id_count, run_id) < file->run_id_count)
		return 0;
	char **run_ids = texts_with(arena, file->run_ids, file->run_id_count, run_id);
	if (!run_ids)
		return fail_internal(e, ERR_INTERNAL, "out of memory");
	file->run_ids = run_ids;
	file->run_id_count++;
	int rc = db_exec(db, &sql,
		DB_ARGS(db_i(file->project_id), db_i(file->id), db_s(texts_json(arena, run_ids, file->run_id_count))), e);
	return rc < 0 ? rc : run_insert(db, file, run_id, e);
}

int file_reuse(struct db *db, struct arena *arena, struct file *file, int64_t token_id, const char *run_id, struct err *e)
{
	static const struct sql sql = {
		"INSERT INTO file_readers (project_id, token_id, file_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
	};
	int rc = 0;
	if (token_id != file->creator_token_id)
		rc = db_exec(db, &sql, DB_ARGS(db_i(file->project_id), db_i(token_id), db_i(file->id)), e);
	if (rc == 0 && !str_empty(run_id))
		rc = run_add(db, arena, file, run_id, e);
	return rc;
}

int file_reader_find(struct db *db, int64_t project_id, int64_t id, int64_t token_id, struct err *e)
{
	static const struct sql sql = { "SELECT 1 FROM file_readers WHERE project_id = $1 AND token_id = $2 AND file_id = $3" };
	own(own_rows) struct db_rows *rows = NULL;
	return db_find(db, &sql, DB_ARGS(db_i(project_id), db_i(token_id), db_i(id)), &rows, e);
}

int file_graves(struct db *db, struct arena *arena, struct file_grave **ret, size_t *ret_count, struct err *e)
{
	static const struct sql sql = { "SELECT project_id, 0, container FROM file_graves UNION ALL"
					" SELECT project_id, id, container FROM files WHERE expires_us > 0 AND expires_us <= $1 "
					"AND contents_removed = 0 LIMIT 100" };
	struct file_grave *graves = arena_array(arena, struct file_grave, 100);
	if (!graves)
		return fail_internal(e, ERR_INTERNAL, "out of memory");
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(db, &sql, DB_ARGS(db_i(now_us())), &rows, e);
	size_t count = 0;
	while (rc >= 0 && (rc = db_next(rows, e)) == 1 && count < 100)
		graves[count++] = (struct file_grave){ db_col_int(rows, 0), db_col_int(rows, 1),
			arena_strdup(arena, db_col_text(rows, 2)) };
	if (rc < 0)
		return rc;
	*ret = graves;
	*ret_count = count;
	return 0;
}

int file_grave_done(struct db *db, const struct file_grave *grave, struct err *e)
{
	static const struct sql buried = { "DELETE FROM file_graves WHERE project_id = $1 AND container = $2" };
	static const struct sql expired = { "UPDATE files SET contents_removed = 1 WHERE project_id = $1 AND id = $2" };
	if (grave->file_id)
		return db_exec(db, &expired, DB_ARGS(db_i(grave->project_id), db_i(grave->file_id)), e);
	return db_exec(db, &buried, DB_ARGS(db_i(grave->project_id), db_s(grave->container)), e);
}

int file_remove_expired(struct db *db, int64_t before_us, struct err *e)
{
#define OLD                                                                                                                      \
	"(project_id, file_id) IN (SELECT project_id, id FROM files WHERE expires_us > 0 AND expires_us <= $1 AND "              \
	"contents_removed = 1)"
	static const struct sql sql[] = {
		{ "DELETE FROM file_tags WHERE " OLD },
		{ "DELETE FROM file_runs WHERE " OLD },
		{ "DELETE FROM file_readers WHERE " OLD },
		{ "DELETE FROM files WHERE expires_us > 0 AND expires_us <= $1 AND contents_removed = 1" },
	};
#undef OLD
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(sql) / sizeof(sql[0]); i++)
		rc = db_exec(db, &sql[i], DB_ARGS(db_i(before_us)), e);
	return rc;
}
