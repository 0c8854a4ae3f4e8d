/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages that were accepted, and what is still to be done for them.  Each
 * function submits one job: fill the `in' part, call, read the `out' part in
 * job.done().  What `in' points at is borrowed until then.  The job's own
 * prepare and run are set by the call; done and arg are the caller's.
 *
 * Every change comes with its audit entry and commits in one transaction
 * with it; queue.c begins with the table of legal states.
 */
#ifndef MAILTRI_QUEUE_QUEUE_H
#define MAILTRI_QUEUE_QUEUE_H

#include "queue/thread.h"
#include "store/state.h"

enum {
	QUEUE_EVENT_SIZE = STATE_EVENT_SIZE,	/* "evt_" 26 NUL, and room */
	QUEUE_NAME_SIZE = 40,	/* stage, releaser */
	QUEUE_REASON_SIZE = 64,
	QUEUE_RESOURCE_SIZE = 128,
	QUEUE_TARGETS_MAX = 16, QUEUE_HOLDS_MAX = 8, QUEUE_LIST_MAX = 1000
};

/* What a sender is told, once a message each (queue/answer.h). */
enum queue_answer {
	QUEUE_ANSWER_DONE = 1,	/* every target delivered */
	QUEUE_ANSWER_HELD,	/* accepted, waits for its releasers */
	QUEUE_ANSWER_FAILED,	/* dead */
	QUEUE_ANSWER_REFUSED	/* after it was held, or nobody released it */
};
enum { QUEUE_ANSWERS = QUEUE_ANSWER_REFUSED };
const char *queue_answer_name(enum queue_answer);	/* "done" */

/* Answers within a day; above: none is made. */
struct queue_budget {
	uint32_t per_sender, per_thread;
};

enum queue_state {
	QUEUE_ACTIVE = 1,	/* something is to be done now */
	QUEUE_DEFERRED,		/* every undone target waits for its time */
	QUEUE_HELD,		/* waits for its releasers */
	QUEUE_DEAD,		/* a target failed for good: a person must look */
	QUEUE_DONE,		/* every target delivered */
	QUEUE_REFUSED,		/* held, then refused or expired */
	QUEUE_ERASING		/* past its time: its key is going */
};
const char *queue_state_name(enum queue_state);
int queue_state_find(struct mt_span name);	/* 0: no such state */
bool queue_is_legal(enum queue_state from, enum queue_state to);	/* from 0: accept */

enum queue_target_state {
	QUEUE_WAITING = 1,	/* due at due_ms */
	QUEUE_CALLING,		/* attempt committed, outcome not yet */
	QUEUE_DELIVERED, QUEUE_DUPLICATE,
	QUEUE_PAUSED,		/* as WAITING; our credentials are refused */
	QUEUE_FAILED
};
const char *queue_target_state_name(enum queue_target_state);

/* One deliver stage of one message: a row of the outbox. */
struct queue_target {
	char event[QUEUE_EVENT_SIZE];
	char stage[QUEUE_NAME_SIZE];
	uint32_t action;		/* 0; of the stage `answer': enum queue_answer */
	uint8_t key[HASH_SIZE];		/* idempotency key of all its attempts */
	enum queue_target_state state;
	uint32_t attempt;	/* attempts begun so far */
	bool unknown;		/* the last attempt's outcome was lost in a
				 * crash: read back first */
	int64_t due_ms, give_up_s;
	int32_t code;		/* of the last outcome */
	char reason[QUEUE_REASON_SIZE];
	char resource_id[QUEUE_RESOURCE_SIZE];
};

/* A message without its content. */
struct queue_item {
	uint64_t id;		/* grows; for paging */
	char event[QUEUE_EVENT_SIZE];
	enum queue_state state;
	const char *route;	/* in the job's arena */
	int64_t accepted_s, retain_until_s;
	uint64_t size, slot, generation;
	bool seen;
	struct queue_target *targets;	/* in the job's arena */
	size_t target_count;
	struct queue_target *answers;	/* not in what is due */
	size_t answer_count;
	char releasers[QUEUE_HOLDS_MAX][QUEUE_NAME_SIZE];	/* not yet released */
	size_t releaser_count;
	int64_t hold_until_s;	/* first expiry; 0: never */
};

struct queue_releaser {
	char name[QUEUE_NAME_SIZE];
	int64_t until_s;	/* 0: never */
};

/* How its sender is answered. */
struct queue_answers {
	uint8_t root[HASH_SIZE];	/* of their idempotency keys */
	struct mt_span told;	/* plaintext; what an answer says of its being held */
	struct queue_budget budget;
};

/* Step 2-4 of the commit protocol.  On `duplicate' nothing was written: a
 * claim was taken since it was looked at; record the refusal with
 * queue_record(), the slot may be returned. */
struct queue_accept {
	struct store_job job;
	const char *event, *route;
	int64_t now_s, retain_until_s, give_up_s;
	const struct state_claim *claims;
	size_t claim_count;
	const struct state_put *puts;
	size_t put_count;
	const struct queue_target *targets;	/* stage, action, key */
	size_t target_count;
	const struct queue_releaser *holds;	/* any: starts held */
	size_t hold_count;
	const struct thread_names *names;	/* NULL: begins a thread, has no name */
	const uint8_t *person;	/* capability_person() of its sender; NULL: not proven */
	const struct queue_answers *answers;	/* NULL: none are sent */
	struct slot slot;	/* seals head and raw; the caller wipes it */
	struct mt_span head;	/* plaintext; the engine's own packing */
	struct mt_span raw;	/* plaintext; the message */
	struct journal_entry *entries;
	size_t entry_count;
	/* out */
	bool duplicate;
	char holder[QUEUE_EVENT_SIZE];
	bool holder_seen;
	/* private */
	struct buf sealed_head, sealed_raw, sealed_told;
	bool in_file;
};
void queue_accept(struct store *, struct queue_accept *);

/* Refusals and all that is audited without touching the queue. */
struct queue_record {
	struct store_job job;
	int64_t now_s;
	struct journal_entry *entries;
	size_t entry_count;
	const struct state_put *puts;	/* those to be kept "always" */
	size_t put_count;
};
void queue_record(struct store *, struct queue_record *);

/* The sender saw our 250.  Lazy. */
struct queue_seen {
	struct store_job job;
	char event[QUEUE_EVENT_SIZE];
};
void queue_seen(struct store *, struct queue_seen *);

/* Where targets may go to now: a stage and, where its routes lead to several
 * systems, some of them. */
struct queue_lane {
	const char *stage;
	const char *routes;	/* "\na@b\nc@d\n", lower case; NULL: all */
	bool others;		/* all routes but those */
	size_t max;		/* targets; 0: it may not be called */
};

/* What is due, of each lane for itself, and when to ask again. */
struct queue_due {
	struct store_job job;
	struct arena *arena;
	int64_t now_ms;
	const struct queue_lane *lanes;
	size_t lane_count;
	/* out */
	struct queue_item *items;	/* each with the one target due */
	size_t count;
	int64_t next_ms;	/* INT64_MAX: nothing waits; <= now_ms: more is due */
	char stray[QUEUE_NAME_SIZE];	/* a stage targets wait for and no lane
				 * has; "": none */
	char (*expired)[QUEUE_EVENT_SIZE];	/* held and past their time: refuse them */
	size_t expired_count;
};
void queue_due(struct store *, struct queue_due *);

/* An attempt, committed before the call is made. */
struct queue_begin {
	struct store_job job;
	char event[QUEUE_EVENT_SIZE], stage[QUEUE_NAME_SIZE];
	uint32_t action;
	int64_t now_ms;
	int64_t give_up_s;	/* of a first attempt, and the first after a restore,
				 * which may come long after the mail: its time
				 * begins with it */
	struct journal_entry *entry;	/* or NULL */
	/* out */
	bool begun;		/* false: not due any more; entry not written */
	uint32_t attempt;
	int64_t end_s;		/* give_up_s of the target as it is now */
};
void queue_begin(struct store *, struct queue_begin *);

/* Its outcome.  schedule_decide() fills outcome, due_ms. */
struct queue_finish {
	struct store_job job;
	char event[QUEUE_EVENT_SIZE], stage[QUEUE_NAME_SIZE];
	uint32_t action;
	enum queue_target_state outcome;	/* not CALLING */
	int64_t now_ms, due_ms;	/* due: WAITING, PAUSED */
	int32_t code;
	char reason[QUEUE_REASON_SIZE];
	char resource_id[QUEUE_RESOURCE_SIZE];
	struct mt_span told;	/* sealed; what an answer says of it; or empty */
	struct queue_budget budget;
	struct journal_entry *entry;	/* or NULL */
	/* out */
	enum queue_state state;	/* of the message; 0: no such attempt, nothing written */
};
void queue_finish(struct store *, struct queue_finish *);

/* What one target of a message stands in. */
struct queue_context {
	bool answers;		/* its sender is answered */
	uint8_t person[HASH_SIZE];	/* zero: not proven */
	/* The first message of its thread, as the same stage has it; event empty:
	 * it is the first, or that stage has nothing to do with it. */
	char thread_event[QUEUE_EVENT_SIZE];
	uint8_t thread_key[HASH_SIZE];
	char thread_resource[QUEUE_RESOURCE_SIZE];
	/* Of an answer. */
	struct mt_span told;	/* sealed, in the arena */
	char why[QUEUE_REASON_SIZE];
};

/* One message, with its sealed content. */
struct queue_load {
	struct store_job job;
	struct arena *arena;
	char event[QUEUE_EVENT_SIZE];
	bool content;		/* head and raw too */
	char stage[QUEUE_NAME_SIZE];	/* of a target whose context is wanted; or empty */
	uint32_t action;
	/* out */
	int error;		/* 0, ENOENT, EBADMSG: damage */
	struct queue_item item;
	struct queue_context context;
	struct mt_span sealed_head, sealed_raw;	/* raw freed by queue_load_fini() */
	/* private */
	struct buf raw;
};
void queue_load(struct store *, struct queue_load *);
/* Opens both; EBADMSG: damage: queue_damage(), never silence. */
int queue_unseal(const struct queue_load *, const struct slot *, struct buf *head,
    struct buf *raw);
void queue_load_fini(struct queue_load *);

struct queue_list {
	struct store_job job;
	struct arena *arena;
	enum queue_state state;	/* 0: all */
	uint64_t after;		/* id of the last one seen; 0: from the start */
	size_t max;		/* at most QUEUE_LIST_MAX */
	/* out */
	struct queue_item *items;
	size_t count;
};
void queue_list(struct store *, struct queue_list *);

struct queue_counts {
	struct store_job job;
	/* out */
	uint64_t of[QUEUE_ERASING + 1];
	int64_t oldest_s;	/* accepted_s of the oldest not finished; 0: none */
};
void queue_counts(struct store *, struct queue_counts *);

/* What a person or a stage does to a message. */
enum queue_act_kind {
	QUEUE_ACT_RETRY,	/* deferred or dead: its undone targets are due now */
	QUEUE_ACT_RELEASE,	/* held: `releaser' agrees; the last one lets it go */
	QUEUE_ACT_REFUSE,	/* held: refused, or expired */
	QUEUE_ACT_DAMAGE,	/* not to be opened: dead */
	QUEUE_ACT_UNTOLD,	/* an answer of it, not to be opened: that one is
				 * failed, the message stays what it is */
	QUEUE_ACT_DISCARD,	/* active, deferred, held or dead: what is undone
				 * stays so, and its key goes at the next erasure */
	QUEUE_ACT_REPLAY	/* done or dead: every target is due again, under
				 * its old key and after reading back */
};
struct queue_act {
	struct store_job job;
	enum queue_act_kind kind;
	enum queue_state in;	/* only where it is in that state; 0: any */
	char event[QUEUE_EVENT_SIZE];
	char releaser[QUEUE_NAME_SIZE];	/* RELEASE */
	uint32_t action;	/* UNTOLD: enum queue_answer */
	int64_t now_ms, give_up_s;	/* RETRY, RELEASE, REPLAY */
	char reason[QUEUE_REASON_SIZE];	/* DAMAGE, UNTOLD; REFUSE: told to its sender */
	struct queue_budget budget;	/* RELEASE, REFUSE: of answers */
	struct journal_entry *entry;	/* or NULL; written only where error is 0 */
	/* out */
	int error;		/* ENOENT: no such message; EINVAL: not in a state
				 * for it; ESRCH: does not wait for that releaser;
				 * EBUSY: a call is out, its outcome comes first;
				 * ENODATA: has no target it could be done to */
	enum queue_state state;	/* it is in now; 0: ENOENT */
};
void queue_act(struct store *, struct queue_act *);

/* Whom a capability address about an event was given to. */
struct queue_person {
	struct store_job job;
	struct arena *arena;
	char event[QUEUE_EVENT_SIZE];
	/* out */
	bool found;
	const char *route;	/* in the arena */
	uint8_t person[HASH_SIZE];
};
void queue_person(struct store *, struct queue_person *);

/* Message keys that rows know. */
struct queue_slots {
	struct store_job job;
	/* out */
	uint64_t live, erasing;
	int64_t until_s;	/* when the last of the live ones is erased; 0: none */
};
void queue_slots(struct store *, struct queue_slots *);

#endif
