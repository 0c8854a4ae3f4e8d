/* SPDX-License-Identifier: BSD-2-Clause */
/* A mail a stage hands to a relay, packed: the question and the order. */
#ifndef MAILTRI_STAGE_LETTER_H
#define MAILTRI_STAGE_LETTER_H

#include "stage/message.h"

struct letter {
	uint32_t timeout_ms;
	struct mt_span relay, user, password;	/* user empty: no AUTH; password:
						 * the option's name */
	struct mt_span sender, rcpt, data;
};

/* EINVAL: not as mail/outgoing.h wants it, an unknown target or secret. */
int letter_pack(struct buf *, const struct mt_msg *, const struct mt_mail *);
int letter_unpack(struct mt_span packed, struct letter *);	/* borrows; EBADMSG */

#endif
