/* SPDX-License-Identifier: BSD-2-Clause */
/* What a receiver said, read from a reply nobody trusts, and what becomes of
 * the delivery. */
#ifndef WEBHOOK_REPLY_H
#define WEBHOOK_REPLY_H

#include "mailtri/stage.h"

enum {
	REPLY_READ_MAX = 64 * 1024,	/* a longer body is not looked into */
	REPLY_SENTENCE_MAX = 200
};

/* id: of our webhook, the resource's where the receiver names none. */
void reply_judge(const struct mt_http_reply *, const char *id, struct mt_delivery *);

#endif
