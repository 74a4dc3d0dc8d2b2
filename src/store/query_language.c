/* The language of q: a recursive descent over bounded text, no tokens kept; then conditions of SQL, whose values are parameters. */
#include <string.h>

#include "base/str.h"
#include "store/query_language.h"

struct reader {
	struct arena *arena;
	const struct query_field *fields;
	const char *at;
	const char *start;
	int depth, terms;
	struct err *e;
};

static int read_or(struct reader *reader, const struct query_node **ret);

static int refuse(struct reader *reader, const char *what)
{
	return fail(reader->e, ERR_QUERY_SYNTAX, "Failed to parse query at character %zu: %s",
		(size_t)(reader->at - reader->start) + 1, what);
}

static void skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t\r\n");
}

static bool is_end(char c)
{
	return c == '\0' || strchr(" \t\r\n()", c);
}

/* Takes the word when it stands alone ("AND" in "a AND b", not in "ANDROID"). */
static bool take_word(struct reader *reader, const char *word)
{
	size_t length = strlen(word);
	if (strncmp(reader->at, word, length) != 0 || !is_end(reader->at[length]))
		return false;
	reader->at += length;
	return true;
}

static bool take_sign(struct reader *reader, const char *sign)
{
	if (!str_starts(reader->at, sign))
		return false;
	reader->at += strlen(sign);
	return true;
}

static int make_node(struct reader *reader, struct query_node node, const struct query_node **ret)
{
	struct query_node *made = arena_new_of(reader->arena, struct query_node);
	if (!made)
		return fail_internal(reader->e, ERR_INTERNAL, "no memory for a query");
	*made = node;
	*ret = made;
	return 0;
}

static int read_quoted(struct reader *reader, char *value)
{
	reader->at++;
	while (*reader->at && *reader->at != '"') {
		if (*reader->at == '\\' && reader->at[1])
			reader->at++;
		*value++ = *reader->at++;
	}
	*value = '\0';
	if (*reader->at != '"')
		return refuse(reader, "a quote is not closed");
	reader->at++;
	return is_end(*reader->at) ? 0 : refuse(reader, "a blank is missing after the quote");
}

static int read_bare(struct reader *reader, char *value, bool *ret_prefix)
{
	while (!is_end(*reader->at)) {
		if (*reader->at == '"')
			return refuse(reader, "a quote in the middle of a word");
		if (*reader->at == '*') {
			if (!is_end(reader->at[1]))
				return refuse(reader, "a star may only end a word");
			*ret_prefix = true;
			reader->at++;
			break;
		}
		if (*reader->at == '\\' && reader->at[1])
			reader->at++;
		*value++ = *reader->at++;
	}
	*value = '\0';
	return 0;
}

/* "field:" at the reader, or field 0 when there is no colon in the word. */
static int read_field(struct reader *reader, int *ret)
{
	size_t length = 0;
	while (!is_end(reader->at[length]) && !strchr(":\"\\*", reader->at[length]))
		length++;
	*ret = 0;
	if (reader->at[length] != ':')
		return 0;
	for (const struct query_field *field = reader->fields; field->name; field++) {
		if (strlen(field->name) == length && strncmp(field->name, reader->at, length) == 0) {
			*ret = field->field;
			reader->at += length + 1;
			return 0;
		}
	}
	return refuse(reader, "there is no such field");
}

static int read_term(struct reader *reader, const struct query_node **ret)
{
	struct query_node node = { .kind = NODE_TERM };
	int rc = read_field(reader, &node.field);
	if (rc < 0)
		return rc;
	if (++reader->terms > QUERY_TERMS_MAX)
		return refuse(reader, "too many conditions");
	char *value = arena_alloc(reader->arena, strlen(reader->at) + 1);
	if (!value)
		return fail_internal(reader->e, ERR_INTERNAL, "no memory for a query");
	if (is_end(*reader->at) || take_word(reader, "AND") || take_word(reader, "OR"))
		return refuse(reader, "a value is missing");
	if (*reader->at == '/')
		return refuse(reader, "a slash may not begin a word");
	rc = *reader->at == '"' ? read_quoted(reader, value) : read_bare(reader, value, &node.prefix);
	node.value = value;
	return rc < 0 ? rc : make_node(reader, node, ret);
}

static int read_group(struct reader *reader, const struct query_node **ret)
{
	reader->at++;
	int rc = read_or(reader, ret);
	if (rc < 0)
		return rc;
	skip_blanks(reader);
	if (*reader->at != ')')
		return refuse(reader, "a parenthesis is not closed");
	reader->at++;
	return 0;
}

/* A minus belongs to the word that it begins; "-1" as free text is "not 1", as in other search engines. */
static int read_unary(struct reader *reader, const struct query_node **ret)
{
	bool negative = false;
	for (skip_blanks(reader);; skip_blanks(reader)) {
		if (take_word(reader, "NOT") || take_sign(reader, "!") || take_sign(reader, "-"))
			negative = !negative;
		else if (!take_sign(reader, "+"))
			break;
	}
	if (++reader->depth > QUERY_DEPTH_MAX)
		return refuse(reader, "nested too deeply");
	int rc = *reader->at == '(' ? read_group(reader, ret) : read_term(reader, ret);
	reader->depth--;
	if (rc < 0 || !negative)
		return rc;
	return make_node(reader, (struct query_node){ .kind = NODE_NOT, .left = *ret }, ret);
}

static bool at_or(const struct reader *reader)
{
	return str_starts(reader->at, "||") || (str_starts(reader->at, "OR") && is_end(reader->at[2]));
}

static int read_and(struct reader *reader, const struct query_node **ret)
{
	int rc = read_unary(reader, ret);
	while (rc >= 0) {
		skip_blanks(reader);
		bool said = take_word(reader, "AND") || take_sign(reader, "&&");
		if (!said && (*reader->at == '\0' || *reader->at == ')' || at_or(reader)))
			break;
		const struct query_node *right = NULL;
		rc = read_unary(reader, &right);
		if (rc >= 0)
			rc = make_node(reader, (struct query_node){ .kind = NODE_AND, .left = *ret, .right = right }, ret);
	}
	return rc;
}

static int read_or(struct reader *reader, const struct query_node **ret)
{
	int rc = read_and(reader, ret);
	while (rc >= 0) {
		skip_blanks(reader);
		if (!take_sign(reader, "||") && !take_word(reader, "OR"))
			break;
		const struct query_node *right = NULL;
		rc = read_and(reader, &right);
		if (rc >= 0)
			rc = make_node(reader, (struct query_node){ .kind = NODE_OR, .left = *ret, .right = right }, ret);
	}
	return rc;
}

int query_parse(
	struct arena *arena, const char *q, const struct query_field *fields, const struct query_node **ret, struct err *e)
{
	struct reader reader = { .arena = arena, .fields = fields, .at = q, .start = q, .e = e };
	const struct query_node *node = NULL;
	*ret = NULL;
	if (strlen(q) > QUERY_LENGTH_MAX)
		return fail(e, ERR_QUERY_SYNTAX, "Failed to parse query: it is longer than %d characters", QUERY_LENGTH_MAX);
	skip_blanks(&reader);
	if (*reader.at == '\0')
		return 0;
	int rc = read_or(&reader, &node);
	if (rc >= 0 && *reader.at != '\0')
		rc = refuse(&reader, "a parenthesis too many");
	if (rc >= 0)
		*ret = node;
	return rc;
}

void query_add_node(struct query *query, const struct query_node *node, query_add_term *add, void *arg)
{
	if (node->kind == NODE_TERM) {
		query_puts(query, "(");
		add(query, node, arg);
		query_puts(query, ")");
		return;
	}
	query_puts(query, node->kind == NODE_NOT ? "NOT (" : "(");
	query_add_node(query, node->left, add, arg);
	if (node->kind != NODE_NOT) {
		query_puts(query, node->kind == NODE_AND ? " AND " : " OR ");
		query_add_node(query, node->right, add, arg);
	}
	query_puts(query, ")");
}

/* The value as a pattern of LIKE that finds it anywhere, its own % _ and \ taken literally. */
static char *like_pattern(struct arena *arena, const char *value)
{
	char *pattern = arena_alloc(arena, 2 * strlen(value) + 3);
	char *to = pattern;
	if (!pattern)
		return NULL;
	*to++ = '%';
	for (; *value; value++) {
		if (strchr("%_\\", *value))
			*to++ = '\\';
		*to++ = *value;
	}
	*to++ = '%';
	*to = '\0';
	return pattern;
}

void query_add_contains(struct query *query, struct arena *arena, const char *column, const char *value)
{
	char *pattern = like_pattern(arena, value);
	query->failed |= !pattern;
	query_puts(query, "lower(");
	query_puts(query, column);
	query_condition(query, ") LIKE lower(CAST(", db_s(pattern));
	query_puts(query, " AS TEXT)) ESCAPE '\\'");
}

/* Not LIKE, which takes capitals and small letters for the same on one engine and not on the other. */
void query_add_beginning(struct query *query, const char *column, const char *value)
{
	query_puts(query, "substr(");
	query_puts(query, column);
	query_condition(query, ", 1, length(CAST(", db_s(value));
	query_condition(query, " AS TEXT))) = ", db_s(value));
}

void query_add_number(struct query *query, const char *column, const struct query_node *term)
{
	int64_t number;
	if (term->prefix && !*term->value) {
		query_puts(query, "1 = 1");
	} else if (term->prefix || !str_to_i64(term->value, &number)) {
		query_puts(query, "1 = 0");
	} else {
		query_puts(query, column);
		query_condition(query, " = ", db_i(number));
	}
}
