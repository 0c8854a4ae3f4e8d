/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One SMTP dialogue (RFC 5321) as a machine without input and output of its
 * own: bytes are given to it, bytes are taken from it, session_wish() says
 * what it needs next.  So it runs the same over TCP, TLS, a test's array and
 * a fuzzer.
 *
 * Mail is judged elsewhere: struct session_calls asks, session_answer()
 * brings the verdict.  One transaction has one recipient.
 */
#ifndef MAILTRI_SMTP_SESSION_H
#define MAILTRI_SMTP_SESSION_H

#include "conf/settings.h"
#include "smtp/reply.h"

enum {
	SESSION_OUTPUT_MAX = 16 * 1024,	/* unsent replies; then no more is read */
	SESSION_JUNK_MAX = 100,	/* NOOP, RSET, ... between two mails */
	SESSION_RATE_MIN = 500,	/* bytes a second of DATA */
	SESSION_RATE_GRACE_S = 30,	/* before the rate counts */
	SESSION_STRESS_S = 10,	/* one command while slots are scarce */
	SESSION_DELAY_MS = 1000,	/* a reply beyond the soft error limit */
	SESSION_HANDSHAKE_S = 30,
	SESSION_JUDGE_GRACE_MS = 10000	/* over the judge's own limit */
};

struct session;

/* Who is asked.  A call that cannot be made returns an errno value: 451. */
struct session_calls {
	/* May mail go to session_rcpt()?  Then session_answer(). */
	int (*rcpt)(struct session *);
	/* The message, borrowed during the call.  Then session_answer(). */
	int (*message)(struct session *, struct mt_span raw);
	/* The transaction asked by rcpt() is over.  answered: by the verdict
	 * on its message; else withdrawn or refused, and a verdict that still
	 * comes is not wanted. */
	void (*end)(struct session *, bool answered);
	/* The client has read the acceptance of this event. */
	void (*seen)(struct session *, struct mt_span event);
	/* Refused without a question; already answered. */
	void (*early)(void *site_arg, uint32_t transaction, struct mt_span client,
	    enum reply_id);
};

/* What all dialogues of a process share. */
struct session_site {
	const struct settings *settings;
	const struct session_calls *calls;
	void *arg;		/* of the calls */
	bool has_tls;		/* a certificate is there */
	bool intake;		/* mail is taken now */
	bool stressed;		/* few slots left */
	uint64_t inflight;	/* bytes of mail held for all dialogues */
	uint32_t last_transaction;
};

struct session_peer {
	struct mt_span address;	/* "192.0.2.1"; copied */
	uint16_t port;
	const struct setting_listener *listener;
	uint8_t trust;		/* enum forward_command it may give, or'ed */
};

struct session_answer {
	unsigned code;		/* 250, 4xx or 5xx; other codes become 451 */
	struct mt_span enhanced, text, event;
};

enum session_wish {
	SESSION_QUIET,	/* session_quiet(): has the client more to say? */
	SESSION_READ,	/* session_input() */
	SESSION_FLUSH,	/* its output is to be written first */
	SESSION_WAIT,	/* nothing, and its output is kept back: until
			 * session_expire() */
	SESSION_JUDGE,	/* session_answer() */
	SESSION_TLS,	/* write its output, then session_secured() */
	SESSION_CLOSE	/* write its output, then session_free() */
};

struct session *session_new(struct session_site *, const struct session_peer *,
    void *owner);
void session_free(struct session *);	/* ends an open transaction */
enum session_wish session_wish(const struct session *);

/* Consumes whole commands and message bytes, returns how many bytes; the
 * rest is given again with more behind it, after the wish was fulfilled. */
size_t session_input(struct session *, struct mt_span);
/* `pending': bytes came that were not given to session_input() yet.  Before
 * the banner, after DATA and after STARTTLS a client has to be silent. */
void session_quiet(struct session *, bool pending);
struct buf *session_output(struct session *);	/* written by the owner, who
						 * takes off what is sent */
void session_secured(struct session *, const char *tls);	/* "TLSv1.3 ..." ;
						 * NULL: the handshake failed */
void session_answer(struct session *, const struct session_answer *);
/* After the last output was written a byte has arrived. */
void session_seen(struct session *);
bool session_is_unseen(const struct session *);	/* session_seen() matters */

/* Deadlines: the phase changes its number whenever a new one begins;
 * allowed: milliseconds since its begin, growing while DATA comes in. */
uint32_t session_phase(const struct session *);
int64_t session_allowed_ms(const struct session *);
void session_expire(struct session *);	/* the time is up */
void session_refuse(struct session *, enum reply_id);	/* say it and close */

bool session_is_idle(const struct session *);	/* between two mails */

/* What is known of the dialogue. */
void *session_owner(const struct session *);
const struct session_site *session_site(const struct session *);
const struct session_peer *session_peer(const struct session *);
/* The client the mail is judged by: the peer itself or, where the peer is a
 * named upstream, whom it named; "unknown" where it named nobody. */
struct mt_span session_client(const struct session *);
uint16_t session_client_port(const struct session *);
/* The peer that named the client; empty: the client is the peer. */
struct mt_span session_upstream(const struct session *);
uint32_t session_transaction(const struct session *);
struct mt_span session_helo(const struct session *);
	/* empty: an upstream did not say */
struct mt_span session_sender(const struct session *);	/* empty: null sender */
struct mt_span session_rcpt(const struct session *);
struct mt_span session_tls(const struct session *);	/* empty: none */
uint64_t session_size(const struct session *);	/* SIZE=, 0: not said */
bool session_is_esmtp(const struct session *);
bool session_is_8bit(const struct session *);
bool session_is_utf8(const struct session *);	/* SMTPUTF8 was given */

#endif
