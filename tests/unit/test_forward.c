/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes of XCLIENT and XFORWARD, at their limits and one beyond. */
#include "test.h"

#include "smtp/forward.h"

static const struct {
	const char *argument;
	enum forward_command command;
	enum reply_id id;
	const char *address, *helo;
	unsigned port;
} cases[] = {
	{ "ADDR=192.0.2.1", FORWARD_XCLIENT, REPLY_NONE, "192.0.2.1", "", 0 },
	{ "addr=192.0.2.1 Port=25 hElO=c.example", FORWARD_XFORWARD, REPLY_NONE,
	    "192.0.2.1", "c.example", 25 },
	{ "  ADDR=192.0.2.1   PORT=65535 ", FORWARD_XFORWARD, REPLY_NONE, "192.0.2.1", "", 65535 },
	{ "ADDR=IPV6:2001:DB8:0::1", FORWARD_XCLIENT, REPLY_NONE, "2001:db8::1", "", 0 },
	{ "ADDR=ipv6:::1", FORWARD_XCLIENT, REPLY_NONE, "::1", "", 0 },
	{ "ADDR=IPv6:::ffff:192.0.2.1", FORWARD_XCLIENT, REPLY_NONE, "192.0.2.1", "", 0 },
	{ "ADDR=IPV6+3A2001:db8+3A+3A1", FORWARD_XCLIENT, REPLY_NONE, "2001:db8::1", "", 0 },
	{ "ADDR=192+2E0+2e2.1", FORWARD_XCLIENT, REPLY_NONE, "192.0.2.1", "", 0 },
	{ "ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE] HELO=[UNAVAILABLE]", FORWARD_XFORWARD,
	    REPLY_NONE, "", "", 0 },
	{ "ADDR=[TEMPUNAVAIL]", FORWARD_XFORWARD, REPLY_NONE, "", "", 0 },
	{ "ADDR=", FORWARD_XFORWARD, REPLY_NONE, "", "", 0 },
	{ "NAME=c.example PROTO=ESMTP IDENT=4F+2B SOURCE=REMOTE", FORWARD_XFORWARD, REPLY_NONE,
	    "", "", 0 },
	{ "LOGIN=a+40b DESTADDR=192.0.2.9 DESTPORT=25 ADDR=192.0.2.1", FORWARD_XCLIENT,
	    REPLY_NONE, "192.0.2.1", "", 0 },
	{ "HELO=[192.0.2.1]", FORWARD_XFORWARD, REPLY_NONE, "", "[192.0.2.1]", 0 },
	/* A name that is none is not one. */
	{ "HELO=not+20a+20name", FORWARD_XFORWARD, REPLY_NONE, "", "", 0 },
	{ "NAME=[UNAVAILABLE] HELO=a_b", FORWARD_XFORWARD, REPLY_NONE, "", "", 0 },

	{ "", FORWARD_XCLIENT, REPLY_NO_ARGUMENT, "", "", 0 },
	{ "ADDR", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "=192.0.2.1", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "WHO=me", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "LOGIN=a", FORWARD_XFORWARD, REPLY_FORWARD, "", "", 0 },
	{ "DESTADDR=192.0.2.1", FORWARD_XFORWARD, REPLY_FORWARD, "", "", 0 },
	{ "IDENT=a", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "SOURCE=LOCAL", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "ADDR=192.0.2.1 ADDR=192.0.2.2", FORWARD_XCLIENT, REPLY_FORWARD_TWICE, "", "", 0 },
	{ "ADDR=192.0.2", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "ADDR=192.0.2.256", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "ADDR=192.0.2.01", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "ADDR=2001:db8::1", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "ADDR=IPV6:", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "ADDR=IPV6:192.0.2.1", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "ADDR=[192.0.2.1]", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "ADDR=unix", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "PORT=65536", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "PORT=-1", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "PORT=99999999999999999999", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	/* What decodes to another command, to nothing, or not at all. */
	{ "HELO=a+0D+0AMAIL", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "HELO=a+00", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "HELO=a+C3+BC", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "HELO=a+7F", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "HELO=a+4", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "HELO=a+", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "HELO=a+4G", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
	{ "HELO=a\tb", FORWARD_XCLIENT, REPLY_FORWARD, "", "", 0 },
};

static void
every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct forward f = { 0 };
		enum reply_id id = forward_parse(span_of(cases[i].argument),
		    cases[i].command, &f);

		if (id != cases[i].id || !span_is(text_span(&f.address), cases[i].address) ||
		    !span_is(text_span(&f.helo), cases[i].helo) || f.port != cases[i].port)
			fail_msg("%s: reply %d address %.*s", cases[i].argument, (int)id,
			    (int)f.address.len, f.address.bytes);
		if (id != REPLY_NONE && f.given != 0)
			fail_msg("%s: refused, and something stayed", cases[i].argument);
	}
}

static enum reply_id
filled(const char *head, size_t count, const char *unit)
{
	struct buf b = { 0 };
	struct forward f = { 0 };
	enum reply_id id;

	buf_add_string(&b, head);
	for (size_t i = 0; i < count; i++)
		buf_add_string(&b, unit);
	id = forward_parse(buf_span(&b), FORWARD_XFORWARD, &f);
	buf_free(&b);
	return id;
}

static void
limits_and_one_beyond(void **state)
{
	(void)state;
	assert_int_equal(filled("NAME=", FORWARD_NAME_MAX, "a"), REPLY_NONE);
	assert_int_equal(filled("NAME=", FORWARD_NAME_MAX + 1, "a"), REPLY_FORWARD);
	assert_int_equal(filled("HELO=", FORWARD_NAME_MAX, "+61"), REPLY_NONE);
	assert_int_equal(filled("HELO=", FORWARD_NAME_MAX + 1, "+61"), REPLY_FORWARD);
	assert_int_equal(filled("IDENT=", FORWARD_WORD_MAX, "a"), REPLY_NONE);
	assert_int_equal(filled("IDENT=", FORWARD_WORD_MAX + 1, "a"), REPLY_FORWARD);
	assert_int_equal(filled("PORT=", FORWARD_WORD_MAX, "0"), REPLY_NONE);
	assert_int_equal(filled("PORT=", FORWARD_WORD_MAX + 1, "0"), REPLY_FORWARD);
}

static void
commands_add_up_and_change_nothing(void **state)
{
	struct forward f = { 0 };

	(void)state;
	assert_int_equal(forward_parse(SPAN("ADDR=192.0.2.1"), FORWARD_XFORWARD, &f), REPLY_NONE);
	assert_int_equal(forward_parse(SPAN("HELO=c.example PROTO=SMTP"), FORWARD_XFORWARD, &f),
	    REPLY_NONE);
	assert_int_equal(forward_parse(SPAN("PORT=7 ADDR=192.0.2.2"), FORWARD_XFORWARD, &f),
	    REPLY_FORWARD_TWICE);
	assert_true(span_is(text_span(&f.address), "192.0.2.1"));
	assert_true(span_is(text_span(&f.helo), "c.example"));
	assert_true(f.plain);
	assert_int_equal(f.port, 0);
	assert_true(forward_has(&f, FORWARD_PROTO) && !forward_has(&f, FORWARD_PORT));
	f = (struct forward){ 0 };
	assert_int_equal(forward_parse(SPAN("ADDR=[UNAVAILABLE]"), FORWARD_XCLIENT, &f), REPLY_NONE);
	assert_int_equal(forward_parse(SPAN("ADDR=192.0.2.2"), FORWARD_XCLIENT, &f),
	    REPLY_FORWARD_TWICE);	/* unavailable was said, too */
}

static void
each_command_has_its_names(void **state)
{
	struct buf b = { 0 };

	(void)state;
	forward_offer(FORWARD_XCLIENT, &b);
	assert_string_equal(buf_string(&b),
	    " NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT");
	buf_reset(&b);
	forward_offer(FORWARD_XFORWARD, &b);
	assert_string_equal(buf_string(&b), " NAME ADDR PORT PROTO HELO IDENT SOURCE");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(limits_and_one_beyond),
		cmocka_unit_test(commands_add_up_and_change_nothing),
		cmocka_unit_test(each_command_has_its_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
