/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers to senders: rows of the outbox of the stage `answer', whose action is
 * what is told (enum queue_answer).  Each is made in the transaction that makes
 * what it tells, and once for a message, whatever is replayed or crashes.  They
 * are no actions: a message's state knows nothing of them, and they are due
 * whatever that is, until its key is erased.  Committing thread.
 */
#ifndef MAILTRI_QUEUE_ANSWER_H
#define MAILTRI_QUEUE_ANSWER_H

#include "queue/queue.h"

#define ANSWER_STAGE "answer"

enum {
	ANSWER_GIVE_UP_S = 86400,	/* who wrote yesterday asks again */
	ANSWER_WINDOW_S = 86400		/* of struct queue_budget */
};

struct queue_row;
struct answer_add {
	enum queue_answer kind;
	int64_t now_ms;
	struct queue_budget budget;
	struct mt_span told;	/* sealed; HELD.  What DONE and FAILED tell is that
				 * of a target, from its row */
	const char *why;	/* a reason code of the host's own; or "" */
};
/* Nothing where the sender of the message is not answered, was told that
 * before, or has had enough of them today: then a line in the log. */
void answer_add(struct store *, const struct queue_row *, const struct answer_add *);

void queue_answer_load(struct store *, struct queue_load *);	/* fills its context */

#endif
