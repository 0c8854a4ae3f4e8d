/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers to senders: who gets one, and how often. */
#include "queue/answer.h"

#include <stdio.h>

#include "base/fault.h"
#include "base/log.h"
#include "queue/private.h"

static const char *const names[] = { "", "done", "held", "failed", "refused" };

const char *
queue_answer_name(enum queue_answer kind)
{
	return kind <= QUEUE_ANSWER_REFUSED ? names[kind] : "";
}

/* The message as an answer sees it. */
struct addressee {
	char event[QUEUE_EVENT_SIZE];
	uint8_t root[HASH_SIZE];
	struct state_claim sender, thread;	/* what has been used of the budgets */
};

static bool
addressee_find(struct store *s, const struct queue_row *row, struct addressee *a)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), "SELECT event, answers, route, person"
	    " FROM message WHERE id = ? AND answers IS NOT NULL AND person IS NOT NULL");
	struct mt_span thread[] = { SPAN("answers of a thread\0"),
		span_make(&row->thread, sizeof(row->thread)) };

	db_bind_int(stmt, 1, row->id);
	if (!db_step(store_queue(s), stmt))
		return false;
	db_copy(stmt, 0, a->event, sizeof(a->event));
	if (db_span(stmt, 1).len == HASH_SIZE)
		memcpy(a->root, db_span(stmt, 1).ptr, HASH_SIZE);
	hash_sha256((struct mt_span[]){ SPAN("answers to a sender\0"), db_span(stmt, 2), SPAN("\0"),
		db_span(stmt, 3) }, 4, a->sender.key);
	db_reset(stmt);
	hash_sha256(thread, 2, a->thread.key);
	return true;
}

static bool
is_told(struct store *s, const struct queue_row *row, enum queue_answer kind)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s),
	    "SELECT 1 FROM outbox WHERE message = ? AND stage = '" ANSWER_STAGE "' AND action = ?");
	bool told;

	db_bind_int(stmt, 1, row->id);
	db_bind_int(stmt, 2, kind);
	told = db_step(store_queue(s), stmt);
	db_reset(stmt);
	return told;
}

/* Both or none: what one refuses costs nothing of the other. */
static bool
budget_take(struct store *s, struct addressee *a, const struct answer_add *add)
{
	int64_t now_s = add->now_ms / 1000;
	uint32_t sender = state_claim_used(s, &a->sender, now_s);
	uint32_t thread = state_claim_used(s, &a->thread, now_s);
	bool many = sender >= add->budget.per_sender;

	if (many || thread >= add->budget.per_thread) {
		log_warning("event=%s its sender is not told that it is %s: %u answers within a day %s",
		    a->event, queue_answer_name(add->kind), many ? sender : thread,
		    many ? "to the same address (limits, answers_per_sender)" :
		    "in the same thread (limits, answers_per_thread)");
		return false;
	}
	a->sender.window_s = a->thread.window_s = ANSWER_WINDOW_S;
	state_claim_take(s, &a->sender, now_s, a->event);
	state_claim_take(s, &a->thread, now_s, a->event);
	return true;
}

/* What a target has to tell: of what was made where it is done, of what failed
 * where it failed. */
static void
told_copy(struct store *s, const struct queue_row *row, enum queue_answer kind)
{
	sqlite3_stmt *stmt;

	if (kind != QUEUE_ANSWER_DONE && kind != QUEUE_ANSWER_FAILED)
		return;
	stmt = db_statement(store_queue(s), "UPDATE outbox SET told = (SELECT o.told FROM outbox o"
	    " WHERE o.message = ?1 AND o.action = 0 AND (o.state = 6) = (?2 = 3)"
	    " ORDER BY o.resource = '', o.stage LIMIT 1)"
	    " WHERE message = ?1 AND stage = '" ANSWER_STAGE "' AND action = ?2");
	db_bind_int(stmt, 1, row->id);
	db_bind_int(stmt, 2, kind);
	db_run(store_queue(s), stmt);
}

static void
answer_insert(struct store *s, const struct queue_row *row, const struct addressee *a,
    const struct answer_add *add)
{
	int64_t give_up_s = add->now_ms / 1000 + ANSWER_GIVE_UP_S;
	struct mt_span name = span_of(queue_answer_name(add->kind));
	uint8_t key[HASH_SIZE];
	sqlite3_stmt *stmt = db_statement(store_queue(s), "INSERT INTO outbox(message, stage, action,"
	    " state, due_ms, give_up, key, told, why)"
	    " VALUES(?, '" ANSWER_STAGE "', ?, 1, ?, ?, ?, ?, ?)");

	hash_hmac(a->root, &name, 1, key);
	db_bind_int(stmt, 1, row->id);
	db_bind_int(stmt, 2, add->kind);
	db_bind_int(stmt, 3, add->now_ms);
	db_bind_int(stmt, 4, give_up_s < row->retain_s ? give_up_s : row->retain_s);
	db_bind_blob(stmt, 5, span_make(key, HASH_SIZE));
	db_bind_blob(stmt, 6, add->told);
	db_bind_text(stmt, 7, add->why);
	db_run(store_queue(s), stmt);
}

void
answer_add(struct store *s, const struct queue_row *row, const struct answer_add *add)
{
	struct addressee a = { .event = "" };

	if (!addressee_find(s, row, &a) || is_told(s, row, add->kind))
		return;
	fault_point("answer.add");
	if (!budget_take(s, &a, add))
		return;
	answer_insert(s, row, &a, add);
	told_copy(s, row, add->kind);
}

void
queue_answer_load(struct store *s, struct queue_load *load)
{
	struct queue_context *c = &load->context;
	sqlite3_stmt *stmt = db_statement(store_queue(s), "SELECT m.answers IS NOT NULL, m.person,"
	    " o.told, o.why FROM message m JOIN outbox o ON o.message = m.id"
	    " WHERE m.id = ? AND o.stage = ? AND o.action = ?");

	db_bind_int(stmt, 1, (int64_t)load->item.id);
	db_bind_text(stmt, 2, load->stage);
	db_bind_int(stmt, 3, load->action);
	if (!db_step(store_queue(s), stmt))
		return;
	c->answers = db_int(stmt, 0) != 0;
	if (db_span(stmt, 1).len == HASH_SIZE)
		memcpy(c->person, db_span(stmt, 1).ptr, HASH_SIZE);
	c->told = arena_span(load->arena, db_span(stmt, 2));
	db_copy(stmt, 3, c->why, sizeof(c->why));
	db_reset(stmt);
}

static void
person_run(struct store *s, struct store_job *job)
{
	struct queue_person *p = (struct queue_person *)job;
	sqlite3_stmt *stmt = db_statement(store_queue(s), "SELECT route, person FROM message"
	    " WHERE event = ? AND state <> 7 AND person IS NOT NULL");

	db_bind_text(stmt, 1, p->event);
	if (!db_step(store_queue(s), stmt))
		return;
	p->route = arena_string(p->arena, db_span(stmt, 0));
	p->found = db_span(stmt, 1).len == HASH_SIZE;
	if (p->found)
		memcpy(p->person, db_span(stmt, 1).ptr, HASH_SIZE);
	db_reset(stmt);
}

void
queue_person(struct store *s, struct queue_person *p)
{
	p->found = false;
	p->job.prepare = NULL;
	p->job.run = person_run;
	p->job.flags = STORE_READ;
	store_submit(s, &p->job);
}
