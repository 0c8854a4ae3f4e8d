/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands of the client: one line parsed into a verb and typed arguments,
 * and the table of commands and states.  Pure: no state is kept here.
 */
#ifndef MAILTRI_SMTP_COMMAND_H
#define MAILTRI_SMTP_COMMAND_H

#include <stdint.h>

#include "conf/settings.h"
#include "smtp/address.h"
#include "smtp/reply.h"

enum {
	COMMAND_LINE_MAX = 512,		/* with CRLF; RFC 5321 4.5.3.1.4 */
	COMMAND_LINE_PARAMETERS_MAX = 2048	/* MAIL and RCPT */
};

enum command_verb {
	COMMAND_EHLO, COMMAND_HELO, COMMAND_LHLO, COMMAND_STARTTLS, COMMAND_MAIL,
	COMMAND_RCPT, COMMAND_DATA, COMMAND_RSET, COMMAND_NOOP, COMMAND_QUIT,
	COMMAND_VRFY, COMMAND_HELP, COMMAND_EXPN, COMMAND_BDAT, COMMAND_AUTH,
	COMMAND_XCLIENT, COMMAND_XFORWARD, COMMAND_UNKNOWN, COMMAND_VERBS
};

/* Where a dialogue stands when a command comes. */
enum command_state {
	COMMAND_GATED,		/* TLS is required and not there yet */
	COMMAND_GREETED,	/* before EHLO */
	COMMAND_READY,		/* after EHLO, no mail begun */
	COMMAND_SENDER,		/* MAIL given */
	COMMAND_RECIPIENT,	/* and a recipient accepted */
	COMMAND_STATES
};

/* Borrows from the line. */
struct command {
	enum command_verb verb;
	struct mt_span argument;	/* as it stands */
	struct mt_span domain;	/* EHLO, HELO, LHLO */
	struct address address;	/* MAIL, RCPT */
	uint64_t size;		/* MAIL SIZE=; 0: not said */
	bool body_8bit;		/* MAIL BODY=8BITMIME */
	bool utf8;		/* MAIL SMTPUTF8 (RFC 6531 section 3.4) */
};

/* The verb alone, so that the table is asked before any argument is read.
 * LHLO is a verb of LMTP alone, EHLO and HELO are not (RFC 2033 section 4.1). */
enum command_verb command_verb(struct mt_span line, enum protocol);
/* REPLY_NONE: the command may be carried out; else the answer. */
enum reply_id command_allowed(enum command_verb, enum command_state);
/* The whole line, without CRLF: REPLY_NONE, or why not. */
enum reply_id command_parse(struct mt_span line, enum command_verb, struct command *out);

#endif
