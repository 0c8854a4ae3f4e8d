/* SPDX-License-Identifier: BSD-2-Clause */
/* What a crash or a restore left behind, once at start; then what is past its
 * time loses its key (HACKING.md, The commit, step 9). */
#include "engine/engine.h"

#include <stdlib.h>

#include "base/log.h"
#include "queue/restore.h"

struct recovery {
	struct restore_look look;
	struct erase_recover recover;
	struct erase_settle settle;
	struct restore_page page;
	struct restore_gone gone;
	struct restore_done done;
	struct journal_entry entry;
	struct engine *engine;
	struct arena arena;
	uint64_t *gone_slots;	/* of the page */
};

struct purge {
	struct erase_begin begin;
	struct erase_finish finish;
	struct engine *engine;
	struct recovery *recovery;	/* goes on when nothing is left to purge */
	struct arena arena;
	uint64_t slots[ERASE_MAX];
};

static void recovered(struct store_job *);
static void page(struct recovery *, uint64_t from);
static void purge(struct engine *, struct recovery *);

static void
recover(struct recovery *r)
{
	arena_reset(&r->arena);
	r->recover = (struct erase_recover){ .arena = &r->arena, .now_ms = now_ms(),
		.next_slot = keyring_state(r->engine->keyring)->next_slot,
		.job = { .done = recovered, .arg = r } };
	erase_recover(r->engine->store, &r->recover);
}

static void
finish(struct recovery *r)
{
	struct engine *e = r->engine;

	arena_free(&r->arena);
	free(r);
	e->recovered = true;
	check_resume(e);
	intake_update(e);
	dispatch_wake(e->dispatch);
	purge_run(e);
}

static void
restored(struct store_job *job)
{
	struct recovery *r = job->arg;

	log_warning("restored from a backup: nothing is dispatched before an operator says so:"
	    " mailtrictl queue resume");
	engine_committed(r->engine);
	finish(r);
}

/* Nothing that was gone is left: the restore is over. */
static void
restore_end(struct recovery *r)
{
	struct audit_event event = { .time_s = now_s(), .action = SPAN("mailtri.restore"),
		.permitted = true, .role = SPAN("operator"), .status = AUDIT_SUCCESS,
		.reason = SPAN("restore.paused") };
	char id[40];

	event_make(id);
	event.event = arena_string(&r->arena, span_of(id));
	if (audit_entry(&r->arena, &event, NULL, &r->entry) != 0)
		log_panic("an audit entry of %s cannot be made", event.event);
	r->done = (struct restore_done){ .entry = &r->entry, .job = { .done = restored, .arg = r } };
	restore_done(r->engine->store, &r->done);
}

static void
gone_marked(struct store_job *job)
{
	struct recovery *r = job->arg;

	free(r->gone_slots);
	page(r, r->page.items[r->page.count - 1].slot + 1);
}

static void
gone_known(const uint64_t *slots, size_t count, void *arg)
{
	struct recovery *r = arg;

	if (count > r->page.count)
		log_panic("keys lost more than it was asked for");
	r->gone_slots = xcalloc(ERASE_MAX, sizeof(*slots));
	memcpy(r->gone_slots, slots, count * sizeof(*slots));
	if (count > 0)
		log_info("restored erased=%zu", count);
	r->gone = (struct restore_gone){ .slots = r->gone_slots, .count = count,
		.job = { .done = gone_marked, .arg = r } };
	restore_gone(r->engine->store, &r->gone);
}

static void
page_known(struct store_job *job)
{
	struct recovery *r = job->arg;

	if (r->page.count == 0)
		purge(r->engine, r);
	else
		keyring_gone(r->engine->keyring, r->page.items, r->page.count, gone_known, r);
}

static void
page(struct recovery *r, uint64_t from)
{
	r->page.from = from;
	r->page.job = (struct store_job){ .done = page_known, .arg = r };
	restore_page(r->engine->store, &r->page);
}

static void
settled(struct store_job *job)
{
	struct recovery *r = job->arg;

	if (r->settle.slot < r->recover.next_slot)	/* the next page */
		recover(r);
	else if (r->look.restored)
		page(r, 0);
	else
		finish(r);
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

/* Rows whose slots `keys' never made: the two are not of one state. */
static void
looked(struct store_job *job)
{
	struct recovery *r = job->arg;
	struct engine *e = r->engine;

	if (r->look.slots_end > keyring_state(e->keyring)->next_slot)
		log_fatal("%s: the mail needs message keys that keys/ does not have: restore the keys"
		    " from a backup that was made after that of the mail (mailtrictl keys restore)",
		    e->current->settings->state_dir);
	keyring_matched(e->keyring);
	e->paused = r->look.paused;
	recover(r);
}

void
purge_start(struct engine *e)
{
	struct recovery *r = xcalloc(1, sizeof(*r));

	r->engine = e;
	r->look = (struct restore_look){ .now_s = now_s(),
		.generation = keyring_state(e->keyring)->generation,
		.job = { .done = looked, .arg = r } };
	restore_look(e->store, &r->look);
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
	struct recovery *r = p->recovery;
	struct engine *e = p->engine;

	engine_committed(e);
	log_info("purged count=%zu", p->begin.count);
	purge_free(p);
	if (r != NULL)
		purge(e, r);	/* until nothing is left */
}

/* The entry names the event whose key is gone; nothing personal. */
static void
entry_make(struct purge *p, const struct erase_item *item, struct journal_entry *out)
{
	struct audit_event event = { .event = item->event, .time_s = now_s(),
		.action = SPAN("mailtri.erase"), .permitted = true,
		.status = AUDIT_SUCCESS,
		.reason = item->discarded ? SPAN("operator.discard") :
		    item->early ? SPAN("restore.erased") :
		    item->message ? SPAN("retain.over") : SPAN("refusal.over") };

	if (audit_entry(&p->arena, &event, NULL, out) != 0)
		log_panic("an audit entry of %s cannot be made", item->event);
}

static void
slots_erased(int error, void *arg)
{
	struct purge *p = arg;
	struct journal_entry *entries;

	if (error != 0 && p->recovery != NULL)
		log_fatal("keys cannot erase: %s", strerror(error));
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
	struct recovery *r = p->recovery;

	if (p->begin.count == 0) {
		purge_free(p);
		if (r != NULL)
			restore_end(r);
		return;
	}
	for (size_t i = 0; i < p->begin.count; i++)
		p->slots[i] = p->begin.items[i].slot;
	keyring_erase(p->engine->keyring, p->slots, p->begin.count, slots_erased, p);
}

static void
purge(struct engine *e, struct recovery *r)
{
	struct purge *p = xcalloc(1, sizeof(*p));

	e->purging = true;
	p->engine = e;
	p->recovery = r;
	p->begin = (struct erase_begin){ .now_s = now_s(),
		.job = { .done = begun, .arg = p } };
	erase_begin(e->store, &p->begin);
}

void
purge_run(struct engine *e)
{
	e->purge_again = e->purging && e->recovered;
	if (e->recovered && !e->purging)
		purge(e, NULL);
}
