/* Lists of files: filters turned into one statement, read in batches, newest first. */
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "store/file_query.h"
#include "store/file_row.h"

#define BATCH 500

static char **texts_read(struct arena *arena, const char *json, size_t *ret_count)
{
	own(own_json) json_t *array = json_read(json ? json : "[]", 0);
	size_t count = json_array_size(array);
	char **list = arena_array(arena, char *, count + 1);
	if (!list)
		count = 0;
	for (size_t i = 0; i < count; i++)
		list[i] = arena_strdup(arena, json_string_value(json_array_get(array, i)));
	*ret_count = count;
	return list;
}

struct file *file_row(struct db_rows *rows, struct arena *arena)
{
	struct file *file = arena_new_of(arena, struct file);
	if (!file)
		return NULL;
	file->project_id = db_col_int(rows, 0);
	file->id = db_col_int(rows, 1);
	file->branch_id = db_col_int(rows, 2);
	file->name = arena_strdup(arena, db_col_text(rows, 3));
	file->container = arena_strdup(arena, db_col_text(rows, 4));
	file->blob = arena_strdup(arena, db_col_text(rows, 5));
	file->created_us = db_col_int(rows, 6);
	file->expires_us = db_col_int(rows, 7);
	file->max_age_days = db_col_int(rows, 8);
	file->size_bytes = db_col_int(rows, 9);
	file->is_sliced = db_col_bool(rows, 10);
	file->is_public = db_col_bool(rows, 11);
	file->is_encrypted = db_col_bool(rows, 12);
	file->notify = db_col_bool(rows, 13);
	file->file_type = arena_strdup(arena, db_col_text(rows, 14));
	file->source_bucket_id = arena_strdup(arena, db_col_text(rows, 15));
	file->creator_token_id = db_col_int(rows, 16);
	file->creator_description = arena_strdup(arena, db_col_text(rows, 17));
	file->run_id = arena_strdup(arena, db_col_text(rows, 18));
	file->run_ids = texts_read(arena, db_col_text(rows, 19), &file->run_id_count);
	file->tags = texts_read(arena, db_col_text(rows, 20), &file->tag_count);
	return file;
}

static void add_tags(struct query *query, const struct file_filter *filter)
{
	query_condition(query, " AND id IN (SELECT file_id FROM file_tags WHERE project_id = ", db_i(filter->project_id));
	for (size_t i = 0; i < filter->tag_count; i++)
		query_condition(query, i ? ", " : " AND tag IN (", db_s(filter->tags[i]));
	query_puts(query, "))");
}

static void add_filter(struct query *query, struct arena *arena, const struct file_filter *filter)
{
	if (filter->token_id) {
		query_condition(query, " AND id IN (SELECT id FROM files WHERE project_id = ", db_i(filter->project_id));
		query_condition(query, " AND creator_token_id = ", db_i(filter->token_id));
		query_condition(query, " UNION SELECT file_id FROM file_readers WHERE project_id = ", db_i(filter->project_id));
		query_condition(query, " AND token_id = ", db_i(filter->token_id));
		query_puts(query, ")");
	}
	if (filter->since_id)
		query_condition(query, " AND id > ", db_i(filter->since_id));
	if (filter->tag_count)
		add_tags(query, filter);
	if (filter->run_id) {
		query_condition(query, " AND id IN (SELECT file_id FROM file_runs WHERE project_id = ", db_i(filter->project_id));
		query_condition(query, " AND run_id = ", db_s(filter->run_id));
		query_puts(query, ")");
	}
	if (filter->query)
		file_query_add(query, arena, filter->query);
	if (!filter->show_expired) {
		query_condition(query, " AND (expires_us = 0 OR expires_us > ", db_i(now_us()));
		query_puts(query, ")");
	}
}

/* What has been found so far. */
struct found {
	struct file **list;
	size_t count;
	int64_t passed;
	int64_t last_id;
};

/* 1: the batch was full and more is wanted, 0: that was all. */
static int read_batch(struct db *db, struct arena *arena, const struct query *query, const struct file_filter *filter,
	struct found *found, struct err *e)
{
	own(own_rows) struct db_rows *rows = NULL;
	query->args[1] = db_i(found->last_id);
	int rc = query_run(db, query, &rows, e);
	int read = 0;
	while (rc >= 0 && (rc = db_next(rows, e)) == 1) {
		struct file *file = file_row(rows, arena);
		if (!file)
			return fail_internal(e, ERR_INTERNAL, "out of memory");
		read++;
		found->last_id = file->id;
		if (filter->sees && !filter->sees(filter->arg, file))
			continue;
		if (found->passed++ < filter->offset)
			continue;
		found->list[found->count++] = file;
		if ((int64_t)found->count == filter->limit)
			return 0;
	}
	return rc < 0 ? rc : read == BATCH;
}

int file_list(struct db *db, struct arena *arena, const struct file_filter *filter, struct file ***ret, size_t *ret_count,
	struct err *e)
{
	struct found found = { .last_id = filter->max_id ? filter->max_id : INT64_MAX };
	found.list = arena_array(arena, struct file *, (size_t)filter->limit + 1);
	if (!found.list)
		return fail_internal(e, ERR_INTERNAL, "out of memory");
	own(query_done) struct query query = { 0 };
	query_condition(&query, "SELECT " FILE_COLUMNS " FROM files WHERE project_id = ", db_i(filter->project_id));
	query_condition(&query, " AND id < ", db_i(found.last_id)); /* the second parameter: read_batch() moves it */
	add_filter(&query, arena, filter);
	query_puts(&query, " ORDER BY id DESC LIMIT 500");
	int rc = query.failed ? fail(e, ERR_VALIDATION, "Too many conditions.") : filter->limit > 0;
	while (rc == 1)
		rc = read_batch(db, arena, &query, filter, &found, e);
	if (rc < 0)
		return rc;
	*ret = found.list;
	*ret_count = found.count;
	return 0;
}
