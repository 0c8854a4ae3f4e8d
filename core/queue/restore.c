/* SPDX-License-Identifier: BSD-2-Clause */
/* What a restored state has to catch up with. */
#include "queue/restore.h"

#include "queue/private.h"

#define LATE "(SELECT id FROM message WHERE state IN (1, 2, 3) AND retain <= ?)"

/* Nothing may come back from beyond its time, not even for its last attempt. */
static void
end_late(struct store *s, int64_t now_s)
{
	queue_run(s, "UPDATE outbox SET state = 6, reason = 'host.restored.late'"
	    " WHERE state IN (1, 2, 5) AND message IN " LATE, now_s);
	queue_run(s, "DELETE FROM hold WHERE message IN " LATE, now_s);
	queue_run(s, "UPDATE message SET state = 4 WHERE state IN (1, 2, 3) AND retain <= ?", now_s);
}

static void
look_run(struct store *s, struct store_job *job)
{
	struct restore_look *look = (struct restore_look *)job;
	int64_t seen = queue_meta(s, "generation");

	look->slots_end = (uint64_t)queue_count(s,
	    "SELECT coalesce(max(slot) + 1, 0) FROM key_slot WHERE slot >= ?", 0);
	look->restored = queue_meta(s, "restored") != 0 || (seen != 0 && seen != look->generation);
	if (seen != look->generation)
		queue_meta_set(s, "generation", look->generation);
	if (look->restored) {
		queue_meta_set(s, "restored", 1);
		queue_meta_set(s, "paused", 1);
		queue_meta_set(s, "settled", 0);
		queue_run(s, "UPDATE outbox SET unknown = 1, attempt = max(attempt, ?), give_up = 0"
		    " WHERE state IN (1, 2, 5)", 1);
		end_late(s, look->now_s);
	}
	look->paused = queue_meta(s, "paused") != 0;
}

void
restore_look(struct store *s, struct restore_look *look)
{
	look->job.prepare = NULL;
	look->job.run = look_run;
	store_submit(s, &look->job);
}

static void
page_run(struct store *s, struct store_job *job)
{
	struct restore_page *p = (struct restore_page *)job;
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt = db_statement(db, "SELECT slot, generation FROM key_slot"
	    " WHERE slot >= ? AND state = 1 ORDER BY slot LIMIT ?");

	db_bind_int(stmt, 1, (int64_t)p->from);
	db_bind_int(stmt, 2, ERASE_MAX);
	while (p->count < ERASE_MAX && db_step(db, stmt)) {
		p->items[p->count].slot = (uint64_t)db_int(stmt, 0);
		p->items[p->count++].generation = (uint64_t)db_int(stmt, 1);
	}
	db_reset(stmt);
}

void
restore_page(struct store *s, struct restore_page *p)
{
	p->count = 0;
	p->job.prepare = NULL;
	p->job.run = page_run;
	store_submit(s, &p->job);
}

static void
gone_run(struct store *s, struct store_job *job)
{
	const struct restore_gone *g = (const struct restore_gone *)job;

	for (size_t i = 0; i < g->count; i++)
		queue_run(s, "UPDATE key_slot SET state = 2 WHERE slot = ?", (int64_t)g->slots[i]);
}

void
restore_gone(struct store *s, struct restore_gone *g)
{
	g->job.prepare = NULL;
	g->job.run = gone_run;
	store_submit(s, &g->job);
}

static void
done_run(struct store *s, struct store_job *job)
{
	queue_meta_set(s, "restored", 0);
	journal_append(s, ((struct restore_done *)job)->entry);
}

void
restore_done(struct store *s, struct restore_done *d)
{
	d->job.prepare = NULL;
	d->job.run = done_run;
	store_submit(s, &d->job);
}
