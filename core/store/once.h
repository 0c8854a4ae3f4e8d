/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which claims of limit 1 may be on disk: so that one nobody ever took, and
 * that is nearly all, needs no look at the database.  It errs to one side
 * only: what it does not hold is not taken; what it holds may have run out, or
 * have its first bytes in common with another.  8 bytes a claim, 22 at most
 * with the room kept free.
 */
#ifndef MAILTRI_STORE_ONCE_H
#define MAILTRI_STORE_ONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/hash.h"

enum { ONCE_SLOTS_MAX = 1 << 24 };	/* 128 MiB; what does not fit: any may be held */

struct once {
	struct once_slot *slots;	/* a power of two of them, or none */
	size_t size, used;
	bool over;			/* some did not fit */
};

/* All zero is an empty one.  Keys are HMACs; until_s: when it has run out. */
void once_add(struct once *, const uint8_t key[HASH_SIZE], int64_t until_s, int64_t now_s);
bool once_may_hold(const struct once *, const uint8_t key[HASH_SIZE]);
void once_fini(struct once *);

#endif
