/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading header blocks. */
#include "mail/header.h"

enum { LINE_MAX_BYTES = 998 };	/* RFC 5322 2.1.1 */

struct mt_span
line_at(struct mt_span raw, size_t at, size_t *next)
{
	const char *p = raw.ptr + at, *lf = memchr(p, '\n', raw.len - at);
	size_t len = lf == NULL ? raw.len - at : (size_t)(lf - p);

	*next = at + len + (lf != NULL);
	if (lf != NULL && len > 0 && p[len - 1] == '\r')
		len--;
	return span_make(p, len);
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_blank(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_white(s.ptr[i]))
			return false;
	return true;
}

void
header_open(struct header *h, struct mt_span raw, size_t at, struct findings *fs)
{
	*h = (struct header){ .raw = raw, .at = at, .start = at, .findings = fs };
}

/* The end of the field that begins at h->at, its folded lines included. */
static size_t
field_end(const struct header *h, size_t end)
{
	while (end < h->raw.len && is_white(h->raw.ptr[end])) {
		struct mt_span line = line_at(h->raw, end, &end);

		if (is_blank(line))
			findings_add(h->findings, FINDING_HEADER_BLANK);
		if (line.len > LINE_MAX_BYTES)
			findings_add(h->findings, FINDING_HEADER_LINE);
	}
	return end;
}

static void
name_lint(struct header *h, struct mt_span *name)
{
	while (name->len > 0 && is_white(name->ptr[name->len - 1])) {
		findings_add(h->findings, FINDING_HEADER_SPACE);
		name->len--;
	}
	for (size_t i = 0; i < name->len; i++)
		if (name->ptr[i] < 33 || name->ptr[i] > 126)
			findings_add(h->findings, FINDING_HEADER_NAME);
	if (name->len == 0)
		findings_add(h->findings, FINDING_HEADER_NAME);
}

static struct mt_span
value_of(struct mt_span whole, size_t colon)
{
	size_t from = colon + 1, to = whole.len;

	if (to > from && whole.ptr[to - 1] == '\n')
		to--;
	if (to > from && whole.ptr[to - 1] == '\r' && to < whole.len)
		to--;
	if (from < to && whole.ptr[from] == ' ')
		from++;
	return span_make(whole.ptr + from, to - from);
}

static enum header_item
field_read(struct header *h, struct mt_span line, struct view_field *f)
{
	const char *colon = memchr(line.ptr, ':', line.len);
	bool white = is_white(line.ptr[0]);

	*f = (struct view_field){ .name = line, .offset = h->at };
	line_at(h->raw, h->at, &h->at);
	h->at = field_end(h, h->at);
	f->length = h->at - f->offset;
	if (line.len > LINE_MAX_BYTES)
		findings_add(h->findings, FINDING_HEADER_LINE);
	if (f->length > VIEW_FIELD_BYTES_MAX) {
		findings_add(h->findings, FINDING_CAPS_FIELD);
		return HEADER_CAPS;
	}
	if (white || colon == NULL) {
		findings_add(h->findings,
		    white ? FINDING_HEADER_FIRST : FINDING_HEADER_COLON);
		return HEADER_JUNK;
	}
	f->name.len = (size_t)(colon - line.ptr);
	f->value = value_of(span_make(line.ptr, f->length), f->name.len);
	name_lint(h, &f->name);
	return HEADER_FIELD;
}

static enum header_item
over_caps(struct header *h)
{
	enum header_item item = HEADER_FIELD;

	if (h->at - h->start > VIEW_HEADER_BYTES_MAX) {
		findings_add(h->findings, FINDING_CAPS_HEADER);
		item = HEADER_CAPS;
	}
	if (h->fields > VIEW_FIELDS_MAX) {	/* junk lines count too */
		findings_add(h->findings, FINDING_CAPS_FIELDS);
		item = HEADER_CAPS;
	}
	return item;
}

enum header_item
header_next(struct header *h, struct view_field *f)
{
	enum header_item item;
	struct mt_span line;
	size_t next;

	if (h->at >= h->raw.len) {
		findings_add(h->findings, FINDING_HEADER_END);
		return HEADER_END;
	}
	line = line_at(h->raw, h->at, &next);
	if (line.len == 0) {
		h->at = next;
		return HEADER_END;
	}
	item = field_read(h, line, f);
	h->fields++;
	return item == HEADER_CAPS || over_caps(h) == HEADER_CAPS ? HEADER_CAPS : item;
}
