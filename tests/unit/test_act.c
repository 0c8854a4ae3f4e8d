/* SPDX-License-Identifier: BSD-2-Clause */
/* What an operator does to a message: discarded in every state, replayed
 * under its old key. */
#include "store_world.h"

/* As an operator does it, audited. */
static struct queue_act
act(struct world *w, const char *event, enum queue_act_kind kind)
{
	struct queue_act a = { .kind = kind, .now_ms = w->now_s * 1000, .give_up_s = INT64_MAX,
		.entry = world_entry(w, event, AUDIT_SUCCESS, NULL) };

	snprintf(a.event, sizeof(a.event), "%s", event);
	queue_act(w->store, &a);
	store_wait(w->store, &a.job);
	return a;
}

static struct queue_due
due(struct world *w)
{
	const struct queue_lane lane = { .stage = "linear-dispatch", .max = 10 };
	struct queue_due d = { .arena = &w->arena, .now_ms = w->now_s * 1000, .lanes = &lane,
		.lane_count = 1 };

	queue_due(w->store, &d);
	store_wait(w->store, &d.job);
	return d;
}

static void
accept_held(struct world *w, const char *event)
{
	struct accepted *a = world_message(w, event);

	a->holds[0] = (struct queue_releaser){ .name = "operator" };
	a->job.holds = a->holds;
	a->job.hold_count = 1;
	assert_true(world_accept(w, a));
}

/* evt_active, evt_deferred, evt_held, evt_dead, evt_calling, evt_done */
static void
accept_all(struct world *w)
{
	static const char *const plain[] = { "evt_active", "evt_deferred", "evt_dead",
		"evt_calling", "evt_done" };

	for (size_t i = 0; i < 5; i++)
		assert_true(world_accept(w, world_message(w, plain[i])));
	accept_held(w, "evt_held");
	for (size_t i = 1; i < 5; i++)
		assert_true(world_begin(w, plain[i], w->now_s).begun);
	assert_int_equal(world_finish(w, "evt_deferred", QUEUE_WAITING, w->now_s + 60), QUEUE_DEFERRED);
	assert_int_equal(world_finish(w, "evt_dead", QUEUE_FAILED, w->now_s + 60), QUEUE_DEAD);
	assert_int_equal(world_finish(w, "evt_done", QUEUE_DELIVERED, w->now_s + 60), QUEUE_DONE);
}

static struct erase_begin
erase(struct world *w)
{
	static struct erase_begin b;

	b = (struct erase_begin){ .now_s = w->now_s };
	erase_begin(w->store, &b);
	store_wait(w->store, &b.job);
	return b;
}

static void
test_discard(void **state)
{
	static const char *const may[] = { "evt_active", "evt_deferred", "evt_held", "evt_dead" };
	struct world *w = *state;
	struct erase_begin b;
	struct erase_finish f = { .now_s = w->now_s };
	uint64_t size;

	accept_all(w);
	size = store_leaves(w->store);
	assert_int_equal(act(w, "evt_none", QUEUE_ACT_DISCARD).error, ENOENT);
	assert_int_equal(act(w, "evt_calling", QUEUE_ACT_DISCARD).error, EBUSY);
	assert_int_equal(act(w, "evt_done", QUEUE_ACT_DISCARD).error, EINVAL);
	assert_int_equal(store_leaves(w->store), size);	/* nothing is audited that was not done */
	for (size_t i = 0; i < 4; i++) {
		struct queue_act a = act(w, may[i], QUEUE_ACT_DISCARD);

		assert_int_equal(a.error, 0);
		assert_int_equal(a.state, QUEUE_ERASING);
		assert_int_equal(act(w, may[i], QUEUE_ACT_DISCARD).error, EINVAL);
		assert_int_equal(act(w, may[i], QUEUE_ACT_REPLAY).error, EINVAL);
		assert_false(world_begin(w, may[i], w->now_s).begun);
	}
	assert_int_equal(store_leaves(w->store), size + 4);
	world_reopen(w);	/* a crash before the erasure */
	b = erase(w);
	assert_int_equal(b.count, 4);
	for (size_t i = 0; i < b.count; i++)
		assert_true(b.items[i].discarded && b.items[i].message);
	f.items = b.items;
	f.count = b.count;
	erase_finish(w->store, &f);
	store_wait(w->store, &f.job);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(world_state(w, may[i]), 0);
	assert_int_equal(erase(w).count, 0);
	assert_int_equal(world_state(w, "evt_calling"), QUEUE_ACTIVE);
	assert_int_equal(world_finish(w, "evt_calling", QUEUE_DELIVERED, w->now_s + 60), QUEUE_DONE);
}

/* What was claimed stays claimed: the mail cannot come a second time. */
static void
test_discarded_is_no_replay(void **state)
{
	struct world *w = *state;
	struct accepted *first = world_message(w, "evt_a"), *again = world_message(w, "evt_b");

	again->claim = first->claim;
	assert_true(world_accept(w, first));
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_DISCARD).error, 0);
	assert_false(world_accept(w, again));
	assert_string_equal(again->job.holder, "evt_a");
}

static void
test_replay(void **state)
{
	struct world *w = *state;
	struct queue_due d;

	accept_all(w);
	assert_int_equal(act(w, "evt_none", QUEUE_ACT_REPLAY).error, ENOENT);
	assert_int_equal(act(w, "evt_calling", QUEUE_ACT_REPLAY).error, EINVAL);
	assert_int_equal(act(w, "evt_active", QUEUE_ACT_REPLAY).error, EINVAL);
	assert_int_equal(act(w, "evt_deferred", QUEUE_ACT_REPLAY).error, EINVAL);
	assert_int_equal(act(w, "evt_held", QUEUE_ACT_REPLAY).error, EINVAL);
	assert_int_equal(act(w, "evt_active", QUEUE_ACT_DISCARD).error, 0);
	assert_int_equal(due(w).count, 0);

	assert_int_equal(act(w, "evt_done", QUEUE_ACT_REPLAY).state, QUEUE_ACTIVE);
	assert_int_equal(act(w, "evt_dead", QUEUE_ACT_REPLAY).state, QUEUE_ACTIVE);
	d = due(w);
	assert_int_equal(d.count, 2);
	for (size_t i = 0; i < 2; i++) {	/* not the first attempt: read back */
		assert_int_equal(d.items[i].targets[0].attempt, 1);
		assert_int_equal(d.items[i].targets[0].key[31], 0x42);
		assert_true(d.items[i].targets[0].give_up_s > w->now_s);
	}
	assert_true(world_begin(w, "evt_done", w->now_s).begun);
	assert_int_equal(act(w, "evt_done", QUEUE_ACT_REPLAY).error, EINVAL);	/* once at a time */
	assert_int_equal(world_finish(w, "evt_done", QUEUE_DUPLICATE, w->now_s + 60), QUEUE_DONE);
	assert_int_equal(act(w, "evt_done", QUEUE_ACT_REPLAY).error, 0);
}

static void
test_nothing_to_replay(void **state)
{
	struct world *w = *state;
	struct accepted *a = world_message(w, "evt_a");

	a->job.target_count = 0;
	assert_true(world_accept(w, a));
	assert_int_equal(world_state(w, "evt_a"), QUEUE_DONE);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_REPLAY).error, ENODATA);
	assert_int_equal(world_state(w, "evt_a"), QUEUE_DONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_discard, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_discarded_is_no_replay, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_replay, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_to_replay, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
