/* The language of q as conditions of SQL: columns are ours, values are parameters. */
#include "store/event_query.h"

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

static const struct query_field FIELDS[] = {
	{ "address", FIELD_ADDRESS },
	{ "class", FIELD_OPERATION },
	{ "component", FIELD_COMPONENT },
	{ "configurationId", FIELD_CONFIGURATION },
	{ "context.remoteAddr", FIELD_ADDRESS },
	{ "description", FIELD_DESCRIPTION },
	{ "event", FIELD_EVENT },
	{ "id", FIELD_ID },
	{ "idBranch", FIELD_BRANCH },
	{ "message", FIELD_MESSAGE },
	{ "objectId", FIELD_OBJECT_ID },
	{ "objectName", FIELD_OBJECT_NAME },
	{ "objectType", FIELD_OBJECT_TYPE },
	{ "operation", FIELD_OPERATION },
	{ "outcome", FIELD_OUTCOME },
	{ "project.id", FIELD_PROJECT },
	{ "runId", FIELD_RUN },
	{ "token.id", FIELD_TOKEN_ID },
	{ "token.name", FIELD_TOKEN_NAME },
	{ "type", FIELD_LEVEL },
	{ "uuid", FIELD_ID },
	{ NULL, 0 },
};

static void add_whole(struct query *query, const struct query_node *term)
{
	const char *column = COLUMNS[term->field].column;
	if (term->prefix && *term->value) {
		query_add_beginning(query, column, term->value);
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

static void add_term(struct query *query, const struct query_node *term, void *arg)
{
	const char *column = COLUMNS[term->field].column;
	if (COLUMNS[term->field].comparison == CONTAINS)
		query_add_contains(query, arg, column, term->value);
	else if (COLUMNS[term->field].comparison == NUMBER)
		query_add_number(query, column, term);
	else
		add_whole(query, term);
}

int event_query_parse(struct arena *arena, const char *q, const struct query_node **ret, struct err *e)
{
	return query_parse(arena, q, FIELDS, ret, e);
}

int event_query_add(struct query *query, struct arena *arena, const char *q, struct err *e)
{
	const struct query_node *node;
	if (str_empty(q))
		return 0;
	int rc = event_query_parse(arena, q, &node, e);
	if (rc < 0 || !node)
		return rc;
	query_puts(query, " AND ");
	query_add_node(query, node, add_term, arena);
	return 0;
}
