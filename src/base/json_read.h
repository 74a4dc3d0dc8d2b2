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

#endif
