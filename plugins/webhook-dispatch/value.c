/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes nobody vouches for, on their way into JSON. */
#include "value.h"

#include <stdlib.h>
#include <string.h>

#include "../common/utf8.h"

enum { GROWTH = 3 };		/* a bad byte becomes U+FFFD */

struct out {
	char *ptr;
	size_t len, cap;
	int cut, blank;		/* blank: one is due before the next character */
};

static void
put(struct out *o, uint32_t c)
{
	char p[UTF8_BYTES_MAX];
	size_t n = utf8_put(p, c);

	if (o->cut || n > o->cap - o->len) {
		o->cut = 1;
		return;
	}
	memcpy(o->ptr + o->len, p, n);
	o->len += n;
}

static int
is_blank(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xa0;
}

static void
put_in_line(struct out *o, uint32_t c)
{
	size_t before = o->len;

	if (is_blank(c)) {
		o->blank = o->len > 0;
		return;
	}
	if (o->blank)
		put(o, ' ');
	put(o, utf8_is_control(c) ? UTF8_REPLACEMENT : c);
	if (o->cut && o->blank)
		o->len = before;	/* no blank at the end */
	o->blank = 0;
}

static void
line_fill(struct out *o, struct mt_span s)
{
	uint32_t c;

	for (size_t at = 0; at < s.len && !o->cut;) {
		at += utf8_next(s, at, &c);
		put_in_line(o, c);
	}
}

static void
text_fill(struct out *o, struct mt_span s)
{
	uint32_t c;

	for (size_t at = 0; at < s.len && !o->cut;) {
		at += utf8_next(s, at, &c);
		if (c == '\r' && at < s.len && s.ptr[at] == '\n')
			continue;
		if (c == '\r')
			c = '\n';
		put(o, c != '\n' && c != '\t' && utf8_is_control(c) ? UTF8_REPLACEMENT : c);
	}
}

static json_t *
make(struct mt_span s, size_t max, int *cut, void (*fill)(struct out *, struct mt_span))
{
	struct out o = { .cap = s.len < max / GROWTH ? s.len * GROWTH : max };
	json_t *value;

	o.ptr = malloc(o.cap + 1);
	if (o.ptr == NULL)
		return NULL;
	fill(&o, s);
	if (o.cut)
		*cut = 1;
	value = json_stringn(o.ptr, o.len);
	free(o.ptr);
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
	struct out o = { .ptr = out, .cap = size - 1 };
	uint32_t c;

	for (size_t at = 0; at < s.len && !o.cut;) {
		at += utf8_next(s, at, &c);
		if (is_blank(c) || !utf8_is_hidden(c))
			put_in_line(&o, c);
	}
	if (o.cut)
		*cut = 1;
	out[o.len] = '\0';
	return o.len;
}
