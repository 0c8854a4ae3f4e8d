/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first start from a backup.  What happened after the backup was made is
 * not in it: targets may have been reached, and keys erased.  So
 *
 *	1. restore_look() says whether this is such a start; then it begins
 *	   paused, every target that is not done reads back before it creates,
 *	   what is past its time is dead, and slots are settled anew from the
 *	   first on (queue/erase.h): those no row knows are erased;
 *	2. restore_page() lists the slots the rows know, for `keys' to say which
 *	   are gone, and restore_gone() marks these as being erased: erased stays
 *	   erased;
 *	3. the purge erases both kinds, and restore_done() ends it.
 *
 * A crash anywhere begins again at 1.
 */
#ifndef MAILTRI_QUEUE_RESTORE_H
#define MAILTRI_QUEUE_RESTORE_H

#include "queue/erase.h"

struct restore_look {
	struct store_job job;
	int64_t now_s;
	uint32_t generation;	/* of the keys: another than the rows have seen
				 * says that they came from a backup */
	/* out */
	bool restored, paused;
	uint64_t slots_end;	/* all slots that rows know are below */
};
void restore_look(struct store *, struct restore_look *);

struct restore_page {
	struct store_job job;
	uint64_t from;		/* a slot */
	/* out */
	struct erase_item items[ERASE_MAX];
	size_t count;		/* 0: that was all */
};
void restore_page(struct store *, struct restore_page *);

struct restore_gone {
	struct store_job job;
	const uint64_t *slots;
	size_t count;
};
void restore_gone(struct store *, struct restore_gone *);

struct restore_done {
	struct store_job job;
	struct journal_entry *entry;
};
void restore_done(struct store *, struct restore_done *);

#endif
