/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person, a releaser or damage does to a message. */
#include "queue/private.h"

#include <errno.h>

struct act_kind {
	uint32_t from;		/* states it is legal in */
	int (*run)(struct store *, struct queue_act *, struct queue_row *);
};

/* They are due now, with a new end: all of the message's that `sql' names. */
static bool
wake_targets(struct store *s, const char *sql, const struct queue_act *act,
    const struct queue_row *row)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), sql);
	int64_t give_up = act->give_up_s;

	db_bind_int(stmt, 1, row->id);
	db_bind_int(stmt, 2, act->now_ms);
	db_bind_int(stmt, 3, give_up < row->retain_s ? give_up : row->retain_s);
	db_run(store_queue(s), stmt);
	return db_changes(store_queue(s)) > 0;
}

static bool
wake_undone(struct store *s, const struct queue_act *act, const struct queue_row *row)
{
	return wake_targets(s, "UPDATE outbox SET state = 1, due_ms = ?2, give_up = ?3"
	    " WHERE message = ?1 AND action = 0 AND state IN (1, 5, 6)", act, row);
}

static int
act_retry(struct store *s, struct queue_act *act, struct queue_row *row)
{
	if (!wake_undone(s, act, row))
		return ENODATA;
	queue_row_set(s, row, QUEUE_ACTIVE);
	return 0;
}

/* The attempts go on counting, so that the stage reads back first: what was
 * delivered is found, what is gone is made again under its old key. */
static int
act_replay(struct store *s, struct queue_act *act, struct queue_row *row)
{
	if (!wake_targets(s, "UPDATE outbox SET state = 1, due_ms = ?2, give_up = ?3"
	    " WHERE message = ?1 AND action = 0", act, row))
		return ENODATA;
	queue_row_set(s, row, QUEUE_ACTIVE);
	return 0;
}

/* What the erasure marks by time is marked here; `until' 0 says why. */
static int
act_discard(struct store *s, struct queue_act *act, struct queue_row *row)
{
	(void)act;
	if (queue_count(s, "SELECT count(*) FROM outbox WHERE message = ? AND state = 2", row->id) > 0)
		return EBUSY;
	queue_run(s, "DELETE FROM hold WHERE message = ?", row->id);
	queue_run(s, "DELETE FROM outbox WHERE message = ?", row->id);
	queue_run(s, "UPDATE key_slot SET state = 2, until = 0"
	    " WHERE slot = (SELECT slot FROM message WHERE id = ?)", row->id);
	queue_row_set(s, row, QUEUE_ERASING);
	return 0;
}

static void
tell(struct store *s, const struct queue_act *act, const struct queue_row *row,
    enum queue_answer kind)
{
	struct answer_add add = { .kind = kind, .now_ms = act->now_ms, .budget = act->budget,
		.why = act->reason };

	answer_add(s, row, &add);
}

static int
act_release(struct store *s, struct queue_act *act, struct queue_row *row)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s),
	    "DELETE FROM hold WHERE message = ? AND releaser = ?");

	db_bind_int(stmt, 1, row->id);
	db_bind_text(stmt, 2, act->releaser);
	db_run(store_queue(s), stmt);
	if (db_changes(store_queue(s)) == 0)
		return ESRCH;
	if (queue_count(s, "SELECT count(*) FROM hold WHERE message = ?", row->id) > 0)
		return 0;
	queue_row_set(s, row, wake_undone(s, act, row) ? QUEUE_ACTIVE : QUEUE_DONE);
	if (row->state == QUEUE_DONE)
		tell(s, act, row, QUEUE_ANSWER_DONE);
	return 0;
}

static int
act_refuse(struct store *s, struct queue_act *act, struct queue_row *row)
{
	queue_run(s, "DELETE FROM hold WHERE message = ?", row->id);
	queue_run(s, "DELETE FROM outbox WHERE message = ? AND action = 0", row->id);
	queue_row_set(s, row, QUEUE_REFUSED);
	tell(s, act, row, QUEUE_ANSWER_REFUSED);
	return 0;
}

static int
act_damage(struct store *s, struct queue_act *act, struct queue_row *row)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), "UPDATE outbox SET state = 6, reason = ?"
	    " WHERE message = ? AND state IN (1, 2, 5)");

	db_bind_text(stmt, 1, act->reason);
	db_bind_int(stmt, 2, row->id);
	db_run(store_queue(s), stmt);
	queue_run(s, "DELETE FROM hold WHERE message = ?", row->id);
	queue_row_set(s, row, QUEUE_DEAD);
	return 0;
}

static int
act_untold(struct store *s, struct queue_act *act, struct queue_row *row)
{
	sqlite3_stmt *stmt = db_statement(store_queue(s), "UPDATE outbox SET state = 6, reason = ?"
	    " WHERE message = ? AND stage = '" ANSWER_STAGE "' AND action = ? AND state IN (1, 5)");

	db_bind_text(stmt, 1, act->reason);
	db_bind_int(stmt, 2, row->id);
	db_bind_int(stmt, 3, act->action);
	db_run(store_queue(s), stmt);
	return db_changes(store_queue(s)) > 0 ? 0 : ENODATA;
}

#define IN(state) (1u << QUEUE_##state)
#define KEPT (IN(ACTIVE) | IN(DEFERRED) | IN(HELD) | IN(DEAD) | IN(DONE) | IN(REFUSED))

static const struct act_kind kinds[] = {
	[QUEUE_ACT_RETRY] = { IN(DEFERRED) | IN(DEAD), act_retry },
	[QUEUE_ACT_RELEASE] = { IN(HELD), act_release },
	[QUEUE_ACT_REFUSE] = { IN(HELD), act_refuse },
	[QUEUE_ACT_DAMAGE] = { IN(ACTIVE) | IN(DEFERRED) | IN(HELD) | IN(DEAD), act_damage },
	[QUEUE_ACT_UNTOLD] = { KEPT, act_untold },
	[QUEUE_ACT_DISCARD] = { IN(ACTIVE) | IN(DEFERRED) | IN(HELD) | IN(DEAD), act_discard },
	[QUEUE_ACT_REPLAY] = { IN(DONE) | IN(DEAD), act_replay },
};

static void
act_run(struct store *s, struct store_job *job)
{
	struct queue_act *act = (struct queue_act *)job;
	const struct act_kind *kind = &kinds[act->kind];
	struct queue_row row;

	if (!queue_row_find(s, act->event, &row)) {
		act->error = ENOENT;
		return;
	}
	act->error = (kind->from & 1u << row.state) != 0 && (act->in == 0 || act->in == row.state) ?
	    kind->run(s, act, &row) : EINVAL;
	act->state = row.state;
	if (act->error == 0 && act->entry != NULL)
		journal_append(s, act->entry);
}

void
queue_act(struct store *s, struct queue_act *act)
{
	act->error = 0;
	act->state = 0;
	act->job.prepare = NULL;
	act->job.run = act_run;
	store_submit(s, &act->job);
}
