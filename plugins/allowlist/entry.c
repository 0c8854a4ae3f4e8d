/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of an allowlist: parsed and compared byte by byte. */
#include "entry.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static const char group_prefix[] = "group:";

static struct mt_span
tail(struct mt_span s, size_t from)
{
	return (struct mt_span){ s.ptr + from, s.len - from };
}

static int
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int
entry_same(struct mt_span a, struct mt_span b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

static const char *
label_check(struct mt_span label)
{
	if (label.len == 0)
		return "a domain has no empty label and no final dot";
	if (label.len > ENTRY_LABEL_MAX)
		return "a label of a domain is longer than 63 bytes";
	for (size_t i = 0; i < label.len; i++) {
		if ((unsigned char)label.ptr[i] >= 0x80)
			return "write the domain as A-labels (xn--...)";
		if (!is_alnum(label.ptr[i]) && label.ptr[i] != '-' && label.ptr[i] != '_')
			return "a domain consists of letters, digits, '-', '_' and dots";
	}
	return NULL;
}

static const char *
domain_check(struct mt_span domain)
{
	size_t start = 0, labels = 0;

	if (domain.len > ENTRY_DOMAIN_MAX)
		return "a domain is longer than 253 bytes";
	for (size_t i = 0; i <= domain.len; i++) {
		const char *wrong;

		if (i < domain.len && domain.ptr[i] != '.')
			continue;
		wrong = label_check((struct mt_span){ domain.ptr + start, i - start });
		if (wrong != NULL)
			return wrong;
		labels++;
		start = i + 1;
	}
	return labels < 2 ? "a domain of one label would match a whole top-level domain" : NULL;
}

static const char *
local_check(struct mt_span local)
{
	if (local.len == 0 || local.len > ENTRY_LOCAL_MAX)
		return "a local part has 1 to 64 bytes";
	for (size_t i = 0; i < local.len; i++) {
		unsigned char c = (unsigned char)local.ptr[i];

		if (c <= ' ' || c == 0x7f || strchr("\"(),:;<>@[\\]*", c) != NULL)
			return "a local part is plain, without quotes, blanks or wildcards";
	}
	return NULL;
}

static const char *
group_check(struct mt_span name)
{
	if (name.len == 0 || name.len > ENTRY_GROUP_MAX)
		return "a group name has 1 to 64 bytes";
	for (size_t i = 0; i < name.len; i++)
		if (!is_alnum(name.ptr[i]) && strchr("-_.", name.ptr[i]) == NULL)
			return "a group name consists of letters, digits, '-', '_' and '.'";
	return NULL;
}

static const char *
user_parse(struct mt_span text, size_t at, struct entry *e)
{
	const char *wrong;

	*e = (struct entry){ .kind = ENTRY_USER, .name = { text.ptr, at },
		.domain = tail(text, at + 1) };
	wrong = local_check(e->name);
	return wrong != NULL ? wrong : domain_check(e->domain);
}

const char *
entry_parse(struct mt_span text, struct entry *e)
{
	const size_t prefix = sizeof(group_prefix) - 1;
	const char *at;

	if (text.len == 0)
		return "an entry is empty";
	if (text.len >= prefix && strncasecmp(text.ptr, group_prefix, prefix) == 0) {
		*e = (struct entry){ .kind = ENTRY_GROUP, .name = tail(text, prefix) };
		return group_check(e->name);
	}
	at = memrchr(text.ptr, '@', text.len);
	if (at != NULL)
		return user_parse(text, (size_t)(at - text.ptr), e);
	*e = (struct entry){ .kind = ENTRY_DOMAIN, .domain = text };
	if (text.ptr[0] == '.' || (text.len > 1 && memcmp(text.ptr, "*.", 2) == 0)) {
		e->kind = ENTRY_SUBDOMAINS;
		e->domain = tail(text, text.ptr[0] == '.' ? 1 : 2);
	}
	return domain_check(e->domain);
}

static int
is_below(struct mt_span domain, struct mt_span parent)
{
	size_t more;

	if (domain.len < parent.len + 2)
		return 0;
	more = domain.len - parent.len;
	return domain.ptr[more - 1] == '.' && entry_same(tail(domain, more), parent);
}

int
entry_match(const struct entry *e, struct mt_span address)
{
	const char *at = address.len == 0 ? NULL : memrchr(address.ptr, '@', address.len);
	struct mt_span local, domain;

	if (at == NULL || at == address.ptr)
		return 0;
	local = (struct mt_span){ address.ptr, (size_t)(at - address.ptr) };
	domain = tail(address, local.len + 1);
	if (e->kind == ENTRY_SUBDOMAINS)
		return is_below(domain, e->domain);
	if (e->kind == ENTRY_DOMAIN)
		return entry_same(domain, e->domain);
	return e->kind == ENTRY_USER && entry_same(domain, e->domain) &&
	    entry_same(local, e->name);
}

static int
is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

const char *
line_parse(const char *line, struct mt_span *head, struct mt_span *members)
{
	const char *colon = strchr(line, ':');

	while (is_separator(*line))
		line++;
	if (colon == NULL || colon <= line)
		return "a line is \"NAME: member, member\"";
	*head = (struct mt_span){ line, (size_t)(colon - line) };
	while (head->len > 0 && is_separator(head->ptr[head->len - 1]))
		head->len--;
	*members = (struct mt_span){ colon + 1, strlen(colon + 1) };
	return group_check(*head);
}

int
line_next(struct mt_span members, size_t *it, struct mt_span *member)
{
	size_t start;

	while (*it < members.len && is_separator(members.ptr[*it]))
		(*it)++;
	if (*it >= members.len)
		return ENOENT;
	start = *it;
	while (*it < members.len && !is_separator(members.ptr[*it]))
		(*it)++;
	*member = (struct mt_span){ members.ptr + start, *it - start };
	return 0;
}
