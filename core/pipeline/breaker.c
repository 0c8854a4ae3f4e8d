/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting failures, asking probe(), opening and closing. */
#include "pipeline/mail.h"

#include <time.h>

#include "base/log.h"
#include "base/proto.h"
#include "pipeline/breaker.h"

static const struct setting_stage *
stage_of(const struct breaker *b)
{
	return &b->pipeline->settings->stages[b->stage];
}

static void
probed(struct breaker *b, bool passed, const char *why)
{
	b->probing = false;
	b->failures = 0;
	b->retry_ms = clock_ms() + BREAKER_RETRY_MS;
	if (passed == b->open)
		log_at(passed ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "stage %s %s", stage_of(b)->name,
		    passed ? "works again" : "is not called any more: its probe fails");
	if (!passed && *why != '\0')
		log_warning("stage %s: probe: %s", stage_of(b)->name, why);
	b->open = !passed;
}

static void
probe_send(struct request *r, struct channel *c)
{
	struct breaker *b = r->arg;
	struct arena arena = { 0 };
	struct answers answers;
	struct facts facts;
	struct call call = { .phase = PHASE_PROBE, .now = time(NULL),
		.remaining_ms = r->deadline_ms, .stages = { b->stage }, .stage_count = 1,
		.event = SPAN("probe"), .facts = &facts, .answers = &answers,
		.raw = SPAN(""), .raw_fd = -1, .view = SPAN(""), .view_fd = -1 };
	struct call_fds fds;
	struct buf packed = { 0 };

	facts_init(&facts, &arena);
	answers_init(&answers, &arena);
	if (call_pack(&packed, &call, &fds) != 0)
		log_panic("out of descriptors");
	channel_send(c, PROTO_CALL, r->id, buf_span(&packed), fds.fd, fds.count);
	call_fds_close(&fds);
	buf_free(&packed);
	arena_free(&arena);
}

/* A probe that asks questions tells nothing by its first run. */
static void
probe_replied(struct request *r, struct frame *f)
{
	struct breaker *b = r->arg;
	struct unpack u = unpack_of(f->body);
	struct arena arena = { 0 };
	struct outcome *o = NULL;
	struct asked *ahead;
	char why[300] = "";
	bool passed = true;

	if (f->type == PROTO_WAIT) {
		pool_cancel(r);
	} else {
		passed = outcomes_unpack(&u, &arena, &o, &ahead) == 0 && o != NULL &&
		    o->returned == 0 && o->result.verdict == MT_CONTINUE;
		if (o != NULL)
			log_quote(why, sizeof(why), span_of(o->result.text));
	}
	probed(b, passed, why);
	arena_free(&arena);
}

static void
probe_lost(struct request *r, const char *why)
{
	probed(r->arg, false, why);
}

static void
probe(struct breaker *b)
{
	b->probing = true;
	b->request = (struct request){ .id = ++b->pipeline->traffic->last_id,
		.deadline_ms = stage_of(b)->deadline_ms, .send = probe_send,
		.reply = probe_replied, .lost = probe_lost, .arg = b };
	pool_submit(b->pipeline->workers[b->stage], &b->request);
}

static struct breaker *
breaker_of(struct pipeline *p, uint32_t stage)
{
	struct breaker *b = &p->breakers[stage < BREAKERS_MAX ? stage : 0];

	if (stage >= BREAKERS_MAX || p->workers[stage] == NULL ||
	    (p->settings->stages[stage].descriptor.callbacks & DESCRIPTOR_PROBE) == 0)
		return NULL;
	b->pipeline = p;
	b->stage = stage;
	return b;
}

void
breaker_failed(struct pipeline *p, uint32_t stage)
{
	struct breaker *b = breaker_of(p, stage);

	if (b == NULL || b->open || b->probing)
		return;
	if (clock_ms() - b->since_ms > BREAKER_WINDOW_MS) {
		b->since_ms = clock_ms();
		b->failures = 0;
	}
	if (++b->failures >= BREAKER_FAILURES)
		probe(b);
}

bool
breaker_is_open(struct pipeline *p, uint32_t stage)
{
	struct breaker *b = breaker_of(p, stage);

	if (b == NULL || !b->open)
		return false;
	if (!b->probing && clock_ms() >= b->retry_ms)
		probe(b);
	return b->open;
}
