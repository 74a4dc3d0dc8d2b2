/* Time: microseconds since 1970 UTC everywhere inside, ISO text at the edge. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define US_PER_S INT64_C(1000000)
#define TIME_EARLIEST_S INT64_C(-62135596800) /* years 0001 to 9999: what the text can hold */
#define TIME_LATEST_S INT64_C(253402300799)
#define US_PER_DAY (INT64_C(86400) * US_PER_S)

int64_t now_us(void);
/* Never goes back; for measuring only. */
int64_t monotonic_us(void);

#define TIME_TEXT_SIZE 32
/* "2017-02-13T10:27:50+0000" (behaviour.md §0: no colon in the offset, always UTC). Writes into text[TIME_TEXT_SIZE], returns it. */
char *time_text(int64_t time_us, char text[TIME_TEXT_SIZE]);

/* Reads what clients send as a point in time: unix seconds, ISO 8601, "YYYY-mm-dd[ HH:MM:SS]", and what strtotime() takes besides
 * ("-2 days", "last monday", "12 February 2013 10:00", base/clock_words.h), relative to the reference. False when it is none of them. */
bool time_parse(const char *text, int64_t reference_us, int64_t *ret_us);

#endif
