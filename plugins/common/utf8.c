/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8 read strictly and written. */
#include "utf8.h"

static int
is_continuation(struct mt_span s, size_t at)
{
	return at < s.len && ((unsigned char)s.ptr[at] & 0xc0) == 0x80;
}

size_t
utf8_next(struct mt_span s, size_t at, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)s.ptr[at];
	size_t n = c < 0x80 ? 1 : c >= 0xf0 && c < 0xf8 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 :
	    c >= 0xc0 && c < 0xe0 ? 2 : 0;
	uint32_t value = n < 2 ? c : c & (0x7fu >> n);

	*character = UTF8_REPLACEMENT;
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

size_t
utf8_put(char p[UTF8_BYTES_MAX], uint32_t c)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		p[i] = (char)(0x80 | (c & 0x3f));
	p[0] = (char)(lead[n] | c);
	return n;
}

int
utf8_is_blank(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xa0 ||
	    c == 0x2028 || c == 0x2029;
}

int
utf8_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

int
utf8_is_hidden(uint32_t c)
{
	return utf8_is_control(c) || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x61c ||
	    c == 0xfeff;
}
