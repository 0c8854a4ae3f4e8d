/* SPDX-License-Identifier: BSD-2-Clause */
/* The header block: fields, their limits, and which of them may repeat. */
#include "header.h"

static const char *const once[] = {	/* RFC 5322 3.6, RFC 2045 3 */
	"From", "Date", "To", "Cc", "Subject", "Reply-To", "Sender", "Message-ID",
	"In-Reply-To", "References", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding", NULL
};

/* One line from *at on, without its CRLF; *at moves behind it. */
static const char *
line(struct mt_span raw, size_t *at, struct mt_span *out)
{
	const char *start = raw.ptr + *at, *end = memchr(start, '\n', raw.len - *at);
	size_t n;

	if (end == NULL || end == start || end[-1] != '\r')
		return "a line does not end in CRLF";
	n = (size_t)(end - start) - 1;
	if (memchr(start, '\r', n) != NULL || memchr(start, '\0', n) != NULL)
		return "a line holds a bare CR or a NUL";
	if (n > HEADER_LINE_MAX)
		return "a line is longer than 998 bytes";
	*out = (struct mt_span){ start, n };
	*at += n + 2;
	return *at > HEADER_BYTES_MAX ? "the header is larger than 256 KiB" : NULL;
}

static bool
name_ok(struct mt_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] > '~')
			return false;
	return s.len != 0;
}

static const char *
begin(struct field *f, struct mt_span text)
{
	const char *colon = memchr(text.ptr, ':', text.len);

	if (colon == NULL)
		return "a line is not a field";
	f->name = (struct mt_span){ text.ptr, (size_t)(colon - text.ptr) };
	f->value = text_cut(text, f->name.len + 1);
	f->whole = text;
	return name_ok(f->name) ? NULL : "a field name holds a space or is not ASCII";
}

static const char *
extend(struct header *h, struct mt_span text)
{
	struct field *f;

	if (h->count == 0)
		return "the first line begins with a space";
	if (text_trim(text).len == 0)
		return "a folded line is empty";
	f = &h->field[h->count - 1];
	f->value.len = (size_t)(text.ptr + text.len - f->value.ptr);
	f->whole.len = (size_t)(text.ptr + text.len - f->whole.ptr);
	return NULL;
}

size_t
header_room(struct mt_span raw)
{
	const char *p = raw.ptr, *end = raw.ptr + raw.len;
	size_t n = 0;

	while (n < HEADER_FIELDS_MAX && p < end && *p != '\r') {
		n += *p != ' ' && *p != '\t';
		p = memchr(p, '\n', (size_t)(end - p));
		if (p == NULL)
			break;
		p++;
	}
	return n;
}

const char *
header_parse(struct mt_span raw, struct field *field, struct header *h)
{
	size_t at = 0, room = header_room(raw);
	struct mt_span text;
	const char *fault;

	*h = (struct header){ .field = field };
	while (at < raw.len) {
		fault = line(raw, &at, &text);
		if (fault != NULL)
			return fault;
		if (text.len == 0)
			break;
		if (text.ptr[0] == ' ' || text.ptr[0] == '\t')
			fault = extend(h, text);
		else if (h->count == room)
			fault = "there are more than 1000 fields";
		else
			fault = begin(&field[h->count++], text);
		if (fault != NULL)
			return fault;
	}
	h->body = text_cut(raw, at);
	return NULL;
}

size_t
header_count(const struct header *h, const char *name)
{
	size_t i, n = 0;

	for (i = 0; i < h->count; i++)
		n += text_is(h->field[i].name, name);
	return n;
}

const char *
header_repeated(const struct header *h)
{
	size_t i;

	for (i = 0; once[i] != NULL; i++)
		if (header_count(h, once[i]) > 1)
			return once[i];
	return NULL;
}

const struct field *
header_only(const struct header *h, const char *name)
{
	const struct field *found = NULL;
	size_t i;

	for (i = 0; i < h->count; i++) {
		if (!text_is(h->field[i].name, name))
			continue;
		if (found != NULL)
			return NULL;
		found = &h->field[i];
	}
	return found;
}

void
header_relaxed(struct text *t, struct mt_span value)
{
	size_t i;

	value = text_trim(value);
	for (i = 0; i < value.len; i++) {
		if (!text_space(value.ptr[i]))
			text_byte(t, value.ptr[i]);
		else if (!text_space(value.ptr[i - 1]))
			text_byte(t, ' ');
	}
}
