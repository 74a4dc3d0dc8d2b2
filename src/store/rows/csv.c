/* CSV: fields are found within the buffer that they were read into, nothing is copied but the rest of a record at the buffer's end. */
#include "store/rows/csv.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

#define BUFFER_SIZE (256 * 1024)
#define ONES UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

struct csv_reader {
	struct csv_dialect dialect;
	struct csv_source source;
	uint64_t delimiters, escapes; /* the byte eight times */
	char *data;
	size_t size, record_max;
	size_t start, end; /* what is not read yet */
	size_t checked;    /* before this all is valid UTF-8 */
	bool stream_ended, all_ended, stream_begins;
	int64_t dropped; /* bytes of the stream before data[0] */
	int64_t bytes, record, record_offset;
	struct csv_field *fields;
	size_t field_count, field_size;
	bool any_escaped;
};

/* One byte of a caller's option; 0 when it is empty or not given. */
static int option_byte(const char *text, const char *name, char *ret, struct err *e)
{
	unsigned char c = text[0];
	if (strcmp(text, "\\t") == 0)
		c = '\t';
	else if (c && text[1])
		return fail(e, ERR_CSV_INVALID, "Invalid CSV: %s must be one character.", name);
	if (c == '\n' || c == '\r' || c >= 0x80)
		return fail(e, ERR_CSV_INVALID, "Invalid CSV: %s must be one ASCII character and not the end of a line.", name);
	*ret = (char)c;
	return 0;
}

int csv_dialect_parse(const char *delimiter, const char *enclosure, const char *escape, struct csv_dialect *ret, struct err *e)
{
	struct csv_dialect dialect = { 0 };
	bool has_escape = escape && escape[0];
	if (!enclosure)
		enclosure = has_escape ? "" : "\"";
	int rc = option_byte(delimiter ? delimiter : ",", "delimiter", &dialect.delimiter, e);
	if (rc == 0)
		rc = option_byte(enclosure, "enclosure", &dialect.enclosure, e);
	if (rc == 0)
		rc = option_byte(has_escape ? escape : "", "escapedBy", &dialect.escape, e);
	if (rc < 0)
		return rc;
	if (!dialect.delimiter)
		return fail(e, ERR_CSV_INVALID, "Invalid CSV: delimiter must not be empty.");
	if (dialect.enclosure && dialect.escape)
		return fail(e, ERR_CSV_PARAMS, "Invalid CSV params. Either enclosure or escapedBy may be given, not both.");
	if (dialect.delimiter == dialect.enclosure || dialect.delimiter == dialect.escape)
		return fail(e, ERR_CSV_INVALID, "Invalid CSV: delimiter must differ from enclosure and escapedBy.");
	*ret = dialect;
	return 0;
}

int csv_open(const struct csv_dialect *dialect, const struct csv_source *source, size_t record_max, struct csv_reader **ret,
	struct err *e)
{
	own(own_csv) struct csv_reader *reader = calloc(1, sizeof(*reader));
	if (!reader)
		return fail_internal(e, ERR_INTERNAL, "no memory for a CSV reader");
	reader->dialect = *dialect;
	reader->source = *source;
	reader->delimiters = ONES * (unsigned char)dialect->delimiter;
	reader->escapes = ONES * (unsigned char)(dialect->escape ? dialect->escape : dialect->delimiter);
	reader->record_max = record_max;
	reader->size = BUFFER_SIZE;
	reader->stream_begins = true;
	reader->data = malloc(reader->size);
	if (!reader->data)
		return fail_internal(e, ERR_INTERNAL, "no memory for a CSV buffer");
	*ret = give_ptr(reader);
	return 0;
}

void csv_close(struct csv_reader *reader)
{
	if (!reader)
		return;
	free(reader->data);
	free(reader->fields);
	free(reader);
}

void own_csv(struct csv_reader **reader)
{
	csv_close(*reader);
}

/* --- reading bytes ------------------------------------------------------------------------------------------------------- */

/* Length of the valid character at s: 0 when it is invalid, -1 when more bytes are needed to know. NUL is invalid. */
static int character_length(const unsigned char *s, size_t left)
{
	static const uint32_t LOWEST[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	if (length <= 1)
		return s[0] ? length : 0;
	uint32_t point = s[0] & (0xff >> (length + 1));
	for (int i = 1; i < length; i++) {
		if ((size_t)i >= left)
			return -1;
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (s[i] & 0x3f);
	}
	return point < LOWEST[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ? 0 : length;
}

/* Checks what was read newly; stops before a character that is not there to its end yet. */
static int check_characters(struct csv_reader *reader, struct err *e)
{
	const unsigned char *data = (const unsigned char *)reader->data;
	size_t i = reader->checked;
	while (i < reader->end) {
		uint64_t word;
		while (i + sizeof(word) <= reader->end) {
			memcpy(&word, data + i, sizeof(word));
			if ((word & TOPS) | ((word - ONES) & ~word & TOPS))
				break;
			i += sizeof(word);
		}
		if (i >= reader->end)
			break;
		int length = character_length(data + i, reader->end - i);
		if (length < 0 && !reader->stream_ended)
			break;
		if (length <= 0)
			return fail(e, ERR_DATA_INVALID, "Invalid data: %s at byte %lld.",
				data[i] ? "the file is not valid UTF-8" : "the file has a NUL character",
				(long long)(reader->dropped + (int64_t)i));
		i += (size_t)length;
	}
	reader->checked = i;
	return 0;
}

static void drop_byte_order_mark(struct csv_reader *reader)
{
	if (reader->end - reader->start >= 3 && memcmp(reader->data + reader->start, "\xef\xbb\xbf", 3) == 0)
		reader->start += 3;
	reader->stream_begins = false;
}

/* Moves what is left to the buffer's begin and makes room behind it. */
static int make_room(struct csv_reader *reader, struct err *e)
{
	size_t left = reader->end - reader->start;
	if (left > reader->record_max)
		return fail(e, ERR_CSV_INVALID,
			"Invalid CSV: record %lld is longer than %zu bytes; an enclosure may be left open.",
			(long long)reader->record + 1, reader->record_max);
	memmove(reader->data, reader->data + reader->start, left);
	reader->dropped += (int64_t)reader->start;
	reader->checked -= reader->start < reader->checked ? reader->start : reader->checked;
	reader->start = 0;
	reader->end = left;
	if (left < reader->size / 2)
		return 0;
	char *grown = realloc(reader->data, reader->size * 2);
	if (!grown)
		return fail_internal(e, ERR_INTERNAL, "no memory for a CSV record of %zu bytes", left);
	reader->data = grown;
	reader->size *= 2;
	return 0;
}

/* Reads more of the stream behind what is left; sets stream_ended at its end. */
static int fill(struct csv_reader *reader, struct err *e)
{
	int rc = make_room(reader, e);
	if (rc < 0)
		return rc;
	do {
		size_t length = 0;
		rc = reader->source.read(reader->source.arg, reader->data + reader->end, reader->size - reader->end, &length, e);
		if (rc < 0)
			return rc;
		reader->end += length;
		reader->bytes += (int64_t)length;
		reader->stream_ended = length == 0;
	} while (!reader->stream_ended && reader->stream_begins && reader->end - reader->start < 3);
	if (reader->stream_begins)
		drop_byte_order_mark(reader);
	return check_characters(reader, e);
}

/* At the end of a stream: 1 the next one is open, 0 there is none. */
static int next_stream(struct csv_reader *reader, struct err *e)
{
	int rc = reader->source.next ? reader->source.next(reader->source.arg, e) : 0;
	if (rc <= 0) {
		reader->all_ended = rc == 0;
		return rc;
	}
	reader->start = reader->end = reader->checked = 0;
	reader->dropped = 0;
	reader->stream_ended = false;
	reader->stream_begins = true;
	return 1;
}

/* Is there a byte to read? 1 yes, 0 all streams are at their end. */
static int have_byte(struct csv_reader *reader, struct err *e)
{
	while (reader->start == reader->end) {
		if (reader->all_ended)
			return 0;
		int rc = reader->stream_ended ? next_stream(reader, e) : fill(reader, e);
		if (rc < 0)
			return rc;
	}
	return 1;
}

int csv_skip_lines(struct csv_reader *reader, int64_t count, struct err *e)
{
	while (count > 0) {
		int rc = have_byte(reader, e);
		if (rc <= 0)
			return rc;
		const char *from = reader->data + reader->start;
		const char *line_end = memchr(from, '\n', reader->end - reader->start);
		reader->start = line_end ? (size_t)(line_end + 1 - reader->data) : reader->end;
		if (line_end)
			count--;
	}
	return 0;
}

/* --- records --------------------------------------------------------------------------------------------------------------- */

static inline uint64_t zero_bytes(uint64_t word)
{
	return (word - ONES) & ~word & TOPS;
}

/* The first delimiter, line feed or escape from p on, or end. Eight bytes at a time: most fields are short. */
static inline char *find_end_of_plain(const struct csv_reader *reader, char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t word;
		memcpy(&word, p, sizeof(word));
		word = le64toh(word);
		uint64_t hit = zero_bytes(word ^ reader->delimiters) | zero_bytes(word ^ (ONES * '\n')) |
			       zero_bytes(word ^ reader->escapes);
		if (hit)
			return p + (__builtin_ctzll(hit) >> 3);
	}
	while (p < end && *p != reader->dialect.delimiter && *p != '\n' &&
		(!reader->dialect.escape || *p != reader->dialect.escape))
		p++;
	return p;
}

static struct csv_field *add_field(struct csv_reader *reader, struct err *e)
{
	if (reader->field_count == CSV_FIELDS_MAX) {
		fail(e, ERR_CSV_INVALID, "Invalid CSV: record %lld has more than %d columns.", (long long)reader->record + 1,
			CSV_FIELDS_MAX);
		return NULL;
	}
	if (reader->field_count == reader->field_size) {
		size_t size = reader->field_size ? reader->field_size * 2 : 64;
		struct csv_field *grown = realloc(reader->fields, size * sizeof(*grown));
		if (!grown) {
			fail_internal(e, ERR_INTERNAL, "no memory for the fields of a CSV record");
			return NULL;
		}
		reader->fields = grown;
		reader->field_size = size;
	}
	struct csv_field *field = &reader->fields[reader->field_count++];
	*field = (struct csv_field){ 0 };
	return field;
}

/* A field's end: how it ended, and where the next thing begins. NULL next: the stream must be read further to know. */
enum ending { END_FIELD, END_RECORD, END_BROKEN };

static enum ending read_plain(struct csv_reader *reader, struct csv_field *field, char **next)
{
	char *p = *next, *end = reader->data + reader->end;
	field->data = p;
	for (;;) {
		p = find_end_of_plain(reader, p, end);
		if (p == end || !reader->dialect.escape || *p != reader->dialect.escape)
			break;
		field->is_escaped = reader->any_escaped = true;
		p = end - p > 2 ? p + 2 : end;
	}
	field->length = (size_t)(p - field->data);
	if (p == end && !reader->stream_ended)
		*next = NULL;
	else
		*next = p < end ? p + 1 : end;
	if (p < end && *p == reader->dialect.delimiter)
		return END_FIELD;
	if (field->length && p[-1] == '\r')
		field->length--;
	return END_RECORD;
}

static enum ending read_quoted(struct csv_reader *reader, struct csv_field *field, char **next)
{
	char *p = *next + 1, *end = reader->data + reader->end;
	char enclosure = reader->dialect.enclosure;
	*next = NULL;
	field->data = p;
	field->is_quoted = true;
	for (;;) {
		p = memchr(p, enclosure, (size_t)(end - p));
		if (!p)
			return reader->stream_ended ? END_BROKEN : END_RECORD;
		if (p + 1 == end || p[1] != enclosure)
			break;
		field->is_escaped = reader->any_escaped = true;
		p += 2;
	}
	field->length = (size_t)(p - field->data);
	p++;
	if (end - p < 2 && !reader->stream_ended)
		return END_RECORD;
	*next = p;
	if (p == end)
		return END_RECORD;
	*next = p + 1;
	if (*p == reader->dialect.delimiter)
		return END_FIELD;
	if (*p == '\r') {
		*next = end - p > 1 ? p + 2 : end;
		p += end - p > 1;
	}
	return *p == '\n' || (*p == '\r' && *next == end) ? END_RECORD : END_BROKEN;
}

/* Takes the second of two enclosures, or the escape before a byte, out of the field. */
static void unescape(const struct csv_reader *reader, struct csv_field *field)
{
	char mark = reader->dialect.enclosure && field->is_quoted ? reader->dialect.enclosure : reader->dialect.escape;
	char *to = memchr(field->data, mark, field->length), *end = field->data + field->length;
	for (char *from = to; from < end; from++) {
		if (*from == mark && from + 1 < end)
			from++;
		*to++ = *from;
	}
	field->length = (size_t)(to - field->data);
}

/* 1: a whole record, 0: more must be read first. */
static int scan_record(struct csv_reader *reader, struct err *e)
{
	char *next = reader->data + reader->start, *end = reader->data + reader->end;
	enum ending ending = END_FIELD;
	reader->field_count = 0;
	reader->any_escaped = false;
	while (ending == END_FIELD) {
		struct csv_field *field = add_field(reader, e);
		if (!field)
			return -ERR_CSV_INVALID;
		bool quoted = reader->dialect.enclosure && next < end && *next == reader->dialect.enclosure;
		ending = quoted ? read_quoted(reader, field, &next) : read_plain(reader, field, &next);
		if (ending == END_BROKEN)
			return fail(e, ERR_CSV_INVALID, "Invalid CSV: broken enclosure in record %lld, column %zu, at byte %lld.",
				(long long)reader->record + 1, reader->field_count,
				(long long)(reader->dropped + (field->data - reader->data)));
		if (!next)
			return 0;
	}
	reader->record_offset = reader->dropped + (int64_t)reader->start;
	reader->start = (size_t)(next - reader->data);
	return 1;
}

int csv_read(struct csv_reader *reader, const struct csv_field **ret_fields, size_t *ret_count, struct err *e)
{
	int rc = have_byte(reader, e);
	if (rc <= 0)
		return rc;
	while ((rc = scan_record(reader, e)) == 0) {
		rc = fill(reader, e);
		if (rc < 0)
			return rc;
	}
	if (rc < 0)
		return rc;
	for (size_t i = 0; reader->any_escaped && i < reader->field_count; i++)
		if (reader->fields[i].is_escaped)
			unescape(reader, &reader->fields[i]);
	reader->record++;
	*ret_fields = reader->fields;
	*ret_count = reader->field_count;
	return 1;
}

int64_t csv_record(const struct csv_reader *reader)
{
	return reader->record;
}

int64_t csv_offset(const struct csv_reader *reader)
{
	return reader->record_offset;
}

int64_t csv_bytes(const struct csv_reader *reader)
{
	return reader->bytes;
}

/* --- writing --------------------------------------------------------------------------------------------------------------- */

static void write_field(struct buf *buf, const char *data, size_t length)
{
	buf_putc(buf, '"');
	for (;;) {
		const char *quote = length ? memchr(data, '"', length) : NULL;
		if (!quote)
			break;
		size_t upto = (size_t)(quote - data) + 1;
		buf_add(buf, data, upto);
		buf_putc(buf, '"');
		data += upto;
		length -= upto;
	}
	if (length)
		buf_add(buf, data, length);
	buf_putc(buf, '"');
}

void csv_write(struct buf *buf, const char *const *fields, const size_t *lengths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_putc(buf, ',');
		write_field(buf, fields[i], fields[i] ? lengths[i] : 0);
	}
	buf_putc(buf, '\n');
}
