/* lower() for the embedded engine. */
#include "db/sqlite_lower.h"

#include <locale.h>
#include <wctype.h>

#include "base/buf.h"
#include "base/own.h"

/* Length of the character that begins with this byte; 1 for what begins none. */
static size_t length_of(unsigned char first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

static wint_t decode(const unsigned char *bytes, size_t length)
{
	wint_t letter = bytes[0] & (0xffU >> (length + 1));
	for (size_t i = 1; i < length; i++)
		letter = letter << 6 | (bytes[i] & 0x3f);
	return letter;
}

static void encode(struct buf *text, wint_t letter)
{
	size_t length = letter < 0x80 ? 1 : letter < 0x800 ? 2 : letter < 0x10000 ? 3 : 4;
	if (length == 1) {
		buf_putc(text, (char)letter);
		return;
	}
	buf_putc(text, (char)((0xf00U >> length & 0xff) | letter >> 6 * (length - 1)));
	for (size_t i = length - 1; i-- > 0;)
		buf_putc(text, (char)(0x80 | (letter >> 6 * i & 0x3f)));
}

static void add_lower(struct buf *text, const unsigned char *bytes, size_t size, locale_t letters)
{
	for (size_t i = 0, length; i < size; i += length) {
		length = length_of(bytes[i]);
		if (length > size - i)
			length = 1;
		if (length > 1)
			encode(text, towlower_l(decode(bytes + i, length), letters));
		else
			buf_putc(text, (char)(bytes[i] >= 'A' && bytes[i] <= 'Z' ? bytes[i] + ('a' - 'A') : bytes[i]));
	}
}

static void lower(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	own(buf_done) struct buf text = { 0 };
	const unsigned char *bytes = sqlite3_value_text(values[0]);
	if (!bytes)
		return; /* NULL stays NULL */
	add_lower(&text, bytes, (size_t)sqlite3_value_bytes(values[0]), sqlite3_user_data(context));
	if (text.failed)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_text64(context, text.length ? text.data : "", text.length, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void letters_free(void *letters)
{
	freelocale(letters);
}

int sqlite_add_lower(sqlite3 *handle)
{
	locale_t letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!letters)
		return SQLITE_OK;
	return sqlite3_create_function_v2(
		handle, "lower", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, letters, lower, NULL, NULL, letters_free);
}
