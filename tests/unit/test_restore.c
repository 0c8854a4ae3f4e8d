/* SPDX-License-Identifier: BSD-2-Clause */
/* A copy made under way, what a start from it has to catch up with, and the
 * store's limits, at them and one beyond. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "queue/pause.h"
#include "queue/restore.h"
#include "store/copy.h"
#include "store/db.h"
#include "store_world.h"

static struct restore_look
look(struct world *w, uint32_t generation)
{
	struct restore_look l = { .now_s = w->now_s, .generation = generation };

	restore_look(w->store, &l);
	store_wait(w->store, &l.job);
	return l;
}

static struct queue_item
item(struct world *w, const char *event)
{
	struct queue_load load = { .arena = &w->arena };

	snprintf(load.event, sizeof(load.event), "%s", event);
	queue_load(w->store, &load);
	store_wait(w->store, &load.job);
	assert_int_equal(load.error, 0);
	return load.item;
}

static void
begin(struct world *w, const char *event)
{
	struct queue_begin b = { .stage = "linear-dispatch", .now_ms = w->now_s * 1000,
		.give_up_s = w->now_s + 500 };

	snprintf(b.event, sizeof(b.event), "%s", event);
	queue_begin(w->store, &b);
	store_wait(w->store, &b.job);
	assert_true(b.begun);
}

/* A first start and one after a stop are no restore; other keys are. */
static void
test_what_is_a_restore(void **state)
{
	struct world *w = *state;
	struct accepted *held = world_message(w, "evt_held");
	struct restore_look l = look(w, 1);
	struct queue_item i;

	assert_false(l.restored);
	assert_false(l.paused);
	assert_int_equal(l.slots_end, 0);
	world_accept(w, world_message(w, "evt_new"));
	world_accept(w, world_message(w, "evt_calling"));
	snprintf(held->holds[0].name, QUEUE_NAME_SIZE, "operator");
	held->job.holds = held->holds;
	held->job.hold_count = 1;
	world_accept(w, held);
	begin(w, "evt_calling");
	assert_false(look(w, 1).restored);
	assert_int_equal(item(w, "evt_new").targets[0].attempt, 0);

	l = look(w, 2);
	assert_true(l.restored);
	assert_true(l.paused);
	assert_int_equal(l.slots_end, 3);
	i = item(w, "evt_new");	/* was perhaps delivered since: the next is no first attempt */
	assert_int_equal(i.targets[0].attempt, 1);
	assert_true(i.targets[0].unknown);
	assert_int_equal(i.targets[0].give_up_s, 0);	/* its time begins again with that */
	i = item(w, "evt_calling");
	assert_int_equal(i.targets[0].attempt, 1);
	assert_true(i.targets[0].unknown);
	i = item(w, "evt_held");
	assert_int_equal(i.state, QUEUE_HELD);
	assert_int_equal(i.targets[0].attempt, 1);
	assert_true(i.targets[0].due_ms == INT64_MAX);
	assert_true(look(w, 2).restored);	/* until it is done */
	begin(w, "evt_new");
	assert_int_equal(item(w, "evt_new").targets[0].give_up_s, w->now_s + 500);
}

static void
test_what_is_late_ends(void **state)
{
	struct world *w = *state;

	look(w, 1);
	world_accept(w, world_message(w, "evt_late"));
	w->now_s += 90 * 86400;		/* at its time, not before */
	world_accept(w, world_message(w, "evt_young"));
	assert_true(look(w, 2).restored);
	assert_int_equal(world_state(w, "evt_late"), QUEUE_DEAD);
	assert_int_equal(world_state(w, "evt_young"), QUEUE_ACTIVE);
}

static void
test_rows_without_keys_go(void **state)
{
	struct world *w = *state;
	struct restore_page p = { .from = 0 };
	struct restore_gone g = { .count = 1 };
	struct erase_begin *b = calloc(1, sizeof(*b));
	uint64_t gone;

	world_accept(w, world_message(w, "evt_a"));
	world_accept(w, world_message(w, "evt_b"));
	restore_page(w->store, &p);
	store_wait(w->store, &p.job);
	assert_int_equal(p.count, 2);
	gone = p.items[1].slot;
	g.slots = &gone;
	restore_gone(w->store, &g);
	store_wait(w->store, &g.job);
	b->now_s = w->now_s;
	erase_begin(w->store, b);
	store_wait(w->store, &b->job);
	assert_int_equal(b->count, 1);
	assert_string_equal(b->items[0].event, "evt_b");
	assert_true(b->items[0].early);
	assert_true(b->items[0].message);
	assert_int_equal(world_state(w, "evt_b"), QUEUE_ERASING);
	p.from = gone;
	restore_page(w->store, &p);
	store_wait(w->store, &p.job);
	assert_int_equal(p.count, 0);
	free(b);
}

static void
test_pause(void **state)
{
	struct world *w = *state;
	struct queue_pause p = { .pause = true,
		.entry = world_entry(w, "evt_pause", AUDIT_SUCCESS, NULL) };
	uint64_t before;

	look(w, 1);
	queue_pause(w->store, &p);
	store_wait(w->store, &p.job);
	assert_true(p.changed);
	before = store_leaves(w->store);
	queue_pause(w->store, &p);
	store_wait(w->store, &p.job);
	assert_false(p.changed);
	assert_int_equal(store_leaves(w->store), before);	/* nothing to audit */
	world_reopen(w);
	assert_true(look(w, 1).paused);
	p.pause = false;
	queue_pause(w->store, &p);
	store_wait(w->store, &p.job);
	assert_true(p.changed);
	assert_false(look(w, 1).paused);
}

static void
copy_path(struct world *w, const char *name, char path[512])
{
	snprintf(path, 512, "%s/backup/%s", w->dir, name);
}

static bool
exists(struct world *w, const char *name)
{
	char path[512];

	copy_path(w, name, path);
	return access(path, F_OK) == 0;
}

static void
move(struct world *w, const char *name)
{
	char from[512], to[512];

	copy_path(w, name, from);
	snprintf(to, sizeof(to), "%s/%s", w->dir, name);
	assert_int_equal(rename(from, to), 0);
	snprintf(to, sizeof(to), "%s/%s-wal", w->dir, name);
	unlink(to);
}

/* Mail is accepted between the pieces; the copy has all of it, says that it
 * is one, and a start from it is a restore. */
static void
test_copy_while_in_use(void **state)
{
	struct world *w = *state;
	struct store_copy copy = { .error = 0 };
	char event[QUEUE_EVENT_SIZE];
	struct store_job removal = { .done = NULL };
	uint64_t n = 0;

	look(w, 1);
	for (; n < 400; n++) {	/* more than a piece of pages */
		struct accepted *a;

		snprintf(event, sizeof(event), "evt_%llu", (unsigned long long)n);
		a = world_message(w, event);
		a->job.raw = span_make(calloc(1, 8000), 8000);
		world_accept(w, a);
		free((void *)(uintptr_t)a->job.raw.ptr);
	}
	do {
		store_copy(w->store, &copy);
		store_wait(w->store, &copy.job);
		if (!copy.over) {
			snprintf(event, sizeof(event), "evt_%llu", (unsigned long long)n++);
			world_accept(w, world_message(w, event));
		}
	} while (!copy.over);
	assert_int_equal(copy.error, 0);
	assert_true(n > 400);
	assert_in_range(copy.records, n - 1, n);	/* the counters came last */
	assert_int_equal(copy.slots, copy.records);
	world_accept(w, world_message(w, "evt_after"));
	store_copy(w->store, &copy);	/* another, from the start, and not finished */
	store_wait(w->store, &copy.job);
	assert_false(copy.over);
	while (!copy.over) {
		store_copy(w->store, &copy);
		store_wait(w->store, &copy.job);
	}
	assert_int_equal(copy.records, n + 1);
	store_close(w->store);
	move(w, "queue.db");
	move(w, "counters.db");
	assert_false(exists(w, "queue.db-wal"));
	world_open(w);
	assert_int_equal(store_leaves(w->store), n + 1);
	assert_true(look(w, 1).restored);
	assert_int_equal(world_state(w, "evt_after"), QUEUE_ACTIVE);

	store_copy(w->store, &copy);
	store_wait(w->store, &copy.job);
	while (!copy.over) {
		store_copy(w->store, &copy);
		store_wait(w->store, &copy.job);
	}
	assert_true(exists(w, "queue.db"));
	store_copy_remove(w->store, &removal);
	store_wait(w->store, &removal);
	assert_false(exists(w, ""));
}

static void
test_copy_left_behind(void **state)
{
	struct world *w = *state;
	struct store_copy copy = { .error = 0 };

	do {
		store_copy(w->store, &copy);
		store_wait(w->store, &copy.job);
	} while (!copy.over);
	assert_true(exists(w, "queue.db"));
	world_reopen(w);	/* mailtrictl was killed, mailtrid started again */
	assert_false(exists(w, ""));
}

/* A copy that cannot be written is an error of the copy, not the end. */
static void
test_copy_without_room(void **state)
{
	struct world *w = *state;
	struct store_copy copy = { .error = 0 };
	char path[512];
	int fd;

	copy_path(w, "", path);
	path[strlen(path) - 1] = '\0';
	fd = open(path, O_WRONLY | O_CREAT, 0600);	/* a file where the folder goes */
	assert_true(fd >= 0);
	close(fd);
	store_copy(w->store, &copy);
	store_wait(w->store, &copy.job);
	assert_true(copy.over);
	assert_int_equal(copy.error, EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_true(world_accept(w, world_message(w, "evt_goes_on")));
}

static bool
has_body(struct world *w, const char *event)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/bodies/%s", w->dir, event);
	return access(path, F_OK) == 0;
}

/* 64 KiB lie in their row, one byte more in a file; both come back whole. */
static void
test_inline_limit(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < 2; i++) {
		const char *event = i == 0 ? "evt_at" : "evt_above";
		struct accepted *a = world_message(w, event);
		struct queue_load load = { .arena = &w->arena, .content = true };
		struct buf head = { 0 }, raw = { 0 };
		char *bytes = calloc(1, STORE_INLINE_MAX + i);

		memset(bytes, 'b', STORE_INLINE_MAX + i);
		a->job.raw = span_make(bytes, STORE_INLINE_MAX + i);
		assert_true(world_accept(w, a));
		assert_int_equal(has_body(w, event), i);
		snprintf(load.event, sizeof(load.event), "%s", event);
		queue_load(w->store, &load);
		store_wait(w->store, &load.job);
		assert_int_equal(queue_unseal(&load, &a->slot, &head, &raw), 0);
		assert_true(span_equal(buf_span(&raw), a->job.raw));
		queue_load_fini(&load);
		buf_free(&head);
		buf_free(&raw);
		free(bytes);
	}
}

/* The longest list, and one more asked for than there may be. */
static void
test_list_limit(void **state)
{
	struct world *w = *state;
	struct queue_list list = { .arena = &w->arena, .max = QUEUE_LIST_MAX + 1 };
	char event[QUEUE_EVENT_SIZE];

	for (int i = 0; i <= QUEUE_LIST_MAX; i++) {
		snprintf(event, sizeof(event), "evt_%d", i);
		world_accept(w, world_message(w, event));
	}
	queue_list(w->store, &list);
	store_wait(w->store, &list.job);
	assert_int_equal(list.count, QUEUE_LIST_MAX);
	list.after = list.items[list.count - 1].id;
	queue_list(w->store, &list);
	store_wait(w->store, &list.job);
	assert_int_equal(list.count, 1);
}

/* A call that must not be made: in a child, which it ends. */
static bool
ends(void (*fn)(struct world *), struct world *w)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(2);
		signal(SIGABRT, SIG_DFL);
		fn(w);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static size_t value_size;

static void
keep_value(struct world *w)
{
	char *bytes = calloc(1, value_size + 1);
	struct state_put put = { .key = { 1 }, .value = span_make(bytes, value_size),
		.until_s = w->now_s + 1 };
	struct queue_record r = { .now_s = w->now_s, .puts = &put, .put_count = 1 };

	queue_record(w->store, &r);
	store_wait(w->store, &r.job);
	free(bytes);
}

static void
too_many_targets(struct world *w)
{
	struct accepted *a = world_message(w, "evt_targets");
	struct queue_target targets[QUEUE_TARGETS_MAX + 1] = { 0 };

	a->job.targets = targets;
	a->job.target_count = QUEUE_TARGETS_MAX + 1;
	world_accept(w, a);
}

/* Reopened in the child, which has no thread of its parent's. */
static void
value_above(struct world *w)
{
	world_open(w);
	value_size = STATE_VALUE_MAX + 1;
	keep_value(w);
}

static void
targets_above(struct world *w)
{
	world_open(w);
	too_many_targets(w);
}

static void
test_limits_of_values_and_targets(void **state)
{
	struct world *w = *state;
	struct accepted *a = world_message(w, "evt_full");
	struct queue_target targets[QUEUE_TARGETS_MAX] = { 0 };
	struct state_get get = { .key = { 1 }, .now_s = w->now_s };

	value_size = STATE_VALUE_MAX;
	keep_value(w);
	state_get(w->store, &get);
	store_wait(w->store, &get.job);
	assert_true(get.found);
	assert_int_equal(get.value.len, STATE_VALUE_MAX);
	buf_free(&get.value);
	for (int i = 0; i < QUEUE_TARGETS_MAX; i++)
		snprintf(targets[i].stage, sizeof(targets[i].stage), "stage-%d", i);
	a->job.targets = targets;
	a->job.target_count = QUEUE_TARGETS_MAX;
	assert_true(world_accept(w, a));
	assert_int_equal(item(w, "evt_full").target_count, QUEUE_TARGETS_MAX);

	store_close(w->store);
	assert_true(ends(value_above, w));
	assert_true(ends(targets_above, w));
	world_open(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_a_restore, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_late_ends, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_rows_without_keys_go, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_pause, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_copy_while_in_use, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_copy_left_behind, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_copy_without_room, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_inline_limit, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_list_limit, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_limits_of_values_and_targets, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
