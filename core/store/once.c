/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table of the first bytes of keys, open, probed one after the other. */
#include "store/once.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { SLOTS_MIN = 4096 };

struct once_slot {
	uint32_t mark;		/* 0: free */
	uint32_t until_s;	/* lasts until 2106; later counts as then */
};

static uint32_t
mark_of(const uint8_t key[HASH_SIZE])
{
	uint32_t mark;

	memcpy(&mark, key, sizeof(mark));
	return mark == 0 ? 1 : mark;
}

/* Where it is, or the free slot where it would be. */
static struct once_slot *
find(const struct once *o, uint32_t mark)
{
	size_t at = mark & (o->size - 1);

	while (o->slots[at].mark != 0 && o->slots[at].mark != mark)
		at = (at + 1) & (o->size - 1);
	return &o->slots[at];
}

static void
put(struct once *o, uint32_t mark, uint32_t until_s)
{
	struct once_slot *s = find(o, mark);

	o->used += s->mark == 0;
	s->mark = mark;
	if (s->until_s < until_s)
		s->until_s = until_s;
}

static size_t
live(const struct once *o, int64_t now_s)
{
	size_t n = 0;

	for (size_t i = 0; i < o->size; i++)
		n += o->slots[i].mark != 0 && o->slots[i].until_s > now_s;
	return n;
}

/* Without what has run out, and at most half full. */
static void
grow(struct once *o, int64_t now_s)
{
	size_t size = SLOTS_MIN, wanted = 2 * (live(o, now_s) + 1);
	struct once old = *o;

	while (size < wanted)
		size *= 2;
	if (size > ONCE_SLOTS_MAX) {
		o->over = true;
		return;
	}
	o->slots = xcalloc(size, sizeof(*o->slots));
	o->size = size;
	o->used = 0;
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].mark != 0 && old.slots[i].until_s > now_s)
			put(o, old.slots[i].mark, old.slots[i].until_s);
	free(old.slots);
}

void
once_add(struct once *o, const uint8_t key[HASH_SIZE], int64_t until_s, int64_t now_s)
{
	if (!o->over && o->used >= o->size / 4 * 3)
		grow(o, now_s);
	if (!o->over)
		put(o, mark_of(key), until_s > UINT32_MAX ? UINT32_MAX : (uint32_t)until_s);
}

bool
once_may_hold(const struct once *o, const uint8_t key[HASH_SIZE])
{
	return o->over || (o->size > 0 && find(o, mark_of(key))->mark != 0);
}

void
once_fini(struct once *o)
{
	free(o->slots);
	*o = (struct once){ 0 };
}
