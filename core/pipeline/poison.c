/* SPDX-License-Identifier: BSD-2-Clause */
/* A short list, searched from end to end: it is empty on most days. */
#include "pipeline/poison.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct poison *
find(const struct poisons *p, const uint8_t key[CLAIM_KEY_SIZE])
{
	for (size_t i = 0; i < p->count; i++)
		if (memcmp(p->list[i].key, key, CLAIM_KEY_SIZE) == 0)
			return (struct poison *)(uintptr_t)&p->list[i];
	return NULL;
}

const struct poison *
poisons_find(const struct poisons *p, const uint8_t key[CLAIM_KEY_SIZE], int64_t now_s)
{
	const struct poison *one = find(p, key);

	return one != NULL && one->until_s > now_s ? one : NULL;
}

static struct poison *
oldest(struct poisons *p)
{
	struct poison *best = &p->list[0];

	for (size_t i = 1; i < p->count; i++)
		if (p->list[i].until_s < best->until_s)
			best = &p->list[i];
	return best;
}

uint32_t
poisons_add(struct poisons *p, const uint8_t key[CLAIM_KEY_SIZE], const char *group,
    struct poison_time time)
{
	struct poison *one = find(p, key);

	if (one == NULL) {
		one = p->count < POISON_MAX ? &p->list[p->count++] : oldest(p);
		*one = (struct poison){ .kills = 0 };
		memcpy(one->key, key, CLAIM_KEY_SIZE);
	} else if (one->until_s <= time.now_s) {
		one->kills = 0;
	}
	snprintf(one->group, sizeof(one->group), "%s", group);
	one->until_s = time.until_s;
	return ++one->kills;
}

void
poisons_pack(struct buf *b, const struct poisons *p)
{
	pack_u32(b, (uint32_t)p->count);
	for (size_t i = 0; i < p->count; i++) {
		buf_add(b, p->list[i].key, CLAIM_KEY_SIZE);
		pack_string(b, p->list[i].group);
		pack_u32(b, p->list[i].kills);
		pack_i64(b, p->list[i].until_s);
	}
}

static int
unpack_one(struct unpack *u, struct poison *one)
{
	struct mt_span group;

	if ((size_t)(u->end - u->p) < CLAIM_KEY_SIZE)
		return EBADMSG;
	memcpy(one->key, u->p, CLAIM_KEY_SIZE);
	u->p += CLAIM_KEY_SIZE;
	group = unpack_span(u);
	if (u->bad || group.len >= sizeof(one->group))
		return EBADMSG;
	memcpy(one->group, group.ptr, group.len);
	one->group[group.len] = '\0';
	one->kills = unpack_u32(u);
	one->until_s = unpack_i64(u);
	return u->bad ? EBADMSG : 0;
}

int
poisons_unpack(struct poisons *p, struct mt_span packed)
{
	struct unpack u = unpack_of(packed);
	uint32_t count = unpack_u32(&u);
	int error = count > POISON_MAX ? EBADMSG : 0;

	p->count = 0;
	while (error == 0 && p->count < count)
		error = unpack_one(&u, &p->list[p->count++]);
	if (error == 0 && unpack_done(&u))
		return 0;
	p->count = 0;
	return EBADMSG;
}
