/* SPDX-License-Identifier: BSD-2-Clause */
/* What is UTF-8 and what is not. */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

size_t
utf8_length(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 :
	    p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/* Bytes of ASCII that p begins with: eight at a time, most text is nothing else. */
static size_t
ascii_length(const unsigned char *p, size_t left)
{
	size_t n = 0;
	uint64_t word;

	for (; left - n >= sizeof(word); n += sizeof(word)) {
		memcpy(&word, p + n, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (n < left && p[n] < 0x80)
		n++;
	return n;
}

bool
utf8_is_valid(struct mt_span s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;

	for (size_t i = 0, n; i < s.len; i += n) {
		n = p[i] < 0x80 ? ascii_length(p + i, s.len - i) : utf8_length(p + i, s.len - i);
		if (n == 0)
			return false;
	}
	return true;
}

bool
utf8_is_ascii(struct mt_span s)
{
	return ascii_length((const unsigned char *)s.ptr, s.len) == s.len;
}

bool
utf8_is_steering(const unsigned char *p, size_t len)
{
	if (len == 2)
		return p[0] == 0xc2 && p[1] < 0xa0;
	if (len != 3)
		return false;
	if (p[0] == 0xef)
		return p[1] == 0xbb && p[2] == 0xbf;
	if (p[0] != 0xe2)
		return false;
	return (p[1] == 0x80 && ((p[2] >= 0x8b && p[2] <= 0x8f) ||
	    (p[2] >= 0xa8 && p[2] <= 0xae))) ||
	    (p[1] == 0x81 && p[2] >= 0xa0 && p[2] <= 0xa9);
}

bool
utf8_is_text(struct mt_span s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;

	for (size_t i = 0, n; i < s.len; i += n)
		if ((n = utf8_length(p + i, s.len - i)) == 0 || utf8_is_steering(p + i, n))
			return false;
	return true;
}
