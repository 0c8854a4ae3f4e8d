/* SPDX-License-Identifier: BSD-2-Clause */
/* From the dates of mail to the dates of JSON. */
#include "date.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { VALUE_MAX = 128, YEAR_MIN = 1900, YEAR_MAX = 9999 };

struct parts {
	int day, year, hour, minute, second, offset_s;
	char month[4], zone[6];
};

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static int
month_find(const char *name)
{
	for (int i = 0; i < 12; i++)
		if (strncasecmp(months + i * 3, name, 3) == 0)
			return i;
	return -1;
}

/* The words for zones of North America; what nobody knows counts as UTC
 * (RFC 5322 4.3). */
static int
zone_offset(const char *zone, int *offset_s)
{
	static const struct { const char *name; int hours; } names[] = {
		{ "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 },
		{ "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 },
	};
	int hhmm;

	*offset_s = 0;
	if (zone[0] == '+' || zone[0] == '-') {
		if (strspn(zone + 1, "0123456789") != 4 || zone[5] != '\0')
			return EINVAL;
		hhmm = (int)strtol(zone + 1, NULL, 10);
		if (hhmm % 100 > 59)
			return EINVAL;
		*offset_s = (hhmm / 100 * 3600 + hhmm % 100 * 60) * (zone[0] == '-' ? -1 : 1);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(zone, names[i].name) == 0)
			*offset_s = names[i].hours * 3600;
	return 0;
}

static int
parts_read(const char *s, struct parts *p)
{
	if (sscanf(s, " %2d %3[A-Za-z] %4d %2d:%2d:%2d %5[-+0-9A-Za-z]", &p->day, p->month,
	    &p->year, &p->hour, &p->minute, &p->second, p->zone) >= 6)
		return 0;
	p->second = 0;
	return sscanf(s, " %2d %3[A-Za-z] %4d %2d:%2d %5[-+0-9A-Za-z]", &p->day, p->month,
	    &p->year, &p->hour, &p->minute, p->zone) >= 5 ? 0 : EINVAL;
}

static int
parts_check(struct parts *p)
{
	if (p->year >= 0 && p->year < 50)
		p->year += 2000;
	else if (p->year >= 50 && p->year < 1000)
		p->year += 1900;
	if (p->day < 1 || p->day > 31 || p->hour < 0 || p->hour > 23 || p->minute < 0 ||
	    p->minute > 59 || p->second < 0 || p->second > 60 || p->year < YEAR_MIN ||
	    p->year > YEAR_MAX || month_find(p->month) < 0)
		return EINVAL;
	return zone_offset(p->zone, &p->offset_s);
}

int
date_format(struct mt_span value, char out[DATE_SIZE])
{
	struct parts p = { .zone = "" };
	char text[VALUE_MAX + 1];
	const char *comma;
	struct tm tm = { 0 };
	time_t t;

	if (value.len > VALUE_MAX || value.len == 0)
		return EINVAL;
	memcpy(text, value.ptr, value.len);
	text[value.len] = '\0';
	comma = strchr(text, ',');
	if (parts_read(comma == NULL ? text : comma + 1, &p) != 0 || parts_check(&p) != 0)
		return EINVAL;
	tm = (struct tm){ .tm_mday = p.day, .tm_mon = month_find(p.month),
		.tm_year = p.year - YEAR_MIN, .tm_hour = p.hour, .tm_min = p.minute,
		.tm_sec = p.second };
	t = timegm(&tm) - p.offset_s;
	if (gmtime_r(&t, &tm) == NULL || tm.tm_year + YEAR_MIN > YEAR_MAX)
		return EINVAL;
	strftime(out, DATE_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return 0;
}
