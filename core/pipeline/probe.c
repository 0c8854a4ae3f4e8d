/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending a probe, reading what came of it. */
#include "pipeline/probe.h"

#include <time.h>

#include "base/log.h"
#include "base/proto.h"

static void
probe_send(struct request *r, struct channel *c)
{
	struct probe *p = r->arg;
	struct arena arena = { 0 };
	struct answers answers;
	struct facts facts;
	struct call call = { .phase = PHASE_PROBE, .now = time(NULL),
		.remaining_ms = r->deadline_ms, .stages = { p->stage }, .stage_count = 1,
		.event = SPAN("probe"), .facts = &facts, .answers = &answers,
		.raw = SPAN(""), .raw_fd = -1, .view = SPAN(""), .view_fd = -1 };
	struct call_fds fds;
	struct buf packed = { 0 };

	if (p->route != NULL)
		call.intent.route = span_of(p->route);
	facts_init(&facts, &arena);
	answers_init(&answers, &arena);
	if (call_pack(&packed, &call, &fds) != 0)
		log_panic("out of descriptors");
	channel_send(c, PROTO_CALL, r->id, buf_span(&packed), fds.fd, fds.count);
	call_fds_close(&fds);
	buf_free(&packed);
	arena_free(&arena);
}

static void
probe_replied(struct request *r, struct frame *f)
{
	struct probe *p = r->arg;
	struct unpack u = unpack_of(f->body);
	struct arena arena = { 0 };
	struct outcome *o = NULL;
	struct asked *ahead;

	if (f->type == PROTO_WAIT) {
		pool_cancel(r);
		p->done(p, PROBE_ASKS, NULL);
		return;
	}
	if (outcomes_unpack(&u, &arena, &o, &ahead) != 0)
		o = NULL;
	p->done(p, PROBE_ANSWERED, o);
	arena_free(&arena);
}

static void
probe_lost(struct request *r, const char *why)
{
	struct probe *p = r->arg;

	(void)why;
	p->done(p, PROBE_LOST, NULL);
}

void
probe_start(struct probe *p, struct pool *pool, uint32_t id, uint32_t deadline_ms)
{
	p->request = (struct request){ .id = id, .deadline_ms = deadline_ms,
		.send = probe_send, .reply = probe_replied, .lost = probe_lost, .arg = p };
	pool_submit(pool, &p->request);
}

bool
probe_passed(const struct outcome *o)
{
	return o != NULL && o->returned == 0 && o->result.verdict == MT_CONTINUE;
}
