/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes of the sender, read as spans; text of ours, written within bounds. */
#ifndef MAILTRI_AUTH_TEXT_H
#define MAILTRI_AUTH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mailtri/stage.h"

/* A string of fixed room, always NUL-terminated.  What does not fit is left
 * out and `full' stays set: a caller must look before it uses the text. */
struct text {
	char *ptr;
	size_t len, room;
	bool full;
};

struct text text_make(char *buf, size_t room);
void text_byte(struct text *, char);
void text_add(struct text *, struct mt_span);
void text_puts(struct text *, const char *);
void text_number(struct text *, unsigned long long);
/* Adds `s' for a log line or a reply: printable ASCII as it is, everything
 * else as \xNN, '"' and '\' escaped, at most 128 bytes of it. */
void text_quoted(struct text *, struct mt_span);

static inline struct mt_span
text_span(const char *s)
{
	return (struct mt_span){ s, s == NULL ? 0 : strlen(s) };
}

static inline struct mt_span
text_cut(struct mt_span s, size_t from)
{
	return (struct mt_span){ s.ptr + from, s.len - from };
}

/* ASCII only, whatever the locale. */
static inline bool
text_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline bool
text_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool
text_alpha(char c)
{
	return text_lower(c) >= 'a' && text_lower(c) <= 'z';
}

struct mt_span text_trim(struct mt_span);	/* of SP, HTAB, CR, LF at both ends */
bool text_equal(struct mt_span, struct mt_span);	/* ASCII case ignored */
bool text_is(struct mt_span, const char *);	/* the same, with a constant */
bool text_ascii(const char *);
bool text_utf8(struct mt_span);	/* well-formed UTF-8 (RFC 3629) */
/* Decimal digits only; false: empty, not a number, over `max'. */
bool text_parse(struct mt_span, uint64_t max, uint64_t *);

#endif
