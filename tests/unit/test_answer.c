/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers to senders: one for a message and kind, within budgets, and none of
 * a message's states knows of them. */
#include "queue/answer.h"

#include "store_world.h"

static const struct queue_budget plenty = { 50, 20 };

struct letter {
	struct accepted *accepted;
	struct queue_answers answers;
	struct thread_names names;
	uint8_t person[HASH_SIZE];
};

static struct letter *
letter(struct world *w, const char *event, struct queue_budget budget)
{
	struct letter *l = arena_alloc(&w->arena, sizeof(*l));

	l->accepted = world_message(w, event);
	l->answers.budget = budget;
	memset(l->answers.root, event[4], HASH_SIZE);
	memset(l->person, 'p', HASH_SIZE);
	l->accepted->job.person = l->person;
	l->accepted->job.answers = &l->answers;
	l->accepted->job.names = &l->names;
	return l;
}

static struct letter *
sent(struct world *w, const char *event)
{
	struct letter *l = letter(w, event, plenty);

	assert_true(world_accept(w, l->accepted));
	return l;
}

static struct letter *
held(struct world *w, const char *event)
{
	struct letter *l = letter(w, event, plenty);

	l->accepted->holds[0] = (struct queue_releaser){ .name = "operator" };
	l->accepted->job.holds = l->accepted->holds;
	l->accepted->job.hold_count = 1;
	l->answers.told = SPAN("why it is held: " CANARY_BODY);
	assert_true(world_accept(w, l->accepted));
	return l;
}

static struct queue_load
load(struct world *w, const char *event, const char *stage, uint32_t action)
{
	struct queue_load l = { .arena = &w->arena, .action = action };

	snprintf(l.event, sizeof(l.event), "%s", event);
	snprintf(l.stage, sizeof(l.stage), "%s", stage);
	queue_load(w->store, &l);
	store_wait(w->store, &l.job);
	return l;
}

/* "done held failed refused": x where there is one. */
static const char *
answers(struct world *w, const char *event)
{
	struct queue_load l = load(w, event, "", 0);
	char *out = arena_string(&w->arena, SPAN("...."));

	for (size_t i = 0; i < l.item.answer_count; i++)
		out[l.item.answers[i].action - 1] = 'x';
	return out;
}

static bool
begin(struct world *w, const char *event, const char *stage, uint32_t action)
{
	struct queue_begin b = { .action = action, .now_ms = w->now_s * 1000 };

	snprintf(b.event, sizeof(b.event), "%s", event);
	snprintf(b.stage, sizeof(b.stage), "%s", stage);
	queue_begin(w->store, &b);
	store_wait(w->store, &b.job);
	return b.begun;
}

static enum queue_state
end(struct world *w, const char *event, const char *stage, struct queue_finish f)
{
	f.now_ms = w->now_s * 1000;
	snprintf(f.event, sizeof(f.event), "%s", event);
	snprintf(f.stage, sizeof(f.stage), "%s", stage);
	queue_finish(w->store, &f);
	store_wait(w->store, &f.job);
	return f.state;
}

static enum queue_state
outcome(struct world *w, const char *event, enum queue_target_state state)
{
	struct queue_finish f = { .outcome = state, .budget = plenty, .resource_id = "LIN-1",
		.told = SPAN("sealed words") };

	assert_true(begin(w, event, "linear-dispatch", 0));
	return end(w, event, "linear-dispatch", f);
}

static struct queue_act
act(struct world *w, const char *event, enum queue_act_kind kind)
{
	struct queue_act a = { .kind = kind, .now_ms = w->now_s * 1000, .give_up_s = INT64_MAX,
		.releaser = "operator", .reason = "operator.refuse", .budget = plenty };

	snprintf(a.event, sizeof(a.event), "%s", event);
	queue_act(w->store, &a);
	store_wait(w->store, &a.job);
	return a;
}

static size_t
due(struct world *w, int64_t now_s)
{
	static const struct queue_lane lanes[] = { { .stage = "linear-dispatch", .max = 20 },
		{ .stage = ANSWER_STAGE, .max = 20 } };
	struct queue_due d = { .arena = &w->arena, .now_ms = now_s * 1000, .lanes = lanes,
		.lane_count = 2 };

	queue_due(w->store, &d);
	store_wait(w->store, &d.job);
	return d.count;
}

static void
test_done(void **state)
{
	struct world *w = *state;
	struct letter *l = sent(w, "evt_a");
	struct mt_span name = SPAN("done");
	uint8_t key[HASH_SIZE];
	struct queue_load got;

	assert_string_equal(answers(w, "evt_a"), "....");
	assert_int_equal(outcome(w, "evt_a", QUEUE_WAITING), QUEUE_DEFERRED);
	assert_string_equal(answers(w, "evt_a"), "....");
	assert_int_equal(outcome(w, "evt_a", QUEUE_DELIVERED), QUEUE_DONE);
	assert_string_equal(answers(w, "evt_a"), "x...");
	got = load(w, "evt_a", ANSWER_STAGE, QUEUE_ANSWER_DONE);
	assert_true(got.context.answers);
	assert_true(span_is(got.context.told, "sealed words"));
	assert_memory_equal(got.context.person, l->person, HASH_SIZE);
	assert_int_equal(got.item.target_count, 1);
	assert_int_equal(got.item.answers[0].give_up_s, w->now_s + ANSWER_GIVE_UP_S);
	hash_hmac(l->answers.root, &name, 1, key);
	assert_memory_equal(got.item.answers[0].key, key, HASH_SIZE);
}

/* Sent, failed or still to be sent: the message is what its targets are. */
static void
test_no_action(void **state)
{
	struct world *w = *state;
	struct queue_finish failed = { .action = QUEUE_ANSWER_DONE, .outcome = QUEUE_FAILED };
	struct queue_finish later = { .action = QUEUE_ANSWER_DONE, .outcome = QUEUE_WAITING,
		.due_ms = (w->now_s + 5) * 1000 };

	sent(w, "evt_a");
	assert_int_equal(outcome(w, "evt_a", QUEUE_DELIVERED), QUEUE_DONE);
	assert_int_equal(due(w, w->now_s), 1);
	assert_true(begin(w, "evt_a", ANSWER_STAGE, QUEUE_ANSWER_DONE));
	assert_int_equal(world_state(w, "evt_a"), QUEUE_DONE);
	assert_int_equal(end(w, "evt_a", ANSWER_STAGE, later), QUEUE_DONE);
	assert_int_equal(due(w, w->now_s), 0);
	w->now_s += 5;
	assert_int_equal(due(w, w->now_s), 1);
	assert_true(begin(w, "evt_a", ANSWER_STAGE, QUEUE_ANSWER_DONE));
	assert_int_equal(end(w, "evt_a", ANSWER_STAGE, failed), QUEUE_DONE);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RETRY).error, EINVAL);
	/* A replay does again what was done, and tells nobody twice. */
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_REPLAY).state, QUEUE_ACTIVE);
	assert_int_equal(due(w, w->now_s), 1);
	assert_int_equal(outcome(w, "evt_a", QUEUE_DUPLICATE), QUEUE_DONE);
	assert_int_equal(due(w, w->now_s), 0);
	assert_string_equal(answers(w, "evt_a"), "x...");
}

/* An answer that cannot be opened ends; its message stays what it is. */
static void
test_untold(void **state)
{
	struct world *w = *state;
	struct queue_act a = { .kind = QUEUE_ACT_UNTOLD, .action = QUEUE_ANSWER_DONE,
		.now_ms = w->now_s * 1000, .event = "evt_a", .reason = "host.body.damaged",
		.entry = world_entry(w, "evt_a", AUDIT_FAILED, NULL) };
	uint64_t leaves;

	sent(w, "evt_a");
	assert_int_equal(outcome(w, "evt_a", QUEUE_DELIVERED), QUEUE_DONE);
	held(w, "evt_b");
	assert_int_equal(due(w, w->now_s), 2);
	leaves = store_leaves(w->store);
	for (int i = 0; i < 2; i++) {	/* recorded once */
		queue_act(w->store, &a);
		store_wait(w->store, &a.job);
		assert_int_equal(a.error, i == 0 ? 0 : ENODATA);
		assert_int_equal(a.state, QUEUE_DONE);
		assert_int_equal(store_leaves(w->store), leaves + 1);
	}
	assert_int_equal(load(w, "evt_a", "", 0).item.answers[0].state, QUEUE_FAILED);
	assert_string_equal(load(w, "evt_a", "", 0).item.answers[0].reason, "host.body.damaged");
	assert_int_equal(load(w, "evt_a", "", 0).item.targets[0].state, QUEUE_DELIVERED);
	assert_int_equal(due(w, w->now_s), 1);
	a.action = QUEUE_ANSWER_HELD;
	snprintf(a.event, sizeof(a.event), "evt_b");
	queue_act(w->store, &a);
	store_wait(w->store, &a.job);
	assert_int_equal(a.state, QUEUE_HELD);
	assert_int_equal(due(w, w->now_s), 0);
	assert_int_equal(act(w, "evt_b", QUEUE_ACT_RELEASE).state, QUEUE_ACTIVE);
	assert_int_equal(outcome(w, "evt_b", QUEUE_DELIVERED), QUEUE_DONE);
}

static void
test_failed_then_done(void **state)
{
	struct world *w = *state;
	struct queue_finish unsent = { .action = QUEUE_ANSWER_FAILED, .outcome = QUEUE_FAILED };

	sent(w, "evt_a");
	assert_int_equal(outcome(w, "evt_a", QUEUE_FAILED), QUEUE_DEAD);
	assert_string_equal(answers(w, "evt_a"), "..x.");
	assert_true(begin(w, "evt_a", ANSWER_STAGE, QUEUE_ANSWER_FAILED));
	assert_int_equal(end(w, "evt_a", ANSWER_STAGE, unsent), QUEUE_DEAD);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RETRY).state, QUEUE_ACTIVE);
	assert_int_equal(due(w, w->now_s), 1);	/* the action, not the answer */
	assert_int_equal(outcome(w, "evt_a", QUEUE_FAILED), QUEUE_DEAD);
	assert_string_equal(answers(w, "evt_a"), "..x.");
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RETRY).state, QUEUE_ACTIVE);
	assert_int_equal(outcome(w, "evt_a", QUEUE_DELIVERED), QUEUE_DONE);
	assert_string_equal(answers(w, "evt_a"), "x.x.");
}

static void
test_held(void **state)
{
	struct world *w = *state;
	struct letter *l = held(w, "evt_a");
	struct queue_load got = load(w, "evt_a", ANSWER_STAGE, QUEUE_ANSWER_HELD);
	struct buf plain = { 0 };

	assert_string_equal(answers(w, "evt_a"), ".x..");
	assert_int_equal(due(w, w->now_s), 1);	/* though the message is held */
	assert_null(memmem(got.context.told.ptr, got.context.told.len, CANARY_BODY, 10));
	assert_int_equal(seal_open(&l->accepted->slot, SEAL_TOLD, SPAN("evt_a"), got.context.told,
	    &plain), 0);
	assert_true(span_is(buf_span(&plain), "why it is held: " CANARY_BODY));
	buf_free(&plain);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RELEASE).state, QUEUE_ACTIVE);
	assert_int_equal(outcome(w, "evt_a", QUEUE_DELIVERED), QUEUE_DONE);
	assert_string_equal(answers(w, "evt_a"), "xx..");
}

static void
test_refused(void **state)
{
	struct world *w = *state;

	held(w, "evt_a");
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_REFUSE).state, QUEUE_REFUSED);
	assert_string_equal(answers(w, "evt_a"), ".x.x");
	assert_string_equal(load(w, "evt_a", ANSWER_STAGE, QUEUE_ANSWER_REFUSED).context.why,
	    "operator.refuse");
	assert_int_equal(due(w, w->now_s), 2);
	assert_true(begin(w, "evt_a", ANSWER_STAGE, QUEUE_ANSWER_REFUSED));
	assert_int_equal(world_state(w, "evt_a"), QUEUE_REFUSED);
}

/* Who is not proven, or writes where nobody is answered, gets none. */
static void
test_nobody(void **state)
{
	struct world *w = *state;
	struct letter *unproven = letter(w, "evt_a", plenty), *quiet = letter(w, "evt_b", plenty);

	unproven->accepted->job.person = NULL;
	quiet->accepted->job.answers = NULL;
	assert_true(world_accept(w, unproven->accepted));
	assert_true(world_accept(w, quiet->accepted));
	outcome(w, "evt_a", QUEUE_DELIVERED);
	outcome(w, "evt_b", QUEUE_DELIVERED);
	assert_string_equal(answers(w, "evt_a"), "....");
	assert_string_equal(answers(w, "evt_b"), "....");
}

static const char *
told_in_turn(struct world *w, const char *events, struct queue_budget budget)
{
	char event[] = "evt_?", *out = arena_string(&w->arena, span_of(events));

	for (size_t i = 0; events[i] != '\0'; i++) {
		struct queue_finish f = { .outcome = QUEUE_DELIVERED, .budget = budget };

		event[4] = events[i];
		assert_true(begin(w, event, "linear-dispatch", 0));
		end(w, event, "linear-dispatch", f);
		out[i] = answers(w, event)[0];
	}
	return out;
}

static void
test_budget_of_a_sender(void **state)
{
	struct world *w = *state;
	struct letter *other = letter(w, "evt_d", plenty), *elsewhere = letter(w, "evt_e", plenty);

	for (const char *const *event = (const char *[]){ "evt_a", "evt_b", "evt_c", "evt_f", NULL };
	    *event != NULL; event++)
		sent(w, *event);
	other->person[0] = 'q';
	elsewhere->accepted->job.route = "task.other@example.com";
	assert_true(world_accept(w, other->accepted));
	assert_true(world_accept(w, elsewhere->accepted));
	assert_string_equal(told_in_turn(w, "abcde", (struct queue_budget){ 2, 20 }), "xx.xx");
	w->now_s += ANSWER_WINDOW_S;	/* another day */
	assert_string_equal(told_in_turn(w, "f", (struct queue_budget){ 2, 20 }), "x");
}

static void
test_budget_of_a_thread(void **state)
{
	struct world *w = *state;
	char event[] = "evt_?";

	sent(w, "evt_a");
	for (event[4] = 'b'; event[4] < 'd'; event[4]++) {
		struct letter *l = letter(w, event, plenty);

		snprintf(l->names.event, sizeof(l->names.event), "evt_a");
		l->person[0] = (uint8_t)event[4];
		assert_true(world_accept(w, l->accepted));
	}
	sent(w, "evt_d");
	assert_string_equal(told_in_turn(w, "abcd", (struct queue_budget){ 50, 2 }), "xx.x");
}

/* Past its time it goes, whatever is still to be told. */
static void
test_erased(void **state)
{
	struct world *w = *state;
	struct erase_begin b = { .now_s = w->now_s + 91 * 86400 };

	sent(w, "evt_a");
	assert_int_equal(outcome(w, "evt_a", QUEUE_DELIVERED), QUEUE_DONE);
	assert_int_equal(due(w, w->now_s), 1);
	erase_begin(w->store, &b);
	store_wait(w->store, &b.job);
	assert_int_equal(b.count, 1);
	assert_int_equal(due(w, w->now_s), 0);
	assert_false(begin(w, "evt_a", ANSWER_STAGE, QUEUE_ANSWER_DONE));
}

static void
test_person(void **state)
{
	struct world *w = *state;
	struct queue_person p = { .arena = &w->arena, .event = "evt_a" }, q = { .arena = &w->arena,
		.event = "evt_none" };

	sent(w, "evt_a");
	queue_person(w->store, &p);
	store_wait(w->store, &p.job);
	assert_true(p.found);
	assert_string_equal(p.route, "task.linear@example.com");
	assert_int_equal(p.person[0], 'p');
	queue_person(w->store, &q);
	store_wait(w->store, &q.job);
	assert_false(q.found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_done, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_no_action, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_untold, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_failed_then_done, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_held, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_refused, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_nobody, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_budget_of_a_sender, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_budget_of_a_thread, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_erased, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_person, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
