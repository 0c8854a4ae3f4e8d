/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The crash table of the commit protocol, row by row.  A child does one thing
 * and dies at a named point; the parent opens what it left and looks.  What
 * the child acknowledged it wrote to a pipe, after done(), as the front would.
 */
#include "crash_world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "store/shard.h"
#include "store/vault.h"

static int ack_fd = -1;	/* where children acknowledge */

static struct accepted *
large_message(struct world *w, const char *event)
{
	struct accepted *a = world_message(w, event);
	char *raw = arena_alloc(&w->arena, STORE_INLINE_MAX + 1000);

	memset(raw, 'x', STORE_INLINE_MAX + 1000);
	a->job.raw = span_make(raw, STORE_INLINE_MAX + 1000);
	return a;
}

static void
ack(const void *p, size_t size)
{
	if (write(ack_fd, p, size) != (ssize_t)size)
		_exit(99);
}

static void
close_again(struct world *w)
{
	store_close(w->store);
	w->store = NULL;
}

static size_t
bodies(struct world *w)
{
	struct erase_recover r = { .arena = &w->arena, .now_ms = w->now_s * 1000 };

	erase_recover(w->store, &r);
	store_wait(w->store, &r.job);
	return r.swept_bodies;
}

static void
accept_large(struct world *w)
{
	world_open(w);
	world_accept(w, large_message(w, "evt_a"));
	store_close(w->store);
}

/* Row 1: before the COMMIT nothing happened; the retry is the first. */
static void
test_before_commit(void **state)
{
	static const struct { const char *point; size_t swept; } rows[] = {
		{ "prepare", 0 }, { "body.write", 0 }, { "body.fdatasync", 1 }, { "body.rename", 1 },
		{ "bodies.fsync", 1 }, { "begin", 1 }, { "accept.run", 1 }, { "commit", 1 } };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(run_child(w, "MAILTRI_CRASHPOINT", rows[i].point, accept_large), FAULT_EXIT);
		world_open(w);
		assert_int_equal(store_leaves(w->store), 0);
		assert_int_equal(world_state(w, "evt_a"), 0);
		assert_int_equal(bodies(w), rows[i].swept);
		close_again(w);
	}
	assert_int_equal(run_child(w, "MAILTRI_CRASHPOINT", "", accept_large), 0);
	world_open(w);
	assert_int_equal(world_state(w, "evt_a"), QUEUE_ACTIVE);
	assert_int_equal(bodies(w), 0);
}

/* Rows 2 and 3: behind the COMMIT the mail is live, though nobody was told;
 * the retry gets the same event, as one whose 250 was not seen. */
static void
test_after_commit(void **state)
{
	struct world *w = *state;
	struct accepted *retry;

	assert_int_equal(run_child(w, "MAILTRI_CRASHPOINT", "committed", accept_large), FAULT_EXIT);
	world_open(w);
	assert_int_equal(store_leaves(w->store), 1);
	assert_int_equal(world_state(w, "evt_a"), QUEUE_ACTIVE);
	assert_int_equal(bodies(w), 0);
	retry = world_message(w, "evt_retry");
	retry->claim = world_message(w, "evt_a")->claim;
	assert_false(world_accept(w, retry));
	assert_string_equal(retry->job.holder, "evt_a");
	assert_false(retry->job.holder_seen);
	assert_int_equal(store_leaves(w->store), 1);
}

/* Row 1, the slot: what was handed out and is in no row is listed. */
static void
test_unreferenced_slot(void **state)
{
	struct world *w = *state;
	struct erase_recover r = { .arena = &w->arena, .now_ms = w->now_s * 1000, .next_slot = 3 };
	struct slot slot;

	slots_take(w->slots, &slot);	/* the child's first is number 1 */
	assert_int_equal(run_child(w, "MAILTRI_CRASHPOINT", "committed", accept_large), FAULT_EXIT);
	world_open(w);
	erase_recover(w->store, &r);
	store_wait(w->store, &r.job);
	assert_int_equal(r.slot_count, 2);
	assert_int_equal(r.slots[0], 0);
	assert_int_equal(r.slots[1], 2);
}

static void
begin_attempt(struct world *w)
{
	struct queue_begin b = { .event = "evt_a", .stage = "linear-dispatch",
		.now_ms = w->now_s * 1000 };

	world_open(w);
	queue_begin(w->store, &b);
	store_wait(w->store, &b.job);
	_exit(FAULT_EXIT);	/* between the attempt and its outcome */
}

static void
finish_attempt(struct world *w)
{
	struct queue_begin b = { .event = "evt_a", .stage = "linear-dispatch",
		.now_ms = w->now_s * 1000 };
	struct queue_finish f = { .event = "evt_a", .stage = "linear-dispatch",
		.outcome = QUEUE_DELIVERED, .resource_id = "LIN-1" };

	world_open(w);
	queue_begin(w->store, &b);
	store_wait(w->store, &b.job);
	queue_finish(w->store, &f);
	store_wait(w->store, &f.job);
	store_close(w->store);
}

/* Row 8: which attempt is due, after recovery, and is its past known? */
static void
test_attempts(void **state)
{
	static const struct {
		const char *point;
		child_fn fn;
		uint32_t attempt;
		bool unknown, due;
	} rows[] = {
		{ "attempt.begin", begin_attempt, 0, false, true },
		{ "commit", begin_attempt, 0, false, true },
		{ "committed", begin_attempt, 1, true, true },
		{ "", begin_attempt, 1, true, true },
		{ "attempt.finish", finish_attempt, 1, true, true },
		{ "commit:2", finish_attempt, 1, true, true },
		{ "committed:2", finish_attempt, 1, false, false },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct queue_lane lane = { .stage = "linear-dispatch", .max = 9 };
		struct queue_due due = { .arena = &w->arena, .now_ms = w->now_s * 1000,
			.lanes = &lane, .lane_count = 1 };

		world_open(w);
		assert_true(world_accept(w, world_message(w, "evt_a")));
		close_again(w);
		assert_int_equal(run_child(w, "MAILTRI_CRASHPOINT", rows[i].point, rows[i].fn), FAULT_EXIT);
		world_open(w);
		bodies(w);	/* recovery */
		queue_due(w->store, &due);
		store_wait(w->store, &due.job);
		assert_int_equal(due.count, rows[i].due);
		if (due.count > 0) {
			assert_int_equal(due.items[0].targets[0].attempt, rows[i].attempt);
			assert_int_equal(due.items[0].targets[0].unknown, rows[i].unknown);
		}
		world_fini(w);
		world_init(w, false);
		close_again(w);
	}
}

static struct queue_answers answering = { .budget = { 50, 20 } };
static const uint8_t person[HASH_SIZE] = { 6 };

static void
accept_answered(struct world *w)
{
	struct accepted *a = world_message(w, "evt_a");

	a->job.answers = &answering;
	a->job.person = person;
	assert_true(world_accept(w, a));
}

static void
finish_answered(struct world *w)
{
	struct queue_begin b = { .event = "evt_a", .stage = "linear-dispatch",
		.now_ms = w->now_s * 1000 };
	struct queue_finish f = { .event = "evt_a", .stage = "linear-dispatch",
		.now_ms = w->now_s * 1000, .outcome = QUEUE_DELIVERED, .budget = answering.budget };

	world_open(w);
	queue_begin(w->store, &b);
	store_wait(w->store, &b.job);
	queue_finish(w->store, &f);
	store_wait(w->store, &f.job);
	store_close(w->store);
}

/* Row 8, the answer: it is there with the outcome it tells and never without,
 * and whoever carries the message on makes no second one. */
static void
test_answers(void **state)
{
	static const struct { const char *point; size_t answers; } rows[] = {
		{ "attempt.finish", 0 }, { "answer.add", 0 }, { "commit:2", 0 }, { "committed:2", 1 } };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct queue_load load = { .arena = &w->arena, .event = "evt_a" };

		world_open(w);
		accept_answered(w);
		close_again(w);
		assert_int_equal(run_child(w, "MAILTRI_CRASHPOINT", rows[i].point, finish_answered),
		    FAULT_EXIT);
		for (size_t round = 0; round < 2; round++) {
			world_open(w);
			bodies(w);	/* recovery */
			queue_load(w->store, &load);
			store_wait(w->store, &load.job);
			assert_int_equal(load.item.answer_count, round == 0 ? rows[i].answers : 1);
			assert_int_equal(load.item.state == QUEUE_DONE, load.item.answer_count == 1);
			close_again(w);
			assert_int_equal(run_child(w, "MAILTRI_CRASHPOINT", "", finish_answered), 0);
		}
		world_open(w);
		world_fini(w);
		world_init(w, false);
		close_again(w);
	}
}

static const uint8_t root[WRAP_KEY_SIZE] = { 5 };

static struct vault *
open_keys(struct world *w)
{
	struct vault_options options = { .dir = w->dir, .root = span_make(root, sizeof(root)),
		.name = "test" };
	char why[256];
	struct vault *v = vault_open(&options, why);

	if (v == NULL)
		fail_msg("%s", why);
	return v;
}

/* Step 9 as the engine and `keys' do it together, from wherever it stands. */
static void
erase_all(struct world *w)
{
	struct erase_begin b = { .now_s = INT64_MAX };
	struct erase_finish f = { .items = b.items };
	struct vault *v = open_keys(w);

	world_open(w);
	erase_begin(w->store, &b);
	store_wait(w->store, &b.job);
	for (size_t i = 0; i < b.count; i++)
		if (vault_erase(v, &b.items[i].slot, 1) != 0)
			_exit(98);
	f.count = b.count;
	erase_finish(w->store, &f);
	store_wait(w->store, &f.job);
	store_close(w->store);
	w->store = NULL;
	vault_close(v);
}

static void
keep_one(struct world *w, struct slot *slot)
{
	struct vault *v = open_keys(w);
	struct accepted *a;

	assert_int_equal(vault_fill(v, 1, slot), 0);
	vault_close(v);
	world_open(w);
	a = large_message(w, "evt_a");
	a->job.slot = *slot;
	a->job.target_count = 0;
	a->job.entries = world_entry(w, "evt_a", AUDIT_SUCCESS, slot);
	assert_true(world_accept(w, a));
	close_again(w);
}

/* Row 9: wherever it died, the next round ends with the key zero and the row
 * gone, and never is the row gone before the key is. */
static void
test_erasing(void **state)
{
	static const char *const points[] = { "erase.begin", "commit", "committed", "erase.slots",
		"erase.fdatasync", "erase.bodies", "bodies.fsync", "erase.finish", "commit:2", "committed:2" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct slot slot, again;
		struct vault *v;
		bool has_key, has_row;

		keep_one(w, &slot);
		assert_int_equal(run_child(w, "MAILTRI_CRASHPOINT", points[i], erase_all), FAULT_EXIT);
		v = open_keys(w);
		has_key = vault_get(v, slot.number, slot.generation, &again) == 0;
		vault_close(v);
		world_open(w);
		has_row = world_state(w, "evt_a") != 0;
		bodies(w);
		close_again(w);
		assert_true(has_row || !has_key);

		erase_all(w);
		v = open_keys(w);
		assert_int_equal(vault_get(v, slot.number, slot.generation, &again), ENOENT);
		vault_close(v);
		world_open(w);
		assert_int_equal(world_state(w, "evt_a"), 0);
		assert_int_equal(bodies(w), 0);
		world_fini(w);
		world_init(w, false);
		close_again(w);
	}
}

static void
fill_slots(struct world *w)
{
	struct vault *v = open_keys(w);
	struct slot slots[100];

	for (int i = 0; i < 3; i++) {
		if (vault_fill(v, 100, slots) != 0)
			_exit(STORE_EXIT);
		ack(&slots[99].number, sizeof(slots[99].number));
	}
	vault_close(v);
}

/* Step 0: a number that was handed out is never handed out again. */
static void
test_slots(void **state)
{
	static const char *const points[] = { "shard.create", "slots.write:2", "slots.fdatasync:2",
		"slots.filled:3", "slots.filled:2", "" };
	struct world *w = *state;
	uint64_t last, most = 0;

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		int fds[2], status;
		struct vault *v;
		struct slot next;

		assert_int_equal(pipe(fds), 0);
		ack_fd = fds[1];
		status = run_child(w, "MAILTRI_CRASHPOINT", points[i], fill_slots);
		assert_int_equal(status, points[i][0] != '\0' ? FAULT_EXIT : 0);
		close(fds[1]);
		while (read(fds[0], &last, sizeof(last)) == sizeof(last))
			most = last > most ? last : most;
		close(fds[0]);
		v = open_keys(w);
		assert_true(most == 0 || vault_next(v) > most);
		assert_int_equal(vault_fill(v, 1, &next), 0);
		assert_true(most == 0 || next.number > most);
		most = next.number;
		vault_close(v);
	}
	assert_true(most >= 600);
}

/* Step 5: an error of the disk answers nobody, and what was answered before
 * is there. */
static void
test_disk_errors(void **state)
{
	static const char *const faults[] = { "body.fdatasync", "bodies.fsync", "db.exec", "db.step" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		assert_int_equal(run_child(w, "MAILTRI_FAULT", faults[i], accept_large), STORE_EXIT);
		world_open(w);
		assert_int_equal(world_state(w, "evt_a"), 0);
		bodies(w);
		close_again(w);
	}
}

/* A disk that fills up: files may not grow beyond 400 KiB. */
static void
accept_until_full(struct world *w)
{
	struct rlimit limit = { 400 << 10, 400 << 10 };
	char event[QUEUE_EVENT_SIZE];

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	world_open(w);
	for (uint32_t i = 0; i < 10000; i++) {
		snprintf(event, sizeof(event), "evt_%u", i);
		if (world_accept(w, world_message(w, event)))
			ack(&i, sizeof(i));
	}
}

static uint32_t
read_acks(int fd)
{
	uint32_t i, n = 0;

	while (read(fd, &i, sizeof(i)) == sizeof(i)) {
		assert_int_equal(i, n);
		n++;
	}
	return n;
}

/* Everything acknowledged is there once; at most `more' that were not. */
static void
check_store(struct world *w, uint32_t acknowledged, uint32_t more)
{
	struct queue_counts counts = { 0 };
	char event[QUEUE_EVENT_SIZE];

	world_open(w);
	for (uint32_t i = 0; i < acknowledged; i++) {
		snprintf(event, sizeof(event), "evt_%u", i);
		assert_int_equal(world_state(w, event), QUEUE_ACTIVE);
	}
	queue_counts(w->store, &counts);
	store_wait(w->store, &counts.job);
	assert_in_range(counts.of[QUEUE_ACTIVE], acknowledged, acknowledged + more);
	assert_int_equal(store_leaves(w->store), counts.of[QUEUE_ACTIVE]);
}

static void
test_disk_full(void **state)
{
	struct world *w = *state;
	uint32_t acknowledged;
	struct slot slot;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	ack_fd = fds[1];
	assert_int_equal(run_child(w, "MAILTRI_FAULT", "", accept_until_full), STORE_EXIT);
	close(fds[1]);
	acknowledged = read_acks(fds[0]);
	close(fds[0]);
	assert_in_range(acknowledged, 5, 9999);
	check_store(w, acknowledged, 1);
	for (uint32_t i = 0; i <= acknowledged; i++)
		slots_take(w->slots, &slot);	/* the child had these */
	assert_true(world_accept(w, world_message(w, "evt_after")));	/* back by itself */
}

static void
accept_for_ever(struct world *w)
{
	char event[QUEUE_EVENT_SIZE];

	world_open(w);
	for (uint32_t i = 0; i < 4000; i++) {
		snprintf(event, sizeof(event), "evt_%u", i);
		if (world_accept(w, world_message(w, event)))
			ack(&i, sizeof(i));
	}
}

/* Row 2: killed wherever it happens to be, COMMIT included. */
static void
test_kill(void **state)
{
	struct world *w = *state;

	for (uint32_t round = 1; round <= 20; round++) {
		uint32_t i, n = 0;
		int fds[2];
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			close(fds[0]);
			ack_fd = fds[1];
			accept_for_ever(w);
			_exit(0);
		}
		close(fds[1]);
		while (n < round * 7 && read(fds[0], &i, sizeof(i)) == sizeof(i))
			n++;
		kill(pid, SIGKILL);
		while (read(fds[0], &i, sizeof(i)) == sizeof(i))
			n++;
		close(fds[0]);
		waitpid(pid, NULL, 0);
		check_store(w, n, 1);
		world_fini(w);
		world_init(w, false);
		close_again(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_before_commit, crash_setup, crash_teardown),
		cmocka_unit_test_setup_teardown(test_after_commit, crash_setup, crash_teardown),
		cmocka_unit_test_setup_teardown(test_unreferenced_slot, crash_setup, crash_teardown),
		cmocka_unit_test_setup_teardown(test_attempts, crash_setup, crash_teardown),
		cmocka_unit_test_setup_teardown(test_answers, crash_setup, crash_teardown),
		cmocka_unit_test_setup_teardown(test_erasing, crash_setup, crash_teardown),
		cmocka_unit_test_setup_teardown(test_slots, crash_setup, crash_teardown),
		cmocka_unit_test_setup_teardown(test_disk_errors, crash_setup, crash_teardown),
		cmocka_unit_test_setup_teardown(test_disk_full, crash_setup, crash_teardown),
		cmocka_unit_test_setup_teardown(test_kill, crash_setup, crash_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
