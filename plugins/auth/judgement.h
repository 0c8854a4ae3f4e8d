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

/* A host whose word the operator takes for what it did to the message. */
struct forwarding {
	enum word word;	/* none: the client is no such host; pass; fail; temperror */
	const char *why;	/* half a sentence */
	char name[DOMAIN_MAX + 1];	/* as it is listed; "" */
	struct signature seal;	/* on pass: the newest ARC-Message-Signature */
	bool spf, dkim;	/* passed when the first of the chain got it */
	bool believed;	/* and without its word the mail were refused */
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
	struct forwarding forwarding;
	bool addressed;	/* to the recipient, in the author's own words */
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
