/* SPDX-License-Identifier: BSD-2-Clause */
/* Machines, lists, whom nobody answers, and what was written to others. */
#include "quiet.h"

#include <string.h>
#include <strings.h>

#include "../common/field.h"
#include "../common/mailbox.h"

/* ---- fields ---- */

/* The first word, without what RFC 3834 5 lets follow. */
static struct mt_span
first_word(struct mt_span s)
{
	size_t n = 0;

	while (n < s.len && strchr("; \t\r\n(", s.ptr[n]) == NULL)
		n++;
	return (struct mt_span){ s.ptr, n };
}

static int
is_automatic(struct mt_span value)
{
	return !field_is(first_word(value), "no");
}

static int
is_bulk(struct mt_span value)
{
	static const char *const words[] = { "bulk", "list", "junk", NULL };

	for (size_t i = 0; words[i] != NULL; i++)
		if (field_is(first_word(value), words[i]))
			return 1;
	return 0;
}

/* A list of words; they ask for less only of automatic answers like ours. */
static int
is_suppressed(struct mt_span value)
{
	static const char *const words[] = { "All", "AutoReply", "OOF", NULL };

	for (size_t at = 0; at < value.len;) {
		const char *comma = memchr(value.ptr + at, ',', value.len - at);
		size_t n = comma == NULL ? value.len - at : (size_t)(comma - value.ptr) - at;

		for (size_t i = 0; words[i] != NULL; i++)
			if (field_is(field_trim((struct mt_span){ value.ptr + at, n }), words[i]))
				return 1;
		at += n + 1;
	}
	return 0;
}

static int
is_any(struct mt_span value)
{
	(void)value;
	return 1;
}

static const struct {
	const char *name, *why;
	int prefix;
	int (*is)(struct mt_span);
} fields[] = {
	{ "Auto-Submitted", "automatic", 0, is_automatic },
	{ "Precedence", "bulk", 0, is_bulk },
	{ "List-", "list", 1, is_any },
	{ "Mailtri-Mark", "own", 0, is_any },
	{ "X-Auto-Response-Suppress", "asked", 0, is_suppressed },
};

static const char *
field_why(struct mt_span name, struct mt_span value)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		size_t len = strlen(fields[i].name);
		int same = fields[i].prefix ? name.len >= len &&
		    strncasecmp(name.ptr, fields[i].name, len) == 0 :
		    field_is(name, fields[i].name);

		if (same && fields[i].is(field_trim(value)))
			return fields[i].why;
	}
	return NULL;
}

/* ---- addresses ---- */

/* RFC 5230 4.5: who was written to is who answers. */
static int
is_named(const char *const *more, struct mt_span us, struct mt_span name, struct mt_span value)
{
	static const char *const fields_of[] = { "To", "Cc", "Resent-To", "Resent-Cc", NULL };
	size_t i = 0;

	while (fields_of[i] != NULL && !field_is(name, fields_of[i]))
		i++;
	if (fields_of[i] == NULL)
		return 0;
	if (mailbox_is_named(value, us))
		return 1;
	while (*more != NULL && !mailbox_is_named(value, (struct mt_span){ *more, strlen(*more) }))
		more++;
	return *more != NULL;
}

int
quiet_fits(struct mt_span local, const char *pattern)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[0] == '*')
		return local.len >= len - 1 && strncasecmp(local.ptr + local.len - (len - 1),
		    pattern + 1, len - 1) == 0;
	if (len > 0 && pattern[len - 1] == '*')
		return local.len >= len - 1 && strncasecmp(local.ptr, pattern, len - 1) == 0;
	return field_is(local, pattern);
}

static const char *
address_why(const struct mt_host *h, const struct mt_conf *c, struct mt_span rcpt)
{
	const char *const *never = h->conf_list(c, "never");
	const char *const *no_reply = h->conf_list(c, "no_reply");
	const char *const own[] = { h->conf_str(c, "from"), h->conf_str(c, "envelope_from") };
	struct mt_span local = rcpt, domain;

	while (local.len > 0 && local.ptr[local.len - 1] != '@')
		local.len--;
	domain = (struct mt_span){ rcpt.ptr + local.len, rcpt.len - local.len };
	local.len--;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (own[i] != NULL && field_is(rcpt, own[i]))
			return "own";
	for (; *never != NULL; never++)
		if (field_is(strchr(*never, '@') == NULL ? domain : rcpt, *never))
			return "never";
	for (; *no_reply != NULL; no_reply++)
		if (quiet_fits(local, *no_reply))
			return "noreply";
	return NULL;
}

const char *
quiet_why(const struct mt_host *h, struct mt_msg *m, struct mt_span rcpt)
{
	struct mt_span name, value, sender = { "", 0 }, us = { "", 0 };
	const char *const *more = h->conf_list(h->conf(m), "addresses");
	const char *why = NULL;
	size_t it = 0;
	int named;

	h->rcpt(m, &us);
	named = us.len == 0;

	h->sender(m, &sender);
	if (sender.len == 0)
		return "null-sender";
	if (rcpt.len == 0)
		return "unproved";
	while (why == NULL && h->header_next(m, &it, &name, &value) == 0) {
		why = field_why(name, value);
		named = named || is_named(more, us, name, value);
	}
	if (why != NULL || !named)
		return why != NULL ? why : "unnamed";
	return mailbox_is_plain(rcpt) ? address_why(h, h->conf(m), rcpt) : "address";
}
