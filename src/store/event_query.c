/* The language of q as conditions of SQL: columns are ours, values are parameters. */
#include "store/event_query.h"

#include <string.h>

#include "base/str.h"

enum comparison { WHOLE, CONTAINS, NUMBER };

static const struct {
	const char *column;
	enum comparison comparison;
} COLUMNS[] = {
	[FIELD_MESSAGE] = { "message", CONTAINS },
	[FIELD_TOKEN_ID] = { "token_id", NUMBER },
	[FIELD_TOKEN_NAME] = { "token_name", WHOLE },
	[FIELD_EVENT] = { "name", WHOLE },
	[FIELD_OBJECT_ID] = { "object_id", WHOLE },
	[FIELD_OBJECT_TYPE] = { "object_type", WHOLE },
	[FIELD_OBJECT_NAME] = { "object_name", WHOLE },
	[FIELD_COMPONENT] = { "component", WHOLE },
	[FIELD_CONFIGURATION] = { "configuration_id", WHOLE },
	[FIELD_RUN] = { "run_id", WHOLE },
	[FIELD_LEVEL] = { "level", WHOLE },
	[FIELD_PROJECT] = { "project_id", NUMBER },
	[FIELD_BRANCH] = { "branch_id", NUMBER },
	[FIELD_ID] = { "id", WHOLE },
	[FIELD_OPERATION] = { "operation", WHOLE },
	[FIELD_OUTCOME] = { "outcome", WHOLE },
	[FIELD_ADDRESS] = { "address", WHOLE },
	[FIELD_DESCRIPTION] = { "description", CONTAINS },
};

/* The value as a pattern of LIKE that finds it anywhere, its own % _ and \ taken literally. */
static char *like_pattern(struct arena *arena, const struct event_node *term)
{
	char *pattern = arena_alloc(arena, 2 * strlen(term->value) + 3);
	char *to = pattern;
	if (!pattern)
		return NULL;
	*to++ = '%';
	for (const char *from = term->value; *from; from++) {
		if (strchr("%_\\", *from))
			*to++ = '\\';
		*to++ = *from;
	}
	*to++ = '%';
	*to = '\0';
	return pattern;
}

static void add_contains(struct query *query, struct arena *arena, const struct event_node *term)
{
	char *pattern = like_pattern(arena, term);
	query->failed |= !pattern;
	query_puts(query, "lower(");
	query_puts(query, COLUMNS[term->field].column);
	query_condition(query, ") LIKE lower(CAST(", db_s(pattern));
	query_puts(query, " AS TEXT)) ESCAPE '\\'");
}

static void add_number(struct query *query, const struct event_node *term)
{
	int64_t number;
	if (term->prefix && !*term->value) {
		query_puts(query, "1 = 1");
	} else if (term->prefix || !str_to_i64(term->value, &number)) {
		query_puts(query, "1 = 0");
	} else {
		query_puts(query, COLUMNS[term->field].column);
		query_condition(query, " = ", db_i(number));
	}
}

/* Not LIKE, which takes capitals and small letters for the same on one engine and not on the other. */
static void add_beginning(struct query *query, const struct event_node *term)
{
	const char *column = COLUMNS[term->field].column;
	query_puts(query, "substr(");
	query_puts(query, column);
	query_condition(query, ", 1, length(CAST(", db_s(term->value));
	query_condition(query, " AS TEXT))) = ", db_s(term->value));
}

static void add_whole(struct query *query, const struct event_node *term)
{
	const char *column = COLUMNS[term->field].column;
	if (term->prefix && *term->value) {
		add_beginning(query, term);
		return;
	}
	query_puts(query, column);
	if (term->prefix) {
		query_puts(query, " <> ''"); /* field:* */
	} else if (*term->value) {
		/* Said twice for the indexes, which leave out what is empty. */
		query_puts(query, " <> '' AND ");
		query_puts(query, column);
		query_condition(query, " = ", db_s(term->value));
	} else {
		query_puts(query, " = ''");
	}
}

static void add_node(struct query *query, struct arena *arena, const struct event_node *node)
{
	if (node->kind == NODE_TERM) {
		enum comparison comparison = COLUMNS[node->field].comparison;
		query_puts(query, "(");
		if (comparison == CONTAINS)
			add_contains(query, arena, node);
		else if (comparison == NUMBER)
			add_number(query, node);
		else
			add_whole(query, node);
		query_puts(query, ")");
		return;
	}
	query_puts(query, node->kind == NODE_NOT ? "NOT (" : "(");
	add_node(query, arena, node->left);
	if (node->kind != NODE_NOT) {
		query_puts(query, node->kind == NODE_AND ? " AND " : " OR ");
		add_node(query, arena, node->right);
	}
	query_puts(query, ")");
}

int event_query_add(struct query *query, struct arena *arena, const char *q, struct err *e)
{
	const struct event_node *node;
	if (str_empty(q))
		return 0;
	int rc = event_query_parse(arena, q, &node, e);
	if (rc < 0 || !node)
		return rc;
	query_puts(query, " AND ");
	add_node(query, arena, node);
	return 0;
}
