/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was made of a text from the DNS, by that text.  The resolver alone
 * knows how long an answer is good: another text is another entry, and the
 * same text means the same for ever, so nothing here can be out of date.
 */
#ifndef MAILTRI_AUTH_CACHE_H
#define MAILTRI_AUTH_CACHE_H

#include "text.h"

enum { CACHE_SLOTS = 1024, CACHE_TEXT_MAX = 8192 };

struct cache_entry {	/* a user's own struct begins with it */
	struct mt_span text;
};

/* Static storage: all zero is empty. */
struct cache {
	struct cache_entry *slot[CACHE_SLOTS];
};

/* NULL: not there.  Borrowed until the next cache_add(). */
struct cache_entry *cache_find(const struct cache *, struct mt_span text);
/* An entry of `size' bytes, zeroed but for its text, in the place of what had
 * its slot.  The text has at most CACHE_TEXT_MAX bytes. */
struct cache_entry *cache_add(struct cache *, struct mt_span text, size_t size);
void cache_fini(struct cache *);

#endif
