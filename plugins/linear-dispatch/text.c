/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8, Markdown and what must not pass into either. */
#include "text.h"

#include <string.h>

#include "../common/utf8.h"

void
text_add_bytes(struct text *t, const char *p, size_t n)
{
	if (t->cut || n > t->cap - t->len) {
		t->cut = 1;
		return;
	}
	memcpy(t->ptr + t->len, p, n);
	t->len += n;
}

void
text_add(struct text *t, const char *s)
{
	text_add_bytes(t, s, strlen(s));
}

void
text_add_character(struct text *t, uint32_t c)
{
	char p[UTF8_BYTES_MAX];

	text_add_bytes(t, p, utf8_put(p, c));
}

static int
is_special(uint32_t c, int line_start)
{
	static const char anywhere[] = "\\`*_[]<>~|&!", first[] = "#+-=:";

	if (c >= 0x80 || c == 0)
		return 0;
	return strchr(anywhere, (int)c) != NULL ||
	    (line_start && strchr(first, (int)c) != NULL);
}

static int
is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

void
text_add_escaped(struct text *t, struct text_place *place, uint32_t c)
{
	if (c == '\t')
		c = ' ';
	if (utf8_is_hidden(c))
		return;
	/* "1." and "1)" begin a list */
	if (is_special(c, !place->inside) || (place->number && (c == '.' || c == ')')))
		text_add_character(t, '\\');
	text_add_character(t, c);
	place->number = is_digit(c) && (!place->inside || place->number);
	place->inside = place->inside || c != ' ';
}

void
text_add_markdown(struct text *t, struct mt_span s)
{
	struct text_place place = { 0 };
	uint32_t c;

	for (size_t at = 0; at < s.len;) {
		at += utf8_next(s, at, &c);
		if (c == '\n' || (c == '\r' && (at >= s.len || s.ptr[at] != '\n'))) {
			text_add_character(t, '\n');
			place = (struct text_place){ 0 };
			continue;
		}
		text_add_escaped(t, &place, c);
	}
}

struct line {
	struct text *text;
	size_t units, max;
	int blank;		/* a blank is due before the next character */
};

static void
line_add(struct line *l, uint32_t c)
{
	size_t width = c >= 0x10000 ? 2 : 1;

	if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xa0) {
		l->blank = l->units > 0;
		return;
	}
	if (utf8_is_hidden(c))
		return;
	if (l->units + width + (size_t)l->blank > l->max) {
		l->max = l->units;	/* nothing shorter behind it */
		return;
	}
	if (l->blank)
		text_add_character(l->text, ' ');
	l->units += width + (size_t)l->blank;
	l->blank = 0;
	text_add_character(l->text, c);
}

void
text_add_field(struct text *t, struct mt_span value, size_t units)
{
	struct line line = { .text = t, .max = units };
	uint32_t c;

	for (size_t at = 0; at < value.len;) {
		at += utf8_next(value, at, &c);
		line_add(&line, c);
	}
}
