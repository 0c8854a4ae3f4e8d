/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Step 9 of the commit protocol: what is past its time loses its key.
 * `erasing' is committed, the role `keys' zeroes the slot and says so,
 * `erased' is committed with its audit entry.  A crash anywhere zeroes again.
 */
#ifndef MAILTRI_QUEUE_ERASE_H
#define MAILTRI_QUEUE_ERASE_H

#include "queue/queue.h"

enum { ERASE_MAX = 256, ERASE_RECOVER_MAX = 4096 };

struct erase_item {
	uint64_t slot, generation;
	char event[QUEUE_EVENT_SIZE];
	bool message;		/* false: only the openings of a refusal */
	bool discarded;		/* before its time, by a person */
	bool early;		/* before its time: its key was found erased after
				 * a restore (queue/restore.h) */
};

/* Marks what is past its time at now_s, finished or refused; gives at most
 * ERASE_MAX, those marked before (a crash came between) included. */
struct erase_begin {
	struct store_job job;
	int64_t now_s;
	struct erase_item items[ERASE_MAX];
	size_t count;
};
void erase_begin(struct store *, struct erase_begin *);

/* Their slots are zero: rows, bodies and openings go. */
struct erase_finish {
	struct store_job job;
	int64_t now_s;
	const struct erase_item *items;
	struct journal_entry *entries;	/* one an item, or NULL */
	size_t count;
};
void erase_finish(struct store *, struct erase_finish *);

/*
 * At start: attempts without outcome become due
 * with their outcome unknown, bodies without rows are swept, and slots that
 * were handed out and that no row knows are listed to be erased, a page at a
 * time.  When they are zero commit that with erase_settle(settle_slot); again
 * until settle_slot is next_slot.
 */
struct erase_recover {
	struct store_job job;
	struct arena *arena;
	int64_t now_ms;
	uint64_t next_slot;	/* from `keys': all slots issued are below */
	/* out */
	size_t unknown_attempts, swept_bodies;
	uint64_t *slots;
	size_t slot_count;	/* at most ERASE_RECOVER_MAX */
	uint64_t settle_slot;
};
void erase_recover(struct store *, struct erase_recover *);

struct erase_settle {
	struct store_job job;
	uint64_t slot;		/* erase_recover's settle_slot */
};
void erase_settle(struct store *, struct erase_settle *);

#endif
