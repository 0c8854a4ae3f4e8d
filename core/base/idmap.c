/* SPDX-License-Identifier: BSD-2-Clause */
/* Open addressing with linear probing; deletion moves followers back. */
#include "base/idmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static size_t
home(const struct idmap *m, uint64_t id)
{
	return (size_t)((id * 0x9e3779b97f4a7c15u) >> 32) & (m->size - 1);
}

static size_t
slot_of(const struct idmap *m, uint64_t id)
{
	size_t i = home(m, id);

	while (m->slots[i].value != NULL && m->slots[i].id != id)
		i = (i + 1) & (m->size - 1);
	return i;
}

static void
grow(struct idmap *m)
{
	struct idmap old = *m;

	m->size = old.size == 0 ? 64 : old.size * 2;
	m->slots = xcalloc(m->size, sizeof(*m->slots));
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].value != NULL)
			m->slots[slot_of(m, old.slots[i].id)] = old.slots[i];
	free(old.slots);
}

void
idmap_set(struct idmap *m, uint64_t id, void *value)
{
	size_t i;

	if ((m->used + 1) * 2 > m->size)
		grow(m);
	i = slot_of(m, id);
	if (m->slots[i].value == NULL)
		m->used++;
	m->slots[i] = (struct idmap_entry){ id, value };
}

void *
idmap_find(const struct idmap *m, uint64_t id)
{
	return m->size == 0 ? NULL : m->slots[slot_of(m, id)].value;
}

void *
idmap_remove(struct idmap *m, uint64_t id)
{
	size_t mask = m->size - 1, hole, i;
	void *value;

	if (m->size == 0)
		return NULL;
	hole = slot_of(m, id);
	value = m->slots[hole].value;
	if (value == NULL)
		return NULL;
	m->slots[hole].value = NULL;
	m->used--;
	for (i = (hole + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
		size_t want = home(m, m->slots[i].id);

		if (((i - want) & mask) < ((i - hole) & mask))
			continue;	/* it would move before its home */
		m->slots[hole] = m->slots[i];
		m->slots[i].value = NULL;
		hole = i;
	}
	return value;
}

void
idmap_each(struct idmap *m, void (*fn)(void *value, void *arg), void *arg)
{
	size_t n = 0, count = m->used;
	void **all = xcalloc(count, sizeof(*all));

	for (size_t i = 0; i < m->size && n < count; i++)
		if (m->slots[i].value != NULL)
			all[n++] = m->slots[i].value;
	for (size_t i = 0; i < n; i++)
		fn(all[i], arg);
	free(all);
}

void
idmap_free(struct idmap *m)
{
	free(m->slots);
	*m = (struct idmap){ 0 };
}
