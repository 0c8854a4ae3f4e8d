/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 (RFC 4648 section 4), strict but for white space between. */
#include "base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a character plus one; 0: it has none.  A key record is read for
 * every signature of every mail. */
static const unsigned char digits[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
	24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
	48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63, ['/'] = 64,
};

/* Whole groups of four as far as nothing else stands between them. */
static size_t
decode_groups(struct mt_span s, unsigned char *out, size_t room, size_t *n)
{
	size_t i = 0;

	for (; s.len - i >= 4 && room - *n >= 3; i += 4) {
		const unsigned char *p = (const unsigned char *)s.ptr + i;
		unsigned a = digits[p[0]], b = digits[p[1]], c = digits[p[2]], d = digits[p[3]];
		unsigned word = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);

		if (a == 0 || b == 0 || c == 0 || d == 0)
			break;
		out[(*n)++] = (unsigned char)(word >> 16);
		out[(*n)++] = (unsigned char)(word >> 8);
		out[(*n)++] = (unsigned char)word;
	}
	return i;
}

long
base64_decode(struct mt_span s, unsigned char *out, size_t room)
{
	unsigned word = 0;
	size_t n = 0, chars = 0, pads = 0, i = decode_groups(s, out, room, &n);

	for (; i < s.len; i++) {
		unsigned d = digits[(unsigned char)s.ptr[i]];

		if (text_space(s.ptr[i]))
			continue;
		if (s.ptr[i] == '=' ? ++pads > 2 : d == 0 || pads != 0)
			return -1;
		if (s.ptr[i] == '=')
			continue;
		word = word << 6 | (d - 1);
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
