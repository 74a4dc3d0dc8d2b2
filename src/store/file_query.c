/* The argument q of lists of files as conditions of SQL. */
#include "store/file_query.h"

enum { FIELD_NAME, FIELD_TAG, FIELD_ID, FIELD_RUN, FIELD_CREATOR, FIELD_CREATOR_NAME };

static const struct query_field FIELDS[] = {
	{ "creatorToken.description", FIELD_CREATOR_NAME },
	{ "creatorToken.id", FIELD_CREATOR },
	{ "id", FIELD_ID },
	{ "name", FIELD_NAME },
	{ "runId", FIELD_RUN },
	{ "runIds", FIELD_RUN },
	{ "tags", FIELD_TAG },
	{ NULL, 0 },
};

static void add_text(struct query *query, const char *column, const struct query_node *term)
{
	if (term->prefix) {
		query_add_beginning(query, column, term->value);
	} else {
		query_puts(query, column);
		query_condition(query, " = ", db_s(term->value));
	}
}

/* One of the file's tags, or of the runs that it belongs to. */
static void add_member(struct query *query, const char *from, const struct query_node *term)
{
	query_puts(query, "EXISTS (SELECT 1 FROM ");
	query_puts(query, from);
	add_text(query, "m.value", term);
	query_puts(query, ")");
}

/* A word with a star begins the name, any other is part of it, whatever the case. */
static void add_name(struct query *query, struct arena *arena, const struct query_node *term)
{
	if (!term->prefix) {
		query_add_contains(query, arena, "name", term->value);
		return;
	}
	query_condition(query, "substr(lower(name), 1, length(CAST(", db_s(term->value));
	query_condition(query, " AS TEXT))) = lower(CAST(", db_s(term->value));
	query_puts(query, " AS TEXT))");
}

static void add_term(struct query *query, const struct query_node *term, void *arg)
{
	static const char TAGS[] = "(SELECT project_id, file_id, tag AS value FROM file_tags) AS m "
				   "WHERE m.project_id = files.project_id AND m.file_id = files.id AND ";
	static const char RUNS[] = "(SELECT project_id, file_id, run_id AS value FROM file_runs) AS m "
				   "WHERE m.project_id = files.project_id AND m.file_id = files.id AND ";
	if (term->field == FIELD_TAG)
		add_member(query, TAGS, term);
	else if (term->field == FIELD_RUN)
		add_member(query, RUNS, term);
	else if (term->field == FIELD_ID)
		query_add_number(query, "id", term);
	else if (term->field == FIELD_CREATOR)
		query_add_number(query, "creator_token_id", term);
	else if (term->field == FIELD_CREATOR_NAME)
		add_text(query, "creator_description", term);
	else
		add_name(query, arg, term);
}

int file_query_parse(struct arena *arena, const char *q, const struct query_node **ret, struct err *e)
{
	return query_parse(arena, q, FIELDS, ret, e);
}

void file_query_add(struct query *query, struct arena *arena, const struct query_node *node)
{
	query_puts(query, " AND ");
	query_add_node(query, node, add_term, arena);
}
