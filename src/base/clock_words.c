/* Points in time as people say them: "last monday", "-1 hour -5 minutes", "12 February 2013 10:00", a good part of what
 * strtotime() takes. Read from the left, each piece says something of the date, of the time or of the way from there. */
#include "base/clock_words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"

#define COUNT_MAX 1000000000
#define MONTHS_MAX 120000
#define WORD_SIZE 16

struct words {
	const char *at;
	struct tm tm;                  /* what is said so far, UTC; at first the reference */
	int64_t fraction_us, zone_s;   /* zone: east of UTC */
	int64_t months, days, seconds; /* the way from there */
	int weekday, weekday_step;     /* -1: none; step -1 before, 0 that day or after, 1 after */
	int edge;                      /* 1 first, -1 last day of the month */
	bool has_time, at_midnight;    /* a time was said; it is midnight unless one is */
};

static const char *const MONTHS[] = { "january", "february", "march", "april", "may", "june", "july", "august", "september",
	"october", "november", "december" };
static const char *const WEEKDAYS[] = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" };

/* --- pieces ------------------------------------------------------------------------------------------------------------------- */

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t,");
}

/* Between least and most digits. */
static bool take_number(const char **at, size_t least, size_t most, int *ret)
{
	size_t length = strspn(*at, "0123456789");
	if (length < least || length > most)
		return false;
	*ret = (int)strtol(*at, NULL, 10);
	*at += length;
	return true;
}

static bool take_sign(const char **at, char sign)
{
	if (**at != sign)
		return false;
	(*at)++;
	return true;
}

/* The letters here, lower case; "" when there are none or too many. */
static void take_word(const char **at, char word[WORD_SIZE])
{
	size_t length = 0;
	while (isalpha((unsigned char)(*at)[length]))
		length++;
	word[0] = '\0';
	if (length >= WORD_SIZE)
		return;
	for (size_t i = 0; i < length; i++)
		word[i] = (char)tolower((unsigned char)(*at)[i]);
	word[length] = '\0';
	*at += length;
}

/* Place of a name in the list, whole or its first three letters ("sept", "tues", "thurs" too); -1 when it is none. */
static int find_name(const char *const *names, int count, const char *word)
{
	size_t length = strlen(word);
	for (int i = 0; i < count; i++)
		if (length >= 3 && length <= strlen(names[i]) && strncmp(names[i], word, length) == 0 &&
			(length <= 5 || !names[i][length]))
			return i;
	return -1;
}

static bool is_date(int year, int month, int day)
{
	struct tm date = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };
	timegm(&date);
	return date.tm_year == year - 1900 && date.tm_mon == month - 1 && date.tm_mday == day;
}

static bool set_date(struct words *words, const char *at, int year, int month, int day)
{
	if (isdigit((unsigned char)*at) || !is_date(year, month, day))
		return false;
	words->tm.tm_year = year - 1900;
	words->tm.tm_mon = month - 1;
	words->tm.tm_mday = day;
	words->at_midnight = true;
	words->at = at;
	return true;
}

/* --- dates and times ----------------------------------------------------------------------------------------------------------- */

/* 2013-2-12, 2013/02/12 */
static bool read_year_first(struct words *words)
{
	const char *at = words->at;
	int year, month, day;
	if (!take_number(&at, 4, 4, &year) || (*at != '-' && *at != '/'))
		return false;
	char sign = *at++;
	return take_number(&at, 1, 2, &month) && take_sign(&at, sign) && take_number(&at, 1, 2, &day) &&
	       set_date(words, at, year, month, day);
}

/* 02/12/2013 has the month first; 12.2.2013 and 12-02-2013 the day. */
static bool read_year_last(struct words *words)
{
	const char *at = words->at;
	int first, second, year;
	if (!take_number(&at, 1, 2, &first) || !*at || !strchr("/.-", *at))
		return false;
	char sign = *at++;
	if (!take_number(&at, 1, 2, &second) || !take_sign(&at, sign) || !take_number(&at, 4, 4, &year))
		return false;
	return sign == '/' ? set_date(words, at, year, first, second) : set_date(words, at, year, second, first);
}

/* A year behind the name of a month, when there is one: four digits that are no time. */
static int take_year(const struct words *words, const char **at)
{
	const char *ahead = *at + strspn(*at, " ,.-");
	int year;
	if (!take_number(&ahead, 4, 4, &year) || *ahead == ':')
		return words->tm.tm_year + 1900;
	*at = ahead;
	return year;
}

/* 12 February 2013, 12-Feb-2013, 12 Feb */
static bool read_day_and_month(struct words *words)
{
	const char *at = words->at;
	char word[WORD_SIZE];
	int day;
	if (!take_number(&at, 1, 2, &day))
		return false;
	at += strspn(at, " .-");
	take_word(&at, word);
	int month = find_name(MONTHS, 12, word);
	if (month < 0)
		return false;
	int year = take_year(words, &at);
	return set_date(words, at, year, month + 1, day);
}

/* February 12, 2013; February 12; February 2013 (its first day). at is behind the month. */
static bool read_month_and_day(struct words *words, const char *at, int month)
{
	const char *ahead = at + strspn(at, " .-");
	int day, year;
	if (take_number(&ahead, 1, 2, &day) && *ahead != ':') {
		year = take_year(words, &ahead);
		return set_date(words, ahead, year, month + 1, day);
	}
	year = take_year(words, &at);
	return set_date(words, at, year, month + 1, 1);
}

/* "Z", "UTC", "+02", "+0200", "+02:00" behind a time; "+2 days" is no zone. */
static bool read_zone(struct words *words)
{
	const char *at = words->at;
	int sign = *at == '-' ? -1 : 1, hours, minutes = 0;
	if (!words->has_time || (*at != '+' && *at != '-'))
		return false;
	at++;
	size_t length = strspn(at, "0123456789");
	if (length == 4) {
		hours = (at[0] - '0') * 10 + at[1] - '0';
		minutes = (at[2] - '0') * 10 + at[3] - '0';
		at += 4;
	} else if (!take_number(&at, 1, 2, &hours) || (take_sign(&at, ':') && !take_number(&at, 2, 2, &minutes))) {
		return false;
	}
	const char *ahead = at + strspn(at, " ");
	if (hours > 23 || minutes > 59 || isalpha((unsigned char)*ahead))
		return false;
	words->zone_s = sign * (hours * INT64_C(3600) + minutes * 60);
	words->at = at;
	return true;
}

/* "am" and "pm" behind the hour. */
static bool take_half(const char **at, int *hour)
{
	const char *ahead = *at + strspn(*at, " ");
	bool is_pm = tolower((unsigned char)ahead[0]) == 'p';
	if ((!is_pm && tolower((unsigned char)ahead[0]) != 'a') || tolower((unsigned char)ahead[1]) != 'm' ||
		isalpha((unsigned char)ahead[2]) || *hour < 1 || *hour > 12)
		return false;
	*hour = *hour % 12 + (is_pm ? 12 : 0);
	*at = ahead + 2;
	return true;
}

static int64_t take_fraction(const char **at)
{
	int64_t value = 0;
	if (**at != '.' || !isdigit((unsigned char)(*at)[1]))
		return 0;
	(*at)++;
	for (int64_t unit = US_PER_S / 10; isdigit((unsigned char)**at); (*at)++, unit /= 10)
		value += (**at - '0') * unit;
	return value;
}

/* 10:27, 10:27:50.25, 4pm, 10:27 am */
static bool read_time(struct words *words)
{
	const char *at = words->at;
	int hour, minute = 0, second = 0;
	int64_t fraction_us = 0;
	if (!take_number(&at, 1, 2, &hour))
		return false;
	bool is_full = take_sign(&at, ':');
	if (is_full && !take_number(&at, 2, 2, &minute))
		return false;
	if (is_full && take_sign(&at, ':')) {
		if (!take_number(&at, 2, 2, &second))
			return false;
		fraction_us = take_fraction(&at);
	}
	bool has_half = take_half(&at, &hour);
	if ((!is_full && !has_half) || hour > 23 || minute > 59 || second > 60)
		return false;
	words->tm.tm_hour = hour;
	words->tm.tm_min = minute;
	words->tm.tm_sec = second;
	words->fraction_us = fraction_us;
	words->has_time = true;
	words->at = at;
	return true;
}

/* --- the way from there ---------------------------------------------------------------------------------------------------------- */

static bool add_units(struct words *words, int64_t count, const char *word)
{
	static const struct {
		const char *name;
		int64_t seconds, days, months;
	} UNITS[] = {
		{ "sec", 1, 0, 0 },
		{ "second", 1, 0, 0 },
		{ "min", 60, 0, 0 },
		{ "minute", 60, 0, 0 },
		{ "hour", 3600, 0, 0 },
		{ "day", 0, 1, 0 },
		{ "week", 0, 7, 0 },
		{ "fortnight", 0, 14, 0 },
		{ "month", 0, 0, 1 },
		{ "year", 0, 0, 12 },
	};
	size_t length = strlen(word);
	length -= length > 1 && word[length - 1] == 's';
	for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
		if (strlen(UNITS[i].name) != length || strncmp(UNITS[i].name, word, length) != 0)
			continue;
		words->seconds += count * UNITS[i].seconds;
		words->days += count * UNITS[i].days;
		words->months += count * UNITS[i].months;
		return true;
	}
	return false;
}

static bool aim_at(struct words *words, int weekday, int step)
{
	if (weekday < 0)
		return false;
	words->weekday = weekday;
	words->weekday_step = step;
	words->at_midnight = true;
	return true;
}

/* -2 days, + 1 hour, 3 weeks */
static bool read_count(struct words *words)
{
	const char *at = words->at;
	char word[WORD_SIZE];
	int sign = *at == '-' ? -1 : 1;
	at += *at == '-' || *at == '+';
	at += strspn(at, " ");
	size_t length = strspn(at, "0123456789");
	if (length == 0 || length > 10)
		return false;
	int64_t count = strtoll(at, NULL, 10);
	at += length;
	at += strspn(at, " ");
	take_word(&at, word);
	if (count > COUNT_MAX || !add_units(words, sign * count, word))
		return false;
	words->at = at;
	return true;
}

/* next month, last monday, this week; at is behind the first word. */
static bool read_step(struct words *words, const char *at, int step)
{
	char word[WORD_SIZE];
	at += strspn(at, " ");
	take_word(&at, word);
	if (!add_units(words, step, word) && !aim_at(words, find_name(WEEKDAYS, 7, word), step))
		return false;
	words->at = at;
	return true;
}

/* first day of, last day of; at is behind the first word. */
static bool read_edge(struct words *words, const char *at, int edge)
{
	at += strspn(at, " ");
	if (strncasecmp(at, "day of", 6) != 0 || isalpha((unsigned char)at[6]))
		return false;
	words->edge = edge;
	words->at = at + 6;
	return true;
}

static bool use_day(struct words *words, const char *word)
{
	static const struct {
		const char *name;
		int days, hour; /* -1: as it is */
	} DAYS[] = { { "now", 0, -1 }, { "today", 0, 0 }, { "midnight", 0, 0 }, { "noon", 0, 12 }, { "yesterday", -1, 0 },
		{ "tomorrow", 1, 0 } };
	for (size_t i = 0; i < sizeof(DAYS) / sizeof(DAYS[0]); i++) {
		if (strcmp(word, DAYS[i].name) != 0)
			continue;
		words->days += DAYS[i].days;
		words->at_midnight |= DAYS[i].hour >= 0;
		if (DAYS[i].hour > 0) {
			words->tm.tm_hour = DAYS[i].hour;
			words->tm.tm_min = words->tm.tm_sec = 0;
			words->fraction_us = 0;
			words->has_time = true;
		}
		return true;
	}
	return false;
}

static bool turn_round(struct words *words)
{
	words->months = -words->months;
	words->days = -words->days;
	words->seconds = -words->seconds;
	return true;
}

/* A piece that begins with a letter. */
static bool read_word(struct words *words)
{
	const char *at = words->at;
	char word[WORD_SIZE];
	take_word(&at, word);
	int month = find_name(MONTHS, 12, word);
	if (strcmp(word, "last") == 0 || strcmp(word, "previous") == 0)
		return read_edge(words, at, -1) || read_step(words, at, -1);
	if (strcmp(word, "next") == 0)
		return read_step(words, at, 1);
	if (strcmp(word, "this") == 0)
		return read_step(words, at, 0);
	if (strcmp(word, "first") == 0)
		return read_edge(words, at, 1);
	if (month >= 0)
		return read_month_and_day(words, at, month);
	bool is_zone = words->has_time && (strcmp(word, "z") == 0 || strcmp(word, "utc") == 0 || strcmp(word, "gmt") == 0);
	bool is_separator = strcmp(word, "t") == 0 && words->at_midnight && isdigit((unsigned char)*at);
	words->at = at;
	return is_zone || is_separator || use_day(words, word) || (strcmp(word, "ago") == 0 && turn_round(words)) ||
	       aim_at(words, find_name(WEEKDAYS, 7, word), 0);
}

/* @1486981670 */
static bool read_unix(struct words *words)
{
	char *end;
	long long seconds = strtoll(words->at + 1, &end, 10);
	time_t s = (time_t)seconds;
	if (end == words->at + 1 || isspace((unsigned char)words->at[1]) || seconds < TIME_EARLIEST_S || seconds > TIME_LATEST_S)
		return false;
	gmtime_r(&s, &words->tm);
	words->fraction_us = 0;
	words->has_time = true;
	words->at = end;
	return true;
}

static bool read_piece(struct words *words)
{
	if (*words->at == '@')
		return read_unix(words);
	if (isalpha((unsigned char)*words->at))
		return read_word(words);
	if (isdigit((unsigned char)*words->at))
		return read_year_first(words) || read_year_last(words) || read_day_and_month(words) || read_time(words) ||
		       read_count(words);
	return read_zone(words) || read_count(words);
}

/* --- all of it ----------------------------------------------------------------------------------------------------------------- */

static int days_to(const struct words *words, int weekday_now)
{
	int ahead = (words->weekday - weekday_now + 7) % 7;
	if (words->weekday_step > 0 && ahead == 0)
		return 7;
	return words->weekday_step < 0 ? ahead - 7 : ahead;
}

static bool finish(struct words *words, int64_t *ret_us)
{
	struct tm *tm = &words->tm;
	if (words->at_midnight && !words->has_time) {
		tm->tm_hour = tm->tm_min = tm->tm_sec = 0;
		words->fraction_us = 0;
	}
	if (words->months < -MONTHS_MAX || words->months > MONTHS_MAX)
		return false;
	tm->tm_mon += (int)words->months + (words->edge < 0);
	if (words->edge)
		tm->tm_mday = words->edge > 0 ? 1 : 0;
	int64_t s = (int64_t)timegm(tm) + words->days * 86400;
	time_t day = (time_t)s;
	gmtime_r(&day, tm);
	if (words->weekday >= 0)
		s += days_to(words, tm->tm_wday) * INT64_C(86400);
	s += words->seconds - words->zone_s;
	if (s < TIME_EARLIEST_S || s > TIME_LATEST_S)
		return false;
	*ret_us = s * US_PER_S + words->fraction_us;
	return true;
}

bool time_parse_words(const char *text, int64_t reference_us, int64_t *ret_us)
{
	struct words words = { .at = text, .fraction_us = reference_us % US_PER_S, .weekday = -1 };
	time_t now = (time_t)(reference_us / US_PER_S);
	gmtime_r(&now, &words.tm);
	for (skip_blanks(&words.at); *words.at; skip_blanks(&words.at))
		if (!read_piece(&words))
			return false;
	return finish(&words, ret_us);
}
