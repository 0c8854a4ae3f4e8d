/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which messages belong together.  A thread begins with one message; a later
 * one at the same route belongs to it that came to an address an answer gave
 * out, or whose In-Reply-To or References name a message of it.  Message-IDs
 * are kept as HMACs with the route, so a name means something at its route
 * only; where two messages have the same one it means the earlier.
 */
#ifndef MAILTRI_QUEUE_THREAD_H
#define MAILTRI_QUEUE_THREAD_H

#include "mail/view.h"
#include "store/hash.h"

enum { THREAD_NAMES_MAX = 32, THREAD_ID_MAX = 998, THREAD_EVENT_SIZE = 40 };

/* What a mail calls itself, and what it answers, in the order to be tried. */
struct thread_names {
	bool named;
	uint8_t self[HASH_SIZE];
	char event[THREAD_EVENT_SIZE];	/* the address it came to names it; empty: none */
	uint8_t refs[THREAD_NAMES_MAX][HASH_SIZE];
	size_t ref_count;
};

/* The ids of a field, without their brackets: the last THREAD_NAMES_MAX that
 * are no longer than THREAD_ID_MAX, in their order. */
size_t thread_ids(struct mt_span value, struct mt_span ids[THREAD_NAMES_MAX]);

/* In-Reply-To, then References from its end; never the mail itself. */
void thread_names(const uint8_t key[HASH_SIZE], struct mt_span route, const struct view *,
    struct thread_names *);

#endif
