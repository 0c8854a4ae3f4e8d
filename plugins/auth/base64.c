/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 (RFC 4648 section 4), strict but for white space between. */
#include "base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (text_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

long
base64_decode(struct mt_span s, unsigned char *out, size_t room)
{
	unsigned word = 0;
	size_t i, n = 0, chars = 0, pads = 0;

	for (i = 0; i < s.len; i++) {
		int d = digit(s.ptr[i]);

		if (text_space(s.ptr[i]))
			continue;
		if (s.ptr[i] == '=' ? ++pads > 2 : d < 0 || pads != 0)
			return -1;
		if (s.ptr[i] == '=')
			continue;
		word = word << 6 | (unsigned)d;
		if (++chars % 4 == 1)
			continue;
		if (n == room)
			return -1;
		out[n++] = (unsigned char)(word >> (6 - 2 * ((chars - 1) % 4)));
	}
	if ((chars + pads) % 4 != 0 || chars % 4 == 1)
		return -1;
	return (long)n;
}

void
base64_encode(struct text *t, const unsigned char *p, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i += 3) {
		unsigned word = (unsigned)p[i] << 16;

		word |= i + 1 < n ? (unsigned)p[i + 1] << 8 : 0;
		word |= i + 2 < n ? (unsigned)p[i + 2] : 0;
		for (k = 0; k < 4; k++)
			text_byte(t, i + k > n ? '=' : alphabet[word >> (18 - 6 * k) & 63]);
	}
}
