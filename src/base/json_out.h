/* JSON written straight into a buffer, for the answers that are long or hot (lists, verify): a tenth of the cost of building a tree.
 * Everything else is jansson. Keys are ours and plain ASCII; values are valid UTF-8. */
#ifndef BASE_JSON_OUT_H
#define BASE_JSON_OUT_H

#include <stdint.h>

#include "base/buf.h"

struct json_out {
	struct buf *buf;
	bool comma; /* before the next member */
};

/* key NULL: an item of an array, or the top. */
void out_object(struct json_out *out, const char *key);
void out_object_end(struct json_out *out);
void out_array(struct json_out *out, const char *key);
void out_array_end(struct json_out *out);
void out_text(struct json_out *out, const char *key, const char *value); /* NULL: null */
void out_int(struct json_out *out, const char *key, int64_t value);
void out_bool(struct json_out *out, const char *key, bool value);
void out_null(struct json_out *out, const char *key);
/* A member whose key is a caller's text. */
void out_named_text(struct json_out *out, const char *name, const char *value);
/* JSON that is ready. */
void out_ready(struct json_out *out, const char *key, const char *json);
/* "2017-02-13T10:27:50+0000", or null for 0. */
void out_time(struct json_out *out, const char *key, int64_t time_us);

#endif
