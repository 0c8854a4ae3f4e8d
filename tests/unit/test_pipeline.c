/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's walk with workers played by the test: what a mail waits for,
 * what a worker may say, what a death costs and whom.
 */
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

static void
own_dns(void *arg, struct mail *m, const struct question *q, uint32_t count)
{
	(void)arg;
	(void)m;
	(void)q;
	owner.dns_count += (int)count;
}

static void
own_key(void *arg, struct mt_span stage, struct mt_span key, uint8_t out[CLAIM_KEY_SIZE])
{
	(void)arg;
	memset(out, 0, CLAIM_KEY_SIZE);
	memcpy(out, key.ptr, key.len < 16 ? key.len : 16);
	memcpy(out + 16, stage.ptr, stage.len < 16 ? stage.len : 16);
}

static void
own_look(void *arg, struct mail *m, struct claim *c, struct mt_span question)
{
	(void)arg;
	owner.looked = c;
	owner.question = question;
	if (!owner.look_later)
		mail_looked(m, c, question, owner.used, 0, owner.holder, owner.holder_seen);
}

static void
own_get(void *arg, struct mail *m, const uint8_t key[CLAIM_KEY_SIZE], struct mt_span question)
{
	struct answer a = { .question = question, .status = MT_NODATA };

	(void)arg;
	(void)key;
	mail_answer(m, &a);
}

static void
own_judged(void *arg, struct mail *m)
{
	(void)arg;
	owner.judged[owner.judged_count++] = m;
}

static void
own_freed(void *arg, struct mail *m)
{
	(void)arg;
	(void)m;
	owner.freed++;
}

static int killed;

static void
own_kill(void *arg, uint32_t instance)
{
	(void)arg;
	(void)instance;
	killed++;
}

static struct pipeline p;
static struct pool *pool;
static int worker;		/* the test's end of the only worker */
static struct buf frame_bytes;

static void
worker_start(void)
{
	int fds[2];

	assert_int_equal(socketpair_open(fds), 0);
	pool_join(pool, fds[0], 1);
	worker = fds[1];
	assert_int_equal(frame_send(worker, PROTO_READY, 0, SPAN(""), NULL, 0), 0);
}

static int
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
	p = (struct pipeline){ .loop = loop_new(), .settings = &settings, .ops = {
		.dns = own_dns, .claim_key = own_key, .look = own_look, .get = own_get,
		.judged = own_judged, .freed = own_freed } };
	pool = pool_new(p.loop, "worker", "g", true, &hooks);
	p.parser = pool;
	p.workers = calloc(3, sizeof(*p.workers));
	for (int i = 0; i < 3; i++)
		p.workers[i] = pool;
	worker_start();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(worker);
	pool_free(pool);
	free(p.workers);
	idmap_free(&p.mails);
	free(p.claims.buckets);
	loop_free(p.loop);
	buf_free(&frame_bytes);
	return 0;
}

static void
spin(void)
{
	for (int i = 0; i < 8; i++)
		loop_once(p.loop, 0);
}

static struct mail *
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
static struct frame
receive(uint32_t type)
{
	struct frame f;

	spin();
	assert_int_equal(frame_recv(worker, &f, &frame_bytes, MSG_DONTWAIT), 0);
	assert_int_equal(f.type, type);
	return f;
}

static bool
nothing_comes(void)
{
	struct frame f;

	spin();
	return frame_recv(worker, &f, &frame_bytes, MSG_DONTWAIT) == EAGAIN;
}

static void
send_results(uint32_t id, struct outcome *outcomes, const struct asked *ahead)
{
	struct buf b = { 0 };

	outcomes_pack(&b, outcomes, ahead);
	assert_int_equal(frame_send(worker, PROTO_RESULT, id, buf_span(&b), NULL, 0), 0);
	buf_free(&b);
	spin();
}

/* Every stage of the call says continue. */
static void
send_ok(uint32_t id)
{
	const struct mail *m = mail_find(&p, id);
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

static void
send_verdict(uint32_t id, int verdict, const char *reason)
{
	struct arena a = { 0 };
	struct outcome o = { .stage = 0, .result.verdict = verdict };

	snprintf(o.result.reason, sizeof(o.result.reason), "%s", reason);
	facts_init(&o.facts, &a);
	send_results(id, &o, NULL);
	arena_free(&a);
}

static void
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

static void
both_stages_go_in_one_call(void **state)
{
	struct mail *m = start();
	struct frame f = receive(PROTO_CALL);
	struct arena a = { 0 };
	struct facts facts;
	struct answers answers;
	struct call call = { .facts = &facts, .answers = &answers };
	struct bytes raw, view;

	(void)state;
	facts_init(&facts, &a);
	answers_init(&answers, &a);
	assert_int_equal(call_unpack(&f, &call, &raw, &view), 0);
	assert_int_equal(call.stage_count, 2);
	assert_true(span_is(call.envelope.sender, "x@example.org"));
	assert_int_equal(call.now, 1000);
	send_ok(f.id);
	assert_int_equal(owner.judged_count, 1);
	assert_int_equal(m->verdict.disposition, ACCEPTED);
	mail_end(m);
	assert_int_equal(owner.freed, 1);
	arena_free(&a);
}

static void
a_stage_that_edits_ends_its_segment(void **state)
{
	struct mail *m;

	(void)state;
	stages[0].descriptor.needs = MT_NEED_EDIT;
	stages[0].descriptor.callbacks = DESCRIPTOR_MESSAGE;
	stages[1].descriptor.callbacks = DESCRIPTOR_MESSAGE;
	m = start();		/* nothing to do in the envelope */
	assert_int_equal(owner.judged_count, 1);
	m->phase = PHASE_MESSAGE;
	m->cursor = 0;
	mail_walk(m);
	assert_int_equal(m->segment_count, 1);
	send_verdict(receive(PROTO_CALL).id, MT_CONTINUE, "");
	assert_int_equal(m->segment[0], 1);
	send_ok(receive(PROTO_CALL).id);
	assert_int_equal(m->verdict.code, 250);
	mail_end(m);
}

static void
reject_stops(void **state)
{
	struct mail *m = start();

	(void)state;
	send_verdict(receive(PROTO_CALL).id, MT_REJECT, "a.no");
	assert_int_equal(m->verdict.code, 550);
	assert_string_equal(m->verdict.reason, "a.no");
	assert_string_equal(m->verdict.stage, "a");
	mail_end(m);
}

static void
undeclared_fact_is_a_failure(void **state)
{
	struct mail *m = start();
	struct frame f = receive(PROTO_CALL);
	struct arena a = { 0 };
	struct outcome o = { .stage = 0 };
	struct mt_fact fact = { .key = "auth.spf", .type = MT_TEXT, .text = SPAN("pass") };

	(void)state;
	facts_init(&o.facts, &a);
	assert_int_equal(facts_add(&o.facts, "a", NULL, &fact), 0);
	send_results(f.id, &o, NULL);
	assert_int_equal(m->verdict.code, 451);
	assert_string_equal(m->verdict.reason, "host.stage.lied");
	assert_null(facts_find(&m->facts, "auth.spf"));
	mail_end(m);
	arena_free(&a);
}

static void
results_for_other_stages_are_refused(void **state)
{
	struct mail *m = start();
	struct frame f = receive(PROTO_CALL);
	struct arena a = { 0 };
	struct outcome o = { .stage = 2 };

	(void)state;
	facts_init(&o.facts, &a);
	send_results(f.id, &o, NULL);
	assert_int_equal(m->verdict.code, 451);
	mail_end(m);
	arena_free(&a);
}

static void
garbage_costs_one_mail(void **state)
{
	struct mail *m = start();
	struct frame f = receive(PROTO_CALL);

	(void)state;
	assert_int_equal(frame_send(worker, PROTO_RESULT, f.id, SPAN("\1\2\3"), NULL, 0), 0);
	spin();
	assert_int_equal(m->verdict.code, 451);
	mail_end(m);
	m = start();
	send_ok(receive(PROTO_CALL).id);
	assert_int_equal(m->verdict.code, 250);
	mail_end(m);
}

static void
claim_is_granted_and_released(void **state)
{
	struct mail *m = start();
	struct frame f = receive(PROTO_CALL);
	uint32_t id = f.id;

	(void)state;
	send_wait(id, QUESTION_TAKE, "k", 1);
	assert_int_equal(p.claims.used, 1);
	assert_true(m->has_message_key);
	assert_int_equal(receive(PROTO_ANSWERS).id, id);
	send_ok(id);
	assert_int_equal(m->verdict.code, 250);
	assert_int_equal(p.claims.used, 1);	/* until its owner is done */
	mail_end(m);
	assert_int_equal(p.claims.used, 0);
}

/* Another mail that meets a tentative claim gets MT_BUSY. */
static void
claim_in_flight_is_busy(void **state)
{
	struct mail *first = start(), *second;
	uint32_t a = receive(PROTO_CALL).id, b;
	struct answer *answer;

	(void)state;
	owner.look_later = true;
	send_wait(a, QUESTION_TAKE, "k", 1);
	second = start();
	b = receive(PROTO_CALL).id;
	send_wait(b, QUESTION_TAKE, "k", 1);
	receive(PROTO_ANSWERS);
	answer = second->answers.head;
	assert_int_equal(answer->status, MT_BUSY);
	send_verdict(b, MT_TEMPFAIL, "a.busy");
	assert_int_equal(second->verdict.code, 451);
	mail_end(second);
	mail_end(first);	/* deferred by its session: nothing is claimed */
	assert_int_equal(p.claims.used, 0);
}

static void
claim_taken_names_its_holder(void **state)
{
	struct mail *m = start();
	uint32_t id = receive(PROTO_CALL).id;

	(void)state;
	owner.used = 1;
	owner.holder = "evt_first";
	owner.holder_seen = true;
	send_wait(id, QUESTION_TAKE, "k", 1);
	receive(PROTO_ANSWERS);
	assert_int_equal(m->answers.head->status, MT_TAKEN);
	assert_true(span_is(m->answers.head->rr[0], "evt_first"));
	assert_int_equal(p.claims.used, 0);
	send_verdict(id, MT_REJECT, "auth.replay");
	assert_int_equal(m->verdict.disposition, REJECTED);
	mail_end(m);
}

/* Its sender never saw our 250: it gets it now, with the first event. */
static void
unseen_duplicate_gets_250(void **state)
{
	struct mail *m = start();
	uint32_t id = receive(PROTO_CALL).id;
	char text[128];

	(void)state;
	owner.used = 1;
	owner.holder = "evt_first";
	owner.holder_seen = false;
	send_wait(id, QUESTION_TAKE, "k", 1);
	receive(PROTO_ANSWERS);
	send_verdict(id, MT_REJECT, "auth.replay");
	assert_int_equal(m->verdict.disposition, DUPLICATE);
	assert_int_equal(m->verdict.code, 250);
	assert_string_equal(reply_text(m, text, sizeof(text)), "evt_first accepted");
	mail_end(m);
}

static void
questions_have_a_budget(void **state)
{
	struct mail *m = start();
	uint32_t id = receive(PROTO_CALL).id;
	uint32_t spent = 0;

	(void)state;
	send_wait(id, QUESTION_DNS, "n", MT_QUESTIONS_MAX + 1);
	assert_int_equal(owner.dns_count, MT_QUESTIONS_MAX);
	for (const struct answer *a = m->answers.head; a != NULL; a = a->next)
		spent += a->status == MT_BUDGET;
	assert_int_equal(spent, 1);
	assert_true(nothing_comes());	/* the others are still awaited */
	mail_end(m);
}

static void
lost_resolver_is_a_temporary_failure(void **state)
{
	struct mail *m = start();
	uint32_t id = receive(PROTO_CALL).id;

	(void)state;
	send_wait(id, QUESTION_DNS, "n", 2);
	assert_true(nothing_comes());
	mail_dns_lost(m);
	receive(PROTO_ANSWERS);
	assert_int_equal(m->answers.head->status, MT_SERVFAIL);
	send_ok(id);
	mail_end(m);
}

/* The mail in hand gets its policy, those behind it are sent again. */
static void
death_costs_the_mail_in_hand(void **state)
{
	struct mail *first = start(), *second = start();
	uint32_t again;

	(void)state;
	receive(PROTO_CALL);
	receive(PROTO_CALL);
	close(worker);
	spin();
	assert_int_equal(owner.judged_count, 1);
	assert_ptr_equal(owner.judged[0], first);
	assert_int_equal(first->verdict.code, 451);
	assert_string_equal(first->verdict.reason, "host.stage.failed");
	worker_start();
	again = receive(PROTO_CALL).id;
	assert_int_equal(again, second->id);
	send_ok(again);
	assert_int_equal(second->verdict.code, 250);
	mail_end(first);
	mail_end(second);
}

/* A mail that waited for answers loses nothing: it is called anew with what
 * is known. */
static void
death_forgets_no_answers(void **state)
{
	struct mail *m = start();
	uint32_t id = receive(PROTO_CALL).id;
	struct answer answer = { .status = MT_NODATA };

	(void)state;
	send_wait(id, QUESTION_DNS, "n", 1);
	close(worker);
	spin();
	assert_int_equal(owner.judged_count, 0);
	worker_start();
	answer.question = m->awaited->question;
	mail_answer(m, &answer);
	id = receive(PROTO_CALL).id;
	send_ok(id);
	assert_int_equal(m->verdict.code, 250);
	mail_end(m);
}

static void
hung_worker_is_killed(void **state)
{
	struct mail *m;

	(void)state;
	stages[0].deadline_ms = stages[1].deadline_ms = 0;
	m = start();
	while (owner.judged_count == 0)
		loop_once(p.loop, -1);
	assert_int_equal(killed, 1);
	assert_int_equal(m->verdict.code, 451);
	assert_string_equal(m->verdict.reason, "host.stage.timeout");
	mail_end(m);
}

static void
written_skip_goes_on(void **state)
{
	struct mail *m;

	(void)state;
	stages[0].on_error = ON_ERROR_SKIP;
	m = start();
	receive(PROTO_CALL);
	close(worker);
	spin();
	worker_start();
	assert_int_equal(m->segment[0], 1);
	send_ok(receive(PROTO_CALL).id);
	assert_int_equal(m->verdict.code, 250);
	mail_end(m);
}

static void
withdrawn_mail_waits_for_its_worker(void **state)
{
	struct mail *m = start();
	uint32_t id = receive(PROTO_CALL).id;

	(void)state;
	mail_end(m);
	assert_int_equal(owner.freed, 0);
	send_ok(id);
	assert_int_equal(owner.freed, 1);
	assert_int_equal(owner.judged_count, 0);
}

static void
verdicts_combine(void **state)
{
	static const struct {
		int returned, verdict, on_error;
		uint16_t code;
		bool stops;
		uint16_t want;
		int disposition;
	} cells[] = {
		{ 0, MT_CONTINUE, ON_ERROR_TEMPFAIL, 0, false, 250, ACCEPTED },
		{ 0, MT_CONTINUE, ON_ERROR_TEMPFAIL, 550, false, 250, ACCEPTED },
		{ 0, MT_REJECT, ON_ERROR_TEMPFAIL, 0, true, 550, REJECTED },
		{ 0, MT_REJECT, ON_ERROR_TEMPFAIL, 554, true, 554, REJECTED },
		{ 0, MT_REJECT, ON_ERROR_TEMPFAIL, 451, true, 550, REJECTED },
		{ 0, MT_REJECT, ON_ERROR_TEMPFAIL, 250, true, 550, REJECTED },
		{ 0, MT_TEMPFAIL, ON_ERROR_TEMPFAIL, 0, true, 451, DEFERRED },
		{ 0, MT_TEMPFAIL, ON_ERROR_SKIP, 452, true, 452, DEFERRED },
		{ 0, MT_TEMPFAIL, ON_ERROR_TEMPFAIL, 550, true, 451, DEFERRED },
		{ 0, 99, ON_ERROR_TEMPFAIL, 0, true, 451, DEFERRED },
		{ 0, -1, ON_ERROR_TEMPFAIL, 0, true, 451, DEFERRED },
		{ -1, MT_CONTINUE, ON_ERROR_TEMPFAIL, 0, true, 451, DEFERRED },
		{ -1, MT_REJECT, ON_ERROR_SKIP, 0, false, 250, ACCEPTED },
		{ -1, MT_CONTINUE, ON_ERROR_QUARANTINE, 0, false, 250, QUARANTINED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		struct setting_stage s = { .name = "a", .on_error = (uint8_t)cells[i].on_error };
		struct outcome o = { .returned = cells[i].returned,
			.result = { .verdict = cells[i].verdict, .smtp_code = cells[i].code } };
		struct verdict v = verdict_accepted();

		assert_int_equal(verdict_add(&v, &s, PHASE_MESSAGE, &o), cells[i].stops);
		assert_int_equal(v.code, cells[i].want);
		assert_int_equal(v.disposition, cells[i].disposition);
	}
}

static void
reply_text_is_one_printable_line(void **state)
{
	struct setting_stage s = { .name = "a" };
	struct outcome o = { .result = { .verdict = MT_REJECT, .text = "a\r\n250 ok\x80",
		.enhanced = "2.0.0" } };
	struct verdict v = verdict_accepted();

	(void)state;
	assert_true(verdict_add(&v, &s, PHASE_MESSAGE, &o));
	assert_string_equal(v.text, "a??250 ok?");
	assert_string_equal(v.enhanced, "5.7.1");	/* a class that is no 5 */
}

static void
holds_stick_and_reject_wins(void **state)
{
	struct setting_stage s = { .name = "a" };
	struct hold hold = { .releaser = SPAN("operator") };
	struct outcome o = { .holds = &hold }, reject = { .result.verdict = MT_REJECT };
	struct verdict v = verdict_accepted();

	(void)state;
	assert_false(verdict_add(&v, &s, PHASE_MESSAGE, &o));
	assert_int_equal(v.disposition, HELD);
	assert_int_equal(v.code, 250);
	assert_true(verdict_add(&v, &s, PHASE_MESSAGE, &reject));
	assert_int_equal(v.disposition, REJECTED);
}

static void
intents_are_selected(void **state)
{
	static const struct {
		const char *subject, *text, *verb;	/* NULL: ambiguous */
	} cells[] = {
		{ "hello", "world", "create_task" },
		{ "#update the thing", "", "update_task" },
		{ "please #UPDATE", "", "update_task" },
		{ "x#update", "", "create_task" },
		{ "fix #bug #123", "", "create_task" },
		{ "#task", "#create\n", "create_task" },
		{ "", "text\n#update\nmore", "update_task" },
		{ "", "text #update inside", "create_task" },
		{ "", "> #update quoted", "create_task" },
		{ "", "-- \n#update in the signature", "create_task" },
		{ "#task #update", "", NULL },
		{ "#task", "#update", NULL },
		{ "#delete this", "", "create_task" },	/* not of this route */
		{ "#update_task", "", "update_task" },
	};
	struct call_intent intent;

	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		int error = intent_find(&route, span_of(cells[i].subject),
		    span_of(cells[i].text), &intent);

		assert_int_equal(error, cells[i].verb == NULL ? EINVAL : 0);
		if (cells[i].verb != NULL)
			assert_true(span_is(intent.verb, cells[i].verb));
	}
	assert_int_equal(intent_class("update_task"), MT_MODIFY);
	assert_int_equal(intent_class("nobody_knows"), MT_APPROVE);
}

/* Against a plain array: set, find and remove of many numbers. */
static void
idmap_is_a_map(void **state)
{
	struct idmap map = { 0 };
	void *model[512] = { NULL };
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		unsigned id;

		seed = seed * 1103515245u + 12345u;
		id = seed >> 16 & 511;
		if ((seed & 0x8000) != 0) {
			model[id] = &model[id];
			idmap_set(&map, id, model[id]);
		} else {
			assert_ptr_equal(idmap_remove(&map, id), model[id]);
			model[id] = NULL;
		}
	}
	for (unsigned id = 0; id < 512; id++)
		assert_ptr_equal(idmap_find(&map, id), model[id]);
	idmap_free(&map);
}

static void
json_is_valid_whatever_comes(void **state)
{
	struct buf b = { 0 };
	struct emit j = emit_of(&b);

	(void)state;
	emit_object(&j, NULL);
	emit_string(&j, "a\"b", span_make("\x01\xff\xc3\xa9\n", 5));
	emit_array(&j, "list");
	emit_int(&j, NULL, -1);
	emit_bool(&j, NULL, true);
	emit_end_array(&j);
	emit_null(&j, "n");
	emit_end_object(&j);
	assert_string_equal(buf_string(&b),
	    "{\"a\\\"b\":\"\\u0001\xef\xbf\xbd\xc3\xa9\\n\",\"list\":[-1,true],\"n\":null}");
	buf_free(&b);
}

static void
events_are_well_formed(void **state)
{
	char a[40], b[40];

	(void)state;
	event_make(a);
	event_make(b);
	assert_int_equal(strlen(a), 30);
	assert_int_equal(strspn(a + 4, "0123456789abcdefghjkmnpqrstvwxyz"), 26);
	assert_string_not_equal(a, b);
}

#define PIPELINE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_TEST(both_stages_go_in_one_call),
		PIPELINE_TEST(a_stage_that_edits_ends_its_segment),
		PIPELINE_TEST(reject_stops),
		PIPELINE_TEST(undeclared_fact_is_a_failure),
		PIPELINE_TEST(results_for_other_stages_are_refused),
		PIPELINE_TEST(garbage_costs_one_mail),
		PIPELINE_TEST(claim_is_granted_and_released),
		PIPELINE_TEST(claim_in_flight_is_busy),
		PIPELINE_TEST(claim_taken_names_its_holder),
		PIPELINE_TEST(unseen_duplicate_gets_250),
		PIPELINE_TEST(questions_have_a_budget),
		PIPELINE_TEST(lost_resolver_is_a_temporary_failure),
		PIPELINE_TEST(death_costs_the_mail_in_hand),
		PIPELINE_TEST(death_forgets_no_answers),
		PIPELINE_TEST(hung_worker_is_killed),
		PIPELINE_TEST(written_skip_goes_on),
		PIPELINE_TEST(withdrawn_mail_waits_for_its_worker),
		cmocka_unit_test(verdicts_combine),
		cmocka_unit_test(reply_text_is_one_printable_line),
		cmocka_unit_test(holds_stick_and_reject_wins),
		cmocka_unit_test(intents_are_selected),
		cmocka_unit_test(idmap_is_a_map),
		cmocka_unit_test(json_is_valid_whatever_comes),
		cmocka_unit_test(events_are_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
