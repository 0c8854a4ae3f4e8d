/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Poison: messages that killed the process that had them in hand.  Known by
 * HMAC(bytes, recipient), at RCPT by HMAC(client, sender, recipient); the second death is the last: the message is
 * refused where its sender is not proven, else held for an operator, and
 * never handed to that group again while it is remembered.
 */
#ifndef MAILTRI_PIPELINE_POISON_H
#define MAILTRI_PIPELINE_POISON_H

#include "base/buf.h"
#include "pipeline/claim.h"

enum {
	POISON_MAX = 512,	/* messages remembered; the oldest goes */
	POISON_KILLS = 2,
	POISON_TTL_S = 7 * 24 * 3600,	/* longer than senders try again */
	POISON_ENVELOPE_TTL_S = 3600,	/* at RCPT: less is known, more is refused */
	POISON_GROUP_MAX = 40	/* bytes of a group's name that count */
};

struct poison {
	uint8_t key[CLAIM_KEY_SIZE];
	char group[POISON_GROUP_MAX];	/* whom it killed last; "parser" */
	uint32_t kills;
	int64_t until_s;
};

struct poisons {
	struct poison list[POISON_MAX];
	size_t count;
};

/* NULL: it killed nobody, or long ago. */
const struct poison *poisons_find(const struct poisons *, const uint8_t key[CLAIM_KEY_SIZE],
    int64_t now_s);
struct poison_time { int64_t now_s, until_s; };
/* One more death: how many there are now. */
uint32_t poisons_add(struct poisons *, const uint8_t key[CLAIM_KEY_SIZE], const char *group,
    struct poison_time);

void poisons_pack(struct buf *, const struct poisons *);
int poisons_unpack(struct poisons *, struct mt_span);	/* EBADMSG: and it is empty */

#endif
