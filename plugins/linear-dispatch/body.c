/* SPDX-License-Identifier: BSD-2-Clause */
/* From the parts of a mail to its text. */
#include "body.h"

#include <string.h>

#include "../common/field.h"
#include "html.h"
#include "quote.h"

int
body_is_blank(struct mt_span s)
{
	return field_trim(s).len == 0;
}

static int
is_type(struct mt_span s, const char *type)
{
	return s.len == strlen(type) && memcmp(s.ptr, type, s.len) == 0;
}

/* The first of that type that is no attachment. */
static int32_t
part_find(const struct run *r, const char *type, struct mt_span *bytes)
{
	struct mt_part part = { .size = sizeof(part) };
	size_t it = 0;

	*bytes = (struct mt_span){ "", 0 };
	for (int32_t i = 0; r->host->part_next(r->msg, &it, &part) == 0; i++) {
		if (is_type(part.type, type) && !is_type(part.disposition, "attachment")) {
			*bytes = part.bytes;
			return i;
		}
		part.size = sizeof(part);
	}
	return BODY_NONE;
}

static const char *
option(const struct run *r, const char *name)
{
	return r->host->conf_str(r->conf, name);
}

/* Read once for all runs of an attempt. */
struct kept {
	int done, cut;
	size_t len, tail;
	char markdown[BODY_MARKDOWN_MAX];
};
_Static_assert(sizeof(struct kept) <= MT_KEEP_MAX, "the host keeps no more");

static size_t
html_read(const struct run *r, struct mt_span html, struct body *b)
{
	struct kept *k = r->host->keep(r->msg, sizeof(*k));

	if (k == NULL)
		k = memset(r->host->alloc(r->msg, sizeof(*k)), 0, sizeof(*k));
	if (!k->done) {
		struct text out = { .ptr = k->markdown, .cap = BODY_MARKDOWN_MAX };

		k->tail = html_to_markdown(html, &out);
		k->len = out.len;
		k->cut = out.cut;
		k->done = 1;
	}
	b->markdown = 1;
	b->cut = k->cut;
	b->words = (struct mt_span){ k->markdown, k->len };
	return k->tail;
}

static size_t
text_read(struct mt_span text, struct body *b)
{
	b->cut = text.len > BODY_TEXT_MAX;
	if (b->cut)
		text.len = BODY_TEXT_MAX;
	b->words = text;
	return quote_find(text, 0);
}

void
body_read(const struct run *r, struct body *b)
{
	struct mt_span text, html, subject = field_subject(r->host, r->msg);
	const char *quoted = option(r, "quoted");
	int prefers_html = strcmp(option(r, "prefer"), "html") == 0;
	size_t tail, len;

	*b = (struct body){ .subject = subject };
	b->text = part_find(r, "text/plain", &text);
	b->html = part_find(r, "text/html", &html);
	if (b->html != BODY_NONE && (prefers_html || body_is_blank(text)))
		tail = html_read(r, html, b);
	else
		tail = text_read(text, b);
	len = b->words.len;
	if (strcmp(quoted, "keep") == 0 || quote_is_forward(subject))
		tail = len;
	b->words.len = tail;
	if (strcmp(quoted, "fold") == 0)
		b->tail = (struct mt_span){ b->words.ptr + tail, len - tail };
}
