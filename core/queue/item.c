/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the queue: one message, a page of them, their number. */
#include "queue/private.h"

#include <errno.h>

#include "store/body.h"

#define ITEM_COLUMNS "SELECT id, event, state, route, accepted, retain, size, slot, generation," \
	" NOT EXISTS (SELECT 1 FROM unseen WHERE message = message.id)"

static void
load_item(sqlite3_stmt *stmt, struct arena *arena, struct queue_item *item)
{
	item->id = (uint64_t)db_int(stmt, 0);
	db_copy(stmt, 1, item->event, sizeof(item->event));
	item->state = (enum queue_state)db_int(stmt, 2);
	item->route = arena_string(arena, db_span(stmt, 3));
	item->accepted_s = db_int(stmt, 4);
	item->retain_until_s = db_int(stmt, 5);
	item->size = (uint64_t)db_int(stmt, 6);
	item->slot = (uint64_t)db_int(stmt, 7);
	item->generation = (uint64_t)db_int(stmt, 8);
	item->seen = db_int(stmt, 9) != 0;
}

static void
load_target(sqlite3_stmt *stmt, const struct queue_item *item, struct queue_target *t)
{
	struct mt_span key = db_span(stmt, 7);

	memcpy(t->event, item->event, sizeof(t->event));
	db_copy(stmt, 0, t->stage, sizeof(t->stage));
	t->action = (uint32_t)db_int(stmt, 1);
	t->state = (enum queue_target_state)db_int(stmt, 2);
	t->attempt = (uint32_t)db_int(stmt, 3);
	t->unknown = db_int(stmt, 4) != 0;
	t->due_ms = db_int(stmt, 5);
	t->give_up_s = db_int(stmt, 6);
	if (key.len == HASH_SIZE)
		memcpy(t->key, key.ptr, HASH_SIZE);
	t->code = (int32_t)db_int(stmt, 8);
	db_copy(stmt, 9, t->reason, sizeof(t->reason));
	db_copy(stmt, 10, t->resource_id, sizeof(t->resource_id));
}

static void
load_targets(struct store *s, struct arena *arena, struct queue_item *item)
{
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt = db_statement(db, "SELECT stage, action, state, attempt, unknown,"
	    " due_ms, give_up, key, code, reason, resource FROM outbox WHERE message = ?");

	item->targets = arena_alloc(arena, QUEUE_TARGETS_MAX * sizeof(*item->targets));
	item->answers = arena_alloc(arena, QUEUE_ANSWERS * sizeof(*item->answers));
	db_bind_int(stmt, 1, (int64_t)item->id);
	while (db_step(db, stmt)) {
		bool action = db_int(stmt, 1) == 0;

		if (action && item->target_count < QUEUE_TARGETS_MAX)
			load_target(stmt, item, &item->targets[item->target_count++]);
		else if (!action && item->answer_count < QUEUE_ANSWERS)
			load_target(stmt, item, &item->answers[item->answer_count++]);
	}
}

/* Targets and missing releases of an item that load_item() filled. */
static void
load_rest(struct store *s, struct arena *arena, struct queue_item *item)
{
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt;

	load_targets(s, arena, item);
	stmt = db_statement(db, "SELECT releaser, until FROM hold WHERE message = ?");
	db_bind_int(stmt, 1, (int64_t)item->id);
	while (item->releaser_count < QUEUE_HOLDS_MAX && db_step(db, stmt)) {
		int64_t until = db_int(stmt, 1);

		db_copy(stmt, 0, item->releasers[item->releaser_count++], QUEUE_NAME_SIZE);
		if (until != 0 && (item->hold_until_s == 0 || until < item->hold_until_s))
			item->hold_until_s = until;
	}
	db_reset(stmt);
}

static void
load_content(struct store *s, struct queue_load *load, sqlite3_stmt *stmt)
{
	load->sealed_head = arena_span(load->arena, db_span(stmt, 10));
	if (sqlite3_column_type(stmt, 11) != SQLITE_NULL) {
		load->sealed_raw = arena_span(load->arena, db_span(stmt, 11));
		return;
	}
	if (body_read(s, load->event, &load->raw) != 0)
		load->error = EBADMSG;
	load->sealed_raw = buf_span(&load->raw);
}

static void
load_run(struct store *s, struct store_job *job)
{
	struct queue_load *load = (struct queue_load *)job;
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt = load->content ?
	    db_statement(db, ITEM_COLUMNS ", head, body FROM message WHERE event = ?") :
	    db_statement(db, ITEM_COLUMNS " FROM message WHERE event = ?");

	db_bind_text(stmt, 1, load->event);
	if (!db_step(db, stmt)) {
		load->error = ENOENT;
		return;
	}
	load_item(stmt, load->arena, &load->item);
	if (load->content)
		load_content(s, load, stmt);
	db_reset(stmt);
	load_rest(s, load->arena, &load->item);
	if (load->stage[0] == '\0')
		return;
	queue_answer_load(s, load);
	if (load->action == 0)
		queue_thread_load(s, load);
}

void
queue_load(struct store *s, struct queue_load *load)
{
	load->error = 0;
	memset(&load->item, 0, sizeof(load->item));
	memset(&load->context, 0, sizeof(load->context));
	memset(&load->raw, 0, sizeof(load->raw));
	load->sealed_head = load->sealed_raw = span_make(NULL, 0);
	load->job.prepare = NULL;
	load->job.run = load_run;
	store_submit(s, &load->job);
}

int
queue_unseal(const struct queue_load *load, const struct slot *slot, struct buf *head,
    struct buf *raw)
{
	struct mt_span event = span_of(load->event);
	size_t before = head->len;
	int error;

	if (load->error != 0)
		return load->error;
	error = seal_open(slot, SEAL_HEAD, event, load->sealed_head, head);
	if (error == 0)
		error = seal_open(slot, SEAL_BODY, event, load->sealed_raw, raw);
	if (error != 0)
		head->len = before;
	return error;
}

void
queue_load_fini(struct queue_load *load)
{
	buf_free(&load->raw);
}

static void
list_run(struct store *s, struct store_job *job)
{
	struct queue_list *list = (struct queue_list *)job;
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt = list->state != 0 ?
	    db_statement(db, ITEM_COLUMNS " FROM message WHERE id > ?1 AND state = ?3"
	    " ORDER BY id LIMIT ?2") :
	    db_statement(db, ITEM_COLUMNS " FROM message WHERE id > ?1 ORDER BY id LIMIT ?2");

	db_bind_int(stmt, 1, (int64_t)list->after);
	db_bind_int(stmt, 2, (int64_t)list->max);
	if (list->state != 0)
		db_bind_int(stmt, 3, list->state);
	list->items = arena_alloc(list->arena, list->max * sizeof(*list->items));
	while (list->count < list->max && db_step(db, stmt))
		load_item(stmt, list->arena, &list->items[list->count++]);
	db_reset(stmt);
	for (size_t i = 0; i < list->count; i++)
		load_rest(s, list->arena, &list->items[i]);
}

void
queue_list(struct store *s, struct queue_list *list)
{
	list->count = 0;
	if (list->max > QUEUE_LIST_MAX)
		list->max = QUEUE_LIST_MAX;
	list->job.prepare = NULL;
	list->job.run = list_run;
	store_submit(s, &list->job);
}

static void
counts_run(struct store *s, struct store_job *job)
{
	struct queue_counts *counts = (struct queue_counts *)job;
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt = db_statement(db, "SELECT state, count(*) FROM message GROUP BY state");

	while (db_step(db, stmt)) {
		int64_t state = db_int(stmt, 0);

		if (state > 0 && state <= QUEUE_ERASING)
			counts->of[state] = (uint64_t)db_int(stmt, 1);
	}
	counts->oldest_s = queue_count(s, "SELECT accepted FROM message WHERE id = (SELECT min(id)"
	    " FROM message WHERE state <= ?)", QUEUE_HELD);
}

void
queue_counts(struct store *s, struct queue_counts *counts)
{
	memset(counts->of, 0, sizeof(counts->of));
	counts->oldest_s = 0;
	counts->job.prepare = NULL;
	counts->job.run = counts_run;
	store_submit(s, &counts->job);
}

static void
slots_run(struct store *s, struct store_job *job)
{
	struct queue_slots *slots = (struct queue_slots *)job;

	slots->live = (uint64_t)queue_count(s, "SELECT count(*) FROM key_slot WHERE state = ?", 1);
	slots->erasing = (uint64_t)queue_count(s, "SELECT count(*) FROM key_slot WHERE state = ?", 2);
	slots->until_s = queue_count(s,
	    "SELECT coalesce(max(until), 0) FROM key_slot WHERE state = ?", 1);
}

void
queue_slots(struct store *s, struct queue_slots *slots)
{
	slots->job.prepare = NULL;
	slots->job.run = slots_run;
	store_submit(s, &slots->job);
}
