/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an upstream says of its own client: the arguments of XCLIENT and
 * XFORWARD as Postfix's XCLIENT_README and XFORWARD_README define them.
 * Pure: whether the upstream may say so is asked elsewhere.
 *
 * What is not available is left empty, and so is an address or a HELO that
 * is none: nothing may be judged by it.  Values end up in replies, logs and
 * questions to the DNS: after the decoding of xtext (RFC 3461 section 4)
 * they are printable ASCII, or the command is refused.
 */
#ifndef MAILTRI_SMTP_FORWARD_H
#define MAILTRI_SMTP_FORWARD_H

#include <stdint.h>

#include "smtp/reply.h"
#include "smtp/text.h"

enum {
	FORWARD_NAME_MAX = 255,	/* NAME, HELO, LOGIN: bytes once decoded */
	FORWARD_WORD_MAX = 63	/* all others */
};

enum forward_attribute {
	FORWARD_NAME, FORWARD_ADDR, FORWARD_PORT, FORWARD_PROTO, FORWARD_HELO,
	FORWARD_LOGIN, FORWARD_DESTADDR, FORWARD_DESTPORT,	/* XCLIENT */
	FORWARD_IDENT, FORWARD_SOURCE,	/* XFORWARD */
	FORWARD_ATTRIBUTES
};

enum forward_command { FORWARD_XCLIENT = 1, FORWARD_XFORWARD = 2 };

struct forward {
	uint32_t given;		/* 1 << attribute: said, be it unavailable */
	struct text address;	/* "192.0.2.1", canonical */
	struct text helo;	/* a domain or an address literal */
	struct text name;	/* a domain; the upstream's word for it */
	uint16_t port;		/* 0: unknown */
	bool plain;		/* PROTO=SMTP: the client said HELO */
};

/*
 * Adds what `argument' says to *f; REPLY_NONE, or why not, and *f as before.
 * An attribute once given is not changed: whoever could add a command behind
 * the upstream's must not replace what it said.
 */
enum reply_id forward_parse(struct mt_span argument, enum forward_command,
    struct forward *f);
/* The names a command has, as EHLO offers them: "NAME ADDR ...". */
void forward_offer(enum forward_command, struct buf *);

static inline bool
forward_has(const struct forward *f, enum forward_attribute a)
{
	return (f->given & 1u << a) != 0;
}

#endif
