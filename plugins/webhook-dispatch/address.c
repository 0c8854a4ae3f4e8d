/* SPDX-License-Identifier: BSD-2-Clause */
/* One mailbox after the other. */
#include "address.h"

#include <string.h>

#include "../common/field.h"
#include "../common/word.h"

enum { COMMENT_DEPTH_MAX = 16 };

/* The mailbox being read. */
struct mailbox {
	struct address_reader *r;
	size_t address_len, phrase_len;
	struct mt_span comment;		/* the last one */
	int angle;			/* there was a "<" */
	int blank;			/* due in the phrase */
};

/* From behind "(" to behind its ")"; deeper nesting ends with the field. */
static size_t
comment_skip(struct mt_span s, size_t at, struct mt_span *inside)
{
	size_t depth = 1, from = at;

	for (; at < s.len; at++) {
		if (s.ptr[at] == '\\')
			at++;
		else if (s.ptr[at] == '(' && ++depth > COMMENT_DEPTH_MAX)
			return s.len;
		else if (s.ptr[at] == ')' && --depth == 0)
			break;
	}
	if (at > s.len)
		at = s.len;
	*inside = (struct mt_span){ s.ptr + from, at - from };
	return at < s.len ? at + 1 : at;
}

static void
phrase_add(struct mailbox *m, char c)
{
	if (m->blank && m->phrase_len > 0)
		m->r->phrase[m->phrase_len++] = ' ';
	m->blank = 0;
	m->r->phrase[m->phrase_len++] = c;
}

static size_t
quoted_read(struct mailbox *m, size_t at)
{
	struct mt_span s = m->r->value;

	for (; at < s.len && s.ptr[at] != '"'; at++) {
		if (s.ptr[at] == '\\' && at + 1 < s.len)
			at++;
		if (s.ptr[at] != '\r' && s.ptr[at] != '\n')
			phrase_add(m, s.ptr[at]);
	}
	return at < s.len ? at + 1 : at;
}

/* Up to ">", without blanks and comments, and without a route (RFC 5322 4.4);
 * a quoted local part keeps its quotes. */
static size_t
angle_read(struct mailbox *m, size_t at)
{
	struct mt_span s = m->r->value, comment;
	int quoted = 0;

	m->angle = 1;
	m->address_len = 0;
	while (at < s.len && (quoted || s.ptr[at] != '>')) {
		char c = s.ptr[at++];

		if (!quoted && c == '(') {
			at = comment_skip(s, at, &comment);
			continue;
		}
		if (!quoted && field_is_blank(c))
			continue;
		if (c == '"')
			quoted = !quoted;
		if (c == ':' && !quoted && m->r->address[0] == '@' && m->address_len > 0) {
			m->address_len = 0;
			continue;
		}
		m->r->address[m->address_len++] = c;
		if (quoted && c == '\\' && at < s.len)
			m->r->address[m->address_len++] = s.ptr[at++];
	}
	return at < s.len ? at + 1 : at;
}

/* Reads one mailbox; where the next begins. */
static size_t
mailbox_read(struct mailbox *m, size_t at)
{
	struct mt_span s = m->r->value;

	while (at < s.len) {
		char c = s.ptr[at++];

		if (c == ',' || c == ';')
			break;
		if (c == '(') {
			at = comment_skip(s, at, &m->comment);
		} else if (c == '"') {
			at = quoted_read(m, at);
		} else if (c == '<') {
			at = angle_read(m, at);
		} else if (c == ':' && !m->angle) {
			m->phrase_len = 0;	/* the name of a group */
		} else if (field_is_blank(c)) {
			m->blank = 1;
		} else if (!m->angle) {
			phrase_add(m, c);
		}
	}
	return at;
}

static struct mt_span
decode(struct address_reader *r, struct mt_span s)
{
	return (struct mt_span){ r->decoded, word_decode(s, r->decoded, word_bytes(s.len)) };
}

static int
is_address(struct mt_span s)
{
	const char *at = s.len == 0 ? NULL : memchr(s.ptr, '@', s.len);

	return at != NULL && at > s.ptr && at + 1 < s.ptr + s.len;
}

/* "ann@example.com (Ann)", or no address at all. */
static int
mailbox_bare(struct mailbox *m, struct address *out)
{
	struct mt_span phrase = { m->r->phrase, m->phrase_len };

	if (!is_address(phrase) || memchr(phrase.ptr, ' ', phrase.len) != NULL)
		return 0;
	*out = (struct address){ phrase, decode(m->r, m->comment) };
	return 1;
}

static int
mailbox_give(struct mailbox *m, struct address *out)
{
	if (!m->angle)
		return mailbox_bare(m, out);
	out->address = (struct mt_span){ m->r->address, m->address_len };
	out->name = decode(m->r, m->phrase_len > 0 ?
	    (struct mt_span){ m->r->phrase, m->phrase_len } : m->comment);
	return is_address(out->address);
}

void
address_open(struct address_reader *r, const struct mt_host *h, struct mt_msg *m,
    struct mt_span value)
{
	*r = (struct address_reader){ .value = value,
		.address = h->alloc(m, value.len + 1), .phrase = h->alloc(m, value.len + 1),
		.decoded = h->alloc(m, word_bytes(value.len) + 1) };
}

int
address_next(struct address_reader *r, struct address *out)
{
	while (r->at < r->value.len) {
		struct mailbox m = { .r = r, .comment = { "", 0 } };

		r->at = mailbox_read(&m, r->at);
		if (mailbox_give(&m, out))
			return 1;
	}
	return 0;
}
