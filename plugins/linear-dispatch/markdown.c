/* SPDX-License-Identifier: BSD-2-Clause */
/* Markdown and what must not pass into it. */
#include "markdown.h"

#include <string.h>

#include "../common/utf8.h"

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
markdown_add_character(struct text *t, struct markdown_place *place, uint32_t c)
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
markdown_add(struct text *t, struct mt_span s)
{
	struct markdown_place place = { 0 };
	uint32_t c;

	for (size_t at = 0; at < s.len;) {
		at += utf8_next(s, at, &c);
		if (c == '\n' || (c == '\r' && (at >= s.len || s.ptr[at] != '\n'))) {
			text_add_character(t, '\n');
			place = (struct markdown_place){ 0 };
			continue;
		}
		markdown_add_character(t, &place, c);
	}
}
