/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of options: from the text of a file, and back. */
#ifndef MAILTRI_CONF_VALUE_H
#define MAILTRI_CONF_VALUE_H

#include "conf/settings.h"

enum { VALUE_LIST_MAX = 4096, VALUE_TEXT_MAX = 4096, VALUE_WHY_MAX = 256 };

/* "90d", "12h", "15m", "30s", "45": seconds.  "25M", "64K", "1G", "2T",
 * "512": bytes, powers of 1024.  0, EINVAL, or ERANGE. */
int value_parse_duration(const char *, int64_t *);
int value_parse_size(const char *, int64_t *);

/* The members as the file has them (one, for all but MT_OPT_LIST); an option
 * that is not in the file has texts NULL: its default, or unset. */
struct value_text { const char *const *texts; size_t count; };

struct value_parser {
	struct arena *arena;	/* for what the values hold */
	char why[VALUE_WHY_MAX];	/* on EINVAL: a sentence that begins with the
				 * option's name; never the value of a SECRET */
};
/* 0, or EINVAL and the value unset.  A value that is set has a list, numbers too: their shortest
 * form. */
int value_parse(struct value_parser *, const struct mt_option *,
    struct value_text, struct setting_value *);

/* As a file would have it: `90d', `{ "a", "b" }'; "" where unset. */
const char *value_format(struct arena *, const struct mt_option *,
    const struct setting_value *);
/* A BOOL, INT, SIZE or DURATION in its shortest form. */
const char *value_format_number(struct arena *, uint32_t type, int64_t);
bool value_equal(const struct setting_value *, const struct setting_value *);

/* Schemes of targets.  smtp is mail with STARTTLS required, smtps mail with
 * TLS from the first byte, smtp+plain mail without any: a numeric loopback
 * address alone may have it. */
enum value_scheme { VALUE_HTTPS, VALUE_SMTP, VALUE_SMTPS, VALUE_SMTP_PLAIN, VALUE_SCHEMES };

/* "scheme://host[:port]", the scheme one of choices, "smtp|smtps"; NULL is
 * https.  0 or EINVAL; host goes to the arena. */
struct value_target { const char *host; uint16_t port; enum value_scheme scheme; };
int value_parse_target(struct arena *, const char *, const char *choices,
    struct value_target *);
/* "smtp"; NULL: there is no such scheme. */
const char *value_scheme_name(enum value_scheme);
/* Are all of "a|b" schemes? */
bool value_are_schemes(const char *choices);

/* "127.0.0.1:25", "[::1]:25": a numeric address and a port (0 to 65535). */
int value_parse_address(struct arena *, const char *, struct value_target *);

#endif
