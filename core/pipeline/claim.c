/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table of tentative claims; keys are HMACs, so any bytes hash. */
#include "pipeline/claim.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static struct claim **
bucket(const struct claims *c, const uint8_t *key)
{
	uint32_t h;

	memcpy(&h, key, sizeof(h));
	return &c->buckets[h & (c->size - 1)];
}

uint32_t
claims_count(const struct claims *c, const uint8_t key[CLAIM_KEY_SIZE])
{
	uint32_t n = 0;

	if (c->size == 0)
		return 0;
	for (const struct claim *i = *bucket(c, key); i != NULL; i = i->next)
		n += memcmp(i->key, key, CLAIM_KEY_SIZE) == 0;
	return n;
}

static void
grow(struct claims *c)
{
	struct claims old = *c;

	c->size = old.size == 0 ? 256 : old.size * 2;
	c->buckets = xcalloc(c->size, sizeof(struct claim *));
	for (uint32_t b = 0; b < old.size; b++)
		while (old.buckets[b] != NULL) {
			struct claim *i = old.buckets[b], **to = bucket(c, i->key);

			old.buckets[b] = i->next;
			i->next = *to;
			*to = i;
		}
	free(old.buckets);
}

struct claim *
claims_add(struct claims *c, const uint8_t key[CLAIM_KEY_SIZE])
{
	struct claim *i = xcalloc(1, sizeof(*i)), **to;

	if (c->used >= c->size)
		grow(c);
	memcpy(i->key, key, CLAIM_KEY_SIZE);
	to = bucket(c, key);
	i->next = *to;
	*to = i;
	c->used++;
	return i;
}

void
claims_remove(struct claims *c, struct claim *claim)
{
	struct claim **at = bucket(c, claim->key);

	while (*at != claim)
		at = &(*at)->next;
	*at = claim->next;
	c->used--;
	free(claim);
}
