/* SPDX-License-Identifier: BSD-2-Clause */
/* Step 8: what is due, its attempts and their outcomes. */
#include "queue/private.h"

#include "base/fault.h"
#include "base/log.h"

enum { EXPIRED_MAX = 64 };

static void
load_due(sqlite3_stmt *stmt, struct arena *arena, struct queue_item *item)
{
	struct queue_target *t = arena_alloc(arena, sizeof(*t));
	struct mt_span key = db_span(stmt, 5);

	item->id = (uint64_t)db_int(stmt, 0);
	db_copy(stmt, 1, item->event, sizeof(item->event));
	memcpy(t->event, item->event, sizeof(t->event));
	item->route = arena_string(arena, db_span(stmt, 2));
	db_copy(stmt, 3, t->stage, sizeof(t->stage));
	t->action = (uint32_t)db_int(stmt, 4);
	if (key.len == HASH_SIZE)
		memcpy(t->key, key.ptr, HASH_SIZE);
	t->attempt = (uint32_t)db_int(stmt, 6);
	t->unknown = db_int(stmt, 7) != 0;
	t->due_ms = db_int(stmt, 8);
	t->give_up_s = db_int(stmt, 9);
	t->state = (enum queue_target_state)db_int(stmt, 10);
	item->slot = (uint64_t)db_int(stmt, 11);
	item->generation = (uint64_t)db_int(stmt, 12);
	item->state = (enum queue_state)db_int(stmt, 13);
	item->accepted_s = db_int(stmt, 14);
	item->retain_until_s = db_int(stmt, 15);
	item->size = (uint64_t)db_int(stmt, 16);
	item->targets = t;
	item->target_count = 1;
}

/* A lane's own question: what another cannot be called for hides nothing. */
static bool
due_targets(struct store *s, struct queue_due *due, const struct queue_lane *lane)
{
	size_t end = due->count + lane->max;
	sqlite3_stmt *stmt = db_statement(store_queue(s), "SELECT m.id, m.event, m.route, o.stage,"
	    " o.action, o.key, o.attempt, o.unknown, o.due_ms, o.give_up, o.state, m.slot,"
	    " m.generation, m.state, m.accepted, m.retain, m.size"
	    " FROM outbox o JOIN message m ON m.id = o.message"
	    " WHERE o.stage = ?1 AND o.state IN (1, 5) AND o.due_ms <= ?2"
	    " AND (m.state IN (1, 2) OR (o.action > 0 AND m.state <> 7)) AND " QUEUE_IN_TURN
	    " AND (?3 IS NULL OR (instr(?3, char(10) || lower(m.route) || char(10)) > 0) <> ?4)"
	    " ORDER BY o.due_ms LIMIT ?5");

	db_bind_text(stmt, 1, lane->stage);
	db_bind_int(stmt, 2, due->now_ms);
	if (lane->routes != NULL)
		db_bind_text(stmt, 3, lane->routes);
	db_bind_int(stmt, 4, lane->others);
	db_bind_int(stmt, 5, (int64_t)lane->max);
	while (due->count < end && db_step(store_queue(s), stmt))
		load_due(stmt, due->arena, &due->items[due->count++]);
	db_reset(stmt);
	return due->count == end;
}

/* When the next of a stage is due; INT64_MAX: none. */
static int64_t
due_after(struct store *s, const char *stage, int64_t after_ms)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), "SELECT min(due_ms) FROM outbox"
	    " WHERE stage = ? AND state IN (1, 5) AND due_ms > ?");
	int64_t next = INT64_MAX;

	db_bind_text(stmt, 1, stage);
	db_bind_int(stmt, 2, after_ms);
	if (db_step(store_queue(s), stmt)) {
		if (sqlite3_column_type(stmt, 0) != SQLITE_NULL)
			next = db_int(stmt, 0);
		db_reset(stmt);
	}
	return next;
}

static int64_t
due_lanes(struct store *s, struct queue_due *due)
{
	int64_t first = INT64_MAX, next;
	size_t max = 0;

	for (size_t i = 0; i < due->lane_count; i++)
		max += due->lanes[i].max;
	due->items = arena_alloc(due->arena, max * sizeof(*due->items));
	for (size_t i = 0; i < due->lane_count; i++) {
		const struct queue_lane *lane = &due->lanes[i];

		if (lane->max == 0)
			continue;
		next = due_after(s, lane->stage, due_targets(s, due, lane) ? 0 : due->now_ms);
		first = next < first ? next : first;
	}
	return first;
}

static bool
has_lane(const struct queue_due *due, const char *stage)
{
	for (size_t i = 0; i < due->lane_count; i++)
		if (strcmp(due->lanes[i].stage, stage) == 0)
			return true;
	return false;
}

/* One step of the index a stage. */
static void
due_stray(struct store *s, struct queue_due *due)
{
	char at[QUEUE_NAME_SIZE] = "", next[QUEUE_NAME_SIZE];

	for (;;) {
		sqlite3_stmt *stmt = db_statement(store_queue(s), "SELECT min(stage)"
		    " FROM outbox WHERE state IN (1, 5) AND stage > ?");

		db_bind_text(stmt, 1, at);
		if (!db_step(store_queue(s), stmt))
			break;
		db_copy(stmt, 0, next, sizeof(next));
		db_reset(stmt);
		memcpy(at, next, sizeof(at));
		if (at[0] == '\0' || !has_lane(due, at))
			break;
	}
	memcpy(due->stray, at, sizeof(at));
}

static void
due_expired(struct store *s, struct queue_due *due)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), "SELECT DISTINCT m.event FROM hold h"
	    " JOIN message m ON m.id = h.message WHERE h.until > 0 AND h.until <= ? AND m.state = 3"
	    " LIMIT ?");

	db_bind_int(stmt, 1, due->now_ms / 1000);
	db_bind_int(stmt, 2, EXPIRED_MAX);
	due->expired = arena_alloc(due->arena, EXPIRED_MAX * sizeof(*due->expired));
	while (due->expired_count < EXPIRED_MAX && db_step(store_queue(s), stmt))
		db_copy(stmt, 0, due->expired[due->expired_count++], QUEUE_EVENT_SIZE);
	db_reset(stmt);
}

static void
due_run(struct store *s, struct store_job *job)
{
	struct queue_due *due = (struct queue_due *)job;
	int64_t target_ms, hold_s;

	target_ms = due_lanes(s, due);
	due_stray(s, due);
	due_expired(s, due);
	hold_s = queue_count(s, "SELECT coalesce(min(until), 9223372036854775) FROM hold"
	    " WHERE until > ?", due->expired_count == EXPIRED_MAX ? 0 : due->now_ms / 1000);
	due->next_ms = hold_s < target_ms / 1000 ? hold_s * 1000 : target_ms;
}

void
queue_due(struct store *s, struct queue_due *due)
{
	due->count = due->expired_count = 0;
	due->job.prepare = NULL;
	due->job.run = due_run;
	due->job.flags = STORE_READ;
	store_submit(s, &due->job);
}

static void
bind_target(sqlite3_stmt *stmt, int64_t id, const char *stage, uint32_t action)
{
	db_bind_int(stmt, 1, id);
	db_bind_text(stmt, 2, stage);
	db_bind_int(stmt, 3, action);
}

/* An answer is due whatever became of its message. */
static bool
may_begin(const struct queue_begin *b, const struct queue_row *row)
{
	if (b->action > 0)
		return row->state != QUEUE_ERASING;
	return row->state == QUEUE_ACTIVE || row->state == QUEUE_DEFERRED;
}

static void
begin_run(struct store *s, struct store_job *job)
{
	struct queue_begin *b = (struct queue_begin *)job;
	struct db *db = store_queue(s);
	struct queue_row row;
	sqlite3_stmt *stmt;

	fault_point("attempt.begin");
	if (!queue_row_find(s, b->event, &row) || !may_begin(b, &row))
		return;
	stmt = db_statement(db, "UPDATE outbox AS o SET state = 2, attempt = attempt + 1,"
	    " give_up = CASE WHEN attempt = 0 OR give_up = 0 THEN max(give_up, ?5) ELSE give_up END"
	    " WHERE message = ?1 AND stage = ?2 AND action = ?3 AND state IN (1, 5) AND due_ms <= ?4"
	    " AND " QUEUE_IN_TURN " RETURNING attempt, give_up");
	bind_target(stmt, row.id, b->stage, b->action);
	db_bind_int(stmt, 4, b->now_ms);
	db_bind_int(stmt, 5, b->give_up_s < row.retain_s ? b->give_up_s : row.retain_s);
	if (!db_step(db, stmt))
		return;
	b->attempt = (uint32_t)db_int(stmt, 0);
	b->end_s = db_int(stmt, 1);
	b->begun = true;
	db_reset(stmt);
	if (b->action == 0)
		queue_row_set(s, &row, QUEUE_ACTIVE);
	if (b->entry != NULL)
		journal_append(s, b->entry);
}

void
queue_begin(struct store *s, struct queue_begin *b)
{
	b->begun = false;
	b->attempt = 0;
	b->end_s = 0;
	b->job.prepare = NULL;
	b->job.run = begin_run;
	store_submit(s, &b->job);
}

/* What an outcome makes of its message, and what its sender is told of that. */
static void
finish_message(struct store *s, const struct queue_finish *f, struct queue_row *row)
{
	struct answer_add add = { .now_ms = f->now_ms, .budget = f->budget, .why = "" };

	queue_row_set(s, row, queue_row_judge(s, row));
	if (row->state != QUEUE_DONE && row->state != QUEUE_DEAD)
		return;
	add.kind = row->state == QUEUE_DONE ? QUEUE_ANSWER_DONE : QUEUE_ANSWER_FAILED;
	answer_add(s, row, &add);
}

static void
finish_run(struct store *s, struct store_job *job)
{
	struct queue_finish *f = (struct queue_finish *)job;
	struct db *db = store_queue(s);
	struct queue_row row;
	sqlite3_stmt *stmt;

	fault_point("attempt.finish");
	if (!queue_row_find(s, f->event, &row))
		return;
	stmt = db_statement(db, "UPDATE outbox SET state = ?4, unknown = 0, due_ms = ?5, code = ?6,"
	    " reason = ?7, resource = ?8, told = CASE WHEN length(?9) > 0 THEN ?9 ELSE told END"
	    " WHERE message = ?1 AND stage = ?2 AND action = ?3 AND state = 2");
	bind_target(stmt, row.id, f->stage, f->action);
	db_bind_int(stmt, 4, f->outcome);
	db_bind_int(stmt, 5, f->due_ms);
	db_bind_int(stmt, 6, f->code);
	db_bind_text(stmt, 7, f->reason);
	db_bind_text(stmt, 8, f->resource_id);
	db_bind_blob(stmt, 9, f->told);
	db_run(db, stmt);
	if (db_changes(db) == 0)
		return;
	if (f->action == 0)
		finish_message(s, f, &row);
	f->state = row.state;
	if (f->entry != NULL)
		journal_append(s, f->entry);
}

void
queue_finish(struct store *s, struct queue_finish *f)
{
	if (f->outcome < QUEUE_WAITING || f->outcome == QUEUE_CALLING || f->outcome > QUEUE_FAILED)
		log_panic("queue: outcome %d", (int)f->outcome);
	f->state = 0;
	f->job.prepare = NULL;
	f->job.run = finish_run;
	store_submit(s, &f->job);
}
