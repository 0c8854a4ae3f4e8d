/* SPDX-License-Identifier: BSD-2-Clause */
/* What was asked for the last mail of a domain is asked ahead for the next. */
#include "pipeline_rig.h"

#include "engine/foresight.h"

static struct mail *
mail_of(const char *sender)
{
	struct envelope e = { .client = SPAN("192.0.2.1"), .helo = SPAN("h.example"),
		.sender = span_of(sender), .rcpt = SPAN("task.linear@example.com") };

	return mail_new(&p, &e, 1000);
}

static void
answer(struct mail *m, const char *name)
{
	struct question q = { .kind = QUESTION_DNS, .key = span_of(name), .window_s = 60,
		.flags = MT_CLAIM_MESSAGE };
	struct answer a = { .status = MT_NODATA };
	struct buf packed = { 0 };

	question_pack(&packed, &q);
	a.question = buf_span(&packed);
	mail_answer(m, &a);
	buf_free(&packed);
}

/* A mail that asks for n0 and n1, answers as they come, to its end. */
static void
mail_runs(struct foresight *f, const char *sender, int dns_count)
{
	struct mail *m = mail_of(sender);
	uint32_t id;

	owner.dns_count = 0;
	foresight_ask(f, m);
	mail_envelope(m);
	id = receive(PROTO_CALL).id;
	send_wait(id, QUESTION_DNS, "n", 2);
	assert_int_equal(owner.dns_count, dns_count);
	answer(m, "n0");
	assert_true(nothing_comes());
	answer(m, "n1");
	assert_int_equal(receive(PROTO_ANSWERS).id, id);
	send_ok(id);
	foresight_learn(f, m);
	mail_end(m);
}

static void
known_questions_are_asked_once(void **state)
{
	struct foresight *f = foresight_new();

	(void)state;
	mail_runs(f, "a@one.example", 2);
	mail_runs(f, "b@One.Example", 2);	/* ahead, and not again */
	mail_runs(f, "", 2);			/* nobody's */
	foresight_free(f);
}

/* Ahead answers that came before the stage asks: it never has to. */
static void
answers_are_there(void **state)
{
	struct foresight *f = foresight_new();
	struct mail *m;

	(void)state;
	mail_runs(f, "a@one.example", 2);
	m = mail_of("c@one.example");
	foresight_ask(f, m);
	answer(m, "n0");
	answer(m, "n1");
	assert_int_equal(m->answers.count, 2);
	assert_int_equal(m->questions, 0);
	mail_end(m);
	m = mail_of("c@two.example");
	owner.dns_count = 0;
	foresight_ask(f, m);
	assert_int_equal(owner.dns_count, 0);
	mail_end(m);
	foresight_free(f);
}

/* What the resolver took with it into its grave is asked again. */
static void
lost_questions_are_asked_again(void **state)
{
	struct foresight *f = foresight_new();
	struct mail *m;
	uint32_t id;

	(void)state;
	mail_runs(f, "a@one.example", 2);
	owner.dns_count = 0;
	m = mail_of("a@one.example");
	foresight_ask(f, m);
	assert_int_equal(owner.dns_count, 2);
	mail_ask_again(m);	/* nobody waits yet */
	assert_int_equal(owner.dns_count, 2);
	mail_envelope(m);
	id = receive(PROTO_CALL).id;
	send_wait(id, QUESTION_DNS, "n", 2);
	assert_int_equal(owner.dns_count, 4);
	mail_ask_again(m);
	assert_int_equal(owner.dns_count, 6);
	answer(m, "n0");
	answer(m, "n1");
	send_ok(receive(PROTO_ANSWERS).id);
	mail_end(m);
	foresight_free(f);
}

/* Selectors change: a row is used so often, then learnt anew. */
static void
rows_wear_out(void **state)
{
	struct foresight *f = foresight_new();

	(void)state;
	mail_runs(f, "a@one.example", 2);
	for (int i = 0; i <= FORESIGHT_USES; i++) {
		struct mail *m = mail_of("a@one.example");

		owner.dns_count = 0;
		foresight_ask(f, m);
		assert_int_equal(owner.dns_count, i < FORESIGHT_USES ? 2 : 0);
		mail_end(m);
	}
	foresight_free(f);
}

#define FORESIGHT_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FORESIGHT_TEST(known_questions_are_asked_once),
		FORESIGHT_TEST(answers_are_there),
		FORESIGHT_TEST(lost_questions_are_asked_again),
		FORESIGHT_TEST(rows_wear_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
