/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8, Markdown and what must not pass into either. */
#include "text.h"

#include <string.h>

enum { REPLACEMENT = 0xfffd };

static int
is_continuation(struct mt_span s, size_t at)
{
	return at < s.len && ((unsigned char)s.ptr[at] & 0xc0) == 0x80;
}

/* RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF. */
size_t
text_next(struct mt_span s, size_t at, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)s.ptr[at];
	size_t n = c < 0x80 ? 1 : c >= 0xf0 && c < 0xf8 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 :
	    c >= 0xc0 && c < 0xe0 ? 2 : 0;
	uint32_t value = n < 2 ? c : c & (0x7fu >> n);

	*character = REPLACEMENT;
	if (n == 0)
		return 1;
	for (size_t i = 1; i < n; i++) {
		if (!is_continuation(s, at + i))
			return 1;
		value = value << 6 | ((unsigned char)s.ptr[at + i] & 0x3f);
	}
	if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 1;
	*character = value;
	return n;
}

static void
add(struct text *t, const char *p, size_t n)
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
	add(t, s, strlen(s));
}

void
text_add_character(struct text *t, uint32_t c)
{
	char p[4];

	if (c < 0x80) {
		p[0] = (char)c;
		add(t, p, 1);
	} else if (c < 0x800) {
		p[0] = (char)(0xc0 | c >> 6);
		p[1] = (char)(0x80 | (c & 0x3f));
		add(t, p, 2);
	} else if (c < 0x10000) {
		p[0] = (char)(0xe0 | c >> 12);
		p[1] = (char)(0x80 | (c >> 6 & 0x3f));
		p[2] = (char)(0x80 | (c & 0x3f));
		add(t, p, 3);
	} else {
		p[0] = (char)(0xf0 | c >> 18);
		p[1] = (char)(0x80 | (c >> 12 & 0x3f));
		p[2] = (char)(0x80 | (c >> 6 & 0x3f));
		p[3] = (char)(0x80 | (c & 0x3f));
		add(t, p, 4);
	}
}

/* C0, C1, and what turns the direction of the text around it. */
static int
is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x61c ||
	    c == 0xfeff;
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
text_add_markdown(struct text *t, struct mt_span s)
{
	uint32_t c, before = '\n';
	int line_start = 1, number = 0;

	for (size_t at = 0; at < s.len; before = c) {
		at += text_next(s, at, &c);
		if (c == '\n' || (c == '\r' && (at >= s.len || s.ptr[at] != '\n'))) {
			text_add_character(t, '\n');
			line_start = 1;
			number = 0;
			continue;
		}
		if (c == '\t')
			c = ' ';
		if (is_hidden(c))
			continue;
		/* "1." and "1)" begin a list */
		if (is_special(c, line_start) || (number && (c == '.' || c == ')')))
			text_add_character(t, '\\');
		text_add_character(t, c);
		number = is_digit(c) && (line_start || (number && is_digit(before)));
		line_start = line_start && c == ' ';
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
	if (is_hidden(c))
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
		at += text_next(value, at, &c);
		line_add(&line, c);
	}
}
