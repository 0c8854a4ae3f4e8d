/* SPDX-License-Identifier: BSD-2-Clause */
/* The dialogue, in memory. */
#include "test.h"

#include "session_say.h"

static void
one_mail(void **state)
{
	struct world *w = *state;

	says(w, "", "220 mx.example ESMTP\r\n");
	says(w, HELLO, LINES_EHLO);
	says(w, "MAIL FROM:<a@b.example> SIZE=20 BODY=8BITMIME\r\n", "250 2.1.0 ok\r\n");
	says(w, RCPT, "250 2.1.5 ok\r\n");
	assert_true(span_is(session_helo(w->session), "c.example"));
	assert_true(span_is(session_sender(w->session), "a@b.example"));
	assert_int_equal(session_size(w->session), 20);
	assert_true(session_is_8bit(w->session) && session_is_esmtp(w->session));
	says(w, "DATA\r\n", "354 end with <CR><LF>.<CR><LF>\r\n");
	w->message.code = 0;
	world_say(w, SPAN(BODY "..x\r\n.\r\n"));
	assert_string_equal(buf_string(&w->raw), BODY ".x\r\n");
	assert_int_equal(w->site.inflight, w->raw.len);
	w->message.code = 250;
	says(w, "", "250 2.0.0 evt_1 accepted\r\n");
	assert_int_equal(w->site.inflight, 0);
	assert_true(session_is_unseen(w->session));
	session_seen(w->session);
	session_seen(w->session);
	says(w, "QUIT\r\n", "221 2.0.0 bye\r\n");
	assert_int_equal(session_wish(w->session), SESSION_CLOSE);
	told(w, "rcpt:task.linear@mx.example message:25 end:1 seen:evt_1 ");
}

/* The replies of a group are all there when the group has been read. */
static void
one_group(void **state)
{
	struct world *w = *state;

	world_say(w, SPAN(""));
	buf_reset(session_output(w->session));
	says(w, HELLO MAIL RCPT "DATA\r\n", LINES_EHLO "250 2.1.0 ok\r\n"
	    "250 2.1.5 ok\r\n354 end with <CR><LF>.<CR><LF>\r\n");
	codes(w, BODY ".\r\n" MAIL RCPT "RSET\r\nQUIT\r\n", "250 250 250 250 221 ");
	told(w, "rcpt:task.linear@mx.example message:21 end:1 "
	    "rcpt:task.linear@mx.example end:0 ");
}

/* A group is read no further than the question, and goes on after it. */
static void
group_waits_for_the_judge(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO, "250 ");
	w->rcpt.code = 0;
	assert_int_equal(world_say(w, SPAN(MAIL RCPT "DATA\r\n")), sizeof(MAIL RCPT) - 1);
	assert_int_equal(session_wish(w->session), SESSION_JUDGE);
	w->rcpt = (struct session_answer){ .code = 550, .enhanced = SPAN("5.1.1"),
		.text = SPAN("smtp.rcpt.unknown: no such intent") };
	says(w, "DATA\r\n", "250 2.1.0 ok\r\n"
	    "550 5.1.1 smtp.rcpt.unknown: no such intent\r\n"
	    "554 5.5.1 no valid recipient\r\n");
	told(w, "rcpt:task.linear@mx.example end:0 ");
}

static void
one_byte_at_a_time(void **state)
{
	static const char in[] = HELLO MAIL RCPT;
	struct world *w = *state;

	codes(w, "", "220 ");
	for (size_t from = 0, i = 1; i < sizeof(in); i++)
		from += world_say(w, span_make(in + from, i - from));
	codes(w, "DATA\r\n", "250 250 250 354 ");
}

static void
second_recipient(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO MAIL RCPT, "250 250 250 ");
	for (int i = 0; i < 50; i++)	/* an honest sender with a long list */
		codes(w, "RCPT TO:<c@d.example>\r\n", "452 ");
	codes(w, "DATA\r\n", "354 ");
	codes(w, ".\r\n", "250 ");
}

static void
refused_recipient_may_be_followed_by_another(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO MAIL, "250 250 ");
	w->rcpt.code = 550;
	codes(w, RCPT, "550 ");
	w->rcpt.code = 250;
	codes(w, "RCPT TO:<other@mx.example>\r\n", "250 ");
	assert_true(span_is(session_rcpt(w->session), "other@mx.example"));
	codes(w, "RSET\r\n", "250 ");
	told(w, "rcpt:task.linear@mx.example end:0 rcpt:other@mx.example end:0 ");
}

static void
gate(void **state)
{
	static const char *const refused[] = {
		"HELO c\r\n", MAIL, RCPT, "DATA\r\n", "RSET\r\n", "VRFY a\r\n", "HELP\r\n",
		"EXPN a\r\n", "BDAT 1 LAST\r\n", "AUTH PLAIN x\r\n", "XYZZY\r\n",
		"MAIL FROM:garbage\r\n", "\r\n",
	};
	struct world *w = *state;

	codes(w, "", "220 ");
	says(w, HELLO, "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n"
	    "250-STARTTLS\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		says(w, refused[i], "530 5.7.0 Must issue a STARTTLS command first\r\n");
	told(w, "early:smtp.tls.required ");	/* once a session */
	codes(w, "NOOP\r\n", "250 ");
	says(w, "STARTTLS x\r\n", "501 5.5.4 this command takes no argument\r\n");
	says(w, "STARTTLS\r\n", "220 2.0.0 ready to start TLS\r\n");
	assert_int_equal(session_helo(w->session).len, 0);	/* forgotten */
	codes(w, MAIL, "503 ");
	says(w, HELLO, LINES_EHLO);
	codes(w, "STARTTLS\r\n", "503 ");
	codes(w, MAIL RCPT, "250 250 ");
	assert_true(span_is(session_tls(w->session), "TLSv1.3 TLS_AES_256_GCM_SHA384"));
}

static void
starttls_only_where_offered(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO "STARTTLS\r\n", "250 502 ");
	w->listener.tls = TLS_OFFERED;
	w->site.has_tls = false;
	codes(w, "STARTTLS\r\n", "454 ");
	w->site.has_tls = true;
	codes(w, MAIL "STARTTLS\r\n", "250 503 ");
	codes(w, "RSET\r\nSTARTTLS\r\n", "250 220 ");
}

/* Whatever follows STARTTLS in its segment, at every split of the two. */
static void
starttls_injection(void **state)
{
	static const char *const scripts[] = {
		"NOOP\r\n", "RSET\r\n", "EHLO evil\r\n", MAIL, "QUIT\r\n", "\r\n", "x",
		MAIL RCPT "DATA\r\n" BODY ".\r\n",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct buf in = { 0 };

		buf_printf(&in, "STARTTLS\r\n%s", scripts[i]);
		for (size_t split = 0; split < 10; split++) {
			world_session(w);
			codes(w, "", "220 ");
			codes(w, HELLO, "250 ");
			assert_int_equal(world_say(w, span_make(in.p, split)), 0);
			says(w, buf_string(&in), "554 5.5.0 smtp.early.tls: you spoke "
			    "between STARTTLS and TLS\r\n");
			assert_int_equal(session_wish(w->session), SESSION_CLOSE);
			assert_int_equal(world_say(w, SPAN("NOOP\r\n")), 0);
		}
		buf_free(&in);
	}
	buf_reset(&w->told);
	world_session(w);
	codes(w, "", "220 ");
	codes(w, HELLO "NOOP\r\nSTARTTLS\r\n", "250 250 220 ");	/* last of a group */
	codes(w, HELLO MAIL, "250 250 ");
	told(w, "");
}

static void
failed_handshake(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	session_input(w->session, SPAN("STARTTLS\r\n"));
	session_quiet(w->session, false);
	session_secured(w->session, NULL);
	assert_int_equal(session_output(w->session)->len, 0);
	assert_int_equal(session_wish(w->session), SESSION_CLOSE);
	told(w, "early:smtp.tls.handshake ");
}

static void
early_talk(void **state)
{
	struct world *w = *state;

	says(w, "x", "554 5.5.0 smtp.early.banner: you spoke before the greeting\r\n");
	assert_int_equal(session_wish(w->session), SESSION_CLOSE);
	told(w, "early:smtp.early.banner ");
}

static void
talk_before_354(void **state)
{
	struct world *w = *state;

	for (int accepted = 0; accepted < 2; accepted++) {
		world_session(w);
		w->rcpt.code = accepted ? 250 : 550;
		codes(w, "", "220 ");
		codes(w, HELLO MAIL RCPT "DATA\r\nS", accepted ?
		    "250 250 250 554 " : "250 250 550 554 ");
		assert_int_equal(session_wish(w->session), SESSION_CLOSE);
	}
}

static void
bare_bytes_refuse_after_the_end(void **state)
{
	static const struct mt_span bodies[] = {
		SPAN("a\nb\r\n.\r\n"), SPAN("a\rb\r\n.\r\n"), SPAN("a\0b\r\n.\r\n"),
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		world_session(w);
		buf_reset(&w->told);
		codes(w, "", "220 ");
		codes(w, HELLO MAIL RCPT "DATA\r\n", "250 250 250 354 ");
		world_say(w, span_make(bodies[i].ptr, bodies[i].len - 1));
		assert_int_equal(session_output(w->session)->len, 0);
		world_say(w, SPAN("\n"));
		codes(w, "", "550 ");
		assert_int_equal(session_wish(w->session), SESSION_CLOSE);
		told(w, "rcpt:task.linear@mx.example early:smtp.data.bare end:0 ");
	}
}

static void
withdrawn(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO MAIL RCPT "DATA\r\n", "250 250 250 354 ");
	w->message.code = 0;
	world_say(w, SPAN(BODY ".\r\n"));
	session_free(w->session);
	w->session = NULL;
	told(w, "rcpt:task.linear@mx.example message:21 end:0 ");
	assert_int_equal(w->site.inflight, 0);
}

static void
judge_out_of_reach(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO MAIL, "250 250 ");
	w->error = EPIPE;
	codes(w, RCPT, "451 ");
	w->error = 0;
	codes(w, RCPT "DATA\r\n", "250 354 ");
	w->error = EPIPE;
	codes(w, BODY ".\r\n", "451 ");
	w->error = 0;
	buf_reset(&w->raw);
	codes(w, MAIL RCPT "DATA\r\n", "250 250 354 ");
	w->message.code = 0;
	world_say(w, SPAN(BODY ".\r\n"));
	session_expire(w->session);
	codes(w, "", "451 ");
	session_answer(w->session, &w->message);	/* too late: nothing */
	buf_reset(&w->raw);
	codes(w, MAIL, "250 ");
}

static void
answers_are_checked(void **state)
{
	static const struct { unsigned code; const char *want; } answers[] = {
		{ 250, "250 " }, { 451, "451 " }, { 554, "554 " }, { 0x10000 + 250, "451 " },
		{ 251, "451 " }, { 354, "451 " }, { 220, "451 " }, { 600, "451 " },
	};
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO, "250 ");
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		w->rcpt.code = answers[i].code;
		codes(w, MAIL RCPT, NULL == answers[i].want ? "" :
		    (char[]){ '2', '5', '0', ' ', answers[i].want[0],
		    answers[i].want[1], answers[i].want[2], ' ', '\0' });
		codes(w, "RSET\r\n", "250 ");
	}
	w->rcpt.code = 421;
	codes(w, MAIL RCPT, "250 421 ");
	assert_int_equal(session_wish(w->session), SESSION_CLOSE);
}

static void
hello_forgets_the_mail(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO MAIL RCPT HELLO "DATA\r\n", "250 250 250 250 503 ");
	told(w, "rcpt:task.linear@mx.example end:0 ");
	codes(w, "HELO c.example\r\n" "MAIL FROM:<> SIZE=5\r\n" MAIL, "250 555 250 ");
	assert_false(session_is_esmtp(w->session));
}

static void
other_commands(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO "VRFY root\r\nHELP\r\nEXPN x\r\nBDAT 3 LAST\r\nAUTH PLAIN\r\n",
	    "250 252 214 502 502 502 ");
}

/* RFC 6531: only who asks for UTF-8 may send it, and only for one mail. */
static void
international_mail(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO, "250 ");
	says(w, "MAIL FROM:<j\xc3\xb6ran@b\xc3\xbc" "cher.example>\r\n",
	    "550 5.6.7 smtp.address.ascii: a sender beyond ASCII needs the parameter SMTPUTF8\r\n");
	codes(w, MAIL, "250 ");
	says(w, "RCPT TO:<b\xc3\xbcro@mx.example>\r\n",
	    "553 5.6.7 smtp.address.ascii: a recipient beyond ASCII needs the parameter SMTPUTF8\r\n");
	codes(w, RCPT "DATA\r\n", "250 354 ");
	says(w, "Subject: \xc3\xbc\r\n\r\nhello\r\n.\r\n",
	    "550 5.6.7 smtp.header.ascii: a header beyond ASCII needs the parameter SMTPUTF8\r\n");
	told(w, "early:smtp.address.ascii early:smtp.address.ascii rcpt:task.linear@mx.example "
	    "early:smtp.header.ascii end:0 ");
	codes(w, "MAIL FROM:<j\xc3\xb6ran@b\xc3\xbc" "cher.example> SMTPUTF8 BODY=8BITMIME\r\n"
	    "RCPT TO:<b\xc3\xbcro@mx.ex\xc3\xa4mple>\r\n", "250 250 ");
	assert_string_equal(world_text(session_sender(w->session)),
	    "j\xc3\xb6ran@xn--bcher-kva.example");
	assert_string_equal(world_text(session_rcpt(w->session)),
	    "b\xc3\xbcro@mx.xn--exmple-cua");
	assert_true(session_is_utf8(w->session));
	codes(w, "DATA\r\n", "354 ");
	codes(w, "Subject: \xc3\xbc\r\n\r\n\xff\r\n.\r\n", "250 ");	/* any body */
	assert_false(session_is_utf8(w->session));
	codes(w, "MAIL FROM:<a@b.example> SMTPUTF8\r\nRSET\r\n" MAIL
	    "RCPT TO:<b\xc3\xbcro@mx.example>\r\n", "250 250 250 553 ");
}

static void
header_bytes(void **state)
{
	static const struct { const char *in, *want; } cases[] = {
		{ "Subject: \xfc\r\n\r\nx\r\n.\r\n", "550 " },
		{ "Subject: x\r\n\r\n\xfc\r\n.\r\n", "250 " },
		{ "\r\n\xfc\r\n.\r\n", "250 " },
		{ "Subject: x\r\nX: \xed\xa0\x80\r\n.\r\n", "550 " },	/* no body */
		{ "Subject: \xe4\xbe\x8b\r\n.\r\n", "250 " },
	};
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO, "250 ");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		codes(w, "MAIL FROM:<a@b.example> SMTPUTF8\r\n" RCPT "DATA\r\n", "250 250 354 ");
		codes(w, cases[i].in, cases[i].want);
	}
}

/* HELO knows no parameters. */
static void
no_utf8_after_helo(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, "HELO c.example\r\nMAIL FROM:<a@b.example> SMTPUTF8\r\n", "250 555 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_mail),
		CASE(international_mail),
		CASE(header_bytes),
		CASE(no_utf8_after_helo), CASE(one_group), CASE(group_waits_for_the_judge),
		CASE(one_byte_at_a_time), CASE(second_recipient),
		CASE(refused_recipient_may_be_followed_by_another), GATED(gate),
		CASE(starttls_only_where_offered), GATED(starttls_injection),
		GATED(failed_handshake), CASE(early_talk), CASE(talk_before_354),
		CASE(bare_bytes_refuse_after_the_end), CASE(withdrawn), CASE(judge_out_of_reach),
		CASE(answers_are_checked),
		CASE(hello_forgets_the_mail), CASE(other_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
