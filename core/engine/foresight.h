/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What mail of a sender's domain will ask of DNS: what its last accepted mail
 * asked.  Sent at RCPT, so that the answers are there before the message is:
 * a key's selector stands in the header, far too late to ask ahead.  Nothing
 * but time hangs on it: a wrong guess is an answer nobody looks at.
 */
#ifndef MAILTRI_ENGINE_FORESIGHT_H
#define MAILTRI_ENGINE_FORESIGHT_H

#include "pipeline/mail.h"

enum {
	FORESIGHT_DOMAINS = 4096,	/* about a kilobyte each */
	FORESIGHT_QUESTIONS = 12,	/* of one domain */
	FORESIGHT_USES = 256		/* then it is learnt anew: selectors change */
};

struct foresight;

struct foresight *foresight_new(void);
void foresight_free(struct foresight *);
void foresight_learn(struct foresight *, const struct mail *);	/* accepted ones only */
void foresight_ask(struct foresight *, struct mail *);	/* a new mail: its questions */

#endif
