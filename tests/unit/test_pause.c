/* SPDX-License-Identifier: BSD-2-Clause */
/* What is due of each lane, and what is paused over a restart. */
#include "queue/pause.h"

#include "queue/schedule.h"
#include "store_world.h"

static void
accept_for(struct world *w, const char *event, const char *stage, const char *route)
{
	struct accepted *a = world_message(w, event);

	snprintf(a->target.stage, sizeof(a->target.stage), "%s", stage);
	a->job.route = route;
	assert_true(world_accept(w, a));
}

static struct queue_due
due_in(struct world *w, const struct queue_lane *lanes, size_t count)
{
	struct queue_due d = { .arena = &w->arena, .now_ms = w->now_s * 1000, .lanes = lanes,
		.lane_count = count };

	queue_due(w->store, &d);
	store_wait(w->store, &d.job);
	return d;
}

/* What a stage has waiting hides nothing of another, whichever is first. */
static void
test_lanes(void **state)
{
	struct world *w = *state;
	struct queue_lane lanes[] = { { .stage = "a", .max = 0 }, { .stage = "b", .max = 2 } };
	struct queue_due d;
	char event[20];

	for (int i = 0; i < 40; i++) {
		snprintf(event, sizeof(event), "evt_a%d", i);
		accept_for(w, event, "a", "x.y@example.com");
	}
	accept_for(w, "evt_b", "b", "x.y@example.com");
	d = due_in(w, lanes, 2);
	assert_int_equal(d.count, 1);
	assert_string_equal(d.items[0].event, "evt_b");
	assert_int_equal(d.next_ms, INT64_MAX);	/* of what may not be called, no word */
	assert_string_equal(d.stray, "");
	lanes[0].max = 2;
	assert_int_equal(due_in(w, lanes, 2).count, 3);
	assert_true(due_in(w, lanes, 2).next_ms <= w->now_s * 1000);
	assert_string_equal(due_in(w, lanes, 1).stray, "b");
	assert_string_equal(due_in(w, lanes + 1, 1).stray, "a");
}

/* One stage, two systems behind it. */
static void
test_lanes_of_routes(void **state)
{
	struct world *w = *state;
	const struct queue_lane own = { .stage = "a", .max = 9,
		.routes = "\nx.y@example.com\nx.z@example.com\n" };
	struct queue_lane others = own;
	struct queue_due d;

	others.others = true;
	accept_for(w, "evt_0", "a", "x.y@example.com");
	accept_for(w, "evt_1", "a", "y@example.com");
	accept_for(w, "evt_2", "a", "X.Z@example.com");
	d = due_in(w, &own, 1);
	assert_int_equal(d.count, 2);
	d = due_in(w, &others, 1);
	assert_int_equal(d.count, 1);
	assert_string_equal(d.items[0].event, "evt_1");
}

static struct queue_paused
paused(struct world *w)
{
	struct queue_paused p = { .count = 0 };

	queue_paused(w->store, &p);
	store_wait(w->store, &p.job);
	return p;
}

static void
pause_stage(struct world *w, bool pause)
{
	struct queue_pause p = { .stage = "a", .pause = pause,
		.entry = world_entry(w, "evt_pause", AUDIT_SUCCESS, NULL) };

	for (int i = 0; i < 2; i++) {
		queue_pause(w->store, &p);
		store_wait(w->store, &p.job);
		assert_int_equal(p.changed, i == 0);
	}
}

/* A pause outlives the process; its end gives each target its time again. */
static void
test_paused(void **state)
{
	struct world *w = *state;
	const int64_t later = w->now_s + 6 * 86400;	/* beyond give_up */
	struct queue_wake wake = { .stage = "linear-dispatch", .keep = true };
	struct queue_due d;

	assert_true(world_accept(w, world_message(w, "evt_a")));
	assert_true(world_begin(w, "evt_a", w->now_s).begun);
	assert_int_equal(world_finish(w, "evt_a", QUEUE_PAUSED, later + 500), QUEUE_DEFERRED);
	pause_stage(w, true);
	world_reopen(w);
	assert_int_equal(paused(w).count, 2);
	assert_string_equal(paused(w).stages[0].stage, "a");
	assert_true(paused(w).stages[0].operated);
	assert_string_equal(paused(w).stages[1].stage, "linear-dispatch");
	assert_false(paused(w).stages[1].operated);
	pause_stage(w, false);

	assert_int_equal(world_due(w, later, 9).count, 0);
	for (int i = 0; i < 2; i++) {
		wake.now_ms = later * 1000;
		wake.give_up_s = later + 100;
		wake.keep = i == 0;
		queue_wake(w->store, &wake);
		store_wait(w->store, &wake.job);
		d = world_due(w, later, 9);
		assert_int_equal(d.count, 1);
		assert_int_equal(d.items[0].targets[0].state,
		    i == 0 ? QUEUE_PAUSED : QUEUE_WAITING);
		assert_int_equal(d.items[0].targets[0].give_up_s, later + 100);
		assert_int_equal(paused(w).count, i == 0);
	}
	wake.give_up_s = INT64_MAX;	/* never beyond what is kept */
	queue_wake(w->store, &wake);
	store_wait(w->store, &wake.job);
	assert_int_equal(world_due(w, later, 9).items[0].targets[0].give_up_s, w->now_s + 90 * 86400);
}

/* Its patience begins with its first attempt, however late that is: one refusal
 * by the other side is no end. */
static void
test_first_attempt_late(void **state)
{
	struct world *w = *state;
	const int64_t later = w->now_s + 6 * 86400;	/* beyond give_up */
	const struct schedule schedule = { 60, 3600 };
	struct mt_delivery busy = { .size = sizeof(busy), .status = MT_RETRY };
	struct queue_begin b = { .stage = "linear-dispatch", .event = "evt_a",
		.now_ms = later * 1000, .give_up_s = later + 5 * 86400 };
	struct queue_target t;
	int64_t due_ms;

	assert_true(world_accept(w, world_message(w, "evt_a")));
	for (int i = 1; i <= 2; i++) {
		t = world_due(w, later, 9).items[0].targets[0];
		queue_begin(w->store, &b);
		store_wait(w->store, &b.job);
		assert_int_equal(b.attempt, i);
		assert_int_equal(b.end_s, later + 5 * 86400);
		t.attempt = b.attempt;
		t.give_up_s = b.end_s;
		assert_int_equal(schedule_decide(&schedule, &t, &busy, later * 1000, &due_ms),
		    QUEUE_WAITING);
		world_finish(w, "evt_a", QUEUE_WAITING, later);
		assert_int_equal(world_due(w, later, 9).items[0].targets[0].give_up_s, later + 5 * 86400);
		b.give_up_s += 1000;	/* and ends where it did */
	}
	assert_true(world_accept(w, world_message(w, "evt_b")));
	snprintf(b.event, sizeof(b.event), "evt_b");
	b.give_up_s = INT64_MAX;	/* never beyond what is kept */
	queue_begin(w->store, &b);
	store_wait(w->store, &b.job);
	assert_int_equal(b.end_s, w->now_s + 90 * 86400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lanes, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_lanes_of_routes, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_paused, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_first_attempt_late, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
