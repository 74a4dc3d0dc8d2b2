/* A mail as RFC 5322 text. */
#ifndef WORK_MAIL_TEXT_H
#define WORK_MAIL_TEXT_H

#include <stdint.h>

#include "base/buf.h"

struct mail_text {
	const char *from, *to;      /* bare addresses */
	const char *subject, *text; /* UTF-8 */
	const char *id;             /* left part of the Message-ID */
	int64_t time_us;
};
/* Lines end with \r\n; what is not ASCII in the subject is an encoded word; no line is longer than a mail server takes. Nothing in a
 * text can add a header. */
void mail_text_write(const struct mail_text *mail, struct buf *ret);

#endif
