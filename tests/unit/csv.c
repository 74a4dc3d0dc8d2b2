/* CSV: what is read, field by field, whatever the size of the pieces that it comes in; what is refused; what is written. */
#include "store/rows/csv.h"

#include <stdlib.h>

#include "base/own.h"
#include "test.h"

struct text {
	const char *const *streams; /* ended by NULL */
	size_t at, piece;
};

static int text_read(void *arg, char *buffer, size_t size, size_t *ret_length, struct err *e)
{
	(void)e;
	struct text *text = arg;
	const char *from = *text->streams + text->at;
	size_t length = strlen(from);
	if (length > text->piece)
		length = text->piece;
	if (length > size)
		length = size;
	memcpy(buffer, from, length);
	text->at += length;
	*ret_length = length;
	return 0;
}

static int text_next(void *arg, struct err *e)
{
	(void)e;
	struct text *text = arg;
	text->streams++;
	text->at = 0;
	return *text->streams != NULL;
}

/* Reads all; fields as a|b, quoted ones as <a>, records ended by ";". The error's text when it fails. */
static void read_as(const struct csv_dialect *dialect, const char *const *streams, int64_t skip, size_t piece, struct buf *ret)
{
	struct text text = { streams, 0, piece };
	struct csv_source source = { &text, text_read, text_next };
	own(own_csv) struct csv_reader *reader = NULL;
	struct err e = { 0 };
	const struct csv_field *fields;
	size_t count;
	int rc = csv_open(dialect, &source, 1 << 20, &reader, &e);
	if (rc == 0)
		rc = csv_skip_lines(reader, skip, &e);
	while (rc >= 0 && (rc = csv_read(reader, &fields, &count, &e)) > 0) {
		for (size_t i = 0; i < count; i++) {
			buf_puts(ret, i ? "|" : "");
			buf_puts(ret, fields[i].is_quoted ? "<" : "");
			buf_add(ret, fields[i].data, fields[i].length);
			buf_puts(ret, fields[i].is_quoted ? ">" : "");
		}
		buf_puts(ret, ";");
	}
	if (rc < 0)
		buf_printf(ret, "%s: %s", err_wire_code(&e), err_text(&e));
	err_done(&e);
}

static const struct csv_dialect STANDARD = { ',', '"', 0 };

static void check(const struct csv_dialect *dialect, const char *const *streams, int64_t skip, const char *expected)
{
	const size_t pieces[] = { 1, 2, 3, 7, 8, 1 << 16 };
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct buf got = { 0 };
		buf_puts(&got, "");
		read_as(dialect, streams, skip, pieces[i], &got);
		CHECK_TEXT(got.data, expected);
		buf_done(&got);
	}
}

static void reads(const char *csv, const char *expected)
{
	check(&STANDARD, (const char *const[]){ csv, NULL }, 0, expected);
}

static void refuses(const char *csv, const char *code)
{
	struct buf got = { 0 };
	read_as(&STANDARD, (const char *const[]){ csv, NULL }, 0, 5, &got);
	CHECK(got.data && strstr(got.data, code));
	buf_done(&got);
}

static void test_records(void)
{
	reads("", "");
	reads("a,b\n1,2\n", "a|b;1|2;");
	reads("a,b\r\n1,2", "a|b;1|2;");
	reads("a,b\n1,\n,2\n", "a|b;1|;|2;");
	reads("a,", "a|;");
	reads("\n", ";");
	reads("a\n\nb", "a;;b;");
	reads("\xef\xbb\xbf"
	      "a,b\n",
		"a|b;");
	reads("\"a\",\"\"\n,\"b\"", "<a>|<>;|<b>;");
	reads("\"a\"\"b\",\"\"\"\"\r\n", "<a\"b>|<\">;");
	reads("\"line\none\r\n\",x\r\n\"y\"", "<line\none\r\n>|x;<y>;");
	reads("a\\,b\n", "a\\|b;"); /* a backslash is an ordinary byte */
	reads("it\"s,ok\n", "it\"s|ok;");
	reads("\"unicode čř\",ž\n", "<unicode čř>|ž;");
	reads("a,averyveryverylongplainfieldthatneedsmorethanoneword,b\n",
		"a|averyveryverylongplainfieldthatneedsmorethanoneword|b;");
}

static void test_dialects(void)
{
	check(&(struct csv_dialect){ '|', 0, 0 }, (const char *const[]){ "a|\"b\"\n", NULL }, 0, "a|\"b\";");
	check(&(struct csv_dialect){ '\t', '\'', 0 }, (const char *const[]){ "a\t'b''c'\n", NULL }, 0, "a|<b'c>;");
	check(&(struct csv_dialect){ ',', 0, '\\' }, (const char *const[]){ "a\\,b,c\\\nd,e\\\\\n", NULL }, 0, "a,b|c\nd|e\\;");
	struct csv_dialect dialect;
	struct err e = { 0 };
	CHECK(csv_dialect_parse(NULL, NULL, NULL, &dialect, &e) == 0 && dialect.delimiter == ',' && dialect.enclosure == '"' &&
		!dialect.escape);
	CHECK(csv_dialect_parse("\\t", "", "", &dialect, &e) == 0 && dialect.delimiter == '\t' && !dialect.enclosure);
	CHECK(csv_dialect_parse(";", NULL, "\\", &dialect, &e) == 0 && dialect.escape == '\\' && !dialect.enclosure);
	CHECK(csv_dialect_parse("/t", NULL, NULL, &dialect, &e) == -ERR_CSV_INVALID);
	CHECK(csv_dialect_parse("", NULL, NULL, &dialect, &e) == -ERR_CSV_INVALID);
	CHECK(csv_dialect_parse("\n", NULL, NULL, &dialect, &e) == -ERR_CSV_INVALID);
	CHECK(csv_dialect_parse("\"", NULL, NULL, &dialect, &e) == -ERR_CSV_INVALID);
	CHECK(csv_dialect_parse(",", "\"", "\\", &dialect, &e) == -ERR_CSV_PARAMS);
	err_done(&e);
}

static void test_streams_and_lines(void)
{
	check(&STANDARD,
		(const char *const[]){ "a,b\n1,2",
			"\xef\xbb\xbf"
			"3,4\n",
			"", "5,6", NULL },
		0, "a|b;1|2;3|4;5|6;");
	check(&STANDARD, (const char *const[]){ "skip \"this\nand,this\na,b\n", NULL }, 2, "a|b;");
	check(&STANDARD, (const char *const[]){ "a\n", NULL }, 5, "");
}

static void test_refusals(void)
{
	refuses("a,\"b", "invalidCsv");
	refuses("a,\"b\"x\n", "record 1, column 2, at byte 3");
	refuses("a\n\"b\" ,c\n", "record 2");
	refuses("a,\xc3(\n", "invalidData");
	refuses("abc,\xed\xa0\x80\n", "at byte 4"); /* a surrogate */
	refuses("a,\xc0\xaf\n", "invalidData");     /* an overlong slash */
	refuses("a,\xe2\x82", "invalidData");       /* cut short at the end */
	struct buf wide = { 0 };
	for (int i = 0; i < CSV_FIELDS_MAX; i++)
		buf_putc(&wide, ',');
	refuses(wide.data, "more than 4096 columns");
	buf_clear(&wide);
	buf_putc(&wide, '"');
	for (int i = 0; i < 3 << 20; i++)
		buf_putc(&wide, 'x');
	struct buf got = { 0 };
	read_as(&STANDARD, (const char *const[]){ wide.data, NULL }, 0, 1 << 16, &got);
	CHECK(strstr(got.data, "longer than 1048576 bytes"));
	buf_done(&got);
	buf_done(&wide);
}

static void test_large_fields(void)
{
	struct buf csv = { 0 }, expected = { 0 };
	for (int i = 0; i < 700000; i++)
		buf_puts(&expected, i % 1000 ? "x" : "\"");
	csv_write(&csv, (const char *const[]){ "a", expected.data, NULL }, (const size_t[]){ 1, expected.length, 0 }, 3);
	struct text text = { (const char *const[]){ csv.data, NULL }, 0, 9999 };
	struct csv_source source = { &text, text_read, text_next };
	own(own_csv) struct csv_reader *reader = NULL;
	const struct csv_field *fields;
	size_t count;
	CHECK(csv_open(&STANDARD, &source, 1 << 20, &reader, NULL) == 0);
	CHECK(csv_read(reader, &fields, &count, NULL) == 1 && count == 3);
	CHECK(fields[1].length == expected.length && memcmp(fields[1].data, expected.data, expected.length) == 0);
	CHECK(fields[2].length == 0 && fields[2].is_quoted);
	CHECK(csv_read(reader, &fields, &count, NULL) == 0 && csv_bytes(reader) == (int64_t)csv.length &&
		csv_record(reader) == 1);
	buf_done(&csv);
	buf_done(&expected);
}

static void test_writing(void)
{
	struct buf csv = { 0 };
	csv_write(&csv, (const char *const[]){ "id", "na\"me" }, (const size_t[]){ 2, 5 }, 2);
	csv_write(&csv, (const char *const[]){ NULL, "\n," }, (const size_t[]){ 0, 2 }, 2);
	CHECK_TEXT(csv.data, "\"id\",\"na\"\"me\"\n\"\",\"\n,\"\n");
	buf_done(&csv);
}

int main(void)
{
	test_records();
	test_dialects();
	test_streams_and_lines();
	test_refusals();
	test_large_fields();
	test_writing();
	return test_end();
}
