/* SPDX-License-Identifier: BSD-2-Clause */
/* Canonical header fields and bodies, never copied whole. */
#include "canon.h"

enum { SINK_ROOM = 4096 };

struct sink {
	EVP_MD_CTX *digest;
	size_t len;
	char buf[SINK_ROOM];
};

static void
sink_flush(struct sink *s)
{
	EVP_DigestUpdate(s->digest, s->buf, s->len);
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
		EVP_DigestUpdate(s->digest, p, n);
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
	struct sink s = { .digest = digest };
	size_t i;

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

/* Within a line only SP and HTAB are white space. */
static void
relaxed_line(struct sink *s, struct mt_span line)
{
	size_t i;

	for (i = 0; i < line.len; i++) {
		bool blank = line.ptr[i] == ' ' || line.ptr[i] == '\t';

		if (!blank)
			sink_byte(s, line.ptr[i]);
		else if (i == 0 || (line.ptr[i - 1] != ' ' && line.ptr[i - 1] != '\t'))
			sink_byte(s, ' ');
	}
}

void
canon_body(EVP_MD_CTX *digest, bool relaxed, struct mt_span body)
{
	struct sink s = { .digest = digest };
	size_t empty = 0;	/* lines that count only if another one follows */

	if (body.len == 0 && !relaxed)
		sink_add(&s, "\r\n", 2);
	while (body.len != 0) {
		const char *end = memchr(body.ptr, '\n', body.len);
		struct mt_span line = { body.ptr, end == NULL ? body.len : (size_t)(end - body.ptr) };

		body = text_cut(body, line.len + (end != NULL));
		if (line.len != 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		while (relaxed && line.len != 0 &&
		    (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\t'))
			line.len--;
		if (line.len == 0) {
			empty++;
			continue;
		}
		for (; empty != 0; empty--)
			sink_add(&s, "\r\n", 2);
		if (relaxed)
			relaxed_line(&s, line);
		else
			sink_add(&s, line.ptr, line.len);
		sink_add(&s, "\r\n", 2);
	}
	sink_flush(&s);
}
