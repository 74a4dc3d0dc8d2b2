/* A mail as RFC 5322 text. */
#include "work/mail_text.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 900 /* RFC 5322 allows 998 */
#define WORD_BYTES 42      /* of an encoded word of RFC 2047: 75 characters in all */

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* Controls become blanks. */
static void put_plain(struct buf *ret, const char *text)
{
	for (; *text; text++)
		buf_putc(ret, (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text);
}

/* Length of a piece of at most most bytes that ends between characters. */
static size_t piece_length(const char *text, size_t most)
{
	size_t length = strnlen(text, most);
	if (!text[length])
		return length;
	while (length > 1 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

static void put_base64(struct buf *ret, const unsigned char *data, size_t length)
{
	static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < length; i += 3) {
		unsigned n = (unsigned)data[i] << 16;
		n |= i + 1 < length ? (unsigned)data[i + 1] << 8 : 0;
		n |= i + 2 < length ? data[i + 2] : 0;
		buf_putc(ret, DIGITS[n >> 18]);
		buf_putc(ret, DIGITS[n >> 12 & 63]);
		buf_putc(ret, i + 1 < length ? DIGITS[n >> 6 & 63] : '=');
		buf_putc(ret, i + 2 < length ? DIGITS[n & 63] : '=');
	}
}

static void put_subject(struct buf *ret, const char *subject)
{
	buf_puts(ret, "Subject: ");
	if (is_ascii(subject)) {
		put_plain(ret, subject);
	} else {
		for (size_t length; *subject; subject += length) {
			length = piece_length(subject, WORD_BYTES);
			buf_puts(ret, "=?UTF-8?B?");
			put_base64(ret, (const unsigned char *)subject, length);
			buf_puts(ret, subject[length] ? "?=\r\n " : "?=");
		}
	}
	buf_puts(ret, "\r\n");
}

static void put_date(struct buf *ret, int64_t time_us)
{
	static const char *const DAYS[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const MONTHS[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
		"Dec" };
	time_t seconds = (time_t)(time_us / US_PER_S);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	buf_printf(ret, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n", DAYS[tm.tm_wday], tm.tm_mday, MONTHS[tm.tm_mon],
		tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void put_body(struct buf *ret, const char *text)
{
	while (*text) {
		size_t line = strcspn(text, "\r\n"), length = line > LINE_MAX_BYTES ? piece_length(text, LINE_MAX_BYTES) : line;
		buf_add(ret, text, length);
		buf_puts(ret, "\r\n");
		text += length;
		if (length == line) {
			text += *text == '\r';
			text += *text == '\n';
		}
	}
}

void mail_text_write(const struct mail_text *mail, struct buf *ret)
{
	const char *domain = strrchr(mail->from, '@');
	buf_printf(ret, "From: <%s>\r\nTo: <%s>\r\n", mail->from, mail->to);
	put_subject(ret, mail->subject);
	put_date(ret, mail->time_us);
	buf_printf(ret, "Message-ID: <%s@%s>\r\n", mail->id, domain ? domain + 1 : "localhost");
	buf_puts(ret, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n");
	buf_printf(ret, "Content-Transfer-Encoding: %s\r\n\r\n", is_ascii(mail->text) ? "7bit" : "8bit");
	put_body(ret, mail->text);
}
