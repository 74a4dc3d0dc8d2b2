/* The log: JSON lines on standard error. Never a secret, never a body. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Lowest level that is written. */
void log_init(enum log_level lowest);

/* One line: {"time","level","message", key:value...}. Pairs of strings, ended by NULL; a NULL value leaves the pair out.
 * Inside a request the request id and token id are added by themselves (log_context). */
void log_line(enum log_level level, const char *message, ...) __attribute__((sentinel));

/* What the calling thread is working on; NULL/0 when nothing. The strings must live until the next call. */
void log_context(const char *request_id, int64_t token_id);
/* The request id of the calling thread's work, or NULL: the exceptionId of its error answers. */
const char *log_request_id(void);

#endif
