/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 2047 encoded words. */
#include "word.h"

#include <iconv.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 998, CHARSET_MAX = 40, EXPANSION = 4 };

struct word {
	struct mt_span charset, text;
	char encoding;		/* 'b', 'q' */
	size_t len;		/* of the whole, "=?" to "?=" */
};

struct out {
	char *ptr;
	size_t len, cap;
};

static void
put(struct out *o, const char *p, size_t n)
{
	if (n > o->cap - o->len)
		n = o->cap - o->len;
	if (n > 0)
		memcpy(o->ptr + o->len, p, n);
	o->len += n;
}

/* "=?charset*lang?B?text?=" without blanks inside (RFC 2047 2, RFC 2231 5). */
static int
word_parse(struct mt_span s, struct word *w)
{
	struct mt_span part[3];
	size_t at = 2;

	if (s.len < 8 || memcmp(s.ptr, "=?", 2) != 0)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		part[i] = (struct mt_span){ s.ptr + at, 0 };
		while (at < s.len && s.ptr[at] != '?' && s.ptr[at] > ' ' && at < WORD_MAX)
			at++;
		if (at >= s.len || s.ptr[at] != '?')
			return 0;
		part[i].len = (size_t)(s.ptr + at - part[i].ptr);
		at++;
	}
	if (at >= s.len || s.ptr[at] != '=' || part[1].len != 1)
		return 0;
	*w = (struct word){ .charset = part[0], .text = part[2], .len = at + 1,
		.encoding = (char)(part[1].ptr[0] | 0x20) };
	for (size_t i = 0; i < w->charset.len; i++)
		if (w->charset.ptr[i] == '*')
			w->charset.len = i;
	return (w->encoding == 'b' || w->encoding == 'q') && w->charset.len > 0 &&
	    w->charset.len < CHARSET_MAX;
}

static int
value_of(const char *digits, char c)
{
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	return p == NULL ? -1 : (int)(p - digits);
}

static size_t
base64_decode(struct mt_span s, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789+/";
	unsigned bits = 0, have = 0;
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		int v = value_of(digits, s.ptr[i]);

		if (v < 0)
			continue;
		bits = bits << 6 | (unsigned)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have & 0xff);
		}
	}
	return n;
}

static int
hex(char c)
{
	int v = value_of("0123456789abcdef", (char)(c >= 'A' && c <= 'F' ? c | 0x20 : c));

	return v;
}

static size_t
quoted_decode(struct mt_span s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '=' && i + 2 < s.len && hex(s.ptr[i + 1]) >= 0 &&
		    hex(s.ptr[i + 2]) >= 0) {
			out[n++] = (char)(hex(s.ptr[i + 1]) << 4 | hex(s.ptr[i + 2]));
			i += 2;
		} else {
			out[n++] = s.ptr[i] == '_' ? ' ' : s.ptr[i];
		}
	}
	return n;
}

static int
is_charset(struct mt_span charset, const char *name)
{
	return charset.len == strlen(name) && strncasecmp(charset.ptr, name, charset.len) == 0;
}

/* 0: the charset is not known. */
static int
convert(struct out *o, struct mt_span charset, char *bytes, size_t len)
{
	char name[CHARSET_MAX], *to = o->ptr + o->len;
	size_t room = o->cap - o->len;
	iconv_t cd;

	if (is_charset(charset, "utf-8") || is_charset(charset, "us-ascii")) {
		put(o, bytes, len);	/* characters may be split over words */
		return 1;
	}
	memcpy(name, charset.ptr, charset.len);
	name[charset.len] = '\0';
	cd = iconv_open("UTF-8", name);
	if (cd == (iconv_t)-1)
		return 0;
	while (len > 0 && iconv(cd, &bytes, &len, &to, &room) == (size_t)-1) {
		if (room < 3 || len == 0)
			break;
		memcpy(to, "\xef\xbf\xbd", 3);	/* what is not of this charset */
		to += 3;
		room -= 3;
		bytes++;
		len--;
	}
	iconv_close(cd);
	o->len = (size_t)(to - o->ptr);
	return 1;
}

static int
word_put(struct out *o, const struct word *w)
{
	char bytes[WORD_MAX];
	size_t n = w->encoding == 'b' ? base64_decode(w->text, bytes) :
	    quoted_decode(w->text, bytes);

	return convert(o, w->charset, bytes, n);
}

static size_t
blanks(struct mt_span s, size_t at)
{
	size_t n = 0;

	while (at + n < s.len && strchr(" \t\r\n", s.ptr[at + n]) != NULL &&
	    s.ptr[at + n] != '\0')
		n++;
	return n;
}

size_t
word_bytes(size_t value_len)
{
	return value_len * EXPANSION;
}

size_t
word_decode(struct mt_span s, char *ptr, size_t cap)
{
	struct out o = { .ptr = ptr, .cap = cap };
	struct word w;
	int after_word = 0;

	for (size_t at = 0; at < s.len;) {
		struct mt_span rest = { s.ptr + at, s.len - at };
		size_t gap = blanks(s, at);

		if (word_parse(rest, &w) && word_put(&o, &w)) {
			at += w.len;
			after_word = 1;
			continue;
		}
		rest = (struct mt_span){ s.ptr + at + gap, rest.len - gap };
		if (gap > 0 && after_word && word_parse(rest, &w)) {
			at += gap;	/* blanks between two words are not shown */
			after_word = 0;
			continue;
		}
		gap = gap == 0 ? 1 : gap;
		put(&o, s.ptr + at, gap);
		at += gap;
		after_word = 0;
	}
	return o.len;
}

void
word_preload(void)
{
	static const char *const names[] = {
		"iso-8859-1", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5",
		"iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-9", "iso-8859-10",
		"iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16", "windows-1250",
		"windows-1251", "windows-1252", "windows-1253", "windows-1254",
		"windows-1255", "windows-1256", "windows-1257", "windows-1258", "windows-874",
		"tis-620", "koi8-r", "koi8-u", "ibm866", "cp850", "macintosh", "gb2312", "gbk",
		"gb18030", "big5", "big5-hkscs", "euc-jp", "shift_jis", "cp932", "iso-2022-jp",
		"euc-kr", "cp949", "iso-2022-kr", "utf-7", NULL
	};
	/* Never closed: what is open stays loaded. */
	static iconv_t open[sizeof(names) / sizeof(*names)];

	for (size_t i = 0; names[i] != NULL; i++)
		if (open[i] == NULL)
			open[i] = iconv_open("UTF-8", names[i]);
}
