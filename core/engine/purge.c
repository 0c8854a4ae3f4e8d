/* SPDX-License-Identifier: BSD-2-Clause */
/* What a crash left behind, once at start; then what is past its time loses
 * its key (HACKING.md, The commit, step 9). */
#include "engine/engine.h"

#include <stdlib.h>

#include "base/log.h"

struct recovery {
	struct erase_recover recover;
	struct erase_settle settle;
	struct engine *engine;
	struct arena arena;
};

struct purge {
	struct erase_begin begin;
	struct erase_finish finish;
	struct engine *engine;
	struct arena arena;
	uint64_t slots[ERASE_MAX];
};

static void recovered(struct store_job *);

static void
recover(struct recovery *r, uint64_t next_slot)
{
	arena_reset(&r->arena);
	r->recover = (struct erase_recover){ .arena = &r->arena, .now_ms = now_ms(),
		.next_slot = next_slot, .job = { .done = recovered, .arg = r } };
	erase_recover(r->engine->store, &r->recover);
}

static void
settled(struct store_job *job)
{
	struct recovery *r = job->arg;
	struct engine *e = r->engine;

	if (r->settle.slot < r->recover.next_slot) {	/* the next page */
		recover(r, r->recover.next_slot);
		return;
	}
	arena_free(&r->arena);
	free(r);
	e->recovered = true;
	check_resume(e);
	intake_update(e);
	dispatch_wake(e->dispatch);
	purge_run(e);
}

static void
settle(int error, void *arg)
{
	struct recovery *r = arg;

	if (error != 0)
		log_fatal("keys cannot erase unused slots: %s", strerror(error));
	r->settle = (struct erase_settle){ .slot = r->recover.settle_slot,
		.job = { .done = settled, .arg = r } };
	erase_settle(r->engine->store, &r->settle);
}

static void
recovered(struct store_job *job)
{
	struct recovery *r = job->arg;

	if (r->recover.unknown_attempts + r->recover.swept_bodies + r->recover.slot_count > 0)
		log_info("recovered unknown_attempts=%zu swept_bodies=%zu unused_slots=%zu",
		    r->recover.unknown_attempts, r->recover.swept_bodies,
		    r->recover.slot_count);
	if (r->recover.slot_count == 0)
		settle(0, r);
	else
		keyring_erase(r->engine->keyring, r->recover.slots,
		    r->recover.slot_count, settle, r);
}

void
purge_start(struct engine *e, uint64_t next_slot)
{
	struct recovery *r = xcalloc(1, sizeof(*r));

	r->engine = e;
	recover(r, next_slot);
}

static void
purge_free(struct purge *p)
{
	struct engine *e = p->engine;

	arena_free(&p->arena);
	free(p);
	e->purging = false;
	if (e->purge_again)
		purge_run(e);
}

static void
purged(struct store_job *job)
{
	struct purge *p = job->arg;

	engine_committed(p->engine);
	log_info("purged count=%zu", p->begin.count);
	purge_free(p);
}

/* The entry names the event whose key is gone; nothing personal. */
static void
entry_make(struct purge *p, const struct erase_item *item, struct journal_entry *out)
{
	struct audit_event event = { .event = item->event, .time_s = now_s(),
		.action = SPAN("mailtri.erase"), .permitted = true,
		.status = AUDIT_SUCCESS,
		.reason = item->discarded ? SPAN("operator.discard") :
		    item->message ? SPAN("retain.over") : SPAN("refusal.over") };

	if (audit_entry(&p->arena, &event, NULL, out) != 0)
		log_panic("an audit entry of %s cannot be made", item->event);
}

static void
slots_erased(int error, void *arg)
{
	struct purge *p = arg;
	struct journal_entry *entries;

	if (error != 0) {
		log_error("keys cannot erase: %s; it is tried again", strerror(error));
		p->engine->purge_again = false;	/* in its minute, not at once */
		purge_free(p);
		return;
	}
	entries = arena_alloc(&p->arena, p->begin.count * sizeof(*entries));
	for (size_t i = 0; i < p->begin.count; i++)
		entry_make(p, &p->begin.items[i], &entries[i]);
	p->finish = (struct erase_finish){ .now_s = now_s(), .items = p->begin.items,
		.entries = entries, .count = p->begin.count,
		.job = { .done = purged, .arg = p } };
	erase_finish(p->engine->store, &p->finish);
}

static void
begun(struct store_job *job)
{
	struct purge *p = job->arg;

	if (p->begin.count == 0) {
		purge_free(p);
		return;
	}
	for (size_t i = 0; i < p->begin.count; i++)
		p->slots[i] = p->begin.items[i].slot;
	keyring_erase(p->engine->keyring, p->slots, p->begin.count, slots_erased, p);
}

void
purge_run(struct engine *e)
{
	struct purge *p;

	e->purge_again = e->purging;
	if (e->purging)
		return;
	e->purging = true;
	p = xcalloc(1, sizeof(*p));
	p->engine = e;
	p->begin = (struct erase_begin){ .now_s = now_s(),
		.job = { .done = begun, .arg = p } };
	erase_begin(e->store, &p->begin);
}
