/* Points in time as people say them. */
#ifndef BASE_CLOCK_WORDS_H
#define BASE_CLOCK_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* "last monday", "-1 hour -5 minutes", "12 February 2013 10:00", "@1486981670", as strtotime() understands them, in UTC unless a zone
 * is said. *ret_us only when it could be read. */
bool time_parse_words(const char *text, int64_t reference_us, int64_t *ret_us);

#endif
