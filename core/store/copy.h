/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copy of both databases while they are in use, in the folder backup/ of
 * the state directory: a piece between two commits, so that nobody waits
 * longer than that piece takes.  What is committed meanwhile reaches the copy
 * too; it is the state at its last piece.
 *
 * The copy says of itself that it is one: a start from it begins paused
 * (queue/restore.h), however it came back into its place.
 */
#ifndef MAILTRI_STORE_COPY_H
#define MAILTRI_STORE_COPY_H

#include "store/store.h"

struct copying;

struct store_copy {
	struct store_job job;
	/* out */
	bool over;		/* false: submit it again */
	int error;		/* over: 0, or an errno value; nothing is left then */
	uint64_t records;	/* of the audit log in it */
	uint64_t slots;		/* every message key it needs is below */
	/* private */
	struct copying *copying;
};

/* The first piece, or the next.  One copy at a time. */
void store_copy(struct store *, struct store_copy *);
/* What a copy left on the disk goes; store_open() does so, too. */
void store_copy_remove(struct store *, struct store_job *);	/* fills in prepare and run */

#endif
