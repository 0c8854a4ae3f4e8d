/* SPDX-License-Identifier: BSD-2-Clause */
/* Spans compared and numbers read without locale; text built within bounds. */
#include "text.h"

enum { QUOTED_MAX = 128 };

struct text
text_make(char *buf, size_t room)
{
	buf[0] = '\0';
	return (struct text){ .ptr = buf, .room = room };
}

void
text_add(struct text *t, struct mt_span s)
{
	if (t->full || s.len >= t->room - t->len) {
		t->full = true;
		return;
	}
	if (s.len != 0)
		memcpy(t->ptr + t->len, s.ptr, s.len);
	t->len += s.len;
	t->ptr[t->len] = '\0';
}

void
text_byte(struct text *t, char c)
{
	text_add(t, (struct mt_span){ &c, 1 });
}

void
text_puts(struct text *t, const char *s)
{
	text_add(t, text_span(s));
}

void
text_number(struct text *t, unsigned long long n)
{
	char digits[24], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	text_add(t, (struct mt_span){ p, (size_t)(digits + sizeof(digits) - p) });
}

void
text_quoted(struct text *t, struct mt_span s)
{
	static const char hex[] = "0123456789abcdef";
	size_t i, n = s.len < QUOTED_MAX ? s.len : QUOTED_MAX;

	text_byte(t, '"');
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		char escaped[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			text_add(t, (struct mt_span){ escaped, 4 });
		else
			text_byte(t, (char)c);
	}
	text_puts(t, n < s.len ? "...\"" : "\"");
}

struct mt_span
text_trim(struct mt_span s)
{
	while (s.len != 0 && text_space(s.ptr[0]))
		s = text_cut(s, 1);
	while (s.len != 0 && text_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool
text_equal(struct mt_span a, struct mt_span b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (text_lower(a.ptr[i]) != text_lower(b.ptr[i]))
			return false;
	return true;
}

bool
text_is(struct mt_span a, const char *b)
{
	return text_equal(a, text_span(b));
}

/* Length of the UTF-8 sequence that starts here, 0: none does. */
static size_t
sequence(const unsigned char *p, size_t left)
{
	static const struct {
		unsigned char first, last, low, high;	/* second byte's range */
		size_t len;
	} forms[] = {
		{ 0x00, 0x7f, 0, 0, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i, k;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (p[0] >= forms[i].first && p[0] <= forms[i].last)
			break;
	if (i == sizeof(forms) / sizeof(forms[0]) || forms[i].len > left)
		return 0;
	if (forms[i].len > 1 && (p[1] < forms[i].low || p[1] > forms[i].high))
		return 0;
	for (k = 2; k < forms[i].len; k++)
		if (p[k] < 0x80 || p[k] > 0xbf)
			return 0;
	return forms[i].len;
}

bool
text_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s > 0x7f)
			return false;
	return true;
}

bool
text_utf8(struct mt_span s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;
	size_t at = 0, n;

	while (at < s.len) {
		if (p[at] < 0x80) {
			at++;
			continue;
		}
		n = sequence(p + at, s.len - at);
		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

bool
text_parse(struct mt_span s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;
	size_t i;

	if (s.len == 0)
		return false;
	for (i = 0; i < s.len; i++) {
		uint64_t digit = (uint64_t)(unsigned char)s.ptr[i] - '0';

		if (digit > 9 || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (n > max)
		return false;
	*out = n;
	return true;
}
