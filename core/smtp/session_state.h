/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of a session: shared by session*.c and action.c alone. */
#ifndef MAILTRI_SMTP_SESSION_STATE_H
#define MAILTRI_SMTP_SESSION_STATE_H

#include "smtp/command.h"
#include "smtp/data.h"
#include "smtp/forward.h"
#include "smtp/session.h"

enum { EVENT_MAX = 64 };

/* Where a session of a named upstream stands. */
enum upstream {
	UPSTREAM_SILENT,	/* it did not say who its client is */
	UPSTREAM_TELLING,	/* XCLIENT was the last command */
	UPSTREAM_GONE,		/* after XCLIENT: the client itself speaks */
	UPSTREAM_FORWARDS	/* XFORWARD, for one mail */
};

enum phase {
	PHASE_BANNER,		/* about to greet */
	PHASE_COMMAND,
	PHASE_DELAY,		/* a command refused, one of too many */
	PHASE_DATA_ASKED,	/* DATA read, `held' is the answer */
	PHASE_DATA,
	PHASE_RCPT,		/* the recipient is being judged */
	PHASE_MESSAGE,		/* the message is */
	PHASE_TLS_ASKED,	/* STARTTLS read */
	PHASE_TLS,		/* handshake */
	PHASE_CLOSE,
	PHASES
};

struct session {
	struct session_site *site;
	struct session_peer peer;
	void *owner;
	struct text address, helo, sender, rcpt, tls;
	enum phase phase;
	uint32_t phase_count;
	uint32_t transaction;
	uint32_t errors, junk;
	uint64_t told;		/* refusals already reported, by reply_id */
	uint64_t size;		/* SIZE= */
	uint64_t charged;	/* our part of site->inflight */
	bool esmtp, body_8bit, utf8;
	bool has_sender, has_rcpt;	/* MAIL, RCPT answered 250 */
	bool open;		/* rcpt() was asked, end() not called */
	bool discarding;	/* the rest of a line too long */
	enum reply_id held;
	struct forward forward;	/* what the upstream said of its client */
	enum upstream upstream;
	struct text unseen;	/* event whose 250 no byte has followed */
	struct data data;
	struct buf body, out;
};

void session_enter(struct session *, enum phase);
void session_reply(struct session *, enum reply_id);	/* counts errors */
void session_greet(struct session *);
void session_reset(struct session *);	/* no mail is begun */
void session_end(struct session *, bool answered);	/* no recipient is asked */
void session_unjudged(struct session *);	/* 451: no verdict came */
/* Its faults, or those of the mail it hands on, are not a client's. */
bool session_is_upstream(const struct session *);
/* DATA was read; `id' is the answer once the client is known to be silent. */
void session_ask_data(struct session *, enum reply_id id);

#endif
