/* Reading JSON, safely also while memory is short. */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include <jansson.h>

/* Once, before the first use of jansson: memory that it gets none of is noted (base/shortage.h). */
void json_read_init(void);

/* As json_loads(), json_loadb() and json_loadfd(); NULL also when memory is short. */
json_t *json_read(const char *text, size_t flags);
json_t *json_read_bytes(const char *data, size_t length, size_t flags, json_error_t *ret_error);
json_t *json_read_fd(int fd);

/* Asked before text from outside is read: "{}" has two bytes and becomes a hundred times as many. What its values take is estimated. */
#define JSON_NESTING_MAX 512
#define JSON_MEMORY_MAX (64 << 20)
enum json_size { JSON_SIZE_FINE, JSON_TOO_DEEP, JSON_TOO_MANY };
enum json_size json_size_of(const char *data, size_t length);
/* As json_read(); NULL also when the text is too deep or has too many values. */
json_t *json_read_foreign(const char *text);

#endif
