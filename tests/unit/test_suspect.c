/* SPDX-License-Identifier: BSD-2-Clause */
/* Mails that kill or hang the worker that has them in hand: when it is killed,
 * and what is remembered of whom. */
#include "pipeline_rig.h"

static struct poisons poisons;
static int kept;

static void
own_keep(void *arg)
{
	(void)arg;
	kept++;
}

static void
remember(void)
{
	poisons.count = 0;
	kept = 0;
	p.poisons = &poisons;
	p.ops.keep_poisons = own_keep;
}

static void
run_until_killed(void)
{
	while (killed == 0)
		loop_once(p.loop, -1);
	spin();
}

/* Two stages that share a worker may take as long as the judge: the worker goes
 * first, so that the mail is known for it. */
static void
hung_worker_is_killed_before_the_judge_ends(void **state)
{
	struct mail *m;

	(void)state;
	remember();
	settings.limits.judge_ms = 400;
	stages[0].deadline_ms = stages[1].deadline_ms = 200;
	m = start();
	run_until_killed();
	assert_int_equal(owner.judged_count, 1);
	assert_string_equal(m->verdict.reason, "host.stage.timeout");
	assert_int_equal(poisons.count, 1);
	assert_int_equal(kept, 1);
	mail_end(m);
}

/* The judge's time, or the client, may end before the worker does. */
static void
hang_counts_for_a_mail_that_is_over(void **state)
{
	struct mail *m;

	(void)state;
	remember();
	m = start();
	receive(PROTO_CALL);
	mail_judge(m, verdict_host(451, "4.3.0", "host.judge.timeout", ""));
	mail_end(m);
	assert_int_equal(owner.freed, 0);
	close(worker);
	spin();
	assert_int_equal(owner.freed, 1);
	assert_int_equal(poisons.count, 1);
	assert_int_equal(poisons.list[0].kills, 1);
	assert_int_equal(kept, 1);
}

/* At RCPT: by client, sender and recipient. */
static void
the_second_death_at_rcpt_refuses(void **state)
{
	struct mail *m;

	(void)state;
	remember();
	for (int death = 1; death <= 2; death++) {
		m = start();
		receive(PROTO_CALL);
		close(worker);
		spin();
		assert_int_equal(owner.judged_count, death);
		assert_int_equal(m->verdict.code, death == 1 ? 451 : 550);
		mail_end(m);
		worker_start();
	}
	m = start();
	assert_true(nothing_comes());
	assert_int_equal(m->verdict.code, 550);
	assert_string_equal(m->verdict.reason, "host.poison.envelope");
	assert_int_equal(m->verdict.phase, PHASE_ENVELOPE);
	mail_end(m);
	poisons.list[0].until_s = 1000;		/* its hour is over */
	m = start();
	send_ok(receive(PROTO_CALL).id);
	assert_int_equal(m->verdict.code, 250);
	mail_end(m);
}

#define PIPELINE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_TEST(hung_worker_is_killed_before_the_judge_ends),
		PIPELINE_TEST(hang_counts_for_a_mail_that_is_over),
		PIPELINE_TEST(the_second_death_at_rcpt_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
