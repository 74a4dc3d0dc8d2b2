/* The argument q of lists of files: words of the name, and a few fields. */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "store/file.h"

#define LENGTH_MAX 1000
#define TERMS_MAX 50

/* One term: its field (NULL: none) and its value. */
struct term {
	const char *field, *value;
};

static int bad(struct err *e, const char *at)
{
	return fail(e, ERR_QUERY_SYNTAX, "Failed to parse query at \"%.40s\".", at);
}

/* Copies what stands up to the end of a quoted text or word; *at moves behind it. False: the quote has no end. */
static bool read_value(const char **at, char *to)
{
	bool quoted = **at == '"';
	const char *c = *at + quoted;
	for (; *c && (quoted ? *c != '"' : !isspace((unsigned char)*c)); c++) {
		if (*c == '\\' && c[1])
			c++;
		*to++ = *c;
	}
	*to = '\0';
	if (quoted && *c != '"')
		return false;
	*at = c + quoted;
	return true;
}

static int read_term(struct arena *arena, const char **at, struct term *ret, struct err *e)
{
	const char *start = *at, *c = start;
	*ret = (struct term){ NULL, NULL };
	while (isalpha((unsigned char)*c) || *c == '.')
		c++;
	if (*c == ':' && c > start) {
		ret->field = arena_strndup(arena, start, (size_t)(c - start));
		*at = c + 1;
	}
	char *value = arena_alloc(arena, strlen(*at) + 1);
	if (!value)
		return fail_internal(e, ERR_INTERNAL, "out of memory");
	bool quoted = **at == '"';
	if (!read_value(at, value) || !*value || (!quoted && strpbrk(value, "()[]{}:")))
		return bad(e, start);
	ret->value = value;
	return 0;
}

static int use_term(struct file_filter *filter, const char **words, const char **tags, const struct term *term, struct err *e)
{
	if (!term->field || str_eq(term->field, "name"))
		words[filter->word_count++] = term->value;
	else if (str_eq(term->field, "tags"))
		tags[filter->all_tag_count++] = term->value;
	else if (!str_eq(term->field, "id") || !str_to_i64(term->value, &filter->id) || filter->id <= 0)
		return bad(e, term->field);
	return 0;
}

int file_query_parse(struct arena *arena, const char *q, struct file_filter *filter, struct err *e)
{
	const char **words = arena_array(arena, const char *, TERMS_MAX), **tags = arena_array(arena, const char *, TERMS_MAX);
	if (!words || !tags)
		return fail_internal(e, ERR_INTERNAL, "out of memory");
	if (strlen(q) > LENGTH_MAX)
		return fail(e, ERR_QUERY_SYNTAX, "Failed to parse query: it is longer than %d characters.", LENGTH_MAX);
	filter->words = words;
	filter->all_tags = tags;
	for (int terms = 0;; terms++) {
		struct term term;
		while (isspace((unsigned char)*q))
			q++;
		if (!*q)
			return 0;
		if (terms == TERMS_MAX)
			return bad(e, q);
		int rc = read_term(arena, &q, &term, e);
		if (rc == 0 && (term.field || !str_eq(term.value, "AND")))
			rc = use_term(filter, words, tags, &term, e);
		if (rc < 0)
			return rc;
	}
}
