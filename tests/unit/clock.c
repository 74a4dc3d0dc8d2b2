/* Points in time, as clients write them and as we answer them. */
#include "test.h"

#include "base/clock.h"

#define AT(s) ((s)*US_PER_S)
/* 2017-02-13T10:27:50Z */
#define REFERENCE AT(INT64_C(1486981670))
#define DAY (REFERENCE - REFERENCE % US_PER_DAY)

static const struct {
	const char *text;
	int64_t expected;
} GOOD[] = {
	{ "1486981670", REFERENCE },
	{ "0", 0 },
	{ "now", REFERENCE },
	{ "today", DAY },
	{ "Yesterday", DAY - US_PER_DAY },
	{ "2017-02-13", DAY },
	{ "2017-02-13 10:27:50", REFERENCE },
	{ "2017-02-13T10:27:50Z", REFERENCE },
	{ "2017-02-13T10:27:50+0000", REFERENCE },
	{ "2017-02-13T11:27:50+01:00", REFERENCE },
	{ "2017-02-13T08:27:50-02", REFERENCE },
	{ "2017-02-13T10:27:50.25Z", REFERENCE + 250000 },
	{ "2017-02-13 10:27", REFERENCE - AT(50) },
	{ "-2 days", REFERENCE - 2 * US_PER_DAY },
	{ "+1 hour", REFERENCE + AT(3600) },
	{ "3 weeks ago", REFERENCE - 21 * US_PER_DAY },
	{ "-15 min", REFERENCE - AT(900) },
	{ "1 month", REFERENCE + 28 * US_PER_DAY },
	{ "-1 year", REFERENCE - 366 * US_PER_DAY },
	{ "2016-02-29", DAY - 350 * US_PER_DAY },
	/* The reference is a Monday. What follows is what PHP 8 answers. */
	{ "midnight", DAY },
	{ "noon", DAY + AT(43200) },
	{ "tomorrow 10:00", DAY + US_PER_DAY + AT(36000) },
	{ "-1 hour -5 minutes", REFERENCE - AT(3900) },
	{ "2 days 3 hours ago", REFERENCE - 2 * US_PER_DAY - AT(10800) },
	{ "last monday", DAY - 7 * US_PER_DAY },
	{ "monday", DAY },
	{ "next monday", DAY + 7 * US_PER_DAY },
	{ "last tuesday", DAY - 6 * US_PER_DAY },
	{ "friday 9:15", DAY + 4 * US_PER_DAY + AT(33300) },
	{ "monday next week", DAY + 7 * US_PER_DAY },
	{ "next week", REFERENCE + 7 * US_PER_DAY },
	{ "1 fortnight ago", REFERENCE - 14 * US_PER_DAY },
	{ "first day of last month", REFERENCE - 43 * US_PER_DAY },
	{ "last day of february midnight", DAY + 15 * US_PER_DAY },
	{ "12 February 2013", AT(INT64_C(1360627200)) },
	{ "12-Feb-2013", AT(INT64_C(1360627200)) },
	{ "February 12, 2013 4pm", AT(INT64_C(1360684800)) },
	{ "02/12/2013", AT(INT64_C(1360627200)) },
	{ "12.2.2013", AT(INT64_C(1360627200)) },
	{ "2013-2-12", AT(INT64_C(1360627200)) },
	{ "2013-02-12 10:20 +10 days", AT(INT64_C(1361528400)) },
	{ "2013-02-12 10:20:30+0530", AT(INT64_C(1360644630)) },
	{ "Sat, 30 Apr 2016 17:52:13 GMT", AT(INT64_C(1462038733)) },
	{ "@1486981670", REFERENCE },
	{ "@-5", AT(-5) },
};

static const char *const BAD[] = { "", " ", "soon", "2017-02-30", "2017-13-01", "2017-00-01", "2017-02-13T25:00:00Z",
	"2017-02-13T10:61:00Z", "2017-02-13x", "2017-02-13T10:27:50+2500", "1e5 days", "5 days from now", "99999999999999999999",
	"999999999999999", "2017-02-13T10:27:50.Z", "9999999 years", "last", "first day", "13/13/2013", "monday garbage", "+",
	"@", "1 yearss", "99999999999 days", "999999999 days", "-999999999 fortnights",
	"999999999 fortnights 999999999 fortnights", "@99999999999999" };

int main(void)
{
	char text[TIME_TEXT_SIZE];
	int64_t us;
	CHECK_TEXT(time_text(REFERENCE + 999999, text), "2017-02-13T10:27:50+0000");
	CHECK_TEXT(time_text(-1, text), "1969-12-31T23:59:59+0000");
	CHECK_TEXT(time_text(INT64_MAX, text), "9999-12-31T23:59:59+0000");
	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
		us = 1;
		if (!time_parse(GOOD[i].text, REFERENCE, &us) || us != GOOD[i].expected)
			fprintf(stderr, "\"%s\": %lld, expected %lld\n", GOOD[i].text, (long long)us,
				(long long)GOOD[i].expected);
		CHECK(us == GOOD[i].expected);
	}
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		us = 1;
		bool taken = time_parse(BAD[i], REFERENCE, &us);
		if (taken)
			fprintf(stderr, "\"%s\" was taken\n", BAD[i]);
		CHECK(!taken);
	}
	int64_t before = monotonic_us();
	CHECK(monotonic_us() >= before && now_us() > REFERENCE);
	return test_end();
}
