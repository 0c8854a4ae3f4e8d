/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions of a mail: who answers them, and what it still waits for. */
#include "pipeline/mail.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "pipeline/walk.h"

/* All DNS questions of one run go out in one frame. */
struct batch {
	struct question dns[MT_QUESTIONS_MAX];
	uint32_t count;
};

static void
await(struct mail *m, struct mt_span question)
{
	struct awaited *w = arena_alloc(&m->arena, sizeof(*w));

	*w = (struct awaited){ .next = m->awaited, .question = question };
	m->awaited = w;
}

static void
answer_status(struct mail *m, struct mt_span question, int32_t status)
{
	struct answer a = { .question = question, .status = status };

	mail_answer(m, &a);
}

/* Keys of different stages never meet: the stage is part of the HMAC. */
static void
key_of(struct mail *m, const struct question *q, uint8_t key[CLAIM_KEY_SIZE])
{
	const struct setting_stage *s = &m->pipeline->settings->stages[q->type];

	m->pipeline->ops.claim_key(m->pipeline->ops.arg, span_of(s->name), q->key, key);
}

/* A worker speaks only for the stages it was called for. */
static bool
speaks_for(const struct mail *m, const struct question *q)
{
	for (uint32_t i = 0; i < m->segment_count; i++)
		if (m->segment[i] == q->type)
			return true;
	return q->kind == QUESTION_DNS;
}

static void
ask_take(struct mail *m, const struct question *q, struct mt_span packed)
{
	struct pipeline *p = m->pipeline;
	uint8_t key[CLAIM_KEY_SIZE];
	struct claim *c;

	key_of(m, q, key);
	if (claims_count(&p->traffic->claims, key) >= q->limit) {
		answer_status(m, packed, MT_BUSY);
		return;
	}
	c = claims_add(&p->traffic->claims, key);
	c->flags = q->flags;
	c->limit = q->limit;
	c->window_s = q->window_s;
	c->next_held = m->held;
	m->held = c;
	p->ops.look(p->ops.arg, m, c, packed);
}

static void
claim_drop(struct mail *m, struct claim *c)
{
	for (struct claim **at = &m->held; *at != NULL; at = &(*at)->next_held)
		if (*at == c) {
			*at = c->next_held;
			claims_remove(&m->pipeline->traffic->claims, c);
			return;
		}
}

void
mail_looked(struct mail *m, struct claim *c, struct mt_span question,
    uint32_t used, uint32_t retry_after_s, const char *holder, bool seen)
{
	struct mt_span event = span_of(holder);
	struct answer a = { .question = question, .status = MT_OK,
		.number = { used, retry_after_s }, .rr = &event,
		.count = holder != NULL && holder[0] != '\0' };
	uint32_t others = claims_count(&m->pipeline->traffic->claims, c->key) - 1;

	if (used + others < c->limit) {
		if ((c->flags & MT_CLAIM_MESSAGE) != 0 && !m->has_message_key) {
			memcpy(m->message_key, c->key, sizeof(m->message_key));
			m->has_message_key = true;
		}
		mail_answer(m, &a);
		return;
	}
	a.status = used >= c->limit ? MT_TAKEN : MT_BUSY;
	if (a.status == MT_TAKEN && (c->flags & MT_CLAIM_MESSAGE) != 0 && !seen &&
	    a.count == 1)
		snprintf(m->duplicate_of, sizeof(m->duplicate_of), "%s", holder);
	claim_drop(m, c);
	mail_answer(m, &a);
}

static void
ask_get(struct mail *m, const struct question *q, struct mt_span packed)
{
	uint8_t key[CLAIM_KEY_SIZE];

	key_of(m, q, key);
	m->pipeline->ops.get(m->pipeline->ops.arg, m, key, packed);
}

static struct sent *
sent_find(const struct mail *m, struct mt_span packed)
{
	struct sent *s = m->sent;

	while (s != NULL && !span_equal(s->question, packed))
		s = s->next;
	return s;
}

static void
sent_add(struct mail *m, struct mt_span packed, bool foreseen)
{
	struct sent *s = arena_alloc(&m->arena, sizeof(*s));

	*s = (struct sent){ .next = m->sent, .question = packed, .foreseen = foreseen,
		.asked = !foreseen };
	m->sent = s;
}

static void
ask_one(struct mail *m, struct mt_span packed, struct batch *batch)
{
	struct sent *sent = sent_find(m, packed);
	struct question q;

	if (sent != NULL)
		sent->asked = true;
	if (sent != NULL || answers_find(&m->answers, packed) != NULL)
		return;
	if (question_unpack(packed, &q) != 0 || q.kind == QUESTION_HTTP ||
	    q.key.len > QUESTION_KEY_MAX || !speaks_for(m, &q)) {
		answer_status(m, packed, MT_DENIED);
		return;
	}
	if (++m->questions > MT_QUESTIONS_MAX) {
		answer_status(m, packed, MT_BUDGET);
		return;
	}
	if (q.kind == QUESTION_DNS) {
		sent_add(m, packed, false);
		batch->dns[batch->count++] = q;
	} else if (q.kind == QUESTION_TAKE)
		ask_take(m, &q, packed);
	else
		ask_get(m, &q, packed);
}

/* Asks without waiting; the caller awaits what it must. */
static void
ask_all(struct mail *m, const struct asked *asked)
{
	struct batch batch = { .count = 0 };

	for (const struct asked *q = asked; q != NULL; q = q->next)
		ask_one(m, q->question, &batch);	/* its budget bounds the batch */
	if (batch.count > 0)
		m->pipeline->ops.dns(m->pipeline->ops.arg, m, batch.dns, batch.count);
}

void
mail_foresee(struct mail *m, const struct mt_span *questions, uint32_t count)
{
	struct batch batch = { .count = 0 };

	for (uint32_t i = 0; i < count && batch.count < MT_QUESTIONS_MAX; i++) {
		struct mt_span packed = arena_span(&m->arena, questions[i]);

		if (question_unpack(packed, &batch.dns[batch.count]) != 0)
			continue;
		sent_add(m, packed, true);
		batch.count++;
	}
	if (batch.count > 0)
		m->pipeline->ops.dns(m->pipeline->ops.arg, m, batch.dns, batch.count);
}

void
mail_ask(struct mail *m, const struct asked *asked)
{
	ask_all(m, asked);
}

/* A run waits for these: first all are awaited, so that an answer that is
 * there at once counts, then asked. */
void
mail_ask_and_wait(struct mail *m, const struct asked *asked)
{
	for (const struct asked *q = asked; q != NULL; q = q->next)
		if (answers_find(&m->answers, q->question) == NULL)
			await(m, q->question);
	await(m, SPAN(""));	/* until all are asked */
	ask_all(m, asked);
	answer_status(m, SPAN(""), MT_OK);
}

/* The sender writes some of the answers: his own zones. */
static void
answer_keep(struct mail *m, const struct answer *a)
{
	struct answer over = { .question = a->question, .status = MT_BUDGET };

	if (m->answers.bytes + answer_size(a) > ANSWERS_BYTES_MAX)
		a = &over;
	if (m->answers.bytes + answer_size(a) <= ANSWERS_BYTES_HARD)
		answers_add(&m->answers, a);
}

void
mail_answer(struct mail *m, const struct answer *a)
{
	bool waited = false;

	if (m->ended)
		return;
	if (a->question.len > 0 && answers_find(&m->answers, a->question) == NULL)
		answer_keep(m, a);
	for (struct awaited **at = &m->awaited; *at != NULL;)
		if (span_equal((*at)->question, a->question)) {
			*at = (*at)->next;
			waited = true;
		} else {
			at = &(*at)->next;
		}
	if (waited && m->awaited == NULL)
		mail_continue(m);
}

void
mail_ask_again(struct mail *m)
{
	struct question dns[MT_QUESTIONS_MAX];
	uint32_t count = 0;

	m->sent = NULL;		/* what nobody awaits is asked when it is */
	for (const struct awaited *w = m->awaited; w != NULL; w = w->next)
		if (count < MT_QUESTIONS_MAX &&
		    question_unpack(w->question, &dns[count]) == 0 &&
		    dns[count].kind == QUESTION_DNS)
			count++;
	if (count > 0)
		m->pipeline->ops.dns(m->pipeline->ops.arg, m, dns, count);
}
