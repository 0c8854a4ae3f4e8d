/* SPDX-License-Identifier: BSD-2-Clause */
/* A pipeline of two stages whose owner and only worker the test plays; its
 * functions are for the tests that include it. */
#ifndef MAILTRI_TESTS_PIPELINE_RIG_H
#define MAILTRI_TESTS_PIPELINE_RIG_H

#include "test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/emit.h"
#include "base/idmap.h"
#include "base/log.h"
#include "base/proto.h"
#include "pipeline/intent.h"
#include "pipeline/mail.h"
#include "pipeline/report.h"
#include "pipeline/walk.h"

static struct mt_fact_decl writes[] = {
	{ .key = "a.word", .type = MT_TEXT }, { .key = NULL },
};

static const char *intents[] = { "create_task", "update_task" };

static struct setting_route route = {
	.address = "task.linear@example.com", .verb = "task", .target = "linear",
	.intents = intents, .intent_count = 2,
};

static struct setting_stage stages[3];
static struct settings settings;

/* What the owner of the pipeline saw. */
static struct {
	struct mail *judged[8];
	int judged_count, dns_count, freed;
	uint32_t used;		/* what look() finds */
	const char *holder;
	bool holder_seen, look_later;
	struct claim *looked;
	struct mt_span question;
} owner;

static inline void
own_dns(void *arg, struct mail *m, const struct question *q, uint32_t count)
{
	(void)arg;
	(void)m;
	(void)q;
	owner.dns_count += (int)count;
}

static inline void
own_key(void *arg, struct mt_span stage, struct mt_span key, uint8_t out[CLAIM_KEY_SIZE])
{
	(void)arg;
	memset(out, 0, CLAIM_KEY_SIZE);
	memcpy(out, key.ptr, key.len < 16 ? key.len : 16);
	memcpy(out + 16, stage.ptr, stage.len < 16 ? stage.len : 16);
}

static inline void
own_look(void *arg, struct mail *m, struct claim *c, struct mt_span question)
{
	(void)arg;
	owner.looked = c;
	owner.question = question;
	if (!owner.look_later)
		mail_looked(m, c, question, owner.used, 0, owner.holder, owner.holder_seen);
}

static inline void
own_get(void *arg, struct mail *m, const uint8_t key[CLAIM_KEY_SIZE], struct mt_span question)
{
	struct answer a = { .question = question, .status = MT_NODATA };

	(void)arg;
	(void)key;
	mail_answer(m, &a);
}

static inline void
own_judged(void *arg, struct mail *m)
{
	(void)arg;
	owner.judged[owner.judged_count++] = m;
}

static inline void
own_freed(void *arg, struct mail *m)
{
	(void)arg;
	(void)m;
	owner.freed++;
}

static int killed;

static inline void
own_kill(void *arg, uint32_t instance)
{
	(void)arg;
	(void)instance;
	killed++;
}

static struct traffic traffic;
static struct pipeline p;
static struct pool *pool;
static int worker;		/* the test's end of the only worker */
static struct buf frame_bytes;

static inline void
worker_start(void)
{
	int fds[2];

	assert_int_equal(socketpair_open(fds), 0);
	pool_join(pool, fds[0], 1);
	worker = fds[1];
	assert_int_equal(frame_send(worker, PROTO_READY, 0, SPAN(""), NULL, 0), 0);
}

static inline int
setup(void **state)
{
	const struct pool_hooks hooks = { .kill = own_kill };

	(void)state;
	memset(&owner, 0, sizeof(owner));
	killed = 0;
	for (int i = 0; i < 3; i++)
		stages[i] = (struct setting_stage){ .name = i == 0 ? "a" : i == 1 ? "b" : "c",
			.group = "g", .deadline_ms = 60000,
			.descriptor = { .callbacks = DESCRIPTOR_ENVELOPE | DESCRIPTOR_MESSAGE,
			.writes = writes, .write_count = 1 } };
	settings = (struct settings){ .hostname = "mx.example.com", .stages = stages,
		.stage_count = 3, .pipeline_count = 2, .routes = &route, .route_count = 1,
		.limits = { .judge_ms = 60000 } };
	traffic = (struct traffic){ .last_id = 0 };
	p = (struct pipeline){ .loop = loop_new(), .traffic = &traffic,
		.settings = &settings, .ops = { .dns = own_dns, .claim_key = own_key, .look = own_look, .get = own_get,
		.judged = own_judged, .freed = own_freed } };
	pool = pool_new(p.loop, "worker", "g", true, &hooks);
	p.parser = pool;
	p.workers = calloc(3, sizeof(*p.workers));
	for (int i = 0; i < 3; i++)
		p.workers[i] = pool;
	worker_start();
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	close(worker);
	pool_free(pool);
	free(p.workers);
	idmap_free(&traffic.mails);
	free(traffic.claims.buckets);
	loop_free(p.loop);
	buf_free(&frame_bytes);
	return 0;
}

static inline void
spin(void)
{
	for (int i = 0; i < 8; i++)
		loop_once(p.loop, 0);
}

static inline struct mail *
start(void)
{
	struct envelope e = { .client = SPAN("192.0.2.1"), .helo = SPAN("h.example"),
		.sender = SPAN("x@example.org"), .rcpt = SPAN("task.linear@example.com") };
	struct mail *m = mail_new(&p, &e, 1000);

	assert_non_null(m->route);
	mail_envelope(m);
	spin();
	return m;
}

/* The next frame the worker finds; fails when there is none. */
static inline struct frame
receive(uint32_t type)
{
	struct frame f;

	spin();
	assert_int_equal(frame_recv(worker, &f, &frame_bytes, MSG_DONTWAIT), 0);
	assert_int_equal(f.type, type);
	return f;
}

static inline bool
nothing_comes(void)
{
	struct frame f;

	spin();
	return frame_recv(worker, &f, &frame_bytes, MSG_DONTWAIT) == EAGAIN;
}

static inline void
send_results(uint32_t id, struct outcome *outcomes, const struct asked *ahead)
{
	struct buf b = { 0 };

	outcomes_pack(&b, outcomes, ahead);
	assert_int_equal(frame_send(worker, PROTO_RESULT, id, buf_span(&b), NULL, 0), 0);
	buf_free(&b);
	spin();
}

/* Every stage of the call says continue. */
static inline void
send_ok(uint32_t id)
{
	const struct mail *m = mail_find(&traffic, id);
	struct outcome outcomes[CALL_STAGES_MAX] = { { 0 } };
	struct arena a = { 0 };

	for (uint32_t i = 0; i < m->segment_count; i++) {
		outcomes[i].stage = m->segment[i];
		outcomes[i].next = i + 1 < m->segment_count ? &outcomes[i + 1] : NULL;
		facts_init(&outcomes[i].facts, &a);
	}
	send_results(id, outcomes, NULL);
	arena_free(&a);
}

static inline void
send_verdict(uint32_t id, int verdict, const char *reason)
{
	struct arena a = { 0 };
	struct outcome o = { .stage = 0, .result.verdict = verdict };

	snprintf(o.result.reason, sizeof(o.result.reason), "%s", reason);
	facts_init(&o.facts, &a);
	send_results(id, &o, NULL);
	arena_free(&a);
}

static inline void
send_wait(uint32_t id, uint8_t kind, const char *key, uint32_t count)
{
	struct arena a = { 0 };
	struct asked *head = NULL, **tail = &head;
	struct buf b = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		struct question q = { .kind = kind, .limit = kind == QUESTION_TAKE,
			.window_s = 60, .flags = MT_CLAIM_MESSAGE,
			.key = span_of(arena_printf(&a, "%s%u", key, i)) };
		struct buf packed = { 0 };
		struct asked *asked = arena_alloc(&a, sizeof(*asked));

		question_pack(&packed, &q);
		asked->question = arena_span(&a, buf_span(&packed));
		*tail = asked;
		tail = &asked->next;
		buf_free(&packed);
	}
	asked_pack(&b, head);
	assert_int_equal(frame_send(worker, PROTO_WAIT, id, buf_span(&b), NULL, 0), 0);
	buf_free(&b);
	arena_free(&a);
	spin();
}

#endif
