/* Allow-lists of addresses: "192.0.2.0/24", "2001:db8::/32", single addresses. An IPv4 address inside IPv6 (::ffff:192.0.2.1) is IPv4. */
#ifndef AUTH_ADDRESS_H
#define AUTH_ADDRESS_H

#include <stdbool.h>

#define ADDRESS_RANGE_MAX 64 /* longest text of a range */

/* Is it an address or a range that we read? Bits of the host part must be zero, so that nobody allows more than they meant. */
bool address_range_valid(const char *range);
/* Is the address inside the range? False when either cannot be read. */
bool address_in_range(const char *address, const char *range);

#endif
