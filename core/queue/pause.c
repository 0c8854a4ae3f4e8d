/* SPDX-License-Identifier: BSD-2-Clause */
/* Pauses, kept over restarts: a person's in meta, a target's by its state. */
#include "queue/pause.h"

#include <stdio.h>

#include "queue/private.h"

#define PREFIX "paused:"

static void
pause_run(struct store *s, struct store_job *job)
{
	struct queue_pause *p = (struct queue_pause *)job;
	char name[sizeof(PREFIX) + QUEUE_NAME_SIZE] = "paused";

	if (p->stage != NULL)
		snprintf(name, sizeof(name), PREFIX "%s", p->stage);
	p->changed = (queue_meta(s, name) != 0) != p->pause;
	if (p->changed)
		queue_meta_set(s, name, p->pause);
	if (p->changed || p->always)
		journal_append(s, p->entry);
}

void
queue_pause(struct store *s, struct queue_pause *p)
{
	p->changed = false;
	p->job.prepare = NULL;
	p->job.run = pause_run;
	store_submit(s, &p->job);
}

static void
wake_run(struct store *s, struct store_job *job)
{
	const struct queue_wake *w = (const struct queue_wake *)job;
	sqlite3_stmt *stmt = db_statement(store_queue(s), "UPDATE outbox SET"
	    " state = CASE WHEN ?1 THEN state ELSE 1 END,"
	    " due_ms = CASE state WHEN 5 THEN min(due_ms, ?2) ELSE due_ms END,"
	    " give_up = max(give_up, min(?3, (SELECT retain FROM message WHERE id = message)))"
	    " WHERE stage = ?4 AND state IN (1, 5)");

	db_bind_int(stmt, 1, w->keep);
	db_bind_int(stmt, 2, w->now_ms);
	db_bind_int(stmt, 3, w->give_up_s);
	db_bind_text(stmt, 4, w->stage);
	db_run(store_queue(s), stmt);
}

void
queue_wake(struct store *s, struct queue_wake *w)
{
	w->job.prepare = NULL;
	w->job.run = wake_run;
	store_submit(s, &w->job);
}

static void
paused_run(struct store *s, struct store_job *job)
{
	struct queue_paused *p = (struct queue_paused *)job;
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt = db_statement(db, "SELECT substr(name, 8), 1 FROM meta"
	    " WHERE name GLOB '" PREFIX "*' AND value <> 0"
	    " UNION ALL SELECT DISTINCT stage, 0 FROM outbox WHERE state = 5 LIMIT ?");

	db_bind_int(stmt, 1, QUEUE_PAUSED_MAX);
	while (p->count < QUEUE_PAUSED_MAX && db_step(db, stmt)) {
		struct queue_paused_stage *stage = &p->stages[p->count++];

		db_copy(stmt, 0, stage->stage, sizeof(stage->stage));
		stage->operated = db_int(stmt, 1) != 0;
	}
	db_reset(stmt);
}

void
queue_paused(struct store *s, struct queue_paused *p)
{
	p->count = 0;
	p->job.prepare = NULL;
	p->job.run = paused_run;
	p->job.flags = STORE_READ;
	store_submit(s, &p->job);
}
