/* SPDX-License-Identifier: BSD-2-Clause */
/* Tag lists (RFC 6376 3.2): no repeated tag, no stray byte, nothing guessed. */
#include <errno.h>

#include "taglist.h"

static bool
name_ok(struct mt_span s)
{
	size_t i;

	if (s.len == 0 || !text_alpha(s.ptr[0]))
		return false;
	for (i = 1; i < s.len; i++)
		if (!text_alpha(s.ptr[i]) && !text_digit(s.ptr[i]) && s.ptr[i] != '_')
			return false;
	return true;
}

/* tval and FWS; UTF-8 as RFC 8616 allows it. */
static bool
value_ok(struct mt_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c == 0x7f || (c < 0x21 && !text_space(s.ptr[i])))
			return false;
	}
	return text_utf8(s);
}

static int
add(struct taglist *list, struct mt_span text)
{
	const char *equals = memchr(text.ptr, '=', text.len);
	struct tag t;
	size_t i;

	if (equals == NULL)
		return EINVAL;
	t.name = text_trim((struct mt_span){ text.ptr, (size_t)(equals - text.ptr) });
	t.value = text_trim(text_cut(text, (size_t)(equals - text.ptr) + 1));
	if (!name_ok(t.name) || !value_ok(t.value))
		return EINVAL;
	for (i = 0; i < list->count; i++)
		if (list->tag[i].name.len == t.name.len &&
		    memcmp(list->tag[i].name.ptr, t.name.ptr, t.name.len) == 0)
			return EINVAL;
	if (list->count == TAGS_MAX)
		return E2BIG;
	list->tag[list->count++] = t;
	return 0;
}

int
taglist_parse(struct mt_span s, struct taglist *list)
{
	list->count = 0;
	s = text_trim(s);
	while (s.len != 0) {
		const char *end = memchr(s.ptr, ';', s.len);
		size_t n = end == NULL ? s.len : (size_t)(end - s.ptr);
		int error = add(list, (struct mt_span){ s.ptr, n });

		if (error != 0)
			return error;
		s = end == NULL ? text_cut(s, n) : text_trim(text_cut(s, n + 1));
	}
	return list->count == 0 ? EINVAL : 0;
}

const struct tag *
taglist_find(const struct taglist *list, const char *name)
{
	size_t i, n = strlen(name);

	for (i = 0; i < list->count; i++)
		if (list->tag[i].name.len == n && memcmp(list->tag[i].name.ptr, name, n) == 0)
			return &list->tag[i];
	return NULL;
}

bool
taglist_folded(const struct taglist *list, const char *name, char *out, size_t room)
{
	const struct tag *t = taglist_find(list, name);
	size_t i, n = 0;

	if (t == NULL)
		return false;
	for (i = 0; i < t->value.len; i++) {
		if (text_space(t->value.ptr[i]))
			continue;
		if (n + 1 >= room)
			return false;
		out[n++] = t->value.ptr[i];
	}
	out[n] = '\0';
	return true;
}
