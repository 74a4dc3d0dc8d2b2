/* The header Range of downloads. */
#ifndef API_BLOB_RANGE_H
#define API_BLOB_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct blob_range {
	int64_t offset, length;
	bool asked; /* false: the whole */
};

/* "bytes=0-99", "bytes=100-", "bytes=-10" within size bytes. A header that is absent, of another unit, or of many ranges leaves ret as it is.
 * False: the range begins behind the end. */
bool blob_range_parse(const char *header, int64_t size, struct blob_range *ret);

#endif
