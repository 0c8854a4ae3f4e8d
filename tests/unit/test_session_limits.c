/* SPDX-License-Identifier: BSD-2-Clause */
/* The dialogue at its limits: sizes, lines, errors, memory, time. */
#include "test.h"

#include "session_say.h"

/* A message of n bytes, and what it was answered. */
static void
sized_message(struct world *w, size_t n, const char *want)
{
	struct buf in = { 0 };

	codes(w, MAIL RCPT "DATA\r\n", "250 250 354 ");
	for (size_t i = 0; i + 2 < n; i++)
		buf_add_string(&in, i % 90 == 88 ? "\r" : i % 90 == 89 ? "\n" : "x");
	buf_add_string(&in, "\r\n.\r\n");
	codes(w, buf_string(&in), want);
	assert_int_equal(w->site.inflight, 0);
	buf_free(&in);
}

static void
size_limits(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	codes(w, HELLO "MAIL FROM:<a@b.example> SIZE=1000\r\nRSET\r\n", "250 250 250 ");
	codes(w, "MAIL FROM:<a@b.example> SIZE=1001\r\n", "552 ");
	buf_reset(&w->told);
	sized_message(w, 1000, "250 ");
	told(w, "rcpt:task.linear@mx.example message:1000 end:1 ");
	sized_message(w, 1001, "552 ");
	told(w, "rcpt:task.linear@mx.example end:0 ");
	sized_message(w, 990, "250 ");	/* the session goes on */
}

static void
long_line(void **state)
{
	struct world *w = *state;
	struct buf in = { 0 };

	w->settings.limits.message_bytes = 4000;
	codes(w, "", "220 ");
	codes(w, HELLO MAIL RCPT "DATA\r\n", "250 250 250 354 ");
	for (int i = 0; i < 999; i++)
		buf_add_char(&in, 'x');
	buf_add_string(&in, "\r\n.\r\n");
	says(w, buf_string(&in), "550 5.6.0 smtp.data.line: a line is over 998 bytes\r\n");
	codes(w, MAIL, "250 ");
	buf_free(&in);
}

static void
inflight_bytes_are_bounded(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	w->site.inflight = 3500;	/* of 4000: held by others */
	codes(w, HELLO "MAIL FROM:<a@b.example> SIZE=500\r\nRSET\r\n", "250 250 250 ");
	codes(w, "MAIL FROM:<a@b.example> SIZE=501\r\n", "452 ");
	codes(w, MAIL RCPT "DATA\r\n", "250 250 354 ");
	for (int i = 0; i < 10; i++) {
		world_say(w, SPAN("0123456789012345678901234567890123456789"
		    "0123456789012345678901234567890123456789\r\n"));
		assert_true(w->site.inflight <= 4000);
	}
	codes(w, ".\r\n", "452 ");
	assert_int_equal(w->site.inflight, 3500);
	w->site.inflight = 0;
}

static void
intake_closed(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	w->site.intake = false;
	says(w, HELLO MAIL, LINES_EHLO "452 4.3.1 host.disk: no room for mail now\r\n");
	w->site.intake = true;
	codes(w, MAIL, "250 ");
}

static void
command_lines(void **state)
{
	struct world *w = *state;
	struct buf in = { 0 };

	codes(w, "", "220 ");
	buf_add_string(&in, "MAIL FROM:<a@b>");
	while (in.len < 2046)
		buf_add_char(&in, ' ');
	buf_add_string(&in, "\r\n");	/* 2048 */
	codes(w, buf_string(&in), "503 ");
	in.len = 2046;
	buf_add_string(&in, " \r\n");	/* 2049 */
	says(w, buf_string(&in), "500 5.5.2 line too long\r\n");
	in.len = 0;
	for (int i = 0; i < 1 << 20; i++)
		buf_add_char(&in, 'x');
	assert_int_equal(world_say(w, buf_span(&in)), in.len);	/* not kept */
	codes(w, "\r\nNOOP\r\n", "500 250 ");
	codes(w, "NOOP\n", "554 ");
	assert_int_equal(session_wish(w->session), SESSION_CLOSE);
	buf_free(&in);
}

static void
errors_end_the_session(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	for (int i = 0; i < 19; i++)
		codes(w, "XYZZY\r\n", "500 ");
	codes(w, "XYZZY\r\nNOOP\r\n", "500 421 ");
	assert_int_equal(session_wish(w->session), SESSION_CLOSE);
	told(w, "early:smtp.errors ");
}

/* Beyond the soft limit each refusal is delayed, and nothing else is. */
static void
errors_slow_the_session(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	for (unsigned i = 1; i <= w->settings.limits.errors_hard - 1; i++) {
		codes(w, "XYZZY\r\nNOOP\r\n", "500 250 ");
		assert_int_equal(w->waits, i <= 10 ? 0 : i - 10);
	}
	codes(w, HELLO MAIL RCPT, "250 250 250 ");
	assert_int_equal(w->waits, 9);
	codes(w, "XYZZY\r\n", "500 421 ");
	assert_int_equal(w->waits, 9);	/* it is over */
}

/* What follows a delayed refusal waits, too; its time has an end. */
static void
a_delay_holds_everything(void **state)
{
	struct world *w = *state;
	static const char in[] = "XYZZY\r\nNOOP\r\n";

	codes(w, "", "220 ");
	for (int i = 0; i < 10; i++)
		codes(w, "XYZZY\r\n", "500 ");
	assert_int_equal(session_input(w->session, span_make(in, sizeof(in) - 1)), 7);
	assert_int_equal(session_wish(w->session), SESSION_WAIT);
	assert_int_equal(session_allowed_ms(w->session), SESSION_DELAY_MS);
	assert_true(session_is_idle(w->session));
	assert_int_equal(session_input(w->session, span_make(in + 7, 6)), 0);
	session_expire(w->session);
	assert_int_equal(session_wish(w->session), SESSION_READ);
	codes(w, in + 7, "500 250 ");
}

static void
junk_counts_as_errors(void **state)
{
	struct world *w = *state;

	codes(w, "", "220 ");
	for (int i = 0; i < SESSION_JUNK_MAX + 19; i++)
		codes(w, "NOOP\r\n", "250 ");
	codes(w, "NOOP\r\n", "250 421 ");
	world_session(w);
	codes(w, "", "220 ");
	codes(w, HELLO, "250 ");
	for (int i = 0; i < SESSION_JUNK_MAX * 2; i++)	/* honest: many mails */
		codes(w, MAIL RCPT "DATA\r\n", "250 250 354 "),
		codes(w, ".\r\n", "250 "), codes(w, "NOOP\r\n", "250 ");
}

/* A client that never reads does not make us keep its answers. */
static void
output_is_bounded(void **state)
{
	struct world *w = *state;
	struct buf in = { 0 };
	size_t used;

	w->settings.limits.errors_hard = UINT32_MAX;
	codes(w, "", "220 ");
	for (int i = 0; i < 10000; i++)
		buf_add_string(&in, "NOOP\r\n");
	used = world_say(w, buf_span(&in));
	assert_int_equal(session_wish(w->session), SESSION_FLUSH);
	assert_true(used < in.len);
	assert_true(session_output(w->session)->len < SESSION_OUTPUT_MAX + 512);
	buf_reset(session_output(w->session));
	assert_int_equal(session_wish(w->session), SESSION_READ);
	buf_free(&in);
}

static void
deadlines(void **state)
{
	struct world *w = *state;
	uint32_t phase;

	codes(w, "", "220 ");
	assert_int_equal(session_allowed_ms(w->session), 300000);
	w->site.stressed = true;
	assert_int_equal(session_allowed_ms(w->session), SESSION_STRESS_S * 1000);
	w->site.stressed = false;
	phase = session_phase(w->session);
	world_say(w, SPAN("EHLO c.exa"));	/* part of a command earns nothing */
	assert_int_equal(session_phase(w->session), phase);
	codes(w, HELLO, "250 ");
	assert_int_not_equal(session_phase(w->session), phase);

	w->settings.limits.message_bytes = 1 << 20;
	w->settings.limits.inflight_bytes = 1 << 20;
	codes(w, MAIL RCPT "DATA\r\n", "250 250 354 ");
	phase = session_phase(w->session);
	assert_int_equal(session_allowed_ms(w->session), 30000);
	for (int i = 0; i < 50; i++)	/* 5000 bytes: ten seconds more */
		world_say(w, SPAN("12345678901234567890123456789012345678901234567890"
		    "123456789012345678901234567890123456789012345678\r\n"));
	assert_int_equal(session_allowed_ms(w->session), 40000);
	assert_int_equal(session_phase(w->session), phase);
	session_expire(w->session);
	codes(w, "", "421 ");
	told(w, "rcpt:task.linear@mx.example early:smtp.slow end:0 ");
	assert_int_equal(session_wish(w->session), SESSION_CLOSE);
}

static void
data_has_an_end_in_time(void **state)
{
	struct world *w = *state;

	w->settings.limits.data_s = 20;
	codes(w, "", "220 ");
	codes(w, HELLO MAIL RCPT "DATA\r\n", "250 250 250 354 ");
	assert_int_equal(session_allowed_ms(w->session), 20000);
	session_expire(w->session);
	codes(w, "", "421 ");
	told(w, "rcpt:task.linear@mx.example early:smtp.timeout end:0 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(size_limits), CASE(long_line), CASE(inflight_bytes_are_bounded),
		CASE(intake_closed), CASE(command_lines), CASE(errors_end_the_session),
		CASE(errors_slow_the_session),
		CASE(a_delay_holds_everything),
		CASE(junk_counts_as_errors), CASE(output_is_bounded), CASE(deadlines),
		CASE(data_has_an_end_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
