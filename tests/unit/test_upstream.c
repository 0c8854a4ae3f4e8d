/* SPDX-License-Identifier: BSD-2-Clause */
/* Dialogues with upstreams: whose word is taken, for how long, and LMTP. */
#include "test.h"

#include "session_say.h"
#include "smtp/forward.h"

#define ADDRESS "192.0.2.1"	/* of the peer */
#define LHLO "LHLO mx.upstream.example\r\n"
#define EHLO_UPSTREAM "EHLO mx.upstream.example\r\n"

static struct world *
begin(void **state, uint8_t trust, enum protocol protocol)
{
	struct world *w = *state;

	w->listener.protocol = protocol;
	w->trust = trust;
	world_session(w);
	codes(w, "", "220 ");
	return w;
}

static void
client_is(const struct world *w, const char *address, const char *upstream)
{
	assert_string_equal(world_text(session_client(w->session)), address);
	assert_string_equal(world_text(session_upstream(w->session)), upstream);
}

static void
helo_is(const struct world *w, const char *helo)
{
	assert_string_equal(world_text(session_helo(w->session)), helo);
}

static void
a_stranger_has_no_word(void **state)
{
	static const char *const attempts[] = {
		"XCLIENT ADDR=127.0.0.1\r\n", "XFORWARD ADDR=127.0.0.1\r\n",
		"XCLIENT\r\n", "XFORWARD nonsense\r\n", "xclient addr=127.0.0.1\r\n",
	};
	struct world *w = begin(state, 0, PROTOCOL_SMTP);

	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		says(w, attempts[i], "550 5.7.0 smtp.upstream: you may not speak for others\r\n");
		says(w, HELLO, LINES_EHLO);	/* not offered */
		codes(w, MAIL, "250 ");
		codes(w, attempts[i], "550 ");
		codes(w, RCPT, "250 ");
		client_is(w, ADDRESS, "");
		helo_is(w, "c.example");
		codes(w, "RSET\r\n", "250 ");
	}
	assert_non_null(strstr(buf_string(&w->told), "early:smtp.upstream "));
}

static void
xclient_begins_again(void **state)
{
	struct world *w = begin(state, FORWARD_XCLIENT, PROTOCOL_SMTP);

	codes(w, EHLO_UPSTREAM MAIL "XCLIENT ADDR=198.51.100.7\r\nRSET\r\n", "250 250 503 250 ");
	says(w, "XCLIENT ADDR=198.51.100.7 PORT=4711 NAME=c.example\r\n",
	    "220 mx.example ESMTP\r\n");
	codes(w, MAIL, "503 ");		/* EHLO first: as if just connected */
	says(w, HELLO, LINES_EHLO);	/* the client is no upstream */
	codes(w, MAIL RCPT, "250 250 ");
	client_is(w, "198.51.100.7", ADDRESS);
	helo_is(w, "c.example");
	assert_int_equal(session_client_port(w->session), 4711);
	codes(w, "DATA\r\n", "354 ");
	codes(w, BODY ".\r\n" MAIL RCPT, "250 250 250 ");
	client_is(w, "198.51.100.7", ADDRESS);	/* for the whole session */
}

/* Behind XCLIENT the client itself may be speaking. */
static void
a_client_cannot_rename_itself(void **state)
{
	struct world *w = begin(state, FORWARD_XCLIENT | FORWARD_XFORWARD, PROTOCOL_SMTP);

	codes(w, EHLO_UPSTREAM "XCLIENT ADDR=198.51.100.7\r\n", "250 220 ");
	codes(w, "XCLIENT ADDR=127.0.0.1\r\nXFORWARD ADDR=127.0.0.1\r\n", "503 550 ");
	codes(w, HELLO "XCLIENT ADDR=127.0.0.1\r\nXCLIENT LOGIN=x\r\nXFORWARD HELO=x.example\r\n",
	    "250 550 550 550 ");
	codes(w, MAIL RCPT, "250 250 ");
	client_is(w, "198.51.100.7", ADDRESS);
	helo_is(w, "c.example");
}

static void
xclient_in_two_commands(void **state)
{
	struct world *w = begin(state, FORWARD_XCLIENT, PROTOCOL_SMTP);

	codes(w, EHLO_UPSTREAM "XCLIENT HELO=h.example\r\n", "250 501 ");	/* ADDR first */
	codes(w, "XCLIENT ADDR=IPV6:2001:db8::7\r\nXCLIENT HELO=h.example PROTO=SMTP\r\n", "220 220 ");
	codes(w, MAIL RCPT, "250 250 ");	/* its HELO was said already */
	client_is(w, "2001:db8::7", ADDRESS);
	helo_is(w, "h.example");
	assert_false(session_is_esmtp(w->session));
}

static void
an_unnamed_client_is_unknown(void **state)
{
	struct world *w = begin(state, FORWARD_XCLIENT | FORWARD_XFORWARD, PROTOCOL_SMTP);

	codes(w, EHLO_UPSTREAM MAIL RCPT, "250 250 250 ");
	client_is(w, "unknown", ADDRESS);
	helo_is(w, "");
	codes(w, "RSET\r\nXFORWARD ADDR=[UNAVAILABLE] HELO=c.example\r\n" MAIL RCPT,
	    "250 250 250 250 ");
	client_is(w, "unknown", ADDRESS);
	helo_is(w, "c.example");
	codes(w, "RSET\r\nXCLIENT ADDR=[TEMPUNAVAIL]\r\n" HELLO MAIL RCPT, "250 220 250 250 250 ");
	client_is(w, "unknown", ADDRESS);
}

static void
xforward_is_of_one_mail(void **state)
{
	struct world *w = begin(state, FORWARD_XFORWARD, PROTOCOL_SMTP);

	codes(w, "XFORWARD ADDR=198.51.100.7\r\n", "503 ");	/* EHLO first */
	codes(w, EHLO_UPSTREAM, "250 ");
	codes(w, "XFORWARD NAME=c.example ADDR=198.51.100.7 PORT=99\r\n"
	    "XFORWARD PROTO=ESMTP HELO=c.example\r\n" MAIL, "250 250 250 ");
	codes(w, "XFORWARD ADDR=127.0.0.1\r\n" RCPT, "503 250 ");
	client_is(w, "198.51.100.7", ADDRESS);
	helo_is(w, "c.example");
	assert_int_equal(session_client_port(w->session), 99);
	codes(w, "DATA\r\n", "354 ");
	codes(w, BODY ".\r\n" MAIL RCPT, "250 250 250 ");	/* not named again */
	client_is(w, "unknown", ADDRESS);
	helo_is(w, "");
	assert_int_equal(session_client_port(w->session), 0);
	for (size_t i = 0; i < 2; i++) {
		codes(w, "RSET\r\nXFORWARD ADDR=198.51.100.7\r\n", "250 250 ");
		codes(w, i == 0 ? "RSET\r\n" : EHLO_UPSTREAM, "250 ");
		codes(w, MAIL RCPT, "250 250 ");
		client_is(w, "unknown", ADDRESS);
	}
}

static void
what_was_forwarded_stands(void **state)
{
	struct world *w = begin(state, FORWARD_XFORWARD, PROTOCOL_SMTP);

	codes(w, EHLO_UPSTREAM "XFORWARD ADDR=198.51.100.7\r\nXFORWARD ADDR=127.0.0.1\r\n"
	    "XFORWARD HELO=a+0Ab\r\n" MAIL RCPT, "250 250 503 501 250 250 ");
	client_is(w, "198.51.100.7", ADDRESS);
	helo_is(w, "");
}

static void
xclient_replaces_xforward(void **state)
{
	struct world *w = begin(state, FORWARD_XCLIENT | FORWARD_XFORWARD, PROTOCOL_SMTP);

	codes(w, EHLO_UPSTREAM "XFORWARD ADDR=198.51.100.7 HELO=f.example\r\n"
	    "XCLIENT ADDR=198.51.100.8\r\n" HELLO MAIL RCPT, "250 250 220 250 250 250 ");
	client_is(w, "198.51.100.8", ADDRESS);
	helo_is(w, "c.example");
}

static void
each_command_has_its_own_trust(void **state)
{
	struct world *w = begin(state, FORWARD_XFORWARD, PROTOCOL_SMTP);

	says(w, EHLO_UPSTREAM, "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n"
	    "250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\r\n"
	    LINES_EHLO_END);
	codes(w, "XCLIENT ADDR=198.51.100.7\r\n", "550 ");
	w = begin(state, FORWARD_XCLIENT, PROTOCOL_SMTP);
	says(w, EHLO_UPSTREAM, "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n"
	    "250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT\r\n"
	    LINES_EHLO_END);
	codes(w, "XFORWARD ADDR=198.51.100.7\r\n", "550 ");
}

/* The way from the upstream to us is what tls = required asks about. */
static void
tls_is_of_the_upstream(void **state)
{
	struct world *w = begin(state, FORWARD_XCLIENT, PROTOCOL_SMTP);

	codes(w, "XCLIENT ADDR=198.51.100.7\r\n", "530 ");
	codes(w, "STARTTLS\r\n", "220 ");
	codes(w, EHLO_UPSTREAM "XCLIENT ADDR=198.51.100.7\r\n", "250 220 ");
	says(w, HELLO, LINES_EHLO);	/* no STARTTLS: it is there */
	codes(w, "STARTTLS\r\n" MAIL RCPT, "503 250 250 ");
	client_is(w, "198.51.100.7", ADDRESS);
	assert_true(session_tls(w->session).len > 0);
}

/* Its clients' refused mails do not cost an upstream its connection. */
static void
refusals_are_not_its_faults(void **state)
{
	struct world *w = begin(state, FORWARD_XFORWARD, PROTOCOL_SMTP);

	w->rcpt = (struct session_answer){ .code = 550, .enhanced = SPAN("5.1.1"),
		.text = SPAN("no") };
	codes(w, EHLO_UPSTREAM, "250 ");
	for (int i = 0; i < 100; i++)
		codes(w, "XFORWARD ADDR=198.51.100.7\r\n" MAIL RCPT "RSET\r\n", "250 250 550 250 ");
	codes(w, "XFORWARD ADDR=198.51.100.7\r\n" MAIL, "250 250 ");
}

static void
lmtp(void **state)
{
	struct world *w = *state;

	w->listener.protocol = PROTOCOL_LMTP;
	world_session(w);
	says(w, "", "220 mx.example LMTP\r\n");
	says(w, "EHLO c.example\r\n", "500 5.5.2 no such command\r\n");
	codes(w, "HELO c.example\r\n" MAIL, "500 503 ");
	says(w, LHLO, LINES_EHLO);
	says(w, "HELP\r\n", "214 2.0.0 LHLO STARTTLS MAIL RCPT DATA RSET NOOP QUIT VRFY\r\n");
	codes(w, MAIL, "250 ");
	says(w, "DATA\r\n", "503 5.5.1 no valid recipient\r\n");	/* RFC 2033 4.2 */
	codes(w, RCPT, "250 ");
	says(w, RCPT, "452 4.5.3 smtp.rcpt.second: one intent address a mail, send the "
	    "others again\r\n");
	codes(w, "DATA\r\n", "354 ");
	says(w, BODY ".\r\n", "250 2.0.0 evt_1 accepted\r\n");	/* one recipient, one answer */
	codes(w, MAIL RCPT "DATA\r\n", "250 250 354 ");
	says(w, "bare\nline\r\n.\r\n",
	    "550 5.6.0 smtp.data.bare: CR or LF alone, or NUL; every line ends with CRLF\r\n");
}

static void
lhlo_is_not_smtp(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, LHLO HELLO, "500 250 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_stranger_has_no_word),
		CASE(xclient_begins_again),
		CASE(a_client_cannot_rename_itself),
		CASE(xclient_in_two_commands),
		CASE(an_unnamed_client_is_unknown),
		CASE(xforward_is_of_one_mail),
		CASE(what_was_forwarded_stands),
		CASE(xclient_replaces_xforward),
		CASE(each_command_has_its_own_trust),
		GATED(tls_is_of_the_upstream),
		CASE(refusals_are_not_its_faults),
		CASE(lmtp),
		CASE(lhlo_is_not_smtp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
