/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of the dialogue, one function each, and their table. */
#include "smtp/action.h"

#include "smtp/session_state.h"

/* Once XCLIENT made the client of an upstream the one who speaks, it is no
 * upstream any more: what it says of others is a forgery. */
static bool
may_forward(const struct session *s, enum forward_command command)
{
	return (s->peer.trust & command) != 0 && s->upstream != UPSTREAM_GONE &&
	    (s->upstream != UPSTREAM_TELLING || command == FORWARD_XCLIENT);
}

static void
hello(struct session *s, const struct command *c)
{
	session_reset(s);
	text_set(&s->helo, c->domain);
	s->esmtp = c->verb != COMMAND_HELO;
}

/* What this peer may say, and nobody hears of who may not. */
static void
offer(struct session *s, enum forward_command command, const char *keyword)
{
	if (!may_forward(s, command))
		return;
	buf_printf(&s->out, "250-%s", keyword);
	forward_offer(command, &s->out);
	buf_add_string(&s->out, "\r\n");
}

static void
do_ehlo(struct session *s, const struct command *c)
{
	const struct settings *settings = s->site->settings;

	hello(s, c);
	buf_printf(&s->out, "250-%s\r\n250-PIPELINING\r\n250-SIZE %llu\r\n",
	    settings->hostname, (unsigned long long)settings->limits.message_bytes);
	if (s->tls.len == 0 && s->peer.listener->tls != TLS_NONE && s->site->has_tls)
		buf_add_string(&s->out, "250-STARTTLS\r\n");
	offer(s, FORWARD_XCLIENT, "XCLIENT");
	offer(s, FORWARD_XFORWARD, "XFORWARD");
	buf_add_string(&s->out, "250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n");
}

static void
do_helo(struct session *s, const struct command *c)
{
	hello(s, c);
	buf_printf(&s->out, "250 %s\r\n", s->site->settings->hostname);
}

static void
do_starttls(struct session *s, const struct command *c)
{
	(void)c;
	if (s->tls.len > 0)
		session_reply(s, REPLY_TLS_TWICE);
	else if (s->peer.listener->tls == TLS_NONE)
		session_reply(s, REPLY_NOT_OFFERED);
	else if (!s->site->has_tls)
		session_reply(s, REPLY_TLS_NONE);
	else
		session_enter(s, PHASE_TLS_ASKED);
}

static void
do_mail(struct session *s, const struct command *c)
{
	const struct setting_limits *limits = &s->site->settings->limits;
	bool has_parameters = c->size > 0 || c->body_8bit || c->utf8;
	char canonical[ADDRESS_PATH_MAX];

	if (has_parameters && !s->esmtp)
		session_reply(s, REPLY_PARAMETER);
	else if (!s->site->intake)
		session_reply(s, REPLY_INTAKE);
	else if (c->size > limits->message_bytes)
		session_reply(s, REPLY_SIZE);
	else if (s->site->inflight + c->size > limits->inflight_bytes)
		session_reply(s, REPLY_BUSY);
	else {
		text_set(&s->sender, address_canonical(&c->address, canonical));
		s->has_sender = true;
		s->size = c->size;
		s->body_8bit = c->body_8bit;
		s->utf8 = c->utf8;
		session_reply(s, REPLY_SENDER_OK);
	}
}

static void
do_rcpt(struct session *s, const struct command *c)
{
	char canonical[ADDRESS_PATH_MAX];

	if (s->has_rcpt || (c->address.utf8 && !s->utf8)) {
		session_reply(s, s->has_rcpt ? REPLY_SECOND : REPLY_UTF8_RECIPIENT);
		return;
	}
	text_set(&s->rcpt, address_canonical(&c->address, canonical));
	s->transaction = ++s->site->last_transaction;
	if (s->transaction == 0)	/* 0 names no transaction */
		s->transaction = ++s->site->last_transaction;
	s->open = true;
	session_enter(s, PHASE_RCPT);
	if (s->site->calls->rcpt(s) != 0)
		session_unjudged(s);
}

static void
do_data(struct session *s, const struct command *c)
{
	(void)c;
	session_ask_data(s, REPLY_DATA);
}

static void
do_rset(struct session *s, const struct command *c)
{
	(void)c;
	session_reset(s);
	session_reply(s, REPLY_OK);
}

static void
do_noop(struct session *s, const struct command *c)
{
	(void)c;
	session_reply(s, REPLY_OK);
}

static void
do_quit(struct session *s, const struct command *c)
{
	(void)c;
	session_reply(s, REPLY_BYE);
	session_enter(s, PHASE_CLOSE);
}

static void
do_vrfy(struct session *s, const struct command *c)
{
	(void)c;
	session_reply(s, REPLY_VRFY);
}

static void
do_help(struct session *s, const struct command *c)
{
	(void)c;
	session_reply(s, s->peer.listener->protocol == PROTOCOL_LMTP ? REPLY_HELP_LMTP :
	    REPLY_HELP);
}

/* The session begins again, as by the client that was named.  TLS stays: it
 * secures the way from the upstream to us. */
static void
begin_again(struct session *s, const struct forward *f)
{
	session_reset(s);
	s->forward = *f;
	s->helo.len = 0;
	s->esmtp = false;
	if (s->forward.helo.len > 0) {
		s->helo = s->forward.helo;
		s->esmtp = !s->forward.plain;
	}
	s->upstream = UPSTREAM_TELLING;
	session_greet(s);
}

static void
do_xclient(struct session *s, const struct command *c)
{
	struct forward f = s->upstream == UPSTREAM_TELLING ? s->forward :
	    (struct forward){ 0 };
	enum reply_id id;

	if (!may_forward(s, FORWARD_XCLIENT)) {
		session_reply(s, REPLY_UPSTREAM);
		return;
	}
	id = s->has_sender ? REPLY_FORWARD_BUSY :
	    forward_parse(c->argument, FORWARD_XCLIENT, &f);
	if (id == REPLY_NONE && !forward_has(&f, FORWARD_ADDR))
		id = REPLY_FORWARD;	/* the next one to speak must not add it */
	if (id != REPLY_NONE) {
		session_reply(s, id);
		return;
	}
	begin_again(s, &f);
}

static void
do_xforward(struct session *s, const struct command *c)
{
	enum reply_id id;

	if (!may_forward(s, FORWARD_XFORWARD))
		id = REPLY_UPSTREAM;
	else if (s->has_sender)
		id = REPLY_FORWARD_BUSY;
	else if (s->helo.len == 0)
		id = REPLY_NO_EHLO;
	else
		id = forward_parse(c->argument, FORWARD_XFORWARD, &s->forward);
	if (id == REPLY_NONE)
		s->upstream = UPSTREAM_FORWARDS;
	session_reply(s, id == REPLY_NONE ? REPLY_OK : id);
}

/* NULL: never allowed by the table of commands and states. */
static const struct {
	void (*run)(struct session *, const struct command *);
	bool is_junk;		/* does not bring a mail forward */
} actions[COMMAND_VERBS] = {
	[COMMAND_EHLO] = { do_ehlo, true },
	[COMMAND_HELO] = { do_helo, true },
	[COMMAND_LHLO] = { do_ehlo, true },
	[COMMAND_STARTTLS] = { do_starttls, false },
	[COMMAND_MAIL] = { do_mail, false },
	[COMMAND_RCPT] = { do_rcpt, false },
	[COMMAND_DATA] = { do_data, false },
	[COMMAND_RSET] = { do_rset, true },
	[COMMAND_NOOP] = { do_noop, true },
	[COMMAND_QUIT] = { do_quit, false },
	[COMMAND_VRFY] = { do_vrfy, true },
	[COMMAND_HELP] = { do_help, true },
	[COMMAND_XCLIENT] = { do_xclient, true },
	[COMMAND_XFORWARD] = { do_xforward, false },
};

void
action_run(struct session *s, const struct command *c)
{
	actions[c->verb].run(s, c);
}

bool
action_is_junk(enum command_verb verb)
{
	return actions[verb].is_junk;
}
