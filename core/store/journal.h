/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit rows: append-only leaves.  A leaf is canonical JSON made by
 * audit/leaf.h; its number is known only in the transaction, so a leaf is
 * handed over with the place where its number goes.  What proves that no row
 * was altered is made of them outside the transaction (audit/publisher.h).
 */
#ifndef MAILTRI_STORE_JOURNAL_H
#define MAILTRI_STORE_JOURNAL_H

#include "base/arena.h"
#include "store/hash.h"

enum { JOURNAL_LEAF_MAX = 65535, JOURNAL_SEQ_DIGITS = 19 };

struct store;

/* One leaf to append; bytes are borrowed until the job is done. */
struct journal_entry {
	const char *event;
	int64_t time_s;
	struct mt_span leaf;	/* without its number */
	size_t seq_at;		/* where the digits of the number go */
	uint64_t slot, generation;	/* 0: nothing personal in it */
	struct mt_span opening;	/* sealed under the slot's key, or empty */
	int64_t keep_until_s;	/* != 0: the slot is this entry's own (a
				 * refusal) and is erased after this time */
	uint64_t seq;		/* out: set in the transaction */
};

/* A leaf as it lies in the store; everything in the arena. */
struct journal_row {
	uint64_t seq;
	const char *event;
	int64_t time_s;
	struct mt_span leaf, opening;
	uint64_t slot, generation;
};

/* In a job's run(). */
void journal_append(struct store *, struct journal_entry *);
/* Rows from `seq' on, at most max; or those of one event.  Count. */
size_t journal_read(struct store *, struct arena *, uint64_t seq, size_t max,
    struct journal_row **out);
size_t journal_find(struct store *, struct arena *, struct mt_span event, size_t max,
    struct journal_row **out);

/* Just the leaves, from seq on, as far as none is missing. */
size_t journal_leaves(struct store *, struct arena *, uint64_t seq, size_t max,
    struct mt_span **out);

/* That a checkpoint (audit/checkpoint.h) of the first `size' rows is on the
 * disk with all it stands on.  Notes as text: one a minute is kept, and the
 * last. */
void journal_mark(struct store *, uint64_t size, int64_t time_s, struct mt_span note);
const char *journal_marked(struct store *, struct arena *);	/* the last note; NULL: none */

/* Which log the rows are: 1, or what a continued one was given. */
uint64_t journal_log(struct store *);
void journal_set_log(struct store *, uint64_t log);

#endif
