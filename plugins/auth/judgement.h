/* SPDX-License-Identifier: BSD-2-Clause */
/* All that the checks found out about one message. */
#ifndef MAILTRI_AUTH_JUDGEMENT_H
#define MAILTRI_AUTH_JUDGEMENT_H

#include "arc.h"
#include "dmarc.h"
#include "from.h"
#include "spf.h"

enum { REPLAY_WINDOW_MAX_S = 10 * 365 * 86400 };

enum replay { REPLAY_NONE, REPLAY_FIRST, REPLAY_DUPLICATE, REPLAY_BUSY };

struct identity {	/* one of the two SPF checks */
	char domain[DOMAIN_MAX + 1];	/* "": not a domain name */
	struct spf_result result;
};

struct judgement {
	const char *header_fault;	/* NULL: none */
	const char *from_fault;
	struct mailbox from;
	struct header header;
	struct identity mail_from;	/* of the null sender: the HELO's */
	struct identity helo;
	struct dkim dkim;
	const struct signature *signature;	/* the one that counts; NULL */
	enum word dkim_word;
	struct dmarc dmarc;
	struct arc arc;
	enum replay replay;
};

/* What is kept of a message from run to run. */
struct memory {
	bool judged;	/* nothing is to be judged again */
	const char *raw;	/* where the message lay then: `judgement' points into it */
	struct judgement judgement;
	struct dkim_kept dkim;
	struct pool pool;
};
_Static_assert(sizeof(struct memory) <= MT_KEEP_MAX, "the host keeps no more");

#endif
