/* SPDX-License-Identifier: BSD-2-Clause */
/* The stock of message keys in the engine. */
#include "store/slots.h"

#include <errno.h>

#include <stdlib.h>

#include "base/arena.h"

struct slots {
	slots_ask_fn ask;
	void *arg;
	struct slot stock[SLOTS_MAX];
	size_t count;
	bool asked;		/* an answer is on its way */
	uint64_t made;		/* ask NULL: numbers given */
};

struct slots *
slots_new(slots_ask_fn ask, void *arg)
{
	struct slots *s = xcalloc(1, sizeof(*s));

	s->ask = ask;
	s->arg = arg;
	return s;
}

void
slots_free(struct slots *s)
{
	if (s == NULL)
		return;
	explicit_bzero(s, sizeof(*s));
	free(s);
}

static void
slots_want(struct slots *s)
{
	if (s->ask == NULL || s->asked || s->count >= SLOTS_LOW)
		return;
	s->asked = true;
	s->ask((uint32_t)(SLOTS_MAX - s->count), s->arg);
}

void
slots_ask(struct slots *s)
{
	s->asked = false;
	slots_want(s);
}

int
slots_fill(struct slots *s, struct mt_span are)
{
	struct unpack u = unpack_of(are);
	uint32_t count = unpack_count(&u, 8 + 8 + 4 + SEAL_KEY_SIZE);

	s->asked = false;
	if (count > SLOTS_MAX - s->count)
		return EBADMSG;
	for (uint32_t i = 0; i < count; i++) {
		struct slot *slot = &s->stock[s->count + i];
		struct mt_span key;

		slot->number = unpack_u64(&u);
		slot->generation = unpack_u64(&u);
		key = unpack_span(&u);
		if (u.bad || key.len != SEAL_KEY_SIZE || slot->generation == 0)
			return EBADMSG;
		memcpy(slot->key, key.ptr, SEAL_KEY_SIZE);
	}
	if (!unpack_done(&u))
		return EBADMSG;
	s->count += count;
	return 0;
}

bool
slots_take(struct slots *s, struct slot *out)
{
	if (s->ask == NULL) {
		out->number = s->made++;
		out->generation = 1;
		hash_random(out->key, sizeof(out->key));
		return true;
	}
	if (s->count == 0) {
		slots_want(s);
		return false;
	}
	s->count--;
	*out = s->stock[s->count];
	explicit_bzero(&s->stock[s->count], sizeof(s->stock[0]));
	slots_want(s);
	return true;
}

void
slots_return(struct slots *s, struct slot *slot)
{
	if (s->ask != NULL && s->count < SLOTS_MAX)
		s->stock[s->count++] = *slot;
	explicit_bzero(slot, sizeof(*slot));
}

size_t
slots_count(const struct slots *s)
{
	return s->count;
}
