/* multipart/form-data, read as it streams in. Pure: bytes in, calls of the sink out. */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include <stddef.h>

#include "base/err.h"

#define MULTIPART_HEADER_MAX 8192  /* of one part */
#define MULTIPART_BOUNDARY_MAX 70  /* RFC 2046 */
#define MULTIPART_TEXT_MAX 4194304 /* of one text field */

/* begin: a part starts (filename NULL: a text field); data: some of its bytes; end: it is complete. A negative answer ends the reading
 * and is passed on. */
struct multipart_sink {
	int (*begin)(void *arg, const char *name, const char *filename, struct err *e);
	int (*data)(void *arg, const char *data, size_t length, struct err *e);
	int (*end)(void *arg, struct err *e);
	void *arg;
};

struct multipart;

/* boundary as in the Content-Type header; ERR_MALFORMED when the header names none. */
int multipart_new(const char *content_type, const struct multipart_sink *sink, struct multipart **ret, struct err *e);
int multipart_feed(struct multipart *multipart, const char *data, size_t length, struct err *e);
/* Nothing more comes: ERR_MALFORMED unless the closing boundary was there. */
int multipart_finish(struct multipart *multipart, struct err *e);
void multipart_free(struct multipart *multipart);

#endif
