/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes nobody vouches for, on their way into JSON. */
#include "value.h"

#include <stdlib.h>

#include "../common/text.h"
#include "../common/utf8.h"

enum { GROWTH = 3 };		/* a bad byte becomes U+FFFD */

/* Of a text that is cut, no line ends with a blank. */
static void
put_in_line(struct text *t, int *blank, uint32_t c)
{
	size_t before = t->len;

	if (utf8_is_blank(c)) {
		*blank = t->len > 0;
		return;
	}
	if (*blank)
		text_add(t, " ");
	text_add_character(t, utf8_is_control(c) ? UTF8_REPLACEMENT : c);
	if (t->cut)
		t->len = before;
	*blank = 0;
}

static void
line_fill(struct text *t, struct mt_span s)
{
	uint32_t c;
	int blank = 0;		/* one is due before the next character */

	for (size_t at = 0; at < s.len && !t->cut;) {
		at += utf8_next(s, at, &c);
		put_in_line(t, &blank, c);
	}
}

static void
text_fill(struct text *t, struct mt_span s)
{
	uint32_t c;

	for (size_t at = 0; at < s.len && !t->cut;) {
		at += utf8_next(s, at, &c);
		if (c == '\r' && at < s.len && s.ptr[at] == '\n')
			continue;
		if (c == '\r')
			c = '\n';
		text_add_character(t, c != '\n' && c != '\t' && utf8_is_control(c) ?
		    UTF8_REPLACEMENT : c);
	}
}

static json_t *
make(struct mt_span s, size_t max, int *cut, void (*fill)(struct text *, struct mt_span))
{
	struct text t = { .cap = s.len < max / GROWTH ? s.len * GROWTH : max };
	json_t *value;

	t.ptr = malloc(t.cap + 1);
	if (t.ptr == NULL)
		return NULL;
	fill(&t, s);
	if (t.cut)
		*cut = 1;
	value = json_stringn(t.ptr, t.len);
	free(t.ptr);
	return value;
}

json_t *
value_line(struct mt_span s, size_t max, int *cut)
{
	return make(s, max, cut, line_fill);
}

json_t *
value_text(struct mt_span s, size_t max, int *cut)
{
	return make(s, max, cut, text_fill);
}

json_t *
value_line_or_null(struct mt_span s, size_t max, int *cut)
{
	return s.len == 0 ? json_null() : value_line(s, max, cut);
}

size_t
value_plain(struct mt_span s, char *out, size_t size, int *cut)
{
	struct text t = { .ptr = out, .cap = size - 1 };

	text_add_line(&t, s, SIZE_MAX, text_add_character);
	if (t.cut)
		*cut = 1;
	out[t.len] = '\0';
	return t.len;
}
