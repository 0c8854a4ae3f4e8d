/* SPDX-License-Identifier: BSD-2-Clause */
/* Making the file that audit/verify.h reads. */
#ifndef MAILTRI_AUDIT_EXPORT_H
#define MAILTRI_AUDIT_EXPORT_H

#include "audit/leaf.h"
#include "audit/checkpoint.h"
#include "store/store.h"

/* Export, in pages so that no commit waits for it. */
struct export_page {
	struct store_job job;
	uint64_t seq;		/* in: first; out: next to ask for */
	size_t max;		/* leaves a page */
	struct arena *arena;
	/* out */
	struct journal_row *rows;
	size_t count;
	const char *note;	/* the last checkpoint; NULL: none yet */
	const struct note_key *key;	/* in: to read its size; leaves behind it
				 * are not exported */
	bool last;		/* no leaf of it is left */
};
void export_page(struct store *, struct export_page *);
/* One line each, with "\n".  EBADMSG: the row's columns deny its leaf. */
int export_leaf(const struct journal_row *, struct buf *out);
int export_opening(const struct journal_row *, const struct slot *, struct buf *out);
void export_checkpoint(const char *note, struct buf *out);

#endif
