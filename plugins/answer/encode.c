/* SPDX-License-Identifier: BSD-2-Clause */
/* Quoted-printable, encoded words, dates. */
#include "encode.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../common/utf8.h"

static const char hex[] = "0123456789ABCDEF";
static const char word_begin[] = "=?UTF-8?Q?", word_end[] = "?=";

enum { WORD_MAX = 75 };	/* RFC 2047 2 */

static size_t
line_end(struct mt_span s, size_t at)	/* 0, or how long it is */
{
	if (s.ptr[at] == '\n')
		return 1;
	return s.ptr[at] == '\r' && at + 1 < s.len && s.ptr[at + 1] == '\n' ? 2 : 0;
}

/* A blank before the end of a line would be lost. */
static int
is_plain(struct mt_span s, size_t at)
{
	unsigned char c = (unsigned char)s.ptr[at];

	if (c == ' ' || c == '\t')
		return at + 1 < s.len && line_end(s, at + 1) == 0;
	return c > 0x20 && c < 0x7f && c != '=';
}

void
encode_quoted(struct text *t, struct mt_span s)
{
	size_t column = 0, n;

	for (size_t at = 0; at < s.len; at += n) {
		char p[3] = { s.ptr[at] };
		size_t width = 1;

		n = line_end(s, at);
		if (n > 0) {
			text_add_bytes(t, "\r\n", 2);
			column = 0;
			continue;
		}
		n = 1;
		if (!is_plain(s, at)) {
			width = 3;
			p[0] = '=';
			p[1] = hex[(unsigned char)s.ptr[at] >> 4];
			p[2] = hex[(unsigned char)s.ptr[at] & 15];
		}
		if (column + width > ENCODE_LINE_MAX - 1) {
			text_add_bytes(t, "=\r\n", 3);
			column = 0;
		}
		text_add_bytes(t, p, width);
		column += width;
	}
	if (column > 0)
		text_add_bytes(t, "\r\n", 2);
}

/* ---- encoded words ---- */

static int
needs_words(struct mt_span s)
{
	size_t run = 0;

	for (size_t i = 0; i < s.len; i++) {
		run = s.ptr[i] == ' ' ? 0 : run + 1;
		if ((unsigned char)s.ptr[i] < 0x20 || (unsigned char)s.ptr[i] >= 0x7f ||
		    run > ENCODE_LINE_MAX - 1 ||
		    (s.ptr[i] == '=' && i + 1 < s.len && s.ptr[i + 1] == '?'))
			return 1;
	}
	return 0;
}

/* Folded where a line would be too long. */
static void
plain_add(struct text *t, struct mt_span s, size_t used)
{
	for (size_t at = 0, n; at < s.len; at += n) {
		const char *blank;

		n = s.ptr[at] == ' ';
		blank = memchr(s.ptr + at + n, ' ', s.len - at - n);
		n = blank == NULL ? s.len - at : (size_t)(blank - s.ptr) - at;
		if (at > 0 && used + n > ENCODE_LINE_MAX) {
			text_add_bytes(t, "\r\n", 2);
			used = 0;
		}
		text_add_bytes(t, s.ptr + at, n);
		used += n;
	}
}

static int
is_word_safe(char c)	/* RFC 2047 5 (3) */
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("!*+-/", c) != NULL);
}

static size_t
character_encode(const char *p, size_t n, char out[3 * UTF8_BYTES_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == ' ' || is_word_safe(p[i])) {
			out[len++] = p[i] == ' ' ? '_' : p[i];
			continue;
		}
		out[len++] = '=';
		out[len++] = hex[(unsigned char)p[i] >> 4];
		out[len++] = hex[(unsigned char)p[i] & 15];
	}
	return len;
}

void
encode_words(struct text *t, struct mt_span s, size_t used)
{
	if (needs_words(s))
		encode_words_always(t, s, used);
	else
		plain_add(t, s, used);
}

void
encode_words_always(struct text *t, struct mt_span s, size_t used)
{
	size_t column = used + sizeof(word_begin) - 1, n;

	text_add(t, word_begin);
	for (size_t at = 0; at < s.len; at += n) {
		char out[3 * UTF8_BYTES_MAX];
		uint32_t c;
		size_t len;

		n = utf8_next(s, at, &c);
		len = character_encode(s.ptr + at, n, out);
		if (column + len + sizeof(word_end) - 1 > WORD_MAX) {
			text_add(t, word_end);
			text_add(t, "\r\n ");
			text_add(t, word_begin);
			column = 1 + sizeof(word_begin) - 1;
		}
		text_add_bytes(t, out, len);
		column += len;
	}
	text_add(t, word_end);
}

void
encode_date(struct text *t, int64_t now)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t at = (time_t)now;
	struct tm tm;
	char out[64];

	if (gmtime_r(&at, &tm) == NULL)
		return;
	snprintf(out, sizeof(out), "%.3s, %02d %.3s %d %02d:%02d:%02d +0000",
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
	text_add(t, out);
}
