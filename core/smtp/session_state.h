/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of a session: shared by session.c and action.c alone. */
#ifndef MAILTRI_SMTP_SESSION_STATE_H
#define MAILTRI_SMTP_SESSION_STATE_H

#include "base/log.h"
#include "smtp/command.h"
#include "smtp/data.h"
#include "smtp/session.h"

enum { TEXT_MAX = 256, EVENT_MAX = 64 };

enum phase {
	PHASE_BANNER,		/* about to greet */
	PHASE_COMMAND,
	PHASE_DATA_ASKED,	/* DATA read, `held' is the answer */
	PHASE_DATA,
	PHASE_RCPT,		/* the recipient is being judged */
	PHASE_MESSAGE,		/* the message is */
	PHASE_TLS_ASKED,	/* STARTTLS read */
	PHASE_TLS,		/* handshake */
	PHASE_CLOSE,
	PHASES
};

/* Copies of what commands said; the parsers keep them below TEXT_MAX. */
struct text {
	size_t len;
	char bytes[TEXT_MAX];
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
	bool esmtp, body_8bit;
	bool has_sender, has_rcpt;	/* MAIL, RCPT answered 250 */
	bool open;		/* rcpt() was asked, end() not called */
	bool discarding;	/* the rest of a line too long */
	enum reply_id held;
	struct text unseen;	/* event whose 250 no byte has followed */
	struct data data;
	struct buf body, out;
};

static inline void
text_set(struct text *t, struct mt_span s)
{
	if (s.len > TEXT_MAX)
		log_panic("a text of %zu bytes passed its parser", s.len);
	t->len = s.len;
	if (s.len > 0)
		memcpy(t->bytes, s.ptr, s.len);
}

static inline struct mt_span
text_span(const struct text *t)
{
	return span_make(t->bytes, t->len);
}

void session_enter(struct session *, enum phase);
void session_reply(struct session *, enum reply_id);	/* counts errors */
void session_reset(struct session *);	/* no mail is begun */
void session_end(struct session *, bool answered);	/* no recipient is asked */
void session_unjudged(struct session *);	/* 451: no verdict came */
/* DATA was read; `id' is the answer once the client is known to be silent. */
void session_ask_data(struct session *, enum reply_id id);

#endif
