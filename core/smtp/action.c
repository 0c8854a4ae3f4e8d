/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of the dialogue, one function each, and their table. */
#include "smtp/action.h"

#include "smtp/session_state.h"

static void
hello(struct session *s, const struct command *c)
{
	session_reset(s);
	text_set(&s->helo, c->domain);
	s->esmtp = c->verb == COMMAND_EHLO;
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
	buf_add_string(&s->out, "250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n");
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
	bool has_parameters = c->size > 0 || c->body_8bit;

	if (has_parameters && !s->esmtp)
		session_reply(s, REPLY_PARAMETER);
	else if (!s->site->intake)
		session_reply(s, REPLY_INTAKE);
	else if (c->size > limits->message_bytes)
		session_reply(s, REPLY_SIZE);
	else if (s->site->inflight + c->size > limits->inflight_bytes)
		session_reply(s, REPLY_BUSY);
	else {
		text_set(&s->sender, c->address.mailbox);
		s->has_sender = true;
		s->size = c->size;
		s->body_8bit = c->body_8bit;
		session_reply(s, REPLY_SENDER_OK);
	}
}

static void
do_rcpt(struct session *s, const struct command *c)
{
	if (s->has_rcpt) {
		session_reply(s, REPLY_SECOND);
		return;
	}
	text_set(&s->rcpt, c->address.mailbox);
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
	session_reply(s, REPLY_HELP);
}

/* NULL: never allowed by the table of commands and states. */
static const struct {
	void (*run)(struct session *, const struct command *);
	bool is_junk;		/* does not bring a mail forward */
} actions[COMMAND_VERBS] = {
	[COMMAND_EHLO] = { do_ehlo, true },
	[COMMAND_HELO] = { do_helo, true },
	[COMMAND_STARTTLS] = { do_starttls, false },
	[COMMAND_MAIL] = { do_mail, false },
	[COMMAND_RCPT] = { do_rcpt, false },
	[COMMAND_DATA] = { do_data, false },
	[COMMAND_RSET] = { do_rset, true },
	[COMMAND_NOOP] = { do_noop, true },
	[COMMAND_QUIT] = { do_quit, false },
	[COMMAND_VRFY] = { do_vrfy, true },
	[COMMAND_HELP] = { do_help, true },
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
