/* SPDX-License-Identifier: BSD-2-Clause */
/* One slot a hash: a new entry takes the place of an old one. */
#include <stdlib.h>

#include "cache.h"

static size_t
slot_of(struct mt_span s)
{
	uint64_t h = 14695981039346656037u, word;	/* FNV-1a, eight bytes at a time */

	for (; s.len >= 8; s = text_cut(s, 8)) {
		memcpy(&word, s.ptr, 8);
		h = (h ^ word) * 1099511628211u;
		h ^= h >> 32;
	}
	for (; s.len != 0; s = text_cut(s, 1))
		h = (h ^ (unsigned char)s.ptr[0]) * 1099511628211u;
	return (size_t)(h ^ h >> 32) % CACHE_SLOTS;
}

struct cache_entry *
cache_find(const struct cache *c, struct mt_span text)
{
	struct cache_entry *e = c->slot[slot_of(text)];

	return e != NULL && e->text.len == text.len &&
	    memcmp(e->text.ptr, text.ptr, text.len) == 0 ? e : NULL;
}

struct cache_entry *
cache_add(struct cache *c, struct mt_span text, size_t size)
{
	struct cache_entry **slot = &c->slot[slot_of(text)], *e;

	e = text.len > CACHE_TEXT_MAX ? NULL : calloc(1, size + text.len);
	if (e == NULL)
		abort();
	e->text = (struct mt_span){ (char *)e + size, text.len };
	memcpy((char *)e + size, text.ptr, text.len);
	free(*slot);
	*slot = e;
	return e;
}

void
cache_fini(struct cache *c)
{
	size_t i;

	for (i = 0; i < CACHE_SLOTS; i++) {
		free(c->slot[i]);
		c->slot[i] = NULL;
	}
}
