/* SPDX-License-Identifier: BSD-2-Clause */
/* The Received field, for every kind of client, and at its longest. */
#include "test.h"

#include "mail/trace.h"

static void
traced(const struct envelope *e, const char *want)
{
	const struct trace t = { e, "mx.example", "evt_1", 1795476600 };
	struct buf b = { 0 };

	trace_format(&b, &t);
	assert_string_equal(buf_string(&b), want);
	assert_true(b.len <= TRACE_MAX);
	buf_free(&b);
}

static void
received(void **state)
{
	struct envelope e = { .client = SPAN("192.0.2.1"), .helo = SPAN("c.example"),
		.rcpt = SPAN("b\xc3\xbcro@mx.example"), .upstream = SPAN(""),
		.tls = SPAN("TLSv1.3 TLS_AES_256_GCM_SHA384"),
		.flags = ENVELOPE_TLS | ENVELOPE_ESMTP | ENVELOPE_UTF8 };

	(void)state;
	traced(&e, "Received: from c.example ([192.0.2.1])\r\n"
	    "\tby mx.example with UTF8SMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id evt_1\r\n"
	    "\tfor <b\xc3\xbcro@mx.example>; Mon, 23 Nov 2026 23:30:00 +0000\r\n");
	e = (struct envelope){ .client = SPAN("2001:db8::1"), .helo = SPAN("c.example"),
		.rcpt = SPAN("a@b"), .upstream = SPAN("unix"), .tls = SPAN(""),
		.flags = ENVELOPE_ESMTP | ENVELOPE_LMTP };
	traced(&e, "Received: from c.example ([IPv6:2001:db8::1] through unix)\r\n"
	    "\tby mx.example with LMTP id evt_1\r\n"
	    "\tfor <a@b>; Mon, 23 Nov 2026 23:30:00 +0000\r\n");
	e.client = SPAN("unknown");
	e.helo = SPAN("");
	e.flags = 0;
	traced(&e, "Received: from unknown (unknown through unix)\r\n"
	    "\tby mx.example with SMTP id evt_1\r\n"
	    "\tfor <a@b>; Mon, 23 Nov 2026 23:30:00 +0000\r\n");
}

/* The longest each part may be. */
static void
received_has_room(void **state)
{
	static char longest[TRACE_MAX];
	struct envelope e = { .client = SPAN("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
		.upstream = SPAN("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
		.tls = SPAN("TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305") };
	struct trace t = { &e, longest, "evt_00000000000000000000000000", 1795476600 };
	struct buf b = { 0 };
	size_t start = 0;

	(void)state;
	memset(longest, 'a', 253);
	e.helo = e.rcpt = span_make(longest, 253);
	trace_format(&b, &t);
	assert_true(b.len <= TRACE_MAX);
	for (size_t i = 0; i < b.len; i++)
		if (b.p[i] == '\n') {
			assert_true(i + 1 - start <= 1000);
			start = i + 1;
		}
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(received),
		cmocka_unit_test(received_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
