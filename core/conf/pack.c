/* SPDX-License-Identifier: BSD-2-Clause */
/* Packing of strings that may be unset and of lists of strings. */
#include "conf/pack.h"

void
pack_text(struct buf *b, const char *s)
{
	pack_u8(b, s != NULL);
	if (s != NULL)
		pack_string(b, s);
}

const char *
unpack_text(struct unpack *u, struct arena *a)
{
	struct mt_span s;

	if (unpack_u8(u) == 0)
		return NULL;
	s = unpack_span(u);
	if (s.len > 0 && memchr(s.ptr, '\0', s.len) != NULL)
		u->bad = true;
	return u->bad ? "" : arena_string(a, s);
}

const char *
unpack_name(struct unpack *u, struct arena *a)
{
	const char *s = unpack_text(u, a);

	if (s == NULL)
		u->bad = true;
	return s == NULL ? "" : s;
}

void
pack_list(struct buf *b, const char *const *list, size_t count)
{
	pack_u8(b, list != NULL);
	if (list == NULL)
		return;
	pack_u32(b, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		pack_text(b, list[i]);
}

const char **
unpack_list(struct unpack *u, struct arena *a, size_t *count)
{
	const char **list;

	*count = 0;
	if (unpack_u8(u) == 0)
		return NULL;
	*count = unpack_count(u, 1);
	list = arena_alloc(a, (*count + 1) * sizeof(*list));
	for (size_t i = 0; i < *count; i++)
		list[i] = unpack_name(u, a);
	return list;
}
