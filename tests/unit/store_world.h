/* SPDX-License-Identifier: BSD-2-Clause */
/* A store to play with: a scratch directory, slots, audit entries, and the
 * jobs of a message's life in one call each. */
#ifndef MAILTRI_TESTS_STORE_WORLD_H
#define MAILTRI_TESTS_STORE_WORLD_H

#include <errno.h>
#include <ftw.h>
#include <unistd.h>

#include "audit/leaf.h"
#include "queue/erase.h"
#include "queue/queue.h"
#include "store/slots.h"
#include "store/store.h"
#include "test.h"

#define CANARY_BODY "canary-of-the-body-8f21"
#define CANARY_HEAD "canary-of-the-head-77aa"
#define CANARY_MAIL "canary-person@example.org"

struct world {
	char dir[256];
	struct store *store;
	struct slots *slots;
	struct arena arena;
	int64_t now_s;
};

static inline int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void
scratch_make(char dir[256])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, 256, "%s/mailtri-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
}

static inline void
scratch_remove(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void
world_open(struct world *w)
{
	struct store_options options = { .dir = w->dir[0] != '\0' ? w->dir : NULL };
	static const uint8_t key[HASH_SIZE] = { 7, 7, 7 };
	char why[256] = "";

	w->store = store_open(&options, why);
	if (w->store == NULL)
		fail_msg("store_open: %s", why);
	store_set_key(w->store, key);
}

/* memory: no directory at all. */
static inline void
world_init(struct world *w, bool memory)
{
	memset(w, 0, sizeof(*w));
	w->now_s = 1760000000;
	if (!memory)
		scratch_make(w->dir);
	w->slots = slots_new(NULL, NULL);
	world_open(w);
}

static inline void
world_reopen(struct world *w)
{
	store_close(w->store);
	world_open(w);
}

static inline void
world_fini(struct world *w)
{
	store_close(w->store);
	slots_free(w->slots);
	arena_free(&w->arena);
	if (w->dir[0] != '\0')
		scratch_remove(w->dir);
}

static inline int
world_setup(void **state)
{
	struct world *w = malloc(sizeof(*w));

	world_init(w, false);
	*state = w;
	return 0;
}

static inline int
world_teardown(void **state)
{
	world_fini(*state);
	free(*state);
	return 0;
}

static inline struct journal_entry *
world_entry(struct world *w, const char *event, enum audit_status status, const struct slot *slot)
{
	struct journal_entry *entry = arena_alloc(&w->arena, sizeof(*entry));
	struct audit_event e = { .event = event, .time_s = w->now_s, .action = SPAN("create_task"),
		.target = SPAN("linear"), .intent = SPAN("task.linear@example.com"),
		.intent_known = true, .permitted = true, .status = status, .reason = SPAN("test.reason") };

	if (slot != NULL) {
		e.email = SPAN(CANARY_MAIL);
		e.ip = SPAN("203.0.113.42");
	}
	assert_int_equal(audit_entry(&w->arena, &e, slot, entry), 0);
	return entry;
}

struct accepted {
	struct queue_accept job;
	struct state_claim claim;
	struct queue_target target;
	struct queue_releaser holds[2];
	char event[QUEUE_EVENT_SIZE];
	struct slot slot;
};

/* A message for one target, claimed by its name; the caller may change *a
 * before world_accept(). */
static inline struct accepted *
world_message(struct world *w, const char *event)
{
	struct accepted *a = arena_alloc(&w->arena, sizeof(*a));
	struct mt_span name = span_of(event);

	snprintf(a->event, sizeof(a->event), "%s", event);
	assert_true(slots_take(w->slots, &a->slot));
	hash_sha256(&name, 1, a->claim.key);
	a->claim.limit = 1;
	a->claim.window_s = 86400;
	snprintf(a->target.stage, sizeof(a->target.stage), "linear-dispatch");
	memset(a->target.key, 0x42, sizeof(a->target.key));
	a->job = (struct queue_accept){ .event = a->event, .route = "task.linear@example.com",
		.now_s = w->now_s, .retain_until_s = w->now_s + 90 * 86400,
		.give_up_s = w->now_s + 5 * 86400, .claims = &a->claim, .claim_count = 1,
		.targets = &a->target, .target_count = 1, .slot = a->slot,
		.head = SPAN("head " CANARY_HEAD), .raw = SPAN("From: x\r\n\r\n" CANARY_BODY "\r\n"),
		.entries = world_entry(w, a->event, AUDIT_DEFERRED, &a->slot), .entry_count = 1 };
	return a;
}

static inline bool
world_accept(struct world *w, struct accepted *a)
{
	queue_accept(w->store, &a->job);
	store_wait(w->store, &a->job.job);
	return !a->job.duplicate;
}

static inline enum queue_state
world_state(struct world *w, const char *event)
{
	struct queue_load load = { .arena = &w->arena };

	snprintf(load.event, sizeof(load.event), "%s", event);
	queue_load(w->store, &load);
	store_wait(w->store, &load.job);
	return load.error == 0 ? load.item.state : 0;
}

static inline struct queue_due
world_due(struct world *w, int64_t now_s, size_t max)
{
	const struct queue_lane lanes[] = { { .stage = "linear-dispatch", .max = max },
		{ .stage = "webhook-dispatch", .max = max } };
	struct queue_due d = { .arena = &w->arena, .now_ms = now_s * 1000, .lanes = lanes,
		.lane_count = 2 };

	queue_due(w->store, &d);
	store_wait(w->store, &d.job);
	return d;
}

static inline struct queue_begin
world_begin(struct world *w, const char *event, int64_t now_s)
{
	struct queue_begin b = { .stage = "linear-dispatch", .now_ms = now_s * 1000 };

	snprintf(b.event, sizeof(b.event), "%s", event);
	queue_begin(w->store, &b);
	store_wait(w->store, &b.job);
	return b;
}

static inline enum queue_state
world_finish(struct world *w, const char *event, enum queue_target_state outcome, int64_t due_s)
{
	struct queue_finish f = { .stage = "linear-dispatch", .outcome = outcome,
		.now_ms = w->now_s * 1000, .due_ms = due_s * 1000, .resource_id = "LIN-1", .reason = "x.y",
		.code = 200 };

	snprintf(f.event, sizeof(f.event), "%s", event);
	queue_finish(w->store, &f);
	store_wait(w->store, &f.job);
	return f.state;
}

#endif
