/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates: read, checked, filled in. */
#include "template.h"

#include <stdio.h>
#include <string.h>

static const char *const names[TEMPLATE_NAMES] = {
	[TEMPLATE_SUBJECT] = "subject", [TEMPLATE_OUTCOME] = "outcome",
	[TEMPLATE_REASON] = "reason", [TEMPLATE_SENTENCE] = "text",
	[TEMPLATE_RESOURCE_ID] = "resource_id", [TEMPLATE_RESOURCE_URL] = "resource_url",
	[TEMPLATE_EVENT] = "event", [TEMPLATE_ROUTE] = "route", [TEMPLATE_DATE] = "date",
};

enum kind { LITERAL, VALUE, OPEN, CLOSE, BROKEN };

struct token {
	enum kind kind;
	struct mt_span text;	/* of a tag: its name */
	int name;		/* enum template_name; -1: there is none */
};

static int
name_find(struct mt_span s)
{
	for (int i = 0; i < TEMPLATE_NAMES; i++)
		if (strlen(names[i]) == s.len && memcmp(names[i], s.ptr, s.len) == 0)
			return i;
	return -1;
}

static const char *
find(struct mt_span s, size_t at, char c)	/* two of it */
{
	for (; at + 1 < s.len; at++)
		if (s.ptr[at] == c && s.ptr[at + 1] == c)
			return s.ptr + at;
	return NULL;
}

/* The next token; *at is behind it. */
static struct token
token_next(struct mt_span s, size_t *at)
{
	const char *begin = s.ptr + *at, *open = find(s, *at, '{'), *end;
	struct token t = { LITERAL, { begin, s.len - *at }, -1 };

	if (open != begin) {
		t.text.len = open == NULL ? t.text.len : (size_t)(open - begin);
		*at += t.text.len;
		return t;
	}
	end = find(s, *at + 2, '}');
	t.kind = end == NULL ? BROKEN : VALUE;
	if (end == NULL) {
		*at = s.len;
		return t;
	}
	t.text = (struct mt_span){ begin + 2, (size_t)(end - begin) - 2 };
	if (t.text.len > 0 && (t.text.ptr[0] == '#' || t.text.ptr[0] == '/')) {
		t.kind = t.text.ptr[0] == '#' ? OPEN : CLOSE;
		t.text.ptr++;
		t.text.len--;
	}
	t.name = name_find(t.text);
	*at = (size_t)(end - s.ptr) + 2;
	return t;
}

static size_t
line_of(struct mt_span s, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < at; i++)
		line += s.ptr[i] == '\n';
	return line;
}

struct nesting { int name[TEMPLATE_DEPTH_MAX]; size_t depth; };

/* NULL, or what is wrong with the token. */
static const char *
token_check(const struct token *t, struct nesting *n)
{
	if (t->kind == BROKEN)
		return "{{ without }}";
	if (t->kind != LITERAL && t->name < 0)
		return "there is no such name";
	if (t->kind == OPEN && n->depth == TEMPLATE_DEPTH_MAX)
		return "nested too deep";
	if (t->kind == OPEN)
		n->name[n->depth++] = t->name;
	if (t->kind == CLOSE && (n->depth == 0 || n->name[--n->depth] != t->name))
		return "closes what is not open";
	return NULL;
}

int
template_check(struct mt_span s, size_t *line, char why[TEMPLATE_WHY_MAX])
{
	struct nesting n = { .depth = 0 };
	size_t at = 0, begin;

	for (; at < s.len;) {
		struct token t;
		const char *wrong;

		begin = at;
		t = token_next(s, &at);
		wrong = token_check(&t, &n);
		if (wrong != NULL) {
			*line = line_of(s, begin);
			snprintf(why, TEMPLATE_WHY_MAX, "\"%.*s\": %s",
			    (int)(t.text.len > 40 ? 40 : t.text.len), t.text.ptr, wrong);
			for (char *p = why; *p != '\0'; p++)
				if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
					*p = '?';
			return -1;
		}
	}
	*line = line_of(s, s.len);
	if (n.depth == 0)
		return 0;
	snprintf(why, TEMPLATE_WHY_MAX, "{{#%s}} is not closed", names[n.name[n.depth - 1]]);
	return -1;
}

/* What a mail program makes a link, without a byte that means something else
 * in HTML or ends it in text. */
static int
is_url(struct mt_span s)
{
	static const char scheme[] = "https://";

	if (s.len <= sizeof(scheme) - 1 || memcmp(s.ptr, scheme, sizeof(scheme) - 1) != 0)
		return 0;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] <= 0x20 || (unsigned char)s.ptr[i] >= 0x7f ||
		    strchr("<>\"'`\\{}", s.ptr[i]) != NULL)
			return 0;
	return 1;
}

static struct mt_span
value_of(const struct mt_span *values, int name)
{
	if (name == TEMPLATE_RESOURCE_URL && !is_url(values[name]))
		return (struct mt_span){ "", 0 };
	return values[name];
}

static void
add_html(struct text *t, uint32_t c)
{
	static const struct { uint32_t c; const char *entity; } entities[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" },
		{ '\'', "&#39;" },
	};

	for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++)
		if (entities[i].c == c) {
			text_add(t, entities[i].entity);
			return;
		}
	text_add_character(t, c);
}

void
template_render(struct mt_span s, const struct mt_span values[TEMPLATE_NAMES],
    enum template_sink sink, struct text *out)
{
	size_t hidden = 0;	/* sections open since one that is not shown */

	for (size_t at = 0; at < s.len;) {
		struct token t = token_next(s, &at);
		struct mt_span v = t.name < 0 ? t.text : value_of(values, t.name);

		if (t.kind == OPEN)
			hidden += hidden > 0 || v.len == 0;
		else if (t.kind == CLOSE)
			hidden -= hidden > 0;
		else if (hidden == 0 && t.kind == LITERAL)
			text_add_bytes(out, v.ptr, v.len);
		else if (hidden == 0 && sink == TEMPLATE_HTML)
			text_add_line(out, v, TEMPLATE_VALUE_MAX, add_html);
		else if (hidden == 0)
			text_add_line(out, v, TEMPLATE_VALUE_MAX, text_add_character);
	}
}
