/* SPDX-License-Identifier: BSD-2-Clause */
/* Step 9, and what a start has to put right. */
#include "queue/erase.h"

#include "base/fault.h"
#include "queue/private.h"
#include "store/body.h"

static void
mark_past(struct store *s, int64_t now_s)
{
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt = db_statement(db, "UPDATE key_slot SET state = 2 WHERE slot IN ("
	    "SELECT k.slot FROM key_slot k LEFT JOIN message m ON k.message = 1 AND m.event = k.event"
	    " WHERE k.state = 1 AND k.until <= ?1 AND (m.id IS NULL OR m.state IN (4, 5, 6)"
	    "  OR (m.state = 2 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message = m.id"
	    "      AND o.action = 0 AND o.state IN (1, 2))))"
	    " ORDER BY k.until LIMIT ?2)");

	db_bind_int(stmt, 1, now_s);
	db_bind_int(stmt, 2, ERASE_MAX);
	db_run(db, stmt);
	db_run(db, db_statement(db, "UPDATE message SET state = 7 WHERE event IN"
	    " (SELECT event FROM key_slot WHERE state = 2 AND message = 1)"));
}

static void
begin_run(struct store *s, struct store_job *job)
{
	struct erase_begin *b = (struct erase_begin *)job;
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt;

	fault_point("erase.begin");
	mark_past(s, b->now_s);
	stmt = db_statement(db, "SELECT slot, generation, event, message, until FROM key_slot"
	    " WHERE state = 2 ORDER BY slot LIMIT ?");
	db_bind_int(stmt, 1, ERASE_MAX);
	while (b->count < ERASE_MAX && db_step(db, stmt)) {
		struct erase_item *item = &b->items[b->count++];

		item->slot = (uint64_t)db_int(stmt, 0);
		item->generation = (uint64_t)db_int(stmt, 1);
		db_copy(stmt, 2, item->event, sizeof(item->event));
		item->message = db_int(stmt, 3) != 0;
		item->discarded = db_int(stmt, 4) == 0;
		item->early = db_int(stmt, 4) > b->now_s;
	}
	db_reset(stmt);
}

void
erase_begin(struct store *s, struct erase_begin *b)
{
	b->count = 0;
	b->job.prepare = NULL;
	b->job.run = begin_run;
	store_submit(s, &b->job);
}

/* Its key is gone, so the file may go before the rows do. */
static void
finish_prepare(struct store *s, struct store_job *job)
{
	const struct erase_finish *f = (const struct erase_finish *)job;

	fault_point("erase.bodies");
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].message)
			body_remove(s, f->items[i].event);
}

static void
remove_message(struct store *s, const char *event)
{
	struct queue_row row;

	if (!queue_row_find(s, event, &row))
		return;
	queue_run(s, "DELETE FROM outbox WHERE message = ?", row.id);
	queue_run(s, "DELETE FROM hold WHERE message = ?", row.id);
	queue_run(s, "DELETE FROM unseen WHERE message = ?", row.id);
	queue_run(s, "DELETE FROM message WHERE id = ?", row.id);
}

static void
finish_run(struct store *s, struct store_job *job)
{
	struct erase_finish *f = (struct erase_finish *)job;
	struct db *db = store_queue(s);

	fault_point("erase.finish");
	for (size_t i = 0; i < f->count; i++) {
		sqlite3_stmt *stmt = db_statement(db,
		    "UPDATE audit SET opening = x'' WHERE event = ? AND slot = ? AND generation = ?");

		db_bind_text(stmt, 1, f->items[i].event);
		db_bind_int(stmt, 2, (int64_t)f->items[i].slot);
		db_bind_int(stmt, 3, (int64_t)f->items[i].generation);
		db_run(db, stmt);
		if (f->items[i].message)
			remove_message(s, f->items[i].event);
		queue_run(s, "DELETE FROM key_slot WHERE slot = ?", (int64_t)f->items[i].slot);
		if (f->entries != NULL)
			journal_append(s, &f->entries[i]);
	}
	state_expire(s, f->now_s);
}

void
erase_finish(struct store *s, struct erase_finish *f)
{
	f->job.prepare = finish_prepare;
	f->job.run = finish_run;
	store_submit(s, &f->job);
}

static bool
is_kept(struct store *s, const char *event)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s),
	    "SELECT 1 FROM message WHERE event = ? AND body IS NULL");
	bool kept;

	db_bind_text(stmt, 1, event);
	kept = db_step(store_queue(s), stmt);
	db_reset(stmt);
	return kept;
}

/* Slots from the last settling on that no row knows, a page of them. */
static void
find_unreferenced(struct store *s, struct erase_recover *r)
{
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt = db_statement(db, "SELECT slot FROM key_slot WHERE slot >= ? AND slot < ?"
	    " ORDER BY slot");
	uint64_t next = (uint64_t)queue_meta(s, "settled");

	r->slots = arena_alloc(r->arena, ERASE_RECOVER_MAX * sizeof(*r->slots));
	db_bind_int(stmt, 1, (int64_t)next);
	db_bind_int(stmt, 2, (int64_t)r->next_slot);
	while (next < r->next_slot && r->slot_count < ERASE_RECOVER_MAX) {
		uint64_t known = db_step(db, stmt) ? (uint64_t)db_int(stmt, 0) : r->next_slot;

		while (next < known && r->slot_count < ERASE_RECOVER_MAX)
			r->slots[r->slot_count++] = next++;
		if (next == known && known < r->next_slot)
			next++;
	}
	db_reset(stmt);
	r->settle_slot = next;
}

static void
recover_run(struct store *s, struct store_job *job)
{
	struct erase_recover *r = (struct erase_recover *)job;
	struct db *db = store_queue(s);

	queue_run(s, "UPDATE outbox SET state = 1, unknown = 1, due_ms = ? WHERE state = 2", r->now_ms);
	r->unknown_attempts = (size_t)db_changes(db);
	r->swept_bodies = body_sweep(s, is_kept);
	find_unreferenced(s, r);
}

void
erase_recover(struct store *s, struct erase_recover *r)
{
	r->unknown_attempts = r->swept_bodies = r->slot_count = 0;
	r->slots = NULL;
	r->job.prepare = NULL;
	r->job.run = recover_run;
	store_submit(s, &r->job);
}

static void
settle_run(struct store *s, struct store_job *job)
{
	queue_meta_set(s, "settled", (int64_t)((struct erase_settle *)job)->slot);
}

void
erase_settle(struct store *s, struct erase_settle *settle)
{
	settle->job.prepare = NULL;
	settle->job.run = settle_run;
	store_submit(s, &settle->job);
}
