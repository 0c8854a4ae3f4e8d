/* SPDX-License-Identifier: BSD-2-Clause */
/* When the next attempt is made, and when there is none. */
#include "test.h"

#include "queue/schedule.h"

static void
test_wait(void **state)
{
	static const struct schedule schedule = { .min_s = 60, .max_s = 3600 };
	static const uint32_t middle[] = { 60, 60, 120, 240, 480, 960, 1920, 3600, 3600 };

	(void)state;
	for (uint32_t attempt = 1; attempt < 9; attempt++) {
		uint32_t least = UINT32_MAX, most = 0, base = middle[attempt];

		for (uint32_t random = 0; random < 4000; random++) {
			uint32_t wait = schedule_wait(&schedule, attempt, random);

			least = wait < least ? wait : least;
			most = wait > most ? wait : most;
		}
		assert_int_equal(least, base - base / 4);
		assert_int_equal(most, base + base / 4);
	}
	assert_true(schedule_wait(&schedule, UINT32_MAX, 0) <= 3600);
	assert_int_equal(schedule_wait(&(struct schedule){ 0, 0 }, 5, 7), 0);
}

static void
test_decide(void **state)
{
	static const struct schedule schedule = { .min_s = 60, .max_s = 3600 };
	struct queue_target target = { .attempt = 1, .give_up_s = 2000 };
	struct mt_delivery d = { .status = MT_DELIVERED };
	int64_t due_ms;

	(void)state;
	assert_int_equal(schedule_decide(&schedule, &target, &d, 1000000, &due_ms), QUEUE_DELIVERED);
	d.status = MT_RETRY;
	assert_int_equal(schedule_decide(&schedule, &target, &d, 1000000, &due_ms), QUEUE_WAITING);
	assert_in_range(due_ms, 1045000, 1075000);
	d.retry_after_s = 500;
	assert_int_equal(schedule_decide(&schedule, &target, &d, 1000000, &due_ms), QUEUE_WAITING);
	assert_int_equal(due_ms, 1500000);
	d.retry_after_s = 1;	/* not the backoff: they know */
	assert_int_equal(schedule_decide(&schedule, &target, &d, 1000000, &due_ms), QUEUE_WAITING);
	assert_int_equal(due_ms, 1001000);
	d.retry_after_s = 0;
	target.give_up_s = 1010;
	assert_int_equal(schedule_decide(&schedule, &target, &d, 1000000, &due_ms), QUEUE_FAILED);
	target.give_up_s = 2000;
	for (d.retry_after_s = 1000; d.retry_after_s <= 5000; d.retry_after_s += 4000) {
		assert_int_equal(schedule_decide(&schedule, &target, &d, 1000000, &due_ms),
		    QUEUE_WAITING);
		assert_int_equal(due_ms, 2000000);
		assert_int_equal(schedule_decide(&schedule, &target, &d, 1999999, &due_ms),
		    QUEUE_WAITING);
		assert_int_equal(due_ms, 2000000);
		assert_int_equal(schedule_decide(&schedule, &target, &d, 2000000, &due_ms),
		    QUEUE_FAILED);
	}
	target.give_up_s = INT64_MAX;
	for (uint32_t over = 0; over < 2; over++) {
		d.retry_after_s = SCHEDULE_RETRY_AFTER_MAX_S + over;
		assert_int_equal(schedule_decide(&schedule, &target, &d, 1000000, &due_ms),
		    QUEUE_WAITING);
		assert_int_equal(due_ms, 1000000 + 86400 * 1000);
	}
	d.status = MT_PAUSE;
	assert_int_equal(schedule_decide(&schedule, &target, &d, 1000000, &due_ms), QUEUE_PAUSED);
	assert_int_equal(due_ms, 4600000);
	d.status = 77;
	assert_int_equal(schedule_decide(&schedule, &target, &d, 1000000, &due_ms), QUEUE_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
