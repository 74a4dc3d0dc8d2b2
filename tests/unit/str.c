/* Strings, growing buffers and request memory. */
#include "test.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

static void test_numbers(void)
{
	int64_t n = 7;
	double d = 7;
	CHECK(str_to_i64("0", &n) && n == 0);
	CHECK(str_to_i64("-9223372036854775808", &n) && n == INT64_MIN);
	CHECK(str_to_i64("+5", &n) && n == 5);
	const char *const bad[] = { "", " 1", "1 ", "1x", "9223372036854775808", "-", "0x1", "1e3", NULL };
	n = 5;
	for (int i = 0; bad[i]; i++)
		CHECK(!str_to_i64(bad[i], &n));
	CHECK(n == 5 && !str_to_i64(NULL, &n));
	CHECK(str_to_double("-1.5e3", &d) && d == -1500);
	const char *const bad_real[] = { "", "nan", "inf", "0x1p3", "1e999", " 1", "1,5", "e", NULL };
	for (int i = 0; bad_real[i]; i++)
		CHECK(!str_to_double(bad_real[i], &d));
	CHECK(d == -1500);
}

static void test_bools(void)
{
	bool b = false;
	CHECK(str_to_bool("1", &b) && b);
	CHECK(str_to_bool("TRUE", &b) && b);
	CHECK(str_to_bool("0", &b) && !b);
	b = true;
	CHECK(str_to_bool("", &b) && !b);
	CHECK(!str_to_bool("2", &b) && !str_to_bool("yes", &b) && !str_to_bool(NULL, &b));
}

static void test_utf8(void)
{
	const char *const good[] = { "", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x97\x9d", "\xed\x9f\xbf",
		"\xf4\x8f\xbf\xbf", NULL };
	for (int i = 0; good[i]; i++)
		CHECK(utf8_valid(good[i], strlen(good[i])));
	/* overlong, surrogate, above U+10FFFF, cut off, stray continuation */
	const char *const bad[] = { "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xff",
		"a\xc3", "\xf0\x8f\xbf\xbf", NULL };
	for (int i = 0; bad[i]; i++)
		CHECK(!utf8_valid(bad[i], strlen(bad[i])));
	CHECK(!utf8_valid("a\0b", 3));
	CHECK(utf8_length("a\xc3\xa9\xe2\x82\xac") == 3);
	static const char *const cut[][2] = {
		{ "", "" },
		{ "a\xc3\xa9 \xe2\x82\xac", "a\xc3\xa9 \xe2\x82\xac" },
		{ "\"a\xe2\x82\" is", "\"a\" is" },
		{ "\xf0\x9f\x98", "" },
		{ "\xa9\xed\xa0\x80z", "z" },
	};
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		char text[16];
		strcpy(text, cut[i][0]);
		utf8_mend(text);
		CHECK(strcmp(text, cut[i][1]) == 0);
	}
}

static void test_emails(void)
{
	const char *const good[] = { "a@b.c", "first.last+tag@example.org", "root@localhost", NULL };
	for (int i = 0; good[i]; i++)
		CHECK(str_is_email(good[i]));
	const char *const bad[] = { "", "a", "@b", "a@", "a@b@c", "a b@c", "a@b..c", "a@.b", "a@b.", "a@b\r\nBcc: x", "<a@b>",
		"a,b@c", NULL };
	for (int i = 0; bad[i]; i++)
		CHECK(!str_is_email(bad[i]));
	char longest[260];
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + 60, "@", 1);
	longest[254] = 0;
	CHECK(str_is_email(longest));
	longest[254] = 'a';
	longest[255] = 0;
	CHECK(!str_is_email(longest) && !str_is_email(NULL));
}

static void test_questions(void)
{
	CHECK(str_eq("a", "a") && !str_eq("a", "b") && !str_eq("a", NULL) && str_eq(NULL, NULL));
	CHECK(str_eq_nocase("aB", "Ab") && !str_eq_nocase("a", NULL));
	CHECK(str_starts("in.c-main", "in.") && !str_starts("in", "in.") && !str_starts(NULL, "in."));
	CHECK(str_ends("x.sql", ".sql") && !str_ends("sql", ".sql") && !str_ends(NULL, ".sql"));
	CHECK(str_empty(NULL) && str_empty("") && !str_empty("a"));
	char text[] = "A\xc3\x84z";
	str_lower(text);
	CHECK_TEXT(text, "a\xc3\x84z");
}

static void test_buf(void)
{
	struct buf buf = { 0 };
	for (int i = 0; i < 1000; i++)
		buf_printf(&buf, "%d,", i);
	CHECK(!buf.failed && buf.length == strlen(buf.data) && str_ends(buf.data, ",998,999,"));
	buf_clear(&buf);
	CHECK(buf.length == 0 && buf.data[0] == 0);
	buf_add(&buf, "a\0b", 3);
	buf_putc(&buf, 'c');
	CHECK(buf.length == 4 && memcmp(buf.data, "a\0bc", 5) == 0);
	char *taken = buf_take(&buf);
	CHECK(memcmp(taken, "a\0bc", 5) == 0 && buf.data == NULL && buf.length == 0);
	free(taken);
	taken = buf_take(&buf);
	CHECK_TEXT(taken, "");
	free(taken);
	CHECK(!buf_reserve(&buf, SIZE_MAX / 2) && buf.failed);
	buf_puts(&buf, "after");
	CHECK(buf.failed && buf_take(&buf) == NULL);
	buf_done(&buf);
}

static void test_arena(void)
{
	struct arena *arena = arena_new();
	char *small = arena_strdup(arena, "small");
	for (size_t size = 1; size < 100000; size = size * 3 + 1) {
		unsigned char *p = arena_alloc(arena, size);
		CHECK((uintptr_t)p % 16 == 0 && p[0] == 0 && p[size - 1] == 0);
		memset(p, 0xff, size);
	}
	CHECK_TEXT(small, "small");
	CHECK_TEXT(arena_printf(arena, "%d-%s", 12, "x"), "12-x");
	CHECK_TEXT(arena_strndup(arena, "abcdef", 3), "abc");
	CHECK(arena_strdup(arena, NULL) == NULL && arena_alloc(arena, SIZE_MAX - 8) == NULL);
	arena_free(arena);
	arena_free(NULL);
}

int main(void)
{
	test_numbers();
	test_bools();
	test_utf8();
	test_emails();
	test_questions();
	test_buf();
	test_arena();
	return test_end();
}
