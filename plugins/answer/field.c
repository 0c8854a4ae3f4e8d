/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields: found, trimmed, compared. */
#include "field.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

int
field_is(struct mt_span s, const char *text)
{
	return s.len == strlen(text) && (s.len == 0 || strncasecmp(s.ptr, text, s.len) == 0);
}

int
field_next(const struct mt_host *h, struct mt_msg *m, const char *wanted, size_t *it,
    struct mt_span *value)
{
	struct mt_span name;

	while (h->header_next(m, it, &name, value) == 0)
		if (field_is(name, wanted)) {
			*value = field_trim(*value);
			return 0;
		}
	return ENOENT;
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct mt_span
field_trim(struct mt_span s)
{
	while (s.len > 0 && is_blank(*s.ptr)) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

int
field_is_address(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] <= 0x20 || (unsigned char)s.ptr[i] >= 0x7f ||
		    s.ptr[i] == '<' || s.ptr[i] == '>')
			return 0;
	return s.len <= FIELD_ADDRESS_MAX && s.len > 2 && memchr(s.ptr + 1, '@', s.len - 2) != NULL;
}
