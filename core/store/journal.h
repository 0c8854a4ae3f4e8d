/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit rows: append-only leaves in a hash chain.  A leaf is canonical
 * JSON made by audit/leaf.h; its number is known only in the transaction, so
 * a leaf is handed over with the place where its number goes.
 *
 *	leaf hash  = SHA-256(0x00 ‖ leaf)	(RFC 6962, so that the same
 *						leaves make a Merkle tree)
 *	chain(n)   = SHA-256(chain(n-1) ‖ leaf hash(n)); chain before the
 *		     first leaf is 32 zero bytes
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

/* What is committed: the journal's end. */
struct journal_head {
	uint64_t size;		/* leaves */
	uint8_t chain[HASH_SIZE];
};

/* A leaf as it lies in the store; everything in the arena. */
struct journal_row {
	uint64_t seq;
	const char *event;
	int64_t time_s;
	struct mt_span leaf, opening;
	uint8_t chain[HASH_SIZE];
	uint64_t slot, generation;
};

/* In a job's run(). */
void journal_append(struct store *, struct journal_entry *);
/* Rows from `seq' on, at most max; or those of one event.  Count. */
size_t journal_read(struct store *, struct arena *, uint64_t seq, size_t max,
    struct journal_row **out);
size_t journal_find(struct store *, struct arena *, struct mt_span event, size_t max,
    struct journal_row **out);

/* The signed heads: notes as text (audit/head.h).  One a minute is kept,
 * and the last. */
void journal_head_add(struct store *, uint64_t size, int64_t time_s, struct mt_span note);
/* Last note whose size is at most `size'; NULL: none. */
const char *journal_head_find(struct store *, struct arena *, uint64_t size);

void journal_leaf_hash(struct mt_span leaf, uint8_t out[HASH_SIZE]);
void journal_chain(uint8_t chain[HASH_SIZE], struct mt_span leaf);	/* one step */

#endif
