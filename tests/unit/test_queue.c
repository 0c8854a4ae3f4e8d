/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of messages: accepted, attempted, held, refused, erased; every
 * cell of the table of states. */
#include <fcntl.h>

#include "store_world.h"

static void
test_table(void **state)
{
	/* rows: from accept, active ... erasing; columns: active ... erasing */
	static const char *const table[] = { "x.x.x..", "xx.xx.x", "xx.xx.x", "x..xxxx", "x..x..x",
		"x.....x", "......x", "......x" };

	(void)state;
	for (unsigned from = 0; from <= QUEUE_ERASING; from++)
		for (unsigned to = QUEUE_ACTIVE; to <= QUEUE_ERASING; to++)
			assert_int_equal(queue_is_legal(from, to), table[from][to - 1] == 'x');
	for (unsigned i = QUEUE_ACTIVE; i <= QUEUE_ERASING; i++)
		assert_int_equal(queue_state_find(span_of(queue_state_name(i))), i);
	assert_int_equal(queue_state_find(SPAN("")), 0);
	assert_int_equal(queue_state_find(SPAN("lost")), 0);
}

static struct queue_act
act(struct world *w, const char *event, enum queue_act_kind kind, const char *releaser)
{
	struct queue_act a = { .kind = kind, .now_ms = w->now_s * 1000, .give_up_s = INT64_MAX,
		.reason = "host.damage" };

	snprintf(a.event, sizeof(a.event), "%s", event);
	snprintf(a.releaser, sizeof(a.releaser), "%s", releaser);
	queue_act(w->store, &a);
	store_wait(w->store, &a.job);
	return a;
}

static void
test_delivered(void **state)
{
	struct world *w = *state;
	struct queue_due d;
	struct queue_begin b;

	assert_true(world_accept(w, world_message(w, "evt_a")));
	assert_int_equal(world_state(w, "evt_a"), QUEUE_ACTIVE);
	assert_int_equal(world_due(w, w->now_s - 1, 10).count, 0);
	assert_int_equal(world_due(w, w->now_s - 1, 10).next_ms, w->now_s * 1000);
	d = world_due(w, w->now_s, 10);
	assert_int_equal(d.count, 1);
	assert_string_equal(d.items[0].event, "evt_a");
	assert_string_equal(d.items[0].route, "task.linear@example.com");
	assert_int_equal(d.items[0].targets[0].attempt, 0);
	assert_int_equal(d.items[0].targets[0].key[31], 0x42);
	assert_int_equal(d.next_ms, INT64_MAX);

	b = world_begin(w, "evt_a", w->now_s);
	assert_true(b.begun);
	assert_int_equal(b.attempt, 1);
	assert_false(world_begin(w, "evt_a", w->now_s).begun);	/* once */
	assert_int_equal(world_due(w, w->now_s + 100, 10).count, 0);
	assert_int_equal(world_finish(w, "evt_a", QUEUE_DELIVERED, 0), QUEUE_DONE);
	assert_int_equal(world_finish(w, "evt_a", QUEUE_DELIVERED, 0), 0);	/* no such attempt */
	assert_int_equal(world_state(w, "evt_a"), QUEUE_DONE);
}

static void
test_retry_and_dead(void **state)
{
	struct world *w = *state;

	assert_true(world_accept(w, world_message(w, "evt_a")));
	assert_true(world_begin(w, "evt_a", w->now_s).begun);
	assert_int_equal(world_finish(w, "evt_a", QUEUE_WAITING, w->now_s + 60), QUEUE_DEFERRED);
	assert_int_equal(world_due(w, w->now_s + 59, 10).count, 0);
	assert_int_equal(world_due(w, w->now_s + 59, 10).next_ms, (w->now_s + 60) * 1000);
	assert_false(world_begin(w, "evt_a", w->now_s + 59).begun);
	assert_int_equal(world_begin(w, "evt_a", w->now_s + 60).attempt, 2);
	assert_int_equal(world_state(w, "evt_a"), QUEUE_ACTIVE);
	assert_int_equal(world_finish(w, "evt_a", QUEUE_FAILED, 0), QUEUE_DEAD);

	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RELEASE, "x").error, EINVAL);
	assert_int_equal(act(w, "evt_none", QUEUE_ACT_RETRY, "").error, ENOENT);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RETRY, "").state, QUEUE_ACTIVE);
	assert_int_equal(world_begin(w, "evt_a", w->now_s).attempt, 3);
	assert_int_equal(world_finish(w, "evt_a", QUEUE_PAUSED, w->now_s + 9), QUEUE_DEFERRED);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RETRY, "").error, 0);
	assert_int_equal(world_begin(w, "evt_a", w->now_s).attempt, 4);
	assert_int_equal(world_finish(w, "evt_a", QUEUE_DUPLICATE, 0), QUEUE_DONE);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RETRY, "").error, EINVAL);
}

/* Two targets: the message is what its slowest target is. */
static void
test_two_targets(void **state)
{
	struct world *w = *state;
	struct accepted *a = world_message(w, "evt_a");
	struct queue_target two[2] = { a->target, a->target };
	struct queue_load load = { .arena = &w->arena, .event = "evt_a" };

	snprintf(two[0].stage, sizeof(two[0].stage), "webhook-dispatch");
	a->job.targets = two;
	a->job.target_count = 2;
	assert_true(world_accept(w, a));
	assert_int_equal(world_due(w, w->now_s, 10).count, 2);
	assert_int_equal(world_due(w, w->now_s, 1).count, 2);	/* one of each lane */
	assert_true(world_due(w, w->now_s, 1).next_ms <= w->now_s * 1000);	/* there is more */
	assert_true(world_begin(w, "evt_a", w->now_s).begun);
	assert_int_equal(world_finish(w, "evt_a", QUEUE_FAILED, 0), QUEUE_DEFERRED);
	queue_load(w->store, &load);
	store_wait(w->store, &load.job);
	assert_int_equal(load.item.target_count, 2);
	assert_int_equal(load.item.targets[0].state, QUEUE_FAILED);
	assert_string_equal(load.item.targets[0].resource_id, "LIN-1");
	assert_int_equal(load.item.targets[1].state, QUEUE_WAITING);
}

static void
test_duplicate(void **state)
{
	struct world *w = *state;
	struct accepted *first = world_message(w, "evt_a"), *again = world_message(w, "evt_b");
	struct queue_seen seen = { .event = "evt_a" };

	again->claim = first->claim;
	assert_true(world_accept(w, first));
	assert_false(world_accept(w, again));
	assert_string_equal(again->job.holder, "evt_a");
	assert_false(again->job.holder_seen);
	assert_int_equal(world_state(w, "evt_b"), 0);
	assert_int_equal(store_leaves(w->store), 1);	/* nothing was written */

	queue_seen(w->store, &seen);
	store_wait(w->store, &seen.job);
	assert_false(world_accept(w, again));
	assert_true(again->job.holder_seen);
}

static struct queue_load
load_all(struct world *w, const char *event)
{
	struct queue_load load = { .arena = &w->arena, .content = true };

	snprintf(load.event, sizeof(load.event), "%s", event);
	queue_load(w->store, &load);
	store_wait(w->store, &load.job);
	return load;
}

static void
body_round_trip(struct world *w, const char *event, size_t size, bool in_file)
{
	struct accepted *a = world_message(w, event);
	struct buf raw = { 0 }, head = { 0 }, out = { 0 };
	struct queue_load load;
	char path[400];

	for (size_t i = 0; i < size; i++)
		buf_add_char(&raw, (char)('a' + i % 26));
	a->job.raw = buf_span(&raw);
	assert_true(world_accept(w, a));
	snprintf(path, sizeof(path), "%s/bodies/%s", w->dir, event);
	assert_int_equal(access(path, F_OK) == 0, in_file);
	world_reopen(w);
	load = load_all(w, event);
	assert_int_equal(load.item.size, size);
	assert_int_equal(queue_unseal(&load, &a->slot, &head, &out), 0);
	assert_true(span_is(buf_span(&head), "head " CANARY_HEAD));
	assert_true(span_equal(buf_span(&out), buf_span(&raw)));
	queue_load_fini(&load);
	buf_free(&raw);
	buf_free(&head);
	buf_free(&out);
}

static void
test_bodies(void **state)
{
	body_round_trip(*state, "evt_small", 10, false);
	body_round_trip(*state, "evt_limit", STORE_INLINE_MAX, false);
	body_round_trip(*state, "evt_above", STORE_INLINE_MAX + 1, true);
	body_round_trip(*state, "evt_empty", 0, false);
}

static void
test_damage(void **state)
{
	struct world *w = *state;
	struct accepted *a = world_message(w, "evt_a");
	struct buf raw = { 0 }, head = { 0 }, out = { 0 };
	struct queue_load load;
	char path[400], byte;
	int fd;

	buf_reserve(&raw, STORE_INLINE_MAX + 1);
	memset(raw.p, 'x', STORE_INLINE_MAX + 1);
	raw.len = STORE_INLINE_MAX + 1;
	a->job.raw = buf_span(&raw);
	assert_true(world_accept(w, a));
	snprintf(path, sizeof(path), "%s/bodies/evt_a", w->dir);
	fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, 5000), 1);
	byte ^= 1;	/* another byte, whatever the key made of it */
	assert_int_equal(pwrite(fd, &byte, 1, 5000), 1);
	close(fd);
	load = load_all(w, "evt_a");
	assert_int_equal(queue_unseal(&load, &a->slot, &head, &out), EBADMSG);
	assert_int_equal(head.len + out.len, 0);
	queue_load_fini(&load);
	assert_int_equal(unlink(path), 0);
	load = load_all(w, "evt_a");
	assert_int_equal(load.error, EBADMSG);
	queue_load_fini(&load);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_DAMAGE, "").state, QUEUE_DEAD);
	assert_int_equal(world_due(w, w->now_s + 999999, 10).count, 0);
	assert_int_equal(load_all(w, "evt_none").error, ENOENT);
	buf_free(&raw);
	buf_free(&head);
	buf_free(&out);
}

static struct accepted *
held(struct world *w, const char *event, int64_t until_s)
{
	struct accepted *a = world_message(w, event);

	a->holds[0] = (struct queue_releaser){ .name = "anomaly", .until_s = until_s };
	a->holds[1] = (struct queue_releaser){ .name = "operator" };
	a->job.holds = a->holds;
	a->job.hold_count = 2;
	assert_true(world_accept(w, a));
	return a;
}

static void
test_held(void **state)
{
	struct world *w = *state;
	struct queue_load load;

	held(w, "evt_a", w->now_s + 50);
	assert_int_equal(world_state(w, "evt_a"), QUEUE_HELD);
	assert_int_equal(world_due(w, w->now_s + 10, 10).count, 0);
	assert_int_equal(world_due(w, w->now_s + 10, 10).next_ms, (w->now_s + 50) * 1000);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RELEASE, "nobody").error, ESRCH);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RELEASE, "anomaly").state, QUEUE_HELD);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RELEASE, "anomaly").error, ESRCH);
	load = load_all(w, "evt_a");
	assert_int_equal(load.item.releaser_count, 1);
	assert_string_equal(load.item.releasers[0], "operator");
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_RELEASE, "operator").state, QUEUE_ACTIVE);
	assert_int_equal(world_due(w, w->now_s, 10).count, 1);
	assert_true(world_begin(w, "evt_a", w->now_s).begun);
}

static void
test_held_refused(void **state)
{
	struct world *w = *state;
	struct queue_due d;

	held(w, "evt_a", w->now_s + 50);
	d = world_due(w, w->now_s + 50, 10);
	assert_int_equal(d.expired_count, 1);
	assert_string_equal(d.expired[0], "evt_a");
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_REFUSE, "").state, QUEUE_REFUSED);
	assert_int_equal(act(w, "evt_a", QUEUE_ACT_REFUSE, "").error, EINVAL);
	d = world_due(w, w->now_s + 999999, 10);
	assert_int_equal(d.count + d.expired_count, 0);
}

static void
test_list(void **state)
{
	struct world *w = *state;
	struct queue_list list = { .arena = &w->arena, .max = 2 };
	struct queue_counts counts = { 0 };

	world_accept(w, world_message(w, "evt_a"));
	held(w, "evt_b", 0);
	world_accept(w, world_message(w, "evt_c"));
	queue_list(w->store, &list);
	store_wait(w->store, &list.job);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[1].event, "evt_b");
	assert_int_equal(list.items[0].target_count, 1);
	list.after = list.items[1].id;
	queue_list(w->store, &list);
	store_wait(w->store, &list.job);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].event, "evt_c");
	list.after = 0;
	list.state = QUEUE_HELD;
	queue_list(w->store, &list);
	store_wait(w->store, &list.job);
	assert_int_equal(list.count, 1);
	queue_counts(w->store, &counts);
	store_wait(w->store, &counts.job);
	assert_int_equal(counts.of[QUEUE_ACTIVE], 2);
	assert_int_equal(counts.of[QUEUE_HELD], 1);
	assert_int_equal(counts.oldest_s, w->now_s);
}

static struct erase_begin
erase(struct world *w, int64_t now_s)
{
	static struct erase_begin b;

	b = (struct erase_begin){ .now_s = now_s };
	erase_begin(w->store, &b);
	store_wait(w->store, &b.job);
	return b;
}

static void
erased(struct world *w, const struct erase_begin *b)
{
	struct erase_finish f = { .items = b->items, .count = b->count, .now_s = w->now_s };

	erase_finish(w->store, &f);
	store_wait(w->store, &f.job);
}

static void
test_erase(void **state)
{
	struct world *w = *state;
	struct accepted *a = world_message(w, "evt_a");
	int64_t past = a->job.retain_until_s;
	struct queue_record refusal = { .now_s = w->now_s, .entry_count = 1 };
	struct erase_begin b;
	struct slot slot;

	assert_true(world_accept(w, a));
	slots_take(w->slots, &slot);
	refusal.entries = world_entry(w, "evt_r", AUDIT_REFUSED, &slot);
	refusal.entries->keep_until_s = past;
	queue_record(w->store, &refusal);
	store_wait(w->store, &refusal.job);

	assert_int_equal(erase(w, past - 1).count, 0);
	b = erase(w, past);	/* the message is not done: only the refusal */
	assert_int_equal(b.count, 1);
	assert_string_equal(b.items[0].event, "evt_r");
	assert_false(b.items[0].message);
	assert_true(world_begin(w, "evt_a", past).begun);
	assert_int_equal(world_finish(w, "evt_a", QUEUE_DELIVERED, 0), QUEUE_DONE);
	world_reopen(w);	/* a crash in between: the same again */
	b = erase(w, past);
	assert_int_equal(b.count, 2);
	assert_int_equal(world_state(w, "evt_a"), QUEUE_ERASING);
	erased(w, &b);
	assert_int_equal(world_state(w, "evt_a"), 0);
	assert_int_equal(erase(w, past + 999999).count, 0);
	assert_int_equal(store_leaves(w->store), 2);
}

/* Paused past its time goes; waiting past its time is tried first. */
static void
test_erase_undone(void **state)
{
	struct world *w = *state;
	struct accepted *a = world_message(w, "evt_p"), *b = world_message(w, "evt_w");

	assert_true(world_accept(w, a) && world_accept(w, b));
	assert_true(world_begin(w, "evt_p", w->now_s).begun);
	assert_int_equal(world_finish(w, "evt_p", QUEUE_PAUSED, w->now_s + 10), QUEUE_DEFERRED);
	assert_true(world_begin(w, "evt_w", w->now_s).begun);
	assert_int_equal(world_finish(w, "evt_w", QUEUE_WAITING, w->now_s + 10), QUEUE_DEFERRED);
	assert_int_equal(erase(w, a->job.retain_until_s).count, 1);
	assert_int_equal(world_state(w, "evt_p"), QUEUE_ERASING);
	assert_int_equal(world_state(w, "evt_w"), QUEUE_DEFERRED);
	assert_int_equal(world_due(w, a->job.retain_until_s, 10).count, 1);
	assert_string_equal(world_due(w, a->job.retain_until_s, 10).items[0].event, "evt_w");
}

static void
test_recover(void **state)
{
	struct world *w = *state;
	struct erase_recover r = { .arena = &w->arena, .now_ms = w->now_s * 1000 + 5, .next_slot = 5000 };
	struct erase_settle settle;
	struct queue_due d;
	char path[400];
	size_t total = 0;
	int fd;

	for (int i = 0; i < 5; i++) {
		char event[20];

		snprintf(event, sizeof(event), "evt_%d", i);
		assert_true(world_accept(w, world_message(w, event)));	/* slots 0 to 4 */
	}
	assert_true(world_begin(w, "evt_2", w->now_s).begun);
	snprintf(path, sizeof(path), "%s/bodies/evt_orphan", w->dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	snprintf(path, sizeof(path), "%s/bodies/evt_half.new", w->dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	world_reopen(w);
	do {
		erase_recover(w->store, &r);
		store_wait(w->store, &r.job);
		assert_true(r.slot_count <= ERASE_RECOVER_MAX);
		for (size_t i = 0; i < r.slot_count; i++)
			assert_int_equal(r.slots[i], 5 + total++);
		settle = (struct erase_settle){ .slot = r.settle_slot };
		erase_settle(w->store, &settle);
		store_wait(w->store, &settle.job);
	} while (r.settle_slot < r.next_slot);
	assert_int_equal(total, 4995);
	assert_int_not_equal(access(path, F_OK), 0);
	d = world_due(w, w->now_s + 1, 10);
	assert_int_equal(d.count, 5);
	assert_string_equal(d.items[4].event, "evt_2");
	assert_true(d.items[4].targets[0].unknown);
	assert_int_equal(d.items[4].targets[0].attempt, 1);
	erase_recover(w->store, &r);
	store_wait(w->store, &r.job);
	assert_int_equal(r.slot_count + r.swept_bodies + r.unknown_attempts, 0);
}

static const char *word;
static int hits;

static int
seek(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	int fd = flag == FTW_F ? open(path, O_RDONLY) : -1;
	char *bytes = malloc((size_t)st->st_size + 1);
	ssize_t n = fd >= 0 ? read(fd, bytes, (size_t)st->st_size) : 0;

	(void)ftw;
	if (n > 0 && memmem(bytes, (size_t)n, word, strlen(word)) != NULL)
		hits++;
	if (fd >= 0)
		close(fd);
	free(bytes);
	return 0;
}

static int
count_hits(const char *dir)
{
	static const char *const words[] = { CANARY_BODY, CANARY_HEAD, CANARY_MAIL };

	hits = 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		word = words[i];
		nftw(dir, seek, 16, FTW_PHYS);
	}
	return hits;
}

static bool patched_out;	/* sealing, so that the search proves itself */

void __real_seal_close(const struct slot *, enum seal_kind, struct mt_span, struct mt_span,
    struct buf *);
void __wrap_seal_close(const struct slot *, enum seal_kind, struct mt_span, struct mt_span,
    struct buf *);

/* The linker puts this in place of seal_close() (--wrap). */
void
__wrap_seal_close(const struct slot *slot, enum seal_kind kind, struct mt_span event,
    struct mt_span plain, struct buf *out)
{
	if (patched_out)
		buf_add(out, plain.ptr, plain.len);
	else
		__real_seal_close(slot, kind, event, plain, out);
}

static void
fill_with_canaries(struct world *w)
{
	struct accepted *large = world_message(w, "evt_large");
	struct state_put put = { .value = SPAN(CANARY_MAIL), .until_s = INT64_MAX };
	struct buf raw = { 0 };

	for (int i = 0; i < 4000; i++)
		buf_add_string(&raw, CANARY_BODY "\r\n");
	large->job.raw = buf_span(&raw);
	large->job.puts = &put;
	large->job.put_count = 1;
	assert_true(world_accept(w, large));
	assert_true(world_accept(w, world_message(w, "evt_small")));
	buf_free(&raw);
}

/* Nothing of a mail lies in the state directory, whether the store is open
 * or closed. */
static void
test_canary(void **state)
{
	struct world *w = *state;

	fill_with_canaries(w);
	assert_int_equal(count_hits(w->dir), 0);
	world_reopen(w);
	assert_int_equal(count_hits(w->dir), 0);
}

/* Body file, queue.db (body, head, opening), counters.db (value). */
static void
test_canary_is_found(void **state)
{
	struct world *w = *state;

	patched_out = true;
	fill_with_canaries(w);
	store_close(w->store);	/* into the databases themselves */
	patched_out = false;
	assert_int_equal(count_hits(w->dir), 5);
	world_open(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test_setup_teardown(test_delivered, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_retry_and_dead, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_two_targets, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_duplicate, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_bodies, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_damage, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_held, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_held_refused, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_list, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_erase, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_erase_undone, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_recover, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_canary, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_canary_is_found, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
