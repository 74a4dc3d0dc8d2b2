/* Time as text, both ways. */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock_words.h"
#include "base/str.h"

static int64_t read_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

int64_t now_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t monotonic_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

char *time_text(int64_t time_us, char text[TIME_TEXT_SIZE])
{
	time_t s = (time_t)(time_us / US_PER_S - (time_us % US_PER_S < 0));
	s = s < TIME_EARLIEST_S ? TIME_EARLIEST_S : s > TIME_LATEST_S ? TIME_LATEST_S : s;
	struct tm tm;
	gmtime_r(&s, &tm);
	strftime(text, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S+0000", &tm);
	return text;
}

/* Takes exactly count digits from *p. */
static bool take_digits(const char **p, int count, int *ret)
{
	int value = 0;
	for (int i = 0; i < count; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		value = value * 10 + (**p - '0');
	}
	*ret = value;
	return true;
}

static bool take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* ".123456" after the seconds; digits beyond microseconds are dropped. */
static bool take_fraction(const char **p, int64_t *ret_us)
{
	*ret_us = 0;
	if (!take_char(p, '.'))
		return true;
	int64_t unit = US_PER_S / 10;
	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
		*ret_us += (**p - '0') * unit;
	return true;
}

/* "Z", "+02", "+0200", "+02:00" or nothing, which is UTC. */
static bool take_zone(const char **p, int64_t *ret_s)
{
	*ret_s = 0;
	if (!**p || take_char(p, 'Z') || take_char(p, 'z'))
		return true;
	int sign = **p == '-' ? -1 : 1, hours, minutes = 0;
	if (!take_char(p, '+') && !take_char(p, '-'))
		return false;
	if (!take_digits(p, 2, &hours))
		return false;
	if (**p && (take_char(p, ':'), !take_digits(p, 2, &minutes)))
		return false;
	*ret_s = sign * (hours * INT64_C(3600) + minutes * 60);
	return hours < 24 && minutes < 60;
}

static bool take_time(const char **p, struct tm *tm, int64_t *ret_us, int64_t *ret_zone_s)
{
	if (!**p)
		return true;
	if (!take_char(p, 'T') && !take_char(p, ' '))
		return false;
	if (!take_digits(p, 2, &tm->tm_hour) || !take_char(p, ':') || !take_digits(p, 2, &tm->tm_min))
		return false;
	if (take_char(p, ':') && (!take_digits(p, 2, &tm->tm_sec) || !take_fraction(p, ret_us)))
		return false;
	while (take_char(p, ' '))
		;
	return take_zone(p, ret_zone_s) && !**p;
}

/* timegm() would make 31 April the 1st of May. */
static bool is_date(int year, int month, int day)
{
	struct tm date = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };
	timegm(&date);
	return date.tm_year == year - 1900 && date.tm_mon == month - 1 && date.tm_mday == day;
}

static bool parse_date(const char *text, int64_t *ret_us)
{
	const char *p = text;
	int year, month, day;
	if (!take_digits(&p, 4, &year) || !take_char(&p, '-') || !take_digits(&p, 2, &month) || !take_char(&p, '-') ||
		!take_digits(&p, 2, &day) || !is_date(year, month, day))
		return false;
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };
	int64_t fraction_us = 0, zone_s = 0;
	if (!take_time(&p, &tm, &fraction_us, &zone_s) || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	*ret_us = ((int64_t)timegm(&tm) - zone_s) * US_PER_S + fraction_us;
	return true;
}

bool time_parse(const char *text, int64_t reference_us, int64_t *ret_us)
{
	int64_t seconds;
	if (str_empty(text) || strlen(text) > 64 || !text[strspn(text, " \t,")])
		return false;
	if (str_to_i64(text, &seconds)) {
		if (seconds < TIME_EARLIEST_S || seconds > TIME_LATEST_S)
			return false;
		*ret_us = seconds * US_PER_S;
		return true;
	}
	return parse_date(text, ret_us) || time_parse_words(text, reference_us, ret_us);
}
