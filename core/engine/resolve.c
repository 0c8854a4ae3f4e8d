/* SPDX-License-Identifier: BSD-2-Clause */
/* The resolver: DNS questions out, answers back to their mails; and the
 * connections it dials for worker-net. */
#include "engine/engine.h"

#include <errno.h>

#include "base/log.h"
#include "base/proto.h"

enum { ANSWER_RECORDS_MAX = 256 };

static bool
is_dns_status(int32_t status)
{
	return status == MT_OK || (status > MT_PENDING && status <= MT_BUDGET);
}

/* One answer of a frame. */
static void
answer_take(struct mail *m, struct unpack *u)
{
	struct question q = { .kind = QUESTION_DNS };
	struct mt_span rr[ANSWER_RECORDS_MAX];
	struct answer a = { .rr = rr };
	struct buf packed = { 0 };

	q.key = unpack_span(u);
	q.type = unpack_u16(u);
	a.status = (int32_t)unpack_u32(u);
	a.number[0] = unpack_u32(u);
	a.number[1] = unpack_u32(u);
	a.count = unpack_count(u, 4);
	for (uint32_t i = 0; i < a.count; i++) {
		struct mt_span record = unpack_span(u);

		if (i < ANSWER_RECORDS_MAX)
			rr[i] = record;
	}
	m->dns_queries += unpack_u32(u);
	if (u->bad || a.count > ANSWER_RECORDS_MAX || !is_dns_status(a.status)) {
		a.status = MT_SERVFAIL;
		a.count = 0;
	}
	question_pack(&packed, &q);
	a.question = buf_span(&packed);
	mail_answer(m, &a);
	buf_free(&packed);
}

/* An answer may be the last thing a mail waited for; nothing here ends it. */
static void
answers_take(struct mail *m, struct mt_span answers)
{
	struct unpack u = unpack_of(answers);

	while (!u.bad && !unpack_done(&u))
		answer_take(m, &u);
}

static void
answered(struct generation *g, struct frame *f)
{
	struct mail *m = mail_find(&g->engine->traffic, f->id);

	if (m == NULL)
		return;
	if (m->dns_asked.len > 0)
		recent_keep(g->engine->recent, g->number, m->dns_asked, f->body, clock_ms());
	m->dns_asked = SPAN("");
	answers_take(m, f->body);
}

static void
resolver_frame(struct channel *c, struct frame *f, void *arg)
{
	struct generation *g = arg;
	struct engine *e = g->engine;

	if (f->type == PROTO_ANSWER)
		answered(g, f);
	else if (f->type == PROTO_DIALLED)
		dial_done(g, f);
	else if (f->type == PROTO_READY)
		engine_ready(e, g->resolver_instance);
	else
		channel_fail(c);
}

static void
resolver_gone(struct channel *c, void *arg)
{
	struct generation *g = arg;

	channel_free(c);
	if (g->resolver == c)
		g->resolver = NULL;
	log_warning("the resolver is gone; mails wait until it is back");
}

static void
ask_again(void *value, void *arg)
{
	struct mail *m = value;
	const struct generation *g = arg;

	if (m->pipeline == &g->pipeline)
		mail_ask_again(m);
}

void
resolver_join(struct generation *g, int fd, uint32_t instance)
{
	struct engine *e = g->engine;

	channel_free(g->resolver);
	g->resolver = channel_new(e->loop, fd, resolver_frame, resolver_gone, g);
	g->resolver_instance = instance;
	idmap_each(&e->traffic.mails, ask_again, g);
	dial_again(g);
	intake_update(e);
}

/* ENGINE_DNS_MS are for all rounds of questions together. */
static int64_t
time_left(struct mail *m)
{
	int64_t now = clock_ms();

	if (m->dns_until_ms == 0)
		m->dns_until_ms = now + ENGINE_DNS_MS;
	return (m->dns_until_ms < m->deadline_ms ? m->dns_until_ms : m->deadline_ms) - now;
}

/* Without a resolver nothing is sent: the mail asks again when there is one,
 * within its time. */
void
resolver_ask(struct generation *g, struct mail *m, const struct question *q, uint32_t count)
{
	int64_t left;
	struct buf b = { 0 };
	struct mt_span questions, answers;

	if (g->resolver == NULL)
		return;
	left = time_left(m);
	pack_u32(&b, left < 1 ? 1 : (uint32_t)left);
	pack_u32(&b, count);
	for (uint32_t i = 0; i < count; i++) {
		pack_span(&b, q[i].key);
		pack_u16(&b, q[i].type);
	}
	questions = span_make(b.p + 4, b.len - 4);
	answers = recent_find(g->engine->recent, g->number, questions, clock_ms());
	if (answers.len > 0) {
		answers_take(m, answers);
	} else {
		m->dns_asked = arena_span(&m->arena, questions);
		channel_send(g->resolver, PROTO_ASK, m->id, buf_span(&b), NULL, 0);
	}
	buf_free(&b);
}
