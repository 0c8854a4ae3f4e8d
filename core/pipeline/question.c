/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions and answers: packed form, and the set kept for a message. */
#include "pipeline/question.h"

#include <errno.h>

enum { ANSWER_RECORDS_MAX = 256 };

void
question_pack(struct buf *b, const struct question *q)
{
	pack_u8(b, q->kind);
	pack_u16(b, q->type);
	pack_u32(b, q->flags);
	pack_u32(b, q->limit);
	pack_u32(b, q->window_s);
	pack_span(b, q->key);
}

int
question_unpack(struct mt_span packed, struct question *q)
{
	struct unpack u = unpack_of(packed);

	*q = (struct question){ .kind = unpack_u8(&u) };
	q->type = unpack_u16(&u);
	q->flags = unpack_u32(&u);
	q->limit = unpack_u32(&u);
	q->window_s = unpack_u32(&u);
	q->key = unpack_span(&u);
	if (!unpack_done(&u) || q->kind < QUESTION_DNS || q->kind > QUESTION_MAIL)
		return EBADMSG;
	return 0;
}

void
answers_init(struct answers *set, struct arena *arena)
{
	*set = (struct answers){ .arena = arena };
	set->tail = &set->head;
}

struct answer *
answers_find(const struct answers *set, struct mt_span question)
{
	for (struct answer *a = set->head; a != NULL; a = a->next)
		if (span_equal(a->question, question))
			return a;
	return NULL;
}

size_t
answer_size(const struct answer *a)
{
	size_t size = 4 + a->question.len + 4 + 4 * sizeof(a->number[0]) + 4;

	for (uint32_t i = 0; i < a->count; i++)
		size += 4 + a->rr[i].len;
	return size;
}

struct answer *
answers_add(struct answers *set, const struct answer *from)
{
	struct answer *a = arena_alloc(set->arena, sizeof(*a));

	*a = *from;
	a->next = NULL;
	a->question = arena_span(set->arena, from->question);
	a->rr = arena_alloc(set->arena, from->count * sizeof(*a->rr));
	for (uint32_t i = 0; i < from->count; i++)
		a->rr[i] = arena_span(set->arena, from->rr[i]);
	*set->tail = a;
	set->tail = &a->next;
	set->count++;
	set->bytes += answer_size(a);
	return a;
}

void
answer_pack(struct buf *b, const struct answer *a)
{
	pack_span(b, a->question);
	pack_u32(b, (uint32_t)a->status);
	for (size_t i = 0; i < 4; i++)
		pack_u32(b, a->number[i]);
	pack_u32(b, a->count);
	for (uint32_t i = 0; i < a->count; i++)
		pack_span(b, a->rr[i]);
}

int
answer_unpack(struct unpack *u, struct arena *arena, struct answer *a)
{
	*a = (struct answer){ .question = unpack_span(u) };
	a->status = (int32_t)unpack_u32(u);
	for (size_t i = 0; i < 4; i++)
		a->number[i] = unpack_u32(u);
	a->count = unpack_count(u, 4);
	if (u->bad || a->count > ANSWER_RECORDS_MAX)
		return EBADMSG;
	a->rr = arena_alloc(arena, a->count * sizeof(*a->rr));
	for (uint32_t i = 0; i < a->count; i++)
		a->rr[i] = unpack_span(u);
	return u->bad ? EBADMSG : 0;
}

void
answers_pack(struct buf *b, const struct answers *set)
{
	answers_pack_since(b, &set->head);
}

void
answers_pack_since(struct buf *b, struct answer *const *mark)
{
	uint32_t count = 0;

	for (const struct answer *a = *mark; a != NULL; a = a->next)
		count++;
	pack_u32(b, count);
	for (const struct answer *a = *mark; a != NULL; a = a->next)
		answer_pack(b, a);
}

int
answers_unpack(struct unpack *u, struct answers *set)
{
	uint32_t n = unpack_count(u, 28);

	for (uint32_t i = 0; i < n; i++) {
		struct answer a;

		if (answer_unpack(u, set->arena, &a) != 0)
			return EBADMSG;
		if (answers_find(set, a.question) == NULL)
			answers_add(set, &a);
	}
	return u->bad ? EBADMSG : 0;
}
