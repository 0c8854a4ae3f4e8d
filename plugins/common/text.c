/* SPDX-License-Identifier: BSD-2-Clause */
/* A buffer, and lines of strangers in it. */
#include "text.h"

#include <string.h>

#include "utf8.h"

void
text_add_bytes(struct text *t, const char *p, size_t n)
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

struct mt_span
text_span(const struct text *t)
{
	return (struct mt_span){ t->ptr, t->len };
}

void
text_add_line(struct text *t, struct mt_span s, size_t units,
    void (*put)(struct text *, uint32_t))
{
	size_t used = 0, width, before;
	int blank = 0;		/* one is due before the next character */
	uint32_t c;

	for (size_t at = 0; at < s.len; used += width) {
		at += utf8_next(s, at, &c);
		width = 0;
		if (utf8_is_blank(c))
			blank = used > 0;
		if (utf8_is_blank(c) || utf8_is_hidden(c))
			continue;
		width = (c >= 0x10000 ? 2 : 1) + (size_t)blank;
		if (width > units - used)
			return;	/* nothing shorter behind it */
		before = t->len;
		if (blank)
			text_add(t, " ");
		put(t, c);
		if (t->cut) {
			t->len = before;
			return;
		}
		blank = 0;
	}
}
