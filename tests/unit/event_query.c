/* The language of q: what it reads, what it refuses. */
#include "test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/own.h"
#include "store/event_query.h"

static void print_node(struct buf *out, const struct query_node *node)
{
	static const char *const joins[] = { [NODE_AND] = " AND ", [NODE_OR] = " OR " };
	if (node->kind == NODE_TERM) {
		buf_printf(out, "%d=%s%s", (int)node->field, node->value, node->prefix ? "*" : "");
		return;
	}
	buf_puts(out, node->kind == NODE_NOT ? "NOT(" : "(");
	print_node(out, node->left);
	if (node->kind != NODE_NOT) {
		buf_puts(out, joins[node->kind]);
		print_node(out, node->right);
	}
	buf_puts(out, ")");
}

static void check_reads(const char *q, const char *expected)
{
	own(own_arena) struct arena *arena = arena_new();
	own(buf_done) struct buf out = { 0 };
	own(err_done) struct err e = { 0 };
	const struct query_node *node = NULL;
	CHECK(event_query_parse(arena, q, &node, &e) == 0);
	if (node)
		print_node(&out, node);
	CHECK_TEXT(node ? out.data : "", expected);
}

static void check_refuses(const char *q)
{
	own(own_arena) struct arena *arena = arena_new();
	own(err_done) struct err e = { 0 };
	const struct query_node *node = NULL;
	CHECK(event_query_parse(arena, q, &node, &e) < 0);
	CHECK(e.code == ERR_QUERY_SYNTAX);
	CHECK(e.code && strncmp(err_text(&e), "Failed to parse query", 21) == 0);
	CHECK(node == NULL);
}

static void test_values_are_whole(void)
{
	check_reads("event:storage.tableCreated", "3=storage.tableCreated");
	check_reads("objectId:in.c-main.my-table", "4=in.c-main.my-table");
	check_reads("token.id:12 AND event:a.b", "(1=12 AND 3=a.b)");
	check_reads("search-123456", "0=search-123456");
	check_reads("\"two words\"", "0=two words");
	check_reads("token.name:\"a (b) \\\"c\\\"\"", "2=a (b) \"c\"");
	check_reads("message:a\\:b\\ c", "0=a:b c");
	check_reads("objectId:in.c-main.*", "4=in.c-main.*");
	check_reads("objectId:*", "4=*");
	check_reads("operation:read", "14=read");
	check_reads("class:read", "14=read");
	check_reads("ANDROID", "0=ANDROID");
	check_reads("", "");
	check_reads("  ", "");
}

static void test_joins(void)
{
	check_reads("a b", "(0=a AND 0=b)");
	check_reads("a OR b AND c", "(0=a OR (0=b AND 0=c))");
	check_reads("(a OR b) AND c", "((0=a OR 0=b) AND 0=c)");
	check_reads("a && b || c", "((0=a AND 0=b) OR 0=c)");
	check_reads("NOT a", "NOT(0=a)");
	check_reads("a -b", "(0=a AND NOT(0=b))");
	check_reads("NOT NOT a", "0=a");
	check_reads("+a !(b c)", "(0=a AND NOT((0=b AND 0=c)))");
}

static void test_refusals(void)
{
	check_refuses("event:");
	check_refuses("event: a");
	check_refuses("/GET");
	check_refuses("message:/GET");
	check_refuses("nosuch:1");
	check_refuses("\"open");
	check_refuses("(a");
	check_refuses("a)");
	check_refuses("()");
	check_refuses("a AND");
	check_refuses("OR a");
	check_refuses("NOT");
	check_refuses("a*b");
	check_refuses("event:a\"b\"");
}

static void repeat(struct buf *out, const char *s, int times)
{
	for (int i = 0; i < times; i++)
		buf_puts(out, s);
}

static void test_bounds(void)
{
	own(buf_done) struct buf deep = { 0 }, many = { 0 }, most = { 0 }, longest = { 0 };
	repeat(&deep, "(", QUERY_DEPTH_MAX + 1);
	check_refuses(deep.data);
	repeat(&many, "a ", QUERY_TERMS_MAX + 1);
	check_refuses(many.data);
	repeat(&most, "NOT a ", QUERY_TERMS_MAX);
	own(own_arena) struct arena *arena = arena_new();
	own(err_done) struct err e = { 0 };
	const struct query_node *node = NULL;
	CHECK(event_query_parse(arena, most.data, &node, &e) == 0 && node);
	repeat(&longest, "a", QUERY_LENGTH_MAX + 1);
	check_refuses(longest.data);
}

int main(void)
{
	test_values_are_whole();
	test_joins();
	test_refusals();
	test_bounds();
	return test_end();
}
