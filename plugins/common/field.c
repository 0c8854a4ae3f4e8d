/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields: found, trimmed, compared. */
#include "field.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "word.h"

enum { SUBJECT_MAX = 8192 };

int
field_is(struct mt_span s, const char *text)
{
	return s.len == strlen(text) && (s.len == 0 || strncasecmp(s.ptr, text, s.len) == 0);
}

int
field_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct mt_span
field_trim(struct mt_span s)
{
	while (s.len > 0 && field_is_blank(*s.ptr)) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && field_is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

int
field_find(const struct mt_host *h, struct mt_msg *m, const char *wanted, struct mt_span *value)
{
	struct mt_span name, found;
	size_t it = 0;

	*value = (struct mt_span){ "", 0 };
	while (h->header_next(m, &it, &name, &found) == 0)
		if (field_is(name, wanted)) {
			*value = field_trim(found);
			return 0;
		}
	return ENOENT;
}

struct mt_span
field_subject(const struct mt_host *h, struct mt_msg *m)
{
	struct mt_span value, s;
	char *decoded;

	if (field_find(h, m, "Subject", &value) != 0)
		return value;
	if (value.len > SUBJECT_MAX)
		value.len = SUBJECT_MAX;
	decoded = h->alloc(m, word_bytes(value.len) + 1);
	s = field_trim((struct mt_span){ decoded, word_decode(value, decoded,
	    word_bytes(value.len)) });
	while (s.len >= 3 && strncasecmp(s.ptr, "re:", 3) == 0)
		s = field_trim((struct mt_span){ s.ptr + 3, s.len - 3 });
	return s;
}

int
field_of_reply(struct mt_span fields, const char *name, struct mt_span *value)
{
	size_t len = strlen(name);

	*value = (struct mt_span){ "", 0 };
	for (size_t at = 0; at < fields.len;) {
		const char *line = fields.ptr + at;
		const char *end = memchr(line, '\n', fields.len - at);
		size_t n = end == NULL ? fields.len - at : (size_t)(end - line);

		if (n > len && line[len] == ':' && strncasecmp(line, name, len) == 0) {
			*value = field_trim((struct mt_span){ line + len + 1, n - len - 1 });
			return 0;
		}
		at += n + 1;
	}
	return ENOENT;
}
