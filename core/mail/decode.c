/* SPDX-License-Identifier: BSD-2-Clause */
/* Transfer encodings, charsets and encoded-words. */
#include "mail/decode.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

#include "base/utf8.h"

enum {
	CHARSET_NAME_MAX = 40,
	WORD_BYTES_MAX = 1000	/* RFC 2047 says 75; so far back we look */
};

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A group of n digits is n - 1 bytes; whole groups have four. */
static void
base64_emit(struct buf *out, uint32_t bits, int n)
{
	bits <<= 6 * (4 - n);
	for (int i = 0; i < n - 1; i++)
		buf_add_char(out, (char)(bits >> (16 - 8 * i) & 0xff));
}

void
decode_base64(struct mt_span in, struct buf *out, struct findings *fs)
{
	uint32_t bits = 0;
	bool padded = false;
	int n = 0;

	buf_reserve(out, in.len / 4 * 3);
	for (size_t i = 0; i < in.len; i++) {
		int digit = base64_digit(in.ptr[i]);

		if (digit >= 0) {
			if (padded)
				findings_add(fs, FINDING_BASE64_PADDING);
			padded = false;
			bits = bits << 6 | (uint32_t)digit;
			if (++n < 4)
				continue;
		} else if (in.ptr[i] == '=') {
			if (n == 1 || (n == 0 && !padded))
				findings_add(fs, FINDING_BASE64_LENGTH);
			padded = true;
		} else {
			if (!is_space(in.ptr[i]))
				findings_add(fs, FINDING_BASE64_JUNK);
			continue;
		}
		base64_emit(out, bits, n);
		bits = 0;
		n = 0;
	}
	if (n > 0) {
		findings_add(fs, FINDING_BASE64_LENGTH);
		base64_emit(out, bits, n);
	}
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A byte from two hex digits at i, or -1. */
static int
hex_byte(struct mt_span in, size_t i)
{
	int high, low;

	if (i + 2 > in.len)
		return -1;
	high = hex_digit(in.ptr[i]);
	low = hex_digit(in.ptr[i + 1]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Behind the '=' of a soft line break: where the next line begins, else 0. */
static size_t
soft_break(struct mt_span in, size_t i)
{
	while (i < in.len && (in.ptr[i] == ' ' || in.ptr[i] == '\t'))
		i++;
	if (i < in.len && in.ptr[i] == '\r')
		i++;
	if (i < in.len && in.ptr[i] == '\n')
		return i + 1;
	return i == in.len ? i : 0;
}

void
decode_qp(struct mt_span in, struct buf *out, struct findings *fs)
{
	size_t solid = out->len, next;	/* white space behind it goes at a line's end */
	int byte;

	buf_reserve(out, in.len);
	for (size_t i = 0; i < in.len; i++) {
		char c = in.ptr[i];

		if (c == '=' && (next = soft_break(in, i + 1)) != 0) {
			i = next - 1;
			solid = out->len;
			continue;
		}
		if (c == '\n' || (c == '\r' && i + 1 < in.len && in.ptr[i + 1] == '\n'))
			out->len = solid;
		byte = c == '=' ? hex_byte(in, i + 1) : -1;
		if (byte >= 0) {
			buf_add_char(out, (char)byte);
			i += 2;
		} else {
			if (c == '=')
				findings_add(fs, FINDING_QP_SYNTAX);
			buf_add_char(out, c);
		}
		if (byte >= 0 || (c != ' ' && c != '\t'))
			solid = out->len;
	}
	out->len = solid;
}

static void
utf8_replace(struct mt_span s, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)s.ptr;

	for (size_t i = 0; i < s.len;) {
		size_t n = utf8_length(p + i, s.len - i);

		if (n == 0)
			buf_add_string(out, "\xef\xbf\xbd");
		else
			buf_add(out, p + i, n);
		i += n == 0 ? 1 : n;
	}
}

/* iconv takes "/" as the start of its own flags. */
static bool
charset_is_name(const char *charset)
{
	size_t len = strspn(charset, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-_.:+");

	return len > 0 && len <= CHARSET_NAME_MAX && charset[len] == '\0';
}

static void
convert(iconv_t cd, struct mt_span in, struct buf *out, struct findings *fs)
{
	char *from = (char *)(uintptr_t)in.ptr;
	size_t left = in.len;

	while (left > 0) {
		char chunk[4096], *to = chunk;
		size_t room = sizeof(chunk);
		bool bad = iconv(cd, &from, &left, &to, &room) == (size_t)-1 &&
		    errno != E2BIG;

		buf_add(out, chunk, sizeof(chunk) - room);
		if (!bad)
			continue;
		findings_add(fs, FINDING_CHARSET_INVALID);
		buf_add_string(out, "\xef\xbf\xbd");
		from++;
		left--;
	}
}

int
decode_charset(struct mt_span in, const char *charset, struct buf *out,
    struct findings *fs)
{
	bool utf8 = strcasecmp(charset, "utf-8") == 0 || strcasecmp(charset, "utf8") == 0;
	bool plain = utf8 || charset[0] == '\0' || strcasecmp(charset, "us-ascii") == 0;
	iconv_t cd;

	if (plain && utf8_is_valid(in)) {
		buf_add(out, in.ptr, in.len);
		return 0;
	}
	if (plain)
		findings_add(fs, FINDING_CHARSET_INVALID);
	if (utf8) {
		utf8_replace(in, out);
		return 0;
	}
	if (!plain && !charset_is_name(charset))
		return ENOTSUP;
	cd = iconv_open("UTF-8", plain ? "ISO-8859-1" : charset);
	if (cd == (iconv_t)-1)
		return ENOTSUP;
	convert(cd, in, out, fs);
	iconv_close(cd);
	return 0;
}

/* =?charset?encoding?text?= */
struct word {
	char charset[CHARSET_NAME_MAX + 1];	/* without the language of RFC 2231 */
	char encoding;
	struct mt_span text;
	size_t length;		/* of the whole word */
};

static size_t
index_of(struct mt_span s, size_t from, char c)
{
	const char *p = from > s.len ? NULL : memchr(s.ptr + from, c, s.len - from);

	return p == NULL ? s.len : (size_t)(p - s.ptr);
}

static bool
word_at(struct mt_span in, size_t at, struct word *w)
{
	struct mt_span s = span_make(in.ptr + at, in.len - at);
	size_t charset, text, end;

	if (s.len > WORD_BYTES_MAX)
		s.len = WORD_BYTES_MAX;
	if (s.len < 8 || memcmp(s.ptr, "=?", 2) != 0)
		return false;
	charset = index_of(s, 2, '?');
	text = charset + 3;
	if (text >= s.len || s.ptr[charset + 2] != '?')
		return false;
	w->encoding = (char)(s.ptr[charset + 1] | 0x20);
	if (w->encoding != 'b' && w->encoding != 'q')
		return false;
	end = index_of(s, text, '?');
	if (end + 1 >= s.len || s.ptr[end + 1] != '=' ||
	    memchr(s.ptr, '\n', end) != NULL)
		return false;
	w->text = span_make(s.ptr + text, end - text);
	w->length = end + 2;
	charset = index_of(span_make(s.ptr, charset), 2, '*') - 2;
	if (charset == 0 || charset > CHARSET_NAME_MAX)
		return false;
	memcpy(w->charset, s.ptr + 2, charset);
	w->charset[charset] = '\0';
	return true;
}

static void
word_decode(const struct word *w, struct buf *out)
{
	struct findings ignored = { 0 };
	int byte;

	if (w->encoding == 'b') {
		decode_base64(w->text, out, &ignored);
		return;
	}
	for (size_t i = 0; i < w->text.len; i++) {
		char c = w->text.ptr[i];

		byte = c == '=' ? hex_byte(w->text, i + 1) : -1;
		buf_add_char(out, byte >= 0 ? (char)byte : c == '_' ? ' ' : c);
		i += byte >= 0 ? 2 : 0;
	}
}

/* Bytes of one charset gathered over several words, because a character may
 * be split between two of them. */
struct gathered {
	struct buf bytes;
	char charset[CHARSET_NAME_MAX + 1];
};

static void
gather(struct gathered *g, const char *charset, struct buf *out)
{
	struct findings ignored = { 0 };

	if (strcasecmp(g->charset, charset) == 0)
		return;
	if (decode_charset(buf_span(&g->bytes), g->charset, out, &ignored) != 0)
		utf8_replace(buf_span(&g->bytes), out);
	buf_reset(&g->bytes);
	memcpy(g->charset, charset, strlen(charset) + 1);
}

static size_t
white_end(struct mt_span in, size_t at)
{
	while (at < in.len && is_space(in.ptr[at]))
		at++;
	return at;
}

void
decode_words(struct mt_span in, struct buf *out)
{
	struct gathered g = { .charset = "" };
	bool after_word = false;
	struct word w;

	for (size_t i = 0, end; i < in.len;) {
		if (word_at(in, i, &w)) {
			gather(&g, w.charset, out);
			word_decode(&w, &g.bytes);
			i += w.length;
			after_word = true;
			continue;
		}
		end = white_end(in, i);
		if (end > i && after_word && end < in.len && word_at(in, end, &w)) {
			i = end;	/* RFC 2047 6.2: no space between words */
			continue;
		}
		gather(&g, "", out);
		after_word = false;
		if (in.ptr[i] != '\r' && in.ptr[i] != '\n')
			buf_add_char(&g.bytes, in.ptr[i]);
		i++;
	}
	gather(&g, "-", out);
	buf_free(&g.bytes);
}
