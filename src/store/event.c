/* The rows of events: one insert per operation, and the lists over them. */
#include "store/event.h"

#include <string.h>

#include "base/buf.h"
#include "base/own.h"
#include "base/str.h"
#include "store/checkpoint.h"
#include "store/event_query.h"

#define EVENT_COLUMNS                                                                                                            \
	"project_id, id, created_us, branch_id, name, component, configuration_id, message, description, level, run_id, "        \
	"object_type, "                                                                                                          \
	"object_id, object_name, token_id, token_name, operation, outcome, address, user_agent, client_agent, referer, via, "    \
	"is_async, "                                                                                                             \
	"duration_s, params, results, attachments"

/* Headers are bytes of the client's; what is no text must not make a list unreadable. */
static struct db_arg text_or_empty(const char *text)
{
	if (!text)
		return db_s("");
	return db_s(utf8_valid(text, strlen(text)) ? text : "(not UTF-8)");
}

int event_insert(struct db *db, const struct event *event, struct err *e)
{
	static const struct sql insert = {
		.text = "INSERT INTO events (" EVENT_COLUMNS
			") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
			"$16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)",
	};
	return db_exec(db, &insert,
		DB_ARGS(db_i(event->project_id), db_s(event->id), db_i(event->created_us), db_i(event->branch_id),
			db_s(event->name), text_or_empty(event->component), text_or_empty(event->configuration_id),
			text_or_empty(event->message), text_or_empty(event->description), text_or_empty(event->level),
			text_or_empty(event->run_id), text_or_empty(event->object_type), text_or_empty(event->object_id),
			text_or_empty(event->object_name), db_i(event->token_id), text_or_empty(event->token_name),
			text_or_empty(event->operation), text_or_empty(event->outcome), text_or_empty(event->address),
			text_or_empty(event->user_agent), text_or_empty(event->client_agent), text_or_empty(event->referer),
			text_or_empty(event->via), db_i(event->is_async),
			event->has_duration ? db_f(event->duration_s) : db_null(), text_or_empty(event->params),
			text_or_empty(event->results), text_or_empty(event->attachments)),
		e);
}

static const char *keep_text(struct db_rows *rows, int column, struct arena *arena)
{
	return arena_strdup(arena, db_col_text(rows, column));
}

static void event_read(struct db_rows *rows, struct arena *arena, struct event *ret)
{
	*ret = (struct event){
		.project_id = db_col_int(rows, 0),
		.id = keep_text(rows, 1, arena),
		.created_us = db_col_int(rows, 2),
		.branch_id = db_col_int(rows, 3),
		.name = keep_text(rows, 4, arena),
		.component = keep_text(rows, 5, arena),
		.configuration_id = keep_text(rows, 6, arena),
		.message = keep_text(rows, 7, arena),
		.description = keep_text(rows, 8, arena),
		.level = keep_text(rows, 9, arena),
		.run_id = keep_text(rows, 10, arena),
		.object_type = keep_text(rows, 11, arena),
		.object_id = keep_text(rows, 12, arena),
		.object_name = keep_text(rows, 13, arena),
		.token_id = db_col_int(rows, 14),
		.token_name = keep_text(rows, 15, arena),
		.operation = keep_text(rows, 16, arena),
		.outcome = keep_text(rows, 17, arena),
		.address = keep_text(rows, 18, arena),
		.user_agent = keep_text(rows, 19, arena),
		.client_agent = keep_text(rows, 20, arena),
		.referer = keep_text(rows, 21, arena),
		.via = keep_text(rows, 22, arena),
		.is_async = db_col_bool(rows, 23),
		.has_duration = !db_col_null(rows, 24),
		.duration_s = db_col_real(rows, 24),
		.params = keep_text(rows, 25, arena),
		.results = keep_text(rows, 26, arena),
		.attachments = keep_text(rows, 27, arena),
	};
}

int event_find(
	struct db *db, struct arena *arena, const struct event_filter *who, const char *id, struct event *ret, struct err *e)
{
	static const struct sql find = {
		.text = "SELECT " EVENT_COLUMNS " FROM events WHERE project_id = $1 AND id = $2 AND branch_id = $3 "
			"AND (CAST($4 AS BIGINT) = 0 OR token_id = $4)",
	};
	struct db_rows *rows;
	int rc = db_find(db, &find, DB_ARGS(db_i(who->project_id), db_s(id), db_i(who->branch_id), db_i(who->seen_by)), &rows, e);
	if (rc <= 0)
		return rc;
	event_read(rows, arena, ret);
	db_rows_close(rows);
	return 1;
}

int event_is_known(struct db *db, const struct event_filter *filter, struct err *e)
{
	static const struct sql known = {
		.text = "SELECT 1 FROM events WHERE project_id = $1 AND object_id <> '' AND object_id = $2 AND object_type = $3 "
			"AND token_id = $4 AND outcome = 'success' LIMIT 1",
	};
	own(own_rows) struct db_rows *rows = NULL;
	return db_find(db, &known,
		DB_ARGS(db_i(filter->project_id), db_s(filter->object_id), db_s(filter->object_type), db_i(filter->seen_by)),
		&rows, e);
}

/* --- lists ----------------------------------------------------------------------------------------------------------------- */

static void where_text(struct query *query, const char *condition, const char *value)
{
	if (!str_empty(value))
		query_condition(query, condition, db_s(value));
}

static void where_run(struct query *query, struct arena *arena, const char *run_id)
{
	if (str_empty(run_id))
		return;
	/* "A" and its children "A.B": '/' is the character after '.' */
	query_puts(query, " AND run_id <> '' AND (run_id = ");
	query_arg(query, db_s(run_id));
	query_puts(query, " OR (run_id >= ");
	query_arg(query, db_s(arena_printf(arena, "%s.", run_id)));
	query_puts(query, " AND run_id < ");
	query_arg(query, db_s(arena_printf(arena, "%s/", run_id)));
	query_puts(query, "))");
}

static int where(struct query *query, struct arena *arena, const struct event_filter *filter, struct err *e)
{
	query_puts(query, "project_id = ");
	query_arg(query, db_i(filter->project_id));
	query_condition(query, " AND branch_id = ", db_i(filter->branch_id));
	if (filter->seen_by)
		query_condition(query, " AND token_id = ", db_i(filter->seen_by));
	where_text(query, " AND object_id <> '' AND object_id = ", filter->object_id);
	where_text(query, " AND object_type = ", filter->object_type);
	where_text(query, " AND id > ", filter->since_id);
	where_text(query, " AND id < ", filter->max_id);
	where_text(query, " AND component = ", filter->component);
	where_text(query, " AND configuration_id = ", filter->configuration_id);
	where_text(query, " AND operation = ", filter->operation);
	where_text(query, " AND outcome = ", filter->outcome);
	where_run(query, arena, filter->run_id);
	return event_query_add(query, arena, filter->q, e);
}

/* One half of a token's events: the newest of those that fulfil condition, so that neither half is ever sorted whole. */
static int token_half(struct query *query, struct arena *arena, const struct event_filter *filter, bool performed, struct err *e)
{
	query_puts(query, "SELECT id FROM (SELECT id FROM events WHERE ");
	int rc = where(query, arena, filter, e);
	if (rc < 0)
		return rc;
	if (performed) {
		query_condition(query, " AND token_id = ", db_i(filter->about_token));
	} else {
		query_puts(query, " AND object_type = 'token' AND object_id <> ''");
		query_condition(query, " AND object_id = ", db_s(arena_printf(arena, "%lld", (long long)filter->about_token)));
	}
	query_puts(query, filter->oldest_first ? " ORDER BY id LIMIT " : " ORDER BY id DESC LIMIT ");
	query_arg(query, db_i(filter->limit + filter->offset));
	query_puts(query, performed ? ") AS performed" : ") AS about");
	return 0;
}

static int list_text(struct query *query, struct arena *arena, const struct event_filter *filter, struct err *e)
{
	query_puts(query, "SELECT " EVENT_COLUMNS " FROM events WHERE ");
	if (!filter->about_token)
		return where(query, arena, filter, e);
	query_puts(query, "project_id = ");
	query_arg(query, db_i(filter->project_id));
	query_puts(query, " AND id IN (");
	int rc = token_half(query, arena, filter, true, e);
	if (rc < 0)
		return rc;
	query_puts(query, " UNION ");
	rc = token_half(query, arena, filter, false, e);
	query_puts(query, ")");
	return rc;
}

/* A page may hold thousands of large events: each has an arena of its own, gone before the next. */
static int list_one(struct db_rows *rows, event_each *each, void *arg, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct event event;
	event_read(rows, arena, &event);
	return each(arg, &event, e);
}

int event_list(struct db *db, struct arena *arena, const struct event_filter *filter, event_each *each, void *arg, struct err *e)
{
	own(query_done) struct query query = { 0 };
	own(own_rows) struct db_rows *rows = NULL;
	int rc = list_text(&query, arena, filter, e);
	if (rc < 0)
		return rc;
	query_puts(&query, filter->oldest_first ? " ORDER BY id LIMIT " : " ORDER BY id DESC LIMIT ");
	query_arg(&query, db_i(filter->limit));
	query_condition(&query, " OFFSET ", db_i(filter->offset));
	rc = query_run(db, &query, &rows, e);
	while (rc >= 0 && (rc = db_next(rows, e)) > 0)
		rc = list_one(rows, each, arg, e);
	return rc;
}

int checkpoint_events(struct db *db, const struct checkpoint *range, int64_t limit, event_each *each, void *arg, struct err *e)
{
	static const struct sql list = {
		.text = "SELECT " EVENT_COLUMNS
			" FROM events WHERE project_id = $1 AND id >= $2 AND id < $3 ORDER BY id LIMIT $4",
	};
	own(own_rows) struct db_rows *rows = NULL;
	int rc = db_query(
		db, &list, DB_ARGS(db_i(range->project_id), db_s(range->from_id), db_s(range->until_id), db_i(limit)), &rows, e);
	while (rc >= 0 && (rc = db_next(rows, e)) > 0)
		rc = list_one(rows, each, arg, e);
	return rc;
}
