/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages and their states.
 *
 *	from \ to  active deferred held dead done refused erasing gone
 *	(accept)     x               x         x
 *	active       x       x            x    x             x
 *	deferred     x       x            x    x             x
 *	held         x                    x    x      x      x
 *	dead         x                    x                  x
 *	done         x                                       x
 *	refused                                              x
 *	erasing                                              x       x
 *
 * active, held -> erasing, and deferred with a target that waits, only where a
 * person discards it; done -> active is a replay; erasing -> erasing is a crash
 * in step 9.
 */
#include "queue/private.h"

#include "base/fault.h"
#include "base/log.h"
#include "store/body.h"

#define TO(state) (1u << QUEUE_##state)

static const uint32_t legal[] = {
	[0] = TO(ACTIVE) | TO(HELD) | TO(DONE),
	[QUEUE_ACTIVE] = TO(ACTIVE) | TO(DEFERRED) | TO(DEAD) | TO(DONE) | TO(ERASING),
	[QUEUE_DEFERRED] = TO(ACTIVE) | TO(DEFERRED) | TO(DEAD) | TO(DONE) | TO(ERASING),
	[QUEUE_HELD] = TO(ACTIVE) | TO(DEAD) | TO(DONE) | TO(REFUSED) | TO(ERASING),
	[QUEUE_DEAD] = TO(ACTIVE) | TO(DEAD) | TO(ERASING),
	[QUEUE_DONE] = TO(ACTIVE) | TO(ERASING),
	[QUEUE_REFUSED] = TO(ERASING),
	[QUEUE_ERASING] = TO(ERASING),
};

static const char *const state_names[] = { "", "active", "deferred", "held", "dead", "done",
	"refused", "erasing" };
static const char *const target_names[] = { "", "waiting", "calling", "delivered", "duplicate",
	"paused", "failed" };

bool
queue_is_legal(enum queue_state from, enum queue_state to)
{
	return from <= QUEUE_ERASING && to <= QUEUE_ERASING && (legal[from] & 1u << to) != 0;
}

const char *
queue_state_name(enum queue_state state)
{
	return state <= QUEUE_ERASING ? state_names[state] : "";
}

int
queue_state_find(struct mt_span name)
{
	for (int i = QUEUE_ACTIVE; i <= QUEUE_ERASING; i++)
		if (span_is(name, state_names[i]))
			return i;
	return 0;
}

const char *
queue_target_state_name(enum queue_target_state state)
{
	return state <= QUEUE_FAILED ? target_names[state] : "";
}

int64_t
queue_count(struct store *s, const char *sql, int64_t id)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), sql);
	int64_t n = 0;

	db_bind_int(stmt, 1, id);
	if (db_step(store_queue(s), stmt)) {
		n = db_int(stmt, 0);
		db_reset(stmt);
	}
	return n;
}

void
queue_run(struct store *s, const char *sql, int64_t id)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), sql);

	db_bind_int(stmt, 1, id);
	db_run(store_queue(s), stmt);
}

int64_t
queue_meta(struct store *s, const char *name)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), "SELECT value FROM meta WHERE name = ?");
	int64_t value = 0;

	db_bind_text(stmt, 1, name);
	if (db_step(store_queue(s), stmt)) {
		value = db_int(stmt, 0);
		db_reset(stmt);
	}
	return value;
}

void
queue_meta_set(struct store *s, const char *name, int64_t value)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s),
	    "INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)");

	db_bind_text(stmt, 1, name);
	db_bind_int(stmt, 2, value);
	db_run(store_queue(s), stmt);
}

bool
queue_row_find(struct store *s, const char *event, struct queue_row *row)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s),
	    "SELECT id, state, retain, coalesce(thread, id) FROM message WHERE event = ?");

	db_bind_text(stmt, 1, event);
	if (!db_step(store_queue(s), stmt))
		return false;
	row->id = db_int(stmt, 0);
	row->state = (enum queue_state)db_int(stmt, 1);
	row->retain_s = db_int(stmt, 2);
	row->thread = db_int(stmt, 3);
	db_reset(stmt);
	return true;
}

void
queue_row_set(struct store *s, struct queue_row *row, enum queue_state to)
{
	sqlite3_stmt *stmt;

	if (!queue_is_legal(row->state, to))
		log_panic("queue: %s -> %s", queue_state_name(row->state), queue_state_name(to));
	if (row->state == to)
		return;
	stmt = db_statement(store_queue(s), "UPDATE message SET state = ? WHERE id = ?");
	db_bind_int(stmt, 1, to);
	db_bind_int(stmt, 2, row->id);
	db_run(store_queue(s), stmt);
	row->state = to;
}

enum queue_state
queue_row_judge(struct store *s, const struct queue_row *row)
{
	if (queue_count(s, "SELECT count(*) FROM outbox WHERE message = ? AND action = 0"
	    " AND state = 2", row->id) > 0)
		return QUEUE_ACTIVE;
	if (queue_count(s, "SELECT count(*) FROM outbox WHERE message = ? AND action = 0"
	    " AND state IN (1, 5)", row->id) > 0)
		return QUEUE_DEFERRED;
	if (queue_count(s, "SELECT count(*) FROM outbox WHERE message = ? AND action = 0"
	    " AND state = 6", row->id) > 0)
		return QUEUE_DEAD;
	return QUEUE_DONE;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a != 0 && a < b ? a : b;
}

static void
accept_prepare(struct store *s, struct store_job *job)
{
	struct queue_accept *a = (struct queue_accept *)job;
	struct mt_span event = span_of(a->event);

	seal_close(&a->slot, SEAL_HEAD, event, a->head, &a->sealed_head);
	seal_close(&a->slot, SEAL_BODY, event, a->raw, &a->sealed_raw);
	if (a->answers != NULL && a->answers->told.len > 0)
		seal_close(&a->slot, SEAL_TOLD, event, a->answers->told, &a->sealed_told);
	if (a->raw.len > STORE_INLINE_MAX)
		a->in_file = body_write(s, a->event, buf_span(&a->sealed_raw));
}

static bool
accept_conflicts(struct store *s, struct queue_accept *a)
{
	for (size_t i = 0; i < a->claim_count; i++)
		if (a->claims[i].limit == 1 && state_claim_holder(s, &a->claims[i], a->now_s,
		    a->holder, &a->holder_seen))
			return true;
	return false;
}

static void
bind_names(sqlite3_stmt *stmt, const struct queue_accept *a, int64_t thread)
{
	if (thread != 0)
		db_bind_int(stmt, 11, thread);
	if (a->names != NULL && a->names->named)
		db_bind_blob(stmt, 12, span_make(a->names->self, HASH_SIZE));
	if (a->person != NULL)
		db_bind_blob(stmt, 13, span_make(a->person, HASH_SIZE));
	if (a->answers != NULL)
		db_bind_blob(stmt, 14, span_make(a->answers->root, HASH_SIZE));
}

static int64_t
insert_message(struct store *s, const struct queue_accept *a, enum queue_state state)
{
	struct db *db = store_queue(s);
	int64_t id, thread = a->names == NULL ? 0 : queue_thread_find(s, a->names, a->route);
	sqlite3_stmt *stmt = db_statement(db, "INSERT INTO message(event, state, route, accepted,"
	    " retain, size, slot, generation, head, body, thread, name, person, answers)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	db_bind_text(stmt, 1, a->event);
	db_bind_int(stmt, 2, state);
	db_bind_text(stmt, 3, a->route);
	db_bind_int(stmt, 4, a->now_s);
	db_bind_int(stmt, 5, a->retain_until_s);
	db_bind_int(stmt, 6, (int64_t)a->raw.len);
	db_bind_int(stmt, 7, (int64_t)a->slot.number);
	db_bind_int(stmt, 8, (int64_t)a->slot.generation);
	db_bind_blob(stmt, 9, buf_span(&a->sealed_head));
	if (!a->in_file)
		db_bind_blob(stmt, 10, buf_span(&a->sealed_raw));
	bind_names(stmt, a, thread);
	db_run(db, stmt);
	id = db_inserted(db);

	stmt = db_statement(db, "INSERT INTO unseen(message) VALUES(?)");
	db_bind_int(stmt, 1, id);
	db_run(db, stmt);

	stmt = db_statement(db, "INSERT INTO key_slot(slot, generation, event, until, message)"
	    " VALUES(?, ?, ?, ?, 1)");
	db_bind_int(stmt, 1, (int64_t)a->slot.number);
	db_bind_int(stmt, 2, (int64_t)a->slot.generation);
	db_bind_text(stmt, 3, a->event);
	db_bind_int(stmt, 4, a->retain_until_s);
	db_run(db, stmt);
	return id;
}

static void
insert_target(struct store *s, const struct queue_accept *a, int64_t id,
    const struct queue_target *target)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), "INSERT INTO outbox(message, stage, action,"
	    " state, due_ms, give_up, key, thread) SELECT id, ?2, ?3, 1, ?4, ?5, ?6,"
	    " coalesce(thread, id) FROM message WHERE id = ?1");

	db_bind_int(stmt, 1, id);
	db_bind_text(stmt, 2, target->stage);
	db_bind_int(stmt, 3, target->action);
	db_bind_int(stmt, 4, a->hold_count > 0 ? INT64_MAX : a->now_s * 1000);
	db_bind_int(stmt, 5, earlier(a->give_up_s, a->retain_until_s));
	db_bind_blob(stmt, 6, span_make(target->key, HASH_SIZE));
	db_run(store_queue(s), stmt);
}

static void
insert_hold(struct store *s, const struct queue_accept *a, int64_t id,
    const struct queue_releaser *hold)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s),
	    "INSERT OR IGNORE INTO hold(message, releaser, until) VALUES(?, ?, ?)");

	db_bind_int(stmt, 1, id);
	db_bind_text(stmt, 2, hold->name);
	db_bind_int(stmt, 3, earlier(hold->until_s, a->retain_until_s));
	db_run(store_queue(s), stmt);
}

/* Its sender is told that it waits. */
static void
insert_answer(struct store *s, const struct queue_accept *a)
{
	struct answer_add add = { .kind = QUEUE_ANSWER_HELD, .now_ms = a->now_s * 1000,
		.told = buf_span(&a->sealed_told), .why = "" };
	struct queue_row row;

	if (a->answers == NULL || !queue_row_find(s, a->event, &row))
		return;
	add.budget = a->answers->budget;
	answer_add(s, &row, &add);
}

static void
accept_insert(struct store *s, struct queue_accept *a)
{
	enum queue_state state = a->hold_count > 0 ? QUEUE_HELD :
	    a->target_count > 0 ? QUEUE_ACTIVE : QUEUE_DONE;
	int64_t id;

	for (size_t i = 0; i < a->claim_count; i++)
		state_claim_take(s, &a->claims[i], a->now_s, a->event);
	id = insert_message(s, a, state);
	for (size_t i = 0; i < a->target_count; i++)
		insert_target(s, a, id, &a->targets[i]);
	for (size_t i = 0; i < a->hold_count; i++)
		insert_hold(s, a, id, &a->holds[i]);
	if (state == QUEUE_HELD)
		insert_answer(s, a);
	for (size_t i = 0; i < a->put_count; i++)
		state_put_value(s, &a->puts[i]);
	for (size_t i = 0; i < a->entry_count; i++)
		journal_append(s, &a->entries[i]);
}

static void
accept_run(struct store *s, struct store_job *job)
{
	struct queue_accept *a = (struct queue_accept *)job;

	fault_point("accept.run");
	a->duplicate = accept_conflicts(s, a);
	if (!a->duplicate)
		accept_insert(s, a);
	else if (a->in_file)
		body_remove(s, a->event);
	buf_free(&a->sealed_head);
	buf_free(&a->sealed_raw);
	buf_free(&a->sealed_told);
}

void
queue_accept(struct store *s, struct queue_accept *a)
{
	if (a->target_count > QUEUE_TARGETS_MAX || a->hold_count > QUEUE_HOLDS_MAX)
		log_panic("queue: too many targets or holds");
	memset(&a->sealed_head, 0, sizeof(a->sealed_head));
	memset(&a->sealed_raw, 0, sizeof(a->sealed_raw));
	memset(&a->sealed_told, 0, sizeof(a->sealed_told));
	a->in_file = a->duplicate = a->holder_seen = false;
	a->holder[0] = '\0';
	for (size_t i = 0; i < a->claim_count; i++)
		state_claim_expect(s, &a->claims[i], a->now_s);
	a->job.prepare = accept_prepare;
	a->job.run = accept_run;
	store_submit(s, &a->job);
}

static void
record_run(struct store *s, struct store_job *job)
{
	struct queue_record *r = (struct queue_record *)job;

	for (size_t i = 0; i < r->put_count; i++)
		state_put_value(s, &r->puts[i]);
	for (size_t i = 0; i < r->entry_count; i++)
		journal_append(s, &r->entries[i]);
}

void
queue_record(struct store *s, struct queue_record *r)
{
	r->job.prepare = NULL;
	r->job.run = record_run;
	store_submit(s, &r->job);
}

static void
seen_run(struct store *s, struct store_job *job)
{
	struct queue_seen *seen = (struct queue_seen *)job;
	sqlite3_stmt *stmt = db_statement(store_queue(s),
	    "DELETE FROM unseen WHERE message = (SELECT id FROM message WHERE event = ?)");

	db_bind_text(stmt, 1, seen->event);
	db_run(store_queue(s), stmt);
}

void
queue_seen(struct store *s, struct queue_seen *seen)
{
	seen->job.prepare = NULL;
	seen->job.run = seen_run;
	seen->job.flags |= STORE_LAZY;
	store_submit(s, &seen->job);
}
