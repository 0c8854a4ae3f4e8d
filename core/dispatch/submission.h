/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One mail to one recipient over a socket somebody else connected, handed to
 * a relay (RFC 5321, RFC 6409): dispatch/transfer.h, and SMTP.  TLS is from
 * the first byte, or by STARTTLS, which is required: what the relay said
 * before it is forgotten, and plain text it sends behind the reply to it ends
 * the conversation.  QUIT is sent, its reply not awaited.
 */
#ifndef MAILTRI_DISPATCH_SUBMISSION_H
#define MAILTRI_DISPATCH_SUBMISSION_H

#include "conf/value.h"
#include "dispatch/transfer.h"

enum {
	SUBMISSION_TEXT_MAX = 512,
	SUBMISSION_REPLIES_MAX = 64 * 1024,	/* bytes of all that the relay says */
	SUBMISSION_TIMEOUT_MS = 60000	/* where an order says 0 */
};

struct submission_order {
	struct transfer_peer peer;
	enum value_scheme scheme;	/* SMTP, SMTPS, SMTP_PLAIN */
	const char *hello;	/* our name, for EHLO */
	struct mt_span user, password;	/* user empty: no AUTH */
	struct mt_span sender, rcpt;	/* without <>; sender may be empty */
	struct mt_span data;	/* lines end with CRLF; dots are stuffed here */
};

struct submission_result {
	int code;		/* the relay's last word; 0: none that counts */
	int error;		/* where code is 0: an errno value, as http.h */
	bool sent;		/* all of the data was handed to libcurl */
	struct mt_span text;	/* until the callback returns */
};

typedef void (*submission_done_fn)(void *arg, const struct submission_result *);

/* As http_start().  EINVAL also: not as mail/outgoing.h wants it. */
int submission_start(struct transfer_client *, const struct submission_order *, int fd,
    submission_done_fn, void *arg, struct transfer **out);

#endif
