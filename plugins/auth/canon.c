/* SPDX-License-Identifier: BSD-2-Clause */
/* Canonical header fields and bodies, never copied whole. */
#include "canon.h"

enum { SINK_ROOM = 4096 };

struct sink {
	EVP_MD_CTX *digest;
	size_t len;
	char buf[SINK_ROOM];
};

/* The room stays as it is: clearing it costs more than hashing a field. */
static void
sink_init(struct sink *s, EVP_MD_CTX *digest)
{
	s->digest = digest;
	s->len = 0;
}

static void
sink_flush(struct sink *s)
{
	hash_add(s->digest, (struct mt_span){ s->buf, s->len });
	s->len = 0;
}

static void
sink_byte(struct sink *s, char c)
{
	if (s->len == SINK_ROOM)
		sink_flush(s);
	s->buf[s->len++] = c;
}

static void
sink_add(struct sink *s, const char *p, size_t n)
{
	if (n > SINK_ROOM - s->len)
		sink_flush(s);
	if (n > SINK_ROOM) {
		hash_add(s->digest, (struct mt_span){ p, n });
		return;
	}
	memcpy(s->buf + s->len, p, n);
	s->len += n;
}

/* White space becomes one space between words and nothing at the ends. */
static void
relaxed_value(struct sink *s, struct mt_span value, struct mt_span skip)
{
	const char *p = value.ptr, *end = value.ptr + value.len;
	bool begun = false, gap = false;

	for (; p < end; p++) {
		if (skip.len != 0 && p == skip.ptr) {
			p += skip.len - 1;
			continue;
		}
		if (text_space(*p)) {
			gap = begun;
			continue;
		}
		if (gap)
			sink_byte(s, ' ');
		sink_byte(s, *p);
		begun = true;
		gap = false;
	}
}

void
canon_field(EVP_MD_CTX *digest, bool relaxed, const struct field *f, struct mt_span skip)
{
	struct sink s;
	size_t i;

	sink_init(&s, digest);
	if (relaxed) {
		for (i = 0; i < f->name.len; i++)
			sink_byte(&s, text_lower(f->name.ptr[i]));
		sink_byte(&s, ':');
		relaxed_value(&s, f->value, skip);
	} else if (skip.len == 0) {
		sink_add(&s, f->whole.ptr, f->whole.len);
	} else {
		sink_add(&s, f->whole.ptr, (size_t)(skip.ptr - f->whole.ptr));
		sink_add(&s, skip.ptr + skip.len,
		    (size_t)(f->whole.ptr + f->whole.len - skip.ptr) - skip.len);
	}
	sink_flush(&s);
}

/* ---- the body ---- */

struct body {
	struct sink sink;
	bool relaxed;
	struct mt_span ready;	/* canonical as it lies, not hashed yet */
	size_t empty;	/* lines behind it that count only if another one follows */
	bool exact;	/* those are CRLF and nothing else */
	bool any;	/* there was a line that is not empty */
};

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

#define EACH(byte) (0x0101010101010101u * (byte))

/* The bytes of `w' that are zero have their highest bit set, and perhaps
 * some behind one that is. */
static uint64_t
zeros(uint64_t w)
{
	return (w - EACH(1)) & ~w & EACH(0x80);
}

/* Whether a tab or two spaces in a row stand in the line: eight bytes at a
 * time, and the last one alone.  It may say so where there are none. */
static bool
has_gap(struct mt_span line)
{
	size_t i;

	for (i = 0; i + 8 < line.len; i += 8) {
		uint64_t here, next;

		memcpy(&here, line.ptr + i, 8);
		memcpy(&next, line.ptr + i + 1, 8);
		if ((zeros(here ^ EACH(0x09)) | zeros((here ^ EACH(0x20)) | (next ^ EACH(0x20)))) != 0)
			return true;
	}
	for (; i < line.len; i++)
		if (line.ptr[i] == '\t' ||
		    (line.ptr[i] == ' ' && i + 1 < line.len && line.ptr[i + 1] == ' '))
			return true;
	return false;
}

/* Within a line only SP and HTAB are white space. */
static void
relaxed_line(struct sink *s, struct mt_span line)
{
	size_t i;

	for (i = 0; i < line.len; i++)
		if (!blank(line.ptr[i]))
			sink_byte(s, line.ptr[i]);
		else if (i == 0 || !blank(line.ptr[i - 1]))
			sink_byte(s, ' ');
}

static void
body_flush(struct body *b)
{
	sink_add(&b->sink, b->ready.ptr, b->ready.len);
	b->ready.len = 0;
	for (; b->empty != 0; b->empty--)
		sink_add(&b->sink, "\r\n", 2);
	b->exact = true;
}

/* One line; `whole' is the same with the end it has. */
static void
body_line(struct body *b, struct mt_span line, struct mt_span whole)
{
	bool exact = whole.len == line.len + 2;

	while (b->relaxed && line.len != 0 && blank(line.ptr[line.len - 1]))
		line.len--;
	if (line.len == 0) {
		b->exact = b->exact && whole.len == 2 && exact;
		b->empty++;
		return;
	}
	b->any = true;
	exact = exact && whole.len == line.len + 2 && !(b->relaxed && has_gap(line));
	if (!exact || !b->exact || b->ready.len == 0)
		body_flush(b);
	if (exact) {
		if (b->ready.len == 0)
			b->ready.ptr = line.ptr;
		b->ready.len = (size_t)(whole.ptr + whole.len - b->ready.ptr);
		b->empty = 0;
		return;
	}
	if (b->relaxed)
		relaxed_line(&b->sink, line);
	else
		sink_add(&b->sink, line.ptr, line.len);
	sink_add(&b->sink, "\r\n", 2);
}

/* What is canonical already, and most is, is hashed where it lies. */
void
canon_body(EVP_MD_CTX *digest, bool relaxed, struct mt_span body)
{
	struct body b;

	sink_init(&b.sink, digest);
	b.relaxed = relaxed;
	b.ready = (struct mt_span){ body.ptr, 0 };
	b.empty = 0;
	b.exact = true;
	b.any = false;
	while (body.len != 0) {
		const char *end = memchr(body.ptr, '\n', body.len);
		size_t n = end == NULL ? body.len : (size_t)(end - body.ptr);
		struct mt_span line = { body.ptr, n }, whole = { body.ptr, n + (end != NULL) };

		if (line.len != 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		body_line(&b, line, whole);
		body = text_cut(body, whole.len);
	}
	b.empty = !relaxed && !b.any;	/* no line at all: CRLF, or nothing */
	body_flush(&b);
	sink_flush(&b.sink);
}
