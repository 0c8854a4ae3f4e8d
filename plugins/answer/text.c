/* SPDX-License-Identifier: BSD-2-Clause */
/* A buffer, and what a stranger wrote on its way into it. */
#include "text.h"

#include <string.h>

#include "../common/utf8.h"

void
text_add(struct text *t, const char *p, size_t n)
{
	if (t->cut || n > t->cap - t->len) {
		t->cut = 1;
		return;
	}
	if (n > 0)
		memcpy(t->ptr + t->len, p, n);
	t->len += n;
}

void
text_add_string(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void
text_add_char(struct text *t, char c)
{
	text_add(t, &c, 1);
}

struct mt_span
text_span(const struct text *t)
{
	return (struct mt_span){ t->ptr, t->len };
}

static const char *
html_of(uint32_t c)
{
	static const struct { uint32_t c; const char *entity; } entities[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" },
		{ '\'', "&#39;" },
	};

	for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++)
		if (entities[i].c == c)
			return entities[i].entity;
	return NULL;
}

static void
add_character(struct text *t, uint32_t c, int html)
{
	const char *entity = html ? html_of(c) : NULL;
	char p[UTF8_BYTES_MAX];

	if (entity != NULL)
		text_add_string(t, entity);
	else
		text_add(t, p, utf8_put(p, c));
}

static void
add_line(struct text *t, struct mt_span s, size_t max, int html)
{
	size_t count = 0;
	int blank = 0;
	uint32_t c;

	for (size_t at = 0; at < s.len && count < max;) {
		at += utf8_next(s, at, &c);
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xa0 ||
		    c == 0x2028 || c == 0x2029) {
			blank = count > 0;
			continue;
		}
		if (utf8_is_hidden(c))
			continue;
		if (blank && count + 1 == max)
			return;
		if (blank)
			text_add_char(t, ' ');
		add_character(t, c, html);
		count += 1 + (size_t)blank;
		blank = 0;
	}
}

void
text_add_line(struct text *t, struct mt_span s, size_t max)
{
	add_line(t, s, max, 0);
}

void
text_add_html(struct text *t, struct mt_span s, size_t max)
{
	add_line(t, s, max, 1);
}
