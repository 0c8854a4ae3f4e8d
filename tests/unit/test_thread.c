/* SPDX-License-Identifier: BSD-2-Clause */
/* Which messages belong together, and that none overtakes another. */
#include "queue/thread.h"

#include "store/private.h"
#include "store_world.h"

static const uint8_t key[HASH_SIZE] = { 9 };

static void
test_ids(void **state)
{
	struct mt_span ids[THREAD_NAMES_MAX];
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(thread_ids(SPAN(""), ids), 0);
	assert_int_equal(thread_ids(SPAN("a@b"), ids), 0);
	assert_int_equal(thread_ids(SPAN("<>< ><a b><a"), ids), 0);
	assert_int_equal(thread_ids(SPAN("<a@b> (said)\r\n\t<c@d>,<<e@f>"), ids), 3);
	assert_true(span_is(ids[0], "a@b") && span_is(ids[1], "c@d") && span_is(ids[2], "e@f"));
	for (int i = 0; i <= THREAD_NAMES_MAX; i++)
		buf_printf(&b, "<%d@x>", i);
	assert_int_equal(thread_ids(buf_span(&b), ids), THREAD_NAMES_MAX);
	assert_true(span_is(ids[0], "1@x") && span_is(ids[THREAD_NAMES_MAX - 1], "32@x"));
	for (size_t more = 0; more < 2; more++) {
		buf_reset(&b);
		buf_printf(&b, "<%0*d>", THREAD_ID_MAX + (int)more, 7);
		assert_int_equal(thread_ids(buf_span(&b), ids), 1 - more);
	}
	buf_free(&b);
}

/* A mail's fields as the parser shows them. */
static struct thread_names *
names(struct world *w, const char *route, const char *header)
{
	struct view_builder *builder = view_builder_new(span_of(header));
	struct thread_names *out = arena_alloc(&w->arena, sizeof(*out));
	struct buf block = { 0 };
	struct view v;
	size_t at = 0, len;

	for (; header[at] != '\0'; at += len) {
		size_t name = strcspn(header + at, ":");
		struct view_field f = { .offset = at };

		len = strcspn(header + at, "\n") + 1;
		f.length = len;
		f.name = span_make(header + at, name);
		f.value = span_make(header + at + name + 2, len - name - 3);
		view_builder_field(builder, &f);
	}
	view_builder_body(builder, at);
	view_builder_finish(builder, &block);
	assert_int_equal(view_open(&v, buf_span(&block), span_of(header)), 0);
	thread_names(key, span_of(route), &v, out);
	buf_free(&block);
	return out;
}

static void
test_names(void **state)
{
	static const char route[] = "task.linear@example.com";
	struct world *w = *state;
	const struct thread_names *first = names(w, route, "Message-ID: <a@x>\n");
	const struct thread_names *n = names(w, route, "Message-ID: <d@x>\nReferences: <b@x> <c@x> <d@x>\n"
	    "In-Reply-To: <a@x>\n");

	assert_true(first->named);
	assert_int_equal(first->ref_count, 0);
	assert_int_equal(n->ref_count, 3);	/* never itself */
	assert_memory_equal(n->refs[0], first->self, HASH_SIZE);
	assert_memory_equal(n->refs[1], names(w, route, "Message-ID: <c@x>\n")->self, HASH_SIZE);
	assert_memory_equal(n->refs[2], names(w, route, "Message-ID: <b@x>\n")->self, HASH_SIZE);
	assert_memory_not_equal(names(w, "a.b@example.com", "Message-ID: <a@x>\n")->self, first->self,
	    HASH_SIZE);
	assert_false(names(w, route, "Message-ID: a@x\n")->named);
}

static struct accepted *
mail(struct world *w, const char *event, const struct thread_names *n)
{
	struct accepted *a = world_message(w, event);

	a->job.names = n;
	memset(a->target.key, event[4], sizeof(a->target.key));
	assert_true(world_accept(w, a));
	return a;
}

static struct accepted *
simple(struct world *w, const char *event, const char *header)
{
	return mail(w, event, names(w, "task.linear@example.com", header));
}

static struct queue_context
context(struct world *w, const char *event)
{
	struct queue_load load = { .arena = &w->arena, .stage = "linear-dispatch" };

	snprintf(load.event, sizeof(load.event), "%s", event);
	queue_load(w->store, &load);
	store_wait(w->store, &load.job);
	assert_int_equal(load.error, 0);
	return load.context;
}

/* What a begin of each event says, in order: x where it is its turn. */
static const char *
turns(struct world *w, const char *events)
{
	static const struct queue_lane lane = { .stage = "linear-dispatch", .max = 20 };
	struct queue_due d = { .arena = &w->arena, .now_ms = w->now_s * 1000, .lanes = &lane,
		.lane_count = 1 };
	char *out = arena_string(&w->arena, span_of(events));

	queue_due(w->store, &d);
	store_wait(w->store, &d.job);
	memset(out, '.', strlen(out));
	for (size_t i = 0; i < d.count; i++)
		if (strchr(events, d.items[i].event[4]) != NULL)
			out[strchr(events, d.items[i].event[4]) - events] = 'x';
	return out;
}

static bool
begin(struct world *w, const char *event)
{
	struct queue_begin b = { .stage = "linear-dispatch", .now_ms = w->now_s * 1000 };

	snprintf(b.event, sizeof(b.event), "%s", event);
	queue_begin(w->store, &b);
	store_wait(w->store, &b.job);
	return b.begun;
}

static void
finish(struct world *w, const char *event, enum queue_target_state outcome)
{
	struct queue_finish f = { .stage = "linear-dispatch", .outcome = outcome,
		.due_ms = outcome == QUEUE_FAILED ? 0 : (w->now_s + 60) * 1000 };

	snprintf(f.event, sizeof(f.event), "%s", event);
	snprintf(f.resource_id, sizeof(f.resource_id), "LIN-%s", event);
	queue_finish(w->store, &f);
	store_wait(w->store, &f.job);
}

static void
act(struct world *w, const char *event, enum queue_act_kind kind)
{
	struct queue_act a = { .kind = kind, .now_ms = w->now_s * 1000, .give_up_s = INT64_MAX,
		.releaser = "operator" };

	snprintf(a.event, sizeof(a.event), "%s", event);
	queue_act(w->store, &a);
	store_wait(w->store, &a.job);
	assert_int_equal(a.error, 0);
}

/* A comment waits for its create, whatever that meets, and over restarts. */
static void
test_order(void **state)
{
	struct world *w = *state;
	struct queue_context c;

	simple(w, "evt_a", "Message-ID: <a@x>\n");
	simple(w, "evt_b", "Message-ID: <b@x>\nIn-Reply-To: <a@x>\n");
	simple(w, "evt_c", "Message-ID: <c@x>\nIn-Reply-To: <b@x>\n");
	simple(w, "evt_d", "Message-ID: <d@x>\n");
	assert_string_equal(turns(w, "abcd"), "x..x");
	assert_false(begin(w, "evt_b"));
	assert_true(begin(w, "evt_a"));
	assert_string_equal(turns(w, "abcd"), "...x");	/* a is calling */
	assert_false(begin(w, "evt_b"));
	finish(w, "evt_a", QUEUE_WAITING);
	world_reopen(w);
	assert_string_equal(turns(w, "abcd"), "...x");	/* and waits for its time */
	w->now_s += 60;
	assert_string_equal(turns(w, "abcd"), "x..x");
	assert_true(begin(w, "evt_a"));
	finish(w, "evt_a", QUEUE_PAUSED);
	assert_string_equal(turns(w, "abcd"), "...x");
	w->now_s += 60;
	assert_true(begin(w, "evt_a"));
	finish(w, "evt_a", QUEUE_DELIVERED);
	assert_string_equal(turns(w, "abcd"), ".x.x");
	assert_false(begin(w, "evt_c"));
	assert_true(begin(w, "evt_b"));
	finish(w, "evt_b", QUEUE_FAILED);	/* does not hold up who comes later */
	assert_string_equal(turns(w, "abcd"), "..xx");
	c = context(w, "evt_c");
	assert_string_equal(c.thread_event, "evt_a");
	assert_int_equal(c.thread_key[31], 'a');
	assert_string_equal(c.thread_resource, "LIN-evt_a");
	assert_string_equal(context(w, "evt_a").thread_event, "");
	assert_string_equal(context(w, "evt_d").thread_event, "");
	act(w, "evt_b", QUEUE_ACT_RETRY);	/* undone again: its turn is first */
	assert_false(begin(w, "evt_c"));
	assert_true(begin(w, "evt_b"));
}

struct steps {
	struct store_job job;
	int count;
};

/* Of all that SQLite was asked since the last time. */
static void
steps_run(struct store *s, struct store_job *job)
{
	struct steps *steps = (struct steps *)job;
	sqlite3_stmt *stmt = NULL;

	while ((stmt = sqlite3_next_stmt(db_handle(store_queue(s)), stmt)) != NULL)
		steps->count += sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
}

static int
steps_taken(struct world *w)
{
	struct steps steps = { .job = { .run = steps_run } };

	store_submit(w->store, &steps.job);
	store_wait(w->store, &steps.job);
	return steps.count;
}

/* What asking and beginning cost where so many of the thread are done. */
static int
steps_after(struct world *w, int done)
{
	char event[QUEUE_EVENT_SIZE];

	simple(w, "evt_0", "Message-ID: <a@x>\n");
	for (int i = 0; i < done; i++) {
		snprintf(event, sizeof(event), "evt_%d", i);
		if (i > 0)
			simple(w, event, "In-Reply-To: <a@x>\n");
		assert_true(begin(w, event));
		finish(w, event, QUEUE_DELIVERED);
	}
	simple(w, "evt_y", "In-Reply-To: <a@x>\n");
	simple(w, "evt_z", "In-Reply-To: <a@x>\n");
	steps_taken(w);
	assert_string_equal(turns(w, "yz"), "x.");
	assert_false(begin(w, "evt_z"));
	assert_true(begin(w, "evt_y"));
	return steps_taken(w);
}

/* A thread may grow for years. */
static void
test_long_thread(void **state)
{
	struct world few, many;
	int steps;

	(void)state;
	world_init(&few, true);
	world_init(&many, true);
	steps = steps_after(&few, 1);
	assert_true(steps > 0);
	assert_int_equal(steps_after(&many, 200), steps);
	world_fini(&few);
	world_fini(&many);
}

/* A dead or discarded one holds nobody up; held ones do. */
static void
test_held_and_gone(void **state)
{
	struct world *w = *state;
	struct accepted *a = world_message(w, "evt_a");

	a->job.names = names(w, "task.linear@example.com", "Message-ID: <a@x>\n");
	a->holds[0] = (struct queue_releaser){ .name = "operator" };
	a->job.holds = a->holds;
	a->job.hold_count = 1;
	assert_true(world_accept(w, a));
	simple(w, "evt_b", "In-Reply-To: <a@x>\n");
	assert_string_equal(turns(w, "ab"), "..");
	act(w, "evt_a", QUEUE_ACT_REFUSE);
	assert_string_equal(turns(w, "ab"), ".x");
	assert_string_equal(context(w, "evt_b").thread_event, "");	/* nothing was made of it */
	/* What was refused is answered no more. */
	simple(w, "evt_c", "In-Reply-To: <a@x>\n");
	assert_string_equal(turns(w, "abc"), ".xx");
}

/* Names: the earlier keeps its own, another route has others, nobody answers
 * himself. */
static void
test_no_hijack(void **state)
{
	struct world *w = *state;
	struct accepted *other = world_message(w, "evt_x");

	simple(w, "evt_a", "Message-ID: <a@x>\n");
	simple(w, "evt_b", "Message-ID: <a@x>\nIn-Reply-To: <a@x>\n");	/* claims the same name */
	simple(w, "evt_c", "In-Reply-To: <a@x>\n");
	assert_string_equal(context(w, "evt_b").thread_event, "");
	assert_string_equal(context(w, "evt_c").thread_event, "evt_a");
	other->job.route = "task.other@example.com";
	other->job.names = names(w, other->job.route, "In-Reply-To: <a@x>\n");
	assert_true(world_accept(w, other));
	assert_string_equal(context(w, "evt_x").thread_event, "");
	simple(w, "evt_d", "In-Reply-To: <nobody@x>\nReferences: <a@x> <who@x>\n");
	assert_string_equal(context(w, "evt_d").thread_event, "evt_a");
}

/* An address that names an event comes before what the header says, at its own
 * route only. */
static void
test_address(void **state)
{
	struct world *w = *state;
	struct thread_names *n = names(w, "task.linear@example.com", "In-Reply-To: <b@x>\n");
	struct accepted *other = world_message(w, "evt_x");

	simple(w, "evt_a", "Message-ID: <a@x>\n");
	simple(w, "evt_b", "Message-ID: <b@x>\n");
	snprintf(n->event, sizeof(n->event), "evt_a");
	mail(w, "evt_c", n);
	assert_string_equal(context(w, "evt_c").thread_event, "evt_a");
	other->job.route = "task.other@example.com";
	other->job.names = n;
	assert_true(world_accept(w, other));
	assert_string_equal(context(w, "evt_x").thread_event, "evt_b");
}

/* With the message goes its name. */
static void
test_erased(void **state)
{
	struct world *w = *state;
	struct erase_begin b = { .now_s = w->now_s };
	struct erase_finish f = { .now_s = w->now_s, .items = b.items };

	simple(w, "evt_a", "Message-ID: <a@x>\n");
	simple(w, "evt_b", "Message-ID: <b@x>\nIn-Reply-To: <a@x>\n");
	act(w, "evt_a", QUEUE_ACT_DISCARD);
	simple(w, "evt_c", "Message-ID: <c@x>\nIn-Reply-To: <b@x>\n");	/* its first is going */
	assert_string_equal(context(w, "evt_c").thread_event, "");
	erase_begin(w->store, &b);
	store_wait(w->store, &b.job);
	assert_int_equal(b.count, 1);
	f.count = 1;
	erase_finish(w->store, &f);
	store_wait(w->store, &f.job);
	assert_int_equal(world_state(w, "evt_a"), 0);
	assert_string_equal(turns(w, "bc"), "xx");
	simple(w, "evt_d", "Message-ID: <a@x>\n");
	simple(w, "evt_e", "In-Reply-To: <a@x>\n");
	assert_string_equal(context(w, "evt_e").thread_event, "evt_d");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test_setup_teardown(test_names, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_order, world_setup, world_teardown),
		cmocka_unit_test(test_long_thread),
		cmocka_unit_test_setup_teardown(test_held_and_gone, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_no_hijack, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_address, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_erased, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
