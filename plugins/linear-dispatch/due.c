/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates, in days since 1970-01-01, which was a Thursday. */
#include "due.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { DAY_S = 86400, WEEK = 7, SHORT_NAME = 3, YEAR_MIN = 2000, YEAR_MAX = 2999 };

static const char *const weekdays[WEEK] = { "thursday", "friday", "saturday", "sunday",
	"monday", "tuesday", "wednesday" };

static int
is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t
month_days(int64_t year, int64_t month)
{
	static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

static int
day_format(int64_t day, char out[DUE_SIZE])
{
	int64_t year = 1970, month = 1;

	if (day < 0)
		return EINVAL;
	for (; day >= 365 + is_leap(year) && year <= YEAR_MAX; year++)
		day -= 365 + is_leap(year);
	if (year > YEAR_MAX)
		return EINVAL;
	for (; day >= month_days(year, month); month++)
		day -= month_days(year, month);
	snprintf(out, DUE_SIZE, "%04u-%02u-%02u", (unsigned)year % 10000u,
	    (unsigned)month % 100u, (unsigned)(day + 1) % 100u);
	return 0;
}

static int64_t
digits(const char *p, size_t n)
{
	int64_t value = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		value = value * 10 + (p[i] - '0');
	}
	return value;
}

static int
date_parse(struct mt_span s, char out[DUE_SIZE])
{
	int64_t year = digits(s.ptr, 4), month = digits(s.ptr + 5, 2);
	int64_t day = digits(s.ptr + 8, 2);

	if (s.ptr[4] != '-' || s.ptr[7] != '-' || year < YEAR_MIN || year > YEAR_MAX ||
	    month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return EINVAL;
	memcpy(out, s.ptr, DUE_SIZE - 1);
	out[DUE_SIZE - 1] = '\0';
	return 0;
}

static int
is_word(struct mt_span s, const char *word, size_t least)
{
	return s.len >= least && (s.len == strlen(word) || s.len == least) &&
	    strncasecmp(s.ptr, word, s.len) == 0;
}

/* Days from today; -1: no such word. */
static int64_t
days_ahead(struct mt_span s, int64_t today)
{
	if (is_word(s, "today", 5))
		return 0;
	if (is_word(s, "tomorrow", 8))
		return 1;
	for (int64_t i = 0; i < WEEK; i++)
		if (is_word(s, weekdays[i], SHORT_NAME))
			return 1 + (i - today - 1 + WEEK * (today + 1)) % WEEK;
	if (s.len < 3 || s.len > DUE_DIGITS_MAX + 2 || s.ptr[0] != '+' || (s.ptr[s.len - 1] | 0x20) != 'd')
		return -1;
	return digits(s.ptr + 1, s.len - 2);
}

int
due_parse(struct mt_span s, int64_t now, char out[DUE_SIZE])
{
	int64_t today = now / DAY_S, ahead;

	if (s.len == DUE_SIZE - 1 && s.ptr[4] == '-')
		return date_parse(s, out);
	ahead = now < 0 ? -1 : days_ahead(s, today);
	return ahead < 0 ? EINVAL : day_format(today + ahead, out);
}
