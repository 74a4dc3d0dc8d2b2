/* From method and path to the row of the routing table: a tree of segments, made once at the start. */
#include "http/router.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/str.h"

static const char *const METHODS[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
enum { METHOD_GET, METHOD_HEAD, METHOD_PUT = 3, METHOD_COUNT = sizeof(METHODS) / sizeof(METHODS[0]), SEGMENTS_MAX = 64 };

struct node {
	char *segment;             /* of a fixed one; NULL of a placeholder */
	bool is_branch;            /* the placeholder {branch} */
	struct node *next;         /* brother */
	struct node *fixed;        /* children */
	struct node *value;        /* {x} */
	struct node *rest;         /* {x*} */
	size_t rows[METHOD_COUNT]; /* index + 1, 0: none */
	bool has_rows;
};

struct router {
	struct node root;
	const struct route **rows;
	size_t count;
};

static int method_index(const char *method)
{
	for (int i = 0; i < METHOD_COUNT; i++)
		if (!strcmp(method, METHODS[i]))
			return i;
	return -1;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *percent_decode(struct arena *arena, const char *text, size_t length, bool plus)
{
	char *out = arena_strndup(arena, text, length);
	if (!out)
		return NULL;
	size_t n = 0;
	bool plain = true;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if (c == '%') {
			int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
			int low = high < 0 ? -1 : hex_digit(text[i + 2]);
			if (low < 0)
				return NULL;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		plain = plain && c > 0;
		out[n++] = c;
	}
	out[n] = '\0';
	return plain || utf8_valid(out, n) ? out : NULL;
}

/* --- compiling -------------------------------------------------------------------------------------------------------- */

static struct node *node_child(struct node *parent, const char *segment, size_t length)
{
	bool placeholder = segment[0] == '{';
	bool rest = placeholder && segment[length - 2] == '*';
	struct node **slot = !placeholder ? &parent->fixed : rest ? &parent->rest : &parent->value;
	for (struct node *n = *slot; n; n = n->next)
		if (placeholder || (strlen(n->segment) == length && !memcmp(n->segment, segment, length)))
			return n;
	struct node *made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	made->is_branch = length == 8 && !memcmp(segment, "{branch}", 8);
	if (!placeholder && !(made->segment = strndup(segment, length))) {
		free(made);
		return NULL;
	}
	made->next = *slot;
	*slot = made;
	return made;
}

static int router_add(struct router *router, const struct route *route, struct err *e)
{
	int method = method_index(route->method);
	if (method < 0 || route->path[0] != '/')
		return fail(e, ERR_INTERNAL, "The route %s %s can't be called.", route->method, route->path);
	if (route->allow <= ALLOW_NOBODY || route->allow >= ALLOW_COUNT || !route->handle)
		return fail(e, ERR_INTERNAL, "The route %s %s has no handler, or does not say who may call it.", route->method,
			route->path);
	const struct route **rows = realloc(router->rows, (router->count + 1) * sizeof(const struct route *));
	if (!rows)
		return fail(e, ERR_INTERNAL, NULL);
	router->rows = rows;
	rows[router->count++] = route;
	struct node *node = &router->root;
	for (const char *p = route->path + 1; *p && node;) {
		size_t length = strcspn(p, "/");
		node = node_child(node, p, length);
		p += length + (p[length] == '/');
	}
	if (!node)
		return fail(e, ERR_INTERNAL, NULL);
	if (node->rows[method])
		return fail(e, ERR_INTERNAL, "The route %s %s is there twice.", route->method, route->path);
	node->rows[method] = router->count;
	node->has_rows = true;
	return 0;
}

int router_new(const struct route *const *tables, struct router **ret, struct err *e)
{
	struct router *router = calloc(1, sizeof(*router));
	if (!router)
		return fail(e, ERR_INTERNAL, NULL);
	for (; *tables; tables++) {
		for (const struct route *route = *tables; route->method; route++) {
			int rc = router_add(router, route, e);
			if (rc < 0) {
				router_free(router);
				return rc;
			}
		}
	}
	*ret = router;
	return 0;
}

static void node_free(struct node *node)
{
	while (node) {
		struct node *next = node->next;
		node_free(node->fixed);
		node_free(node->value);
		node_free(node->rest);
		free(node->segment);
		free(node);
		node = next;
	}
}

void router_free(struct router *router)
{
	if (!router)
		return;
	node_free(router->root.fixed);
	node_free(router->root.value);
	node_free(router->root.rest);
	free(router->rows);
	free(router);
}

size_t router_count(const struct router *router)
{
	return router->count;
}

const struct route *router_row(const struct router *router, size_t index)
{
	return router->rows[index];
}

/* --- matching --------------------------------------------------------------------------------------------------------- */

struct segment {
	const char *text; /* decoded */
	const char *raw;  /* where it begins in the path: for {x*} */
};

struct search {
	struct arena *arena;
	struct segment segments[SEGMENTS_MAX];
	int count;
	struct route_match *match;
};

/* Cuts the path into decoded segments; one trailing slash is not a segment. What is behind the last segment that fits stays in it:
 * only {x*} can match so long a path. */
static int search_split(struct search *s, const char *path, struct err *e)
{
	const char *p = path + (*path == '/');
	while (*p && s->count < SEGMENTS_MAX) {
		size_t length = s->count == SEGMENTS_MAX - 1 ? strlen(p) : strcspn(p, "/");
		char *text = percent_decode(s->arena, p, length, false);
		if (!text)
			return fail(e, ERR_MALFORMED, "The path of the request could not be read.");
		s->segments[s->count++] = (struct segment){ text, p };
		p += length + (p[length] == '/');
	}
	return 0;
}

static bool search_take(struct search *s, const struct node *node, const char *text)
{
	if (node->is_branch) {
		s->match->branch = text;
		return true;
	}
	if (s->match->value_count == ROUTE_VALUES_MAX)
		return false;
	s->match->values[s->match->value_count++] = text;
	return true;
}

static const struct node *search_down(struct search *s, const struct node *node, int depth);

static const struct node *search_placeholder(struct search *s, const struct node *node, int depth)
{
	int count = s->match->value_count;
	const char *branch = s->match->branch;
	const char *text = s->segments[depth].text;
	if (node->value && *text && search_take(s, node->value, text)) {
		const struct node *found = search_down(s, node->value, depth + 1);
		if (found)
			return found;
	}
	s->match->value_count = count;
	s->match->branch = branch;
	if (node->rest && *s->segments[depth].raw) {
		text = percent_decode(s->arena, s->segments[depth].raw, strlen(s->segments[depth].raw), false);
		if (text && search_take(s, node->rest, text))
			return node->rest;
	}
	return NULL;
}

/* The node for the segments from depth on: fixed ones go before placeholders. */
static const struct node *search_down(struct search *s, const struct node *node, int depth)
{
	if (depth == s->count)
		return node->has_rows ? node : NULL;
	for (const struct node *n = node->fixed; n; n = n->next) {
		if (n->segment[0] != s->segments[depth].text[0] || strcmp(n->segment, s->segments[depth].text) != 0)
			continue;
		const struct node *found = search_down(s, n, depth + 1);
		if (found)
			return found;
		break;
	}
	return search_placeholder(s, node, depth);
}

/* Is the path /v2/storage/branch/{branch}/...? Then it is looked up a second time without these two segments. */
static bool search_drop_branch(struct search *s)
{
	if (s->count < 5 || strcmp(s->segments[0].text, "v2") != 0 || strcmp(s->segments[1].text, "storage") != 0 ||
		strcmp(s->segments[2].text, "branch") != 0 || !*s->segments[3].text)
		return false;
	*s->match = (struct route_match){ .branch = s->segments[3].text };
	memmove(s->segments + 2, s->segments + 4, (size_t)(s->count - 4) * sizeof(s->segments[0]));
	s->count -= 2;
	return true;
}

/* The row of a method, index + 1; 0: none. HEAD is answered by GET's unless it has its own. */
static size_t row_of(const struct router *router, const struct node *node, int method, bool under_branch)
{
	size_t row = node->rows[method];
	if (!row && method == METHOD_HEAD)
		row = node->rows[METHOD_GET];
	return row && (!under_branch || router->rows[row - 1]->branched) ? row : 0;
}

static const char *allowed_methods(const struct router *router, struct arena *arena, const struct node *node, bool under_branch)
{
	const char *text = "";
	for (int i = 0; i < METHOD_COUNT; i++)
		if (row_of(router, node, i, under_branch))
			text = arena_printf(arena, "%s%s, ", text ? text : "", METHODS[i]);
	return *text ? arena_printf(arena, "%sOPTIONS", text) : NULL;
}

static int search_end(
	const struct router *router, struct search *s, const struct node *node, const char *method, bool under_branch)
{
	int index = method_index(method);
	size_t row = index >= 0 ? row_of(router, node, index, under_branch) : 0;
	if (row) {
		s->match->index = row - 1;
		s->match->route = router->rows[row - 1];
		return 0;
	}
	s->match->allowed = allowed_methods(router, s->arena, node, under_branch);
	if (!s->match->allowed)
		return -ERR_ROUTE_NOT_FOUND;
	s->match->options = !strcmp(method, "OPTIONS");
	return s->match->options ? 0 : -ERR_METHOD_NOT_ALLOWED;
}

int router_find(const struct router *router, struct arena *arena, const char *method, const char *path, struct route_match *ret,
	struct err *e)
{
	struct search s; /* its segments are many and mostly unused: not set to zero */
	s.arena = arena;
	s.match = ret;
	s.count = 0;
	*ret = (struct route_match){ 0 };
	int rc = search_split(&s, path, e);
	if (rc < 0)
		return rc;
	const struct node *node = search_down(&s, &router->root, 0);
	rc = node ? search_end(router, &s, node, method, false) : -ERR_ROUTE_NOT_FOUND;
	if (rc == -ERR_ROUTE_NOT_FOUND && search_drop_branch(&s)) {
		node = search_down(&s, &router->root, 0);
		rc = node ? search_end(router, &s, node, method, true) : -ERR_ROUTE_NOT_FOUND;
	}
	/* "DELETE tokens/" misses the id: that is an unknown path, not a wrong method; of "PUT configs/" it is said (behaviour.md §8). */
	size_t length = strlen(path);
	if (rc == -ERR_METHOD_NOT_ALLOWED && length > 1 && path[length - 1] == '/') {
		if (!strcmp(method, "PUT") && node->value && node->value->rows[METHOD_PUT])
			return fail(e, ERR_VALIDATION, "Invalid request: the path ends before the id.");
		rc = -ERR_ROUTE_NOT_FOUND;
	}
	return rc < 0 ? fail(e, (enum err_code) - rc, NULL) : 0;
}
