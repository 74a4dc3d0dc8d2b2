/* Names that callers choose: letters without accents, rules of what is allowed. */
#include "store/names.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/own.h"
#include "base/str.h"

/* What stands for each letter beyond ASCII; runs of the same base letter together. */
struct spelling {
	const char *plain;
	const char *letters;
};
static const struct spelling SPELLINGS[] = {
	{ "A", "ÀÁÂÃÅĀĂĄǍ" },
	{ "a", "àáâãåāăąǎ" },
	{ "Ae", "Ä" },
	{ "ae", "ä" },
	{ "AE", "Æ" },
	{ "ae", "æ" },
	{ "C", "ÇĆĈĊČ" },
	{ "c", "çćĉċč" },
	{ "D", "ÐĎĐ" },
	{ "d", "ðďđ" },
	{ "E", "ÈÉÊËĒĔĖĘĚ" },
	{ "e", "èéêëēĕėęě" },
	{ "G", "ĜĞĠĢ" },
	{ "g", "ĝğġģ" },
	{ "H", "ĤĦ" },
	{ "h", "ĥħ" },
	{ "I", "ÌÍÎÏĨĪĬĮİ" },
	{ "i", "ìíîïĩīĭįı" },
	{ "J", "Ĵ" },
	{ "j", "ĵ" },
	{ "K", "Ķ" },
	{ "k", "ķ" },
	{ "L", "ĹĻĽĿŁ" },
	{ "l", "ĺļľŀł" },
	{ "N", "ÑŃŅŇ" },
	{ "n", "ñńņň" },
	{ "O", "ÒÓÔÕØŌŎŐ" },
	{ "o", "òóôõøōŏő" },
	{ "Oe", "Ö" },
	{ "oe", "ö" },
	{ "OE", "Œ" },
	{ "oe", "œ" },
	{ "R", "ŔŖŘ" },
	{ "r", "ŕŗř" },
	{ "S", "ŚŜŞŠȘ" },
	{ "s", "śŝşšș" },
	{ "ss", "ß" },
	{ "T", "ŢŤŦȚ" },
	{ "t", "ţťŧț" },
	{ "TH", "Þ" },
	{ "th", "þ" },
	{ "U", "ÙÚÛŨŪŬŮŰŲ" },
	{ "u", "ùúûũūŭůűų" },
	{ "Ue", "Ü" },
	{ "ue", "ü" },
	{ "W", "Ŵ" },
	{ "w", "ŵ" },
	{ "Y", "ÝŸŶ" },
	{ "y", "ýÿŷ" },
	{ "Z", "ŹŻŽ" },
	{ "z", "źżž" },
	{ "EUR", "€" },
	{ NULL, NULL },
};

static const char *const SYSTEM_NAMES[] = { "oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", NULL };

static size_t letter_length(const char *s)
{
	size_t length = 1;
	while ((s[length] & 0xC0) == 0x80)
		length++;
	return length;
}

/* NULL for letters that have no plain spelling here. */
static const char *plain_spelling(const char *letter, size_t length)
{
	for (const struct spelling *spelling = SPELLINGS; spelling->plain; spelling++) {
		for (const char *s = spelling->letters; *s; s += letter_length(s)) {
			if (letter_length(s) == length && memcmp(s, letter, length) == 0)
				return spelling->plain;
		}
	}
	return NULL;
}

/* Letters, digits and keep stay; each run of anything else becomes one of filler. */
static void webalize(struct buf *out, const char *raw, const char *keep, char filler)
{
	bool gap = false;
	for (const char *s = raw; *s;) {
		size_t length = letter_length(s);
		const char *plain = length > 1 ? plain_spelling(s, length) : NULL;
		bool stays = length == 1 && (isalnum((unsigned char)*s) || strchr(keep, *s));
		if (gap && (plain || stays))
			buf_putc(out, filler);
		if (plain)
			buf_puts(out, plain);
		else if (stays)
			buf_putc(out, *s);
		gap = !plain && !stays;
		s += length;
	}
}

/* Without the characters of trim at both ends, at most most bytes (0: all). */
static char *trimmed(struct arena *arena, const struct buf *text, const char *trim, size_t most)
{
	const char *start = text->data ? text->data : "";
	start += strspn(start, trim);
	size_t length = strlen(start);
	while (length && strchr(trim, start[length - 1]))
		length--;
	return arena_strndup(arena, start, most && length > most ? most : length);
}

char *name_webalize_column(struct arena *arena, const char *raw)
{
	own(buf_done) struct buf text = { 0 };
	webalize(&text, raw, "_", '_');
	return trimmed(arena, &text, "_", COLUMN_NAME_MAX);
}

char *name_of_column(struct arena *arena, const char *raw)
{
	char *name = name_webalize_column(arena, raw);
	return name && name_is_system(name) ? arena_printf(arena, "%s_", name) : name;
}

char *name_webalize_display(struct arena *arena, const char *raw)
{
	own(buf_done) struct buf text = { 0 };
	webalize(&text, raw, "_", '-');
	return trimmed(arena, &text, "-_", 0);
}

bool name_is_plain(const char *name)
{
	if (str_empty(name))
		return false;
	for (const char *s = name; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_' && *s != '-')
			return false;
	return true;
}

bool name_is_system(const char *name)
{
	for (size_t i = 0; SYSTEM_NAMES[i]; i++)
		if (str_eq_nocase(name, SYSTEM_NAMES[i]))
			return true;
	return false;
}
