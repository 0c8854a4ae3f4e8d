/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's walk with workers played by the test: what a mail waits for,
 * what a worker may say, what a death costs and whom.
 */
#include "pipeline_rig.h"

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

#define RAW "Subject: hi\r\n\r\nbody\r\n"

/* A mail at the first of two stages that may edit, parsed: one field. */
static struct mail *
parsed_mail(void)
{
	struct mail_bytes raw = { .span = SPAN(RAW), .fd = -1 };
	struct view_builder *b = view_builder_new(raw.span);
	struct buf block = { 0 };
	struct mail *m;

	for (int i = 0; i < 2; i++) {
		stages[i].descriptor.needs = MT_NEED_EDIT;
		stages[i].descriptor.callbacks = DESCRIPTOR_MESSAGE;
	}
	m = start();		/* nothing to do in the envelope */
	assert_int_equal(owner.judged_count, 1);
	view_builder_field(b, &(struct view_field){ .name = SPAN("Subject"), .length = 13,
	    .value = span_make(raw.span.ptr + 9, 2) });
	view_builder_body(b, 15);
	view_builder_finish(b, &block);
	m->raw = raw;
	m->view_block = (struct mail_bytes){ .span = buf_span(&block), .own = block.p, .fd = -1 };
	assert_int_equal(view_open(&m->view, m->view_block.span, m->raw.span), 0);
	assert_int_equal(intent_find(&route, SPAN("hi"), SPAN(""), &m->intent), 0);
	m->has_raw = true;
	m->phase = PHASE_MESSAGE;
	m->cursor = 0;
	mail_walk(m);
	assert_int_equal(m->segment_count, 2);
	return m;
}

/* The outcomes of the first `count' stages; the first one edited. */
static void
send_edit(uint32_t id, uint32_t count, const struct mt_edit *edit)
{
	struct outcome outcomes[2] = { { .stage = 0 }, { .stage = 1 } };
	struct edit e = { .value = *edit };
	struct arena a = { 0 };

	outcomes[0].edits = &e;
	outcomes[0].next = count > 1 ? &outcomes[1] : NULL;
	for (uint32_t i = 0; i < 2; i++)
		facts_init(&outcomes[i].facts, &a);
	send_results(id, outcomes, NULL);
	arena_free(&a);
}

static const struct mt_edit trace = { .op = MT_FIELD_ADD, .name = SPAN("X-T"), .bytes = SPAN("1") };
static const struct mt_edit subject = { .op = MT_FIELD_ADD, .name = SPAN("Subject"),
	.bytes = SPAN("2") };

static void
trace_fields_need_no_parser(void **state)
{
	struct mail *m = parsed_mail();
	struct view_field f;

	(void)state;
	send_edit(receive(PROTO_CALL).id, 2, &trace);
	assert_true(nothing_comes());
	assert_int_equal(m->verdict.code, 250);
	assert_true(span_is(m->raw.span, "X-T: 1\r\n" RAW));
	assert_int_equal(view_field(&m->view, 1, &f), 0);
	assert_true(span_is(f.value, "hi"));
	assert_non_null(m->edits);
	mail_end(m);
}

static void
other_edits_go_to_the_parser(void **state)
{
	struct mail *m = parsed_mail();
	struct buf b = { 0 };
	struct frame f;

	(void)state;
	send_edit(receive(PROTO_CALL).id, 1, &subject);
	f = receive(PROTO_APPLY);	/* the only peer plays the parser too */
	pack_u8(&b, 1);
	pack_string(&b, "");
	bytes_pack(&b, m->raw.span);
	bytes_pack(&b, m->view_block.span);
	assert_int_equal(frame_send(worker, PROTO_EDITED, f.id, buf_span(&b), NULL, 0), 0);
	buf_free(&b);
	f = receive(PROTO_CALL);
	assert_int_equal(m->segment_count, 1);
	assert_int_equal(m->segment[0], 1);
	send_ok(f.id);
	assert_int_equal(m->verdict.code, 250);
	mail_end(m);
}

/* No stage is left out after a trace field, and none sees what nobody made. */
static void
edits_excuse_nothing(void **state)
{
	struct mail *m = parsed_mail();

	(void)state;
	send_edit(receive(PROTO_CALL).id, 1, &trace);
	assert_string_equal(m->verdict.reason, "host.stage.lied");
	mail_end(m);
	owner.judged_count = 0;
	m = parsed_mail();
	send_edit(receive(PROTO_CALL).id, 2, &subject);
	assert_string_equal(m->verdict.reason, "host.stage.lied");
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

/* A check whose outcome is left out did not run. */
static void
missing_outcomes_are_refused(void **state)
{
	struct mail *m = start();
	struct frame f = receive(PROTO_CALL);
	struct arena a = { 0 };
	struct outcome o = { .stage = 0 };

	(void)state;
	facts_init(&o.facts, &a);
	send_results(f.id, &o, NULL);
	assert_int_equal(m->verdict.code, 451);
	assert_string_equal(m->verdict.reason, "host.stage.lied");
	mail_end(m);
	m = start();
	f = receive(PROTO_CALL);
	o.stage = 1;
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
	assert_int_equal(traffic.claims.used, 1);
	assert_true(m->has_message_key);
	assert_int_equal(receive(PROTO_ANSWERS).id, id);
	send_ok(id);
	assert_int_equal(m->verdict.code, 250);
	assert_int_equal(traffic.claims.used, 1);	/* until its owner is done */
	mail_end(m);
	assert_int_equal(traffic.claims.used, 0);
}

static uint32_t
answer_count(const struct frame *f)
{
	struct unpack u = unpack_of(f->body);

	return unpack_u32(&u);
}

/* A worker that holds the message has the answers it was sent before. */
static void
answers_go_once(void **state)
{
	struct mail *m = start();
	uint32_t id = receive(PROTO_CALL).id;
	struct frame f;

	(void)state;
	send_wait(id, QUESTION_TAKE, "k", 2);
	f = receive(PROTO_ANSWERS);
	assert_int_equal(answer_count(&f), 2);
	send_wait(id, QUESTION_TAKE, "l", 1);
	f = receive(PROTO_ANSWERS);
	assert_int_equal(answer_count(&f), 1);
	send_ok(id);
	assert_int_equal(m->answers.count, 3);
	mail_end(m);
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
	assert_int_equal(traffic.claims.used, 0);
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
	assert_int_equal(traffic.claims.used, 0);
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

/* A resolver that died is asked again, for what is still awaited only. */
static void
lost_resolver_is_asked_again(void **state)
{
	struct mail *m = start();
	uint32_t id = receive(PROTO_CALL).id;
	struct answer answer = { .status = MT_NODATA };

	(void)state;
	send_wait(id, QUESTION_DNS, "n", 2);
	assert_int_equal(owner.dns_count, 2);
	answer.question = m->awaited->question;
	mail_answer(m, &answer);
	assert_true(nothing_comes());
	mail_ask_again(m);
	assert_int_equal(owner.dns_count, 3);
	answer.question = m->awaited->question;
	mail_answer(m, &answer);
	receive(PROTO_ANSWERS);
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

static bool
refused_saying(uint32_t level, const char *text)
{
	struct mail *m = start();
	struct arena a = { 0 };
	struct line line = { .level = level, .text = span_of(text) };
	struct outcome o = { .stage = 0, .result = { .verdict = MT_REJECT,
		.reason = "a.no" }, .lines = &line };
	bool logged;

	facts_init(&o.facts, &a);
	send_results(receive(PROTO_CALL).id, &o, NULL);
	arena_free(&a);
	assert_string_equal(m->verdict.reason, "a.no");
	logged = m->logged;
	mail_end(m);
	return logged;
}

/* One line names the reason: the stage's, where it is read and does, else
 * the host's. */
static void
a_refusal_is_logged_once(void **state)
{
	(void)state;
	assert_true(refused_saying(MT_INFO, "refused check=a.no"));
	assert_true(refused_saying(MT_ERROR, "a.no it is"));
	assert_false(refused_saying(MT_DEBUG, "refused check=a.no"));
	assert_false(refused_saying(MT_WARNING, "the list is old"));
	assert_false(refused_saying(MT_INFO, ""));
}
#define PIPELINE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_TEST(both_stages_go_in_one_call),
		PIPELINE_TEST(trace_fields_need_no_parser),
		PIPELINE_TEST(other_edits_go_to_the_parser),
		PIPELINE_TEST(edits_excuse_nothing),
		PIPELINE_TEST(reject_stops),
		PIPELINE_TEST(undeclared_fact_is_a_failure),
		PIPELINE_TEST(results_for_other_stages_are_refused),
		PIPELINE_TEST(missing_outcomes_are_refused),
		PIPELINE_TEST(garbage_costs_one_mail),
		PIPELINE_TEST(claim_is_granted_and_released),
		PIPELINE_TEST(answers_go_once),
		PIPELINE_TEST(claim_in_flight_is_busy),
		PIPELINE_TEST(claim_taken_names_its_holder),
		PIPELINE_TEST(unseen_duplicate_gets_250),
		PIPELINE_TEST(questions_have_a_budget),
		PIPELINE_TEST(lost_resolver_is_asked_again),
		PIPELINE_TEST(death_costs_the_mail_in_hand),
		PIPELINE_TEST(death_forgets_no_answers),
		PIPELINE_TEST(hung_worker_is_killed),
		PIPELINE_TEST(written_skip_goes_on),
		PIPELINE_TEST(withdrawn_mail_waits_for_its_worker),
		PIPELINE_TEST(a_refusal_is_logged_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
