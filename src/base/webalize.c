/* Names out of any text: Latin letters lose their accents, everything else becomes a separator. */
#include "base/webalize.h"

#include <stdint.h>
#include <string.h>

/* The letter without its accent, for U+00C0..U+024F and U+1E00..U+1EFF; a dot: no single letter. */
static const char LATIN[] = "AAAAAA.CEEEEIIIIDNOOOOO.OUUUUY..aaaaaa.ceeeeiiiidnooooo.ouuuuy.yAaAaAaCcCcCcCcDd"
			    "DdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi..JjKkqLlLlLl..LlNnNnNnnNnOoOoOo..RrRrRrSsSsSs"
			    "SsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzsbBBb...CcDDDd....FfG...IKkl..NnOOo..Pp.....tTtTU"
			    "u.VYyZz......................AaIiOoUuUuUuUuUu.AaAa..GgGgKkOoOo..j...Gg..NnAa...."
			    "AaAaEeEeIiIiOoOoRrRrUuUuSsTt..Hh.d..ZzAaEeOoOoOoOoYylntj..ACcLTsz..BU.EeJjQqRrYy";
static const char LATIN_ADDITIONAL[] = "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMmMmMmNnNnNnNnOoOo"
				       "OoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVvWwWwWwWwWwXxXxYyZzZzZzhtwy.sss.."
				       "AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEeEeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUu"
				       "UuYyYyYyYy......";

/* Those that become more than one. */
static const struct {
	uint32_t point;
	const char *text;
} LIGATURES[] = {
	{ 0x00c6, "AE" },
	{ 0x00de, "TH" },
	{ 0x00df, "ss" },
	{ 0x00e6, "ae" },
	{ 0x00fe, "th" },
	{ 0x0132, "IJ" },
	{ 0x0133, "ij" },
	{ 0x0152, "OE" },
	{ 0x0153, "oe" },
	{ 0x0195, "hv" },
	{ 0x01a2, "OI" },
	{ 0x01a3, "oi" },
	{ 0x01c4, "DZ" },
	{ 0x01c5, "Dz" },
	{ 0x01c6, "dz" },
	{ 0x01c7, "LJ" },
	{ 0x01c8, "Lj" },
	{ 0x01c9, "lj" },
	{ 0x01ca, "NJ" },
	{ 0x01cb, "Nj" },
	{ 0x01cc, "nj" },
	{ 0x01e2, "AE" },
	{ 0x01e3, "ae" },
	{ 0x01f1, "DZ" },
	{ 0x01f2, "Dz" },
	{ 0x01f3, "dz" },
	{ 0x01f6, "HV" },
	{ 0x01fc, "AE" },
	{ 0x01fd, "ae" },
	{ 0x0238, "db" },
	{ 0x0239, "qp" },
	{ 0x1e9e, "SS" },
	{ 0x1efa, "LL" },
	{ 0x1efb, "ll" },
	{ 0x20ac, "EUR" },
};

/* One character of valid UTF-8; a byte that is none stands for itself as U+FFFD. */
static uint32_t next_point(const char **text)
{
	const unsigned char *s = (const unsigned char *)*text;
	int more = s[0] < 0x80 ? 0 : (s[0] & 0xe0) == 0xc0 ? 1 : (s[0] & 0xf0) == 0xe0 ? 2 : (s[0] & 0xf8) == 0xf0 ? 3 : -1;
	uint32_t point = more <= 0 ? s[0] : s[0] & (0x3fu >> more);
	int i = 1;
	for (; i <= more && (s[i] & 0xc0) == 0x80; i++)
		point = point << 6 | (s[i] & 0x3fu);
	*text += i;
	return more < 0 || i <= more ? 0xfffd : point;
}

/* The ASCII letters or digits of a character, in room[2] or static; "" for a combining accent; NULL when it has none. */
static const char *ascii_of(uint32_t point, char room[2])
{
	room[0] = room[1] = '\0';
	if (point < 0x80) {
		bool plain = (point >= '0' && point <= '9') || (point >= 'A' && point <= 'Z') || (point >= 'a' && point <= 'z');
		room[0] = (char)point;
		return plain ? room : NULL;
	}
	if (point >= 0x300 && point < 0x370)
		return room;
	if (point >= 0xc0 && point < 0x250)
		room[0] = LATIN[point - 0xc0];
	else if (point >= 0x1e00 && point < 0x1f00)
		room[0] = LATIN_ADDITIONAL[point - 0x1e00];
	if (room[0] && room[0] != '.')
		return room;
	for (size_t i = 0; i < sizeof(LIGATURES) / sizeof(LIGATURES[0]); i++)
		if (LIGATURES[i].point == point)
			return LIGATURES[i].text;
	return NULL;
}

static void webalize(const char *text, char separator, const char *kept, struct buf *ret)
{
	size_t begin = ret->length;
	bool separate = false;
	while (*text) {
		char room[2];
		uint32_t point = next_point(&text);
		const char *letters = point < 0x80 && strchr(kept, (int)point) ? (room[0] = (char)point, room[1] = '\0', room)
									       : ascii_of(point, room);
		if (letters && separate && letters[0])
			buf_putc(ret, separator);
		if (letters)
			buf_puts(ret, letters);
		separate = letters ? separate && !letters[0] : true;
	}
	if (ret->failed || ret->length == begin)
		return;
	size_t from = begin, to = ret->length;
	while (from < to && (ret->data[from] == '_' || ret->data[from] == '-'))
		from++;
	while (to > from && (ret->data[to - 1] == '_' || ret->data[to - 1] == '-'))
		to--;
	memmove(ret->data + begin, ret->data + from, to - from);
	ret->length = begin + (to - from);
	ret->data[ret->length] = '\0';
}

void webalize_column(const char *text, struct buf *ret)
{
	webalize(text, '_', "_", ret);
}

void webalize_display(const char *text, struct buf *ret)
{
	webalize(text, '-', "_-", ret);
}
