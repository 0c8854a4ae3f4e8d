/* SPDX-License-Identifier: BSD-2-Clause */
/* From a mail to the words of an issue. */
#include "issue.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "../common/word.h"
#include "text.h"

enum { SUBJECT_MAX = 8192, FOOTER_MAX = 1024, TITLE_BYTES_MAX = 4 * ISSUE_TITLE_UNITS_MAX };

static const char no_subject[] = "(no subject)";

int
issue_uuid(const char *key, char out[ISSUE_UUID_SIZE])
{
	static const char variants[] = "89ab";
	size_t n = 0;

	if (strspn(key, "0123456789abcdef") < 32)
		return EINVAL;
	for (size_t i = 0; i < 32; i++) {
		char c = key[i];

		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[n++] = '-';
		if (i == 12)
			c = '4';
		else if (i == 16)
			c = variants[(c >= 'a' ? c - 'a' + 10 : c - '0') & 3];
		out[n++] = c;
	}
	out[n] = '\0';
	return 0;
}

static struct text
text_new(const struct mt_host *h, struct mt_msg *m, size_t cap)
{
	return (struct text){ .ptr = h->alloc(m, cap), .cap = cap };
}

static int
header_find(const struct mt_host *h, struct mt_msg *m, const char *wanted,
    struct mt_span *value)
{
	struct mt_span name;
	size_t it = 0;

	while (h->header_next(m, &it, &name, value) == 0)
		if (name.len == strlen(wanted) &&
		    strncasecmp(name.ptr, wanted, name.len) == 0)
			return 0;
	return ENOENT;
}

static struct mt_span
subject_get(const struct mt_host *h, struct mt_msg *m)
{
	struct mt_span value, out = { "", 0 };
	char *decoded;

	if (header_find(h, m, "Subject", &value) != 0)
		return out;
	if (value.len > SUBJECT_MAX)
		value.len = SUBJECT_MAX;
	decoded = h->alloc(m, word_bytes(value.len) + 1);
	out.len = word_decode(value, decoded, word_bytes(value.len));
	out.ptr = decoded;
	return out;
}

/* Blanks and "Re:" in front, as often as they are there. */
static struct mt_span
answer_marks_skip(struct mt_span s)
{
	for (;;) {
		if (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t' || s.ptr[0] == '\r' ||
		    s.ptr[0] == '\n')) {
			s.ptr++;
			s.len--;
		} else if (s.len >= 3 && strncasecmp(s.ptr, "re:", 3) == 0) {
			s.ptr += 3;
			s.len -= 3;
		} else {
			return s;
		}
	}
}

struct mt_span
issue_title(const struct mt_host *h, struct mt_msg *m, const char *prefix)
{
	struct mt_span subject = answer_marks_skip(subject_get(h, m));
	struct text t = text_new(h, m, TITLE_BYTES_MAX);
	size_t room = ISSUE_TITLE_UNITS_MAX, before;

	if (prefix != NULL && prefix[0] != '\0') {
		text_add_field(&t, (struct mt_span){ prefix, strlen(prefix) },
		    ISSUE_PREFIX_UNITS_MAX);
		text_add(&t, " ");
		room -= ISSUE_PREFIX_UNITS_MAX + 1;
	}
	before = t.len;
	text_add_field(&t, subject, room);
	if (t.len == before)
		text_add(&t, no_subject);
	return (struct mt_span){ t.ptr, t.len };
}

static int
is_type(struct mt_span s, const char *type)
{
	return s.len == strlen(type) && memcmp(s.ptr, type, s.len) == 0;
}

static int
text_find(const struct mt_host *h, struct mt_msg *m, struct mt_span *out)
{
	struct mt_part part = { .size = sizeof(part) };
	size_t it = 0;

	while (h->part_next(m, &it, &part) == 0) {
		if (is_type(part.type, "text/plain") &&
		    !is_type(part.disposition, "attachment")) {
			*out = part.bytes;
			return 0;
		}
		part.size = sizeof(part);
	}
	return ENOENT;
}

static void
footer_add(const struct mt_host *h, struct mt_msg *m, struct text *t)
{
	struct mt_fact from = { .text = { "", 0 } };

	if (h->fact_get(m, "auth.from", &from) != 0)
		h->sender(m, &from.text);
	text_add(t, "\n\n---\nFrom ");
	text_add_markdown(t, from.text.len > 0 ? from.text :
	    (struct mt_span){ "an unnamed sender", 17 });
	text_add(t, " by mail, ");
	text_add_markdown(t, (struct mt_span){ h->event(m), strlen(h->event(m)) });
}

struct mt_span
issue_description(const struct mt_host *h, struct mt_msg *m)
{
	struct text t = text_new(h, m, ISSUE_DESCRIPTION_MAX);
	struct mt_span body = { "", 0 };

	t.cap -= FOOTER_MAX;
	if (text_find(h, m, &body) == 0)
		text_add_markdown(&t, body);
	while (t.len > 0 && (t.ptr[t.len - 1] == '\n' || t.ptr[t.len - 1] == ' '))
		t.len--;
	t.cap += FOOTER_MAX;
	if (t.cut) {
		t.cut = 0;
		text_add(&t, "\n\n(The rest of the mail did not fit here.)");
	} else if (t.len == 0) {
		text_add(&t, "(The mail has no plain text.)");
	}
	footer_add(h, m, &t);
	return (struct mt_span){ t.ptr, t.len };
}
