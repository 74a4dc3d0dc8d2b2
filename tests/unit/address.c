/* Ranges of addresses. */
#include "test.h"

#include "auth/address.h"

static void test_valid(void)
{
	static const char *const GOOD[] = { "192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "10.0.0.1/32", "2001:db8::/32", "::1",
		"::/0", "::ffff:192.0.2.1", "fe80::1/128" };
	static const char *const BAD[] = { "", "/", "192.0.2.1/", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8",
		"192.0.2", "2001:db8::1/32", "::/129", "localhost", "192.0.2.0/24/24", "192.0.2.0/ 24", " 192.0.2.1", "1.2.3.4.5",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/1" };
	for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++)
		CHECK(address_range_valid(GOOD[i]));
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
		CHECK(!address_range_valid(BAD[i]));
}

static void test_inside(void)
{
	CHECK(address_in_range("192.0.2.255", "192.0.2.0/24") && !address_in_range("192.0.3.0", "192.0.2.0/24"));
	CHECK(address_in_range("10.1.2.3", "0.0.0.0/0") && address_in_range("10.0.0.1", "10.0.0.1"));
	CHECK(!address_in_range("10.0.0.2", "10.0.0.1") && !address_in_range("10.0.0.8", "10.0.0.0/29"));
	CHECK(address_in_range("10.0.0.7", "10.0.0.0/29") && address_in_range("2001:db8:1::1", "2001:db8::/32"));
	CHECK(!address_in_range("2001:db9::1", "2001:db8::/32") && address_in_range("::1", "::/0"));
	CHECK(address_in_range("::ffff:10.0.0.1", "10.0.0.0/8") && !address_in_range("::1", "0.0.0.0/0"));
	CHECK(!address_in_range("", "0.0.0.0/0") && !address_in_range("10.0.0.1", "junk"));
}

int main(void)
{
	test_valid();
	test_inside();
	return test_end();
}
