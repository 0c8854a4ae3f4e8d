/* SPDX-License-Identifier: BSD-2-Clause */
/* A zone in the place of the role resolver. */
#include "ctl/zone_server.h"

#include <errno.h>

#include "base/proto.h"

struct zone_asked {
	struct zone_asked *next;
	struct mt_span name;
	uint16_t type;
};

/* True where this mail had the question before. */
static bool
asked_before(struct zone_server *s, struct mt_span name, uint16_t type)
{
	struct zone_asked *a;

	for (a = s->asked; a != NULL; a = a->next)
		if (a->type == type && span_equal_nocase(a->name, name))
			return true;
	a = arena_alloc(&s->arena, sizeof(*a));
	*a = (struct zone_asked){ .next = s->asked, .type = type,
		.name = arena_span(&s->arena, name) };
	s->asked = a;
	return false;
}

/* No message of DNS is larger, so no server could send it. */
static bool
is_too_large(const struct zone_answer *a, struct mt_span name)
{
	size_t size = 64 + name.len;

	for (uint32_t i = 0; i < a->count; i++)
		size += 4 + a->rr[i].len;
	return size > 65535;
}

static void
reply_pack(struct zone_server *s, struct buf *b, const struct zone *z,
    struct unpack *question)
{
	struct mt_span name = unpack_span(question);
	uint16_t type = unpack_u16(question);
	struct zone_answer a;

	if (question->bad)
		return;
	zone_find(z, name, type, &s->arena, &a);
	if (is_too_large(&a, name))
		a = (struct zone_answer){ .status = MT_SERVFAIL };
	pack_span(b, name);
	pack_u16(b, type);
	pack_u32(b, (uint32_t)a.status);
	pack_u32(b, 0);
	pack_u32(b, 0);
	pack_u32(b, a.count);
	for (uint32_t i = 0; i < a.count; i++)
		pack_span(b, a.rr[i]);
	pack_u32(b, asked_before(s, name, type) ? 0 : 1);
}

int
zone_server_answer(struct zone_server *s, const struct zone *z, struct channel *c,
    const struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	struct buf b = { 0 };
	uint32_t count;

	unpack_u32(&u);		/* the deadline: there is nothing to wait for */
	count = unpack_count(&u, 6);
	for (uint32_t i = 0; i < count && !u.bad; i++) {
		buf_reset(&b);
		reply_pack(s, &b, z, &u);
		if (!u.bad)
			channel_send(c, PROTO_ANSWER, f->id, buf_span(&b), NULL, 0);
	}
	buf_free(&b);
	return u.bad ? EBADMSG : 0;
}

void
zone_server_reset(struct zone_server *s)
{
	arena_reset(&s->arena);
	s->asked = NULL;
}

void
zone_server_fini(struct zone_server *s)
{
	arena_free(&s->arena);
	s->asked = NULL;
}
