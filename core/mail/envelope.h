/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who wrote to whom over which connection: all that is known of a mail but
 * its content.  Addresses are without <>, syntax already checked, domains in
 * A-labels.
 */
#ifndef MAILTRI_MAIL_ENVELOPE_H
#define MAILTRI_MAIL_ENVELOPE_H

#include "base/arena.h"
#include "base/buf.h"

enum { ENVELOPE_TEXT_MAX = 1024 };	/* bytes of any one span */
enum {
	ENVELOPE_TLS = 1, ENVELOPE_ESMTP = 2, ENVELOPE_8BIT = 4,
	ENVELOPE_UTF8 = 8,	/* SMTPUTF8, RFC 6531 */
	ENVELOPE_LMTP = 16	/* RFC 2033; ESMTP is set, too */
};

struct envelope {
	struct mt_span client;	/* "192.0.2.1"; "unix" or "unknown": it has no
				 * address, or its upstream did not say */
	struct mt_span helo;	/* empty: its upstream did not say */
	struct mt_span sender;	/* empty: the null sender */
	struct mt_span rcpt;
	struct mt_span listener;
	struct mt_span upstream;	/* the peer that named the client, by
				 * XCLIENT or XFORWARD; empty: none */
	struct mt_span tls;	/* "TLSv1.3 TLS_AES_256_GCM_SHA384" or empty */
	uint32_t flags;		/* ENVELOPE_* */
	uint16_t port;		/* the client's */
	uint64_t size;		/* SIZE=, 0: not said */
};

/* As a Received field names it: "ESMTPS", "UTF8LMTP" (RFC 3848, RFC 6531). */
const char *envelope_protocol(const struct envelope *);

void envelope_pack(struct buf *, const struct envelope *);
/* Borrows from the input unless an arena is given.  EBADMSG. */
int envelope_unpack(struct unpack *, struct arena *, struct envelope *);

#endif
