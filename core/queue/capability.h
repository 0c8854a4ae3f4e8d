/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tokens of ours that travel in mail.  Both are 62 letters of lower-case
 * base 32, read without case: 26 of the event (all behind "evt_"), 7 of a time
 * (Unix seconds), 29 of a MAC of 144 bits under the installation key.
 *
 *	r+TOKEN@DOMAIN		a capability address: whoever was given it may
 *				write to it, until that time, about that event.
 *				DOMAIN is the route's.  Its MAC is over event, time,
 *				person and domain.
 *	Mailtri-Mark: TOKEN	a mail of our own.  Its MAC is over event and time.
 */
#ifndef MAILTRI_QUEUE_CAPABILITY_H
#define MAILTRI_QUEUE_CAPABILITY_H

#include "queue/queue.h"

enum {
	CAPABILITY_TOKEN = 62,
	CAPABILITY_MARK_SIZE = CAPABILITY_TOKEN + 1,
	CAPABILITY_DOMAIN_MAX = 253,
	CAPABILITY_ADDRESS_SIZE = 2 + CAPABILITY_TOKEN + 1 + CAPABILITY_DOMAIN_MAX + 1
};

/* Whom an address is for: HMAC of the mailbox, ASCII letters without case. */
void capability_person(const uint8_t key[HASH_SIZE], struct mt_span mailbox,
    uint8_t out[HASH_SIZE]);

struct capability {
	char event[QUEUE_EVENT_SIZE];
	int64_t until_s;	/* good before that second */
	uint8_t person[HASH_SIZE];	/* not read from an address: whoever looks
				 * for the event knows it */
	struct mt_span domain;
};
/* EINVAL: the event is none of event_make()'s, or the time or the domain does
 * not fit. */
int capability_make(const uint8_t key[HASH_SIZE], const struct capability *,
    char out[CAPABILITY_ADDRESS_SIZE]);
/* Reads all but the person; nothing is proven yet.  EINVAL: no such address.
 * The domain is borrowed. */
int capability_parse(struct mt_span address, struct capability *);
/* Whether the address was made by us from exactly that. */
bool capability_is_ours(const uint8_t key[HASH_SIZE], const struct capability *,
    struct mt_span address);

int capability_mark(const uint8_t key[HASH_SIZE], const char *event, int64_t now_s,
    char out[CAPABILITY_MARK_SIZE]);	/* EINVAL */
bool capability_mark_is_ours(const uint8_t key[HASH_SIZE], struct mt_span value);

#endif
