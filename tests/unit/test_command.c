/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines, and every cell of the table of commands and states. */
#include "test.h"

#include "smtp/command.h"

static const struct {
	const char *line;
	enum command_verb verb;
	enum reply_id id;
} cases[] = {
	{ "EHLO a.example", COMMAND_EHLO, REPLY_NONE },
	{ "ehlo [192.0.2.1]", COMMAND_EHLO, REPLY_NONE },
	{ "HeLo a.example  ", COMMAND_HELO, REPLY_NONE },
	{ "EHLO", COMMAND_EHLO, REPLY_DOMAIN },
	{ "LHLO a.example", COMMAND_UNKNOWN, REPLY_NONE },
	{ "XCLIENT ADDR=192.0.2.1", COMMAND_XCLIENT, REPLY_NONE },
	{ "xforward ADDR=192.0.2.1", COMMAND_XFORWARD, REPLY_NONE },
	{ "EHLO ", COMMAND_EHLO, REPLY_DOMAIN },
	{ "EHLO a b", COMMAND_EHLO, REPLY_DOMAIN },
	{ "EHLO a;DROP", COMMAND_EHLO, REPLY_DOMAIN },
	{ "HELO 192.0.2.1", COMMAND_HELO, REPLY_DOMAIN },
	{ "STARTTLS", COMMAND_STARTTLS, REPLY_NONE },
	{ "STARTTLS  ", COMMAND_STARTTLS, REPLY_NONE },
	{ "STARTTLS now", COMMAND_STARTTLS, REPLY_ARGUMENT },
	{ "DATA", COMMAND_DATA, REPLY_NONE },
	{ "DATA x", COMMAND_DATA, REPLY_ARGUMENT },
	{ "RSET x", COMMAND_RSET, REPLY_ARGUMENT },
	{ "QUIT x", COMMAND_QUIT, REPLY_ARGUMENT },
	{ "NOOP anything", COMMAND_NOOP, REPLY_NONE },
	{ "VRFY", COMMAND_VRFY, REPLY_NO_ARGUMENT },
	{ "VRFY x", COMMAND_VRFY, REPLY_NONE },
	{ "HELP MAIL", COMMAND_HELP, REPLY_NONE },
	{ "", COMMAND_UNKNOWN, REPLY_NONE },
	{ " EHLO a", COMMAND_UNKNOWN, REPLY_NONE },
	{ "DATAX", COMMAND_UNKNOWN, REPLY_NONE },
	{ "EHLO\ta", COMMAND_UNKNOWN, REPLY_BYTES },
	{ "NOOP \x80", COMMAND_NOOP, REPLY_BYTES },
	{ "NOOP a\rb", COMMAND_NOOP, REPLY_BYTES },

	{ "MAIL FROM:<>", COMMAND_MAIL, REPLY_NONE },
	{ "mail from:<a@b.example>", COMMAND_MAIL, REPLY_NONE },
	{ "MAIL FROM:<a@b> SIZE=10 BODY=8BITMIME", COMMAND_MAIL, REPLY_NONE },
	{ "MAIL FROM:<a@b> body=7bit size=0", COMMAND_MAIL, REPLY_NONE },
	{ "MAIL FROM:<a@b> ", COMMAND_MAIL, REPLY_NONE },
	{ "MAIL FROM: <a@b>", COMMAND_MAIL, REPLY_SENDER },
	{ "MAIL FROM :<a@b>", COMMAND_MAIL, REPLY_SENDER },
	{ "MAIL FROM:a@b", COMMAND_MAIL, REPLY_SENDER },
	{ "MAIL FROM:<a@b>SIZE=1", COMMAND_MAIL, REPLY_SENDER },
	{ "MAIL FROM:<@r.example:a@b>", COMMAND_MAIL, REPLY_SENDER },
	{ "MAIL FROM:<postmaster>", COMMAND_MAIL, REPLY_SENDER },
	{ "MAIL TO:<a@b>", COMMAND_MAIL, REPLY_SENDER },
	{ "MAIL", COMMAND_MAIL, REPLY_SENDER },
	{ "MAIL FROM:<a@b> SIZE=1 SIZE=2", COMMAND_MAIL, REPLY_PARAMETER_TWICE },
	{ "MAIL FROM:<a@b> SIZE=", COMMAND_MAIL, REPLY_PARAMETER_TWICE },
	{ "MAIL FROM:<a@b> SIZE=-1", COMMAND_MAIL, REPLY_PARAMETER_TWICE },
	{ "MAIL FROM:<a@b> SIZE=9999999999999999999", COMMAND_MAIL, REPLY_NONE },
	{ "MAIL FROM:<a@b> SIZE=10000000000000000000", COMMAND_MAIL, REPLY_PARAMETER_TWICE },
	{ "MAIL FROM:<a@b> BODY=BINARYMIME", COMMAND_MAIL, REPLY_PARAMETER_TWICE },
	{ "MAIL FROM:<a@b> SMTPUTF8", COMMAND_MAIL, REPLY_NONE },
	{ "MAIL FROM:<a@b> BODY=8BITMIME smtputf8 SIZE=1", COMMAND_MAIL, REPLY_NONE },
	{ "MAIL FROM:<a@b> SMTPUTF8=1", COMMAND_MAIL, REPLY_PARAMETER_TWICE },
	{ "MAIL FROM:<a@b> SMTPUTF8=", COMMAND_MAIL, REPLY_PARAMETER_TWICE },
	{ "MAIL FROM:<a@b> SMTPUTF8 SMTPUTF8", COMMAND_MAIL, REPLY_PARAMETER_TWICE },
	{ "MAIL FROM:<a@b> SMTPUTF8X", COMMAND_MAIL, REPLY_PARAMETER },
	{ "MAIL FROM:<a@b> SIZE", COMMAND_MAIL, REPLY_PARAMETER_TWICE },
	{ "MAIL FROM:<a@b> SIZEX=1", COMMAND_MAIL, REPLY_PARAMETER },
	{ "MAIL FROM:<\xc3\xbc@b> SMTPUTF8", COMMAND_MAIL, REPLY_NONE },
	{ "MAIL FROM:<\xc3\xbc@b>", COMMAND_MAIL, REPLY_UTF8_SENDER },
	{ "MAIL FROM:<a@\xc3\xbc.example> SIZE=1", COMMAND_MAIL, REPLY_UTF8_SENDER },
	{ "MAIL FROM:<\xc3@b> SMTPUTF8", COMMAND_MAIL, REPLY_BYTES },
	{ "MAIL FROM:<a@b> SMTPUTF8 \xc3\xbc", COMMAND_MAIL, REPLY_PARAMETER },
	{ "RCPT TO:<\xc3\xbc@b>", COMMAND_RCPT, REPLY_NONE },	/* the session knows */
	{ "RCPT TO:<a@b> SMTPUTF8", COMMAND_RCPT, REPLY_PARAMETER },
	{ "VRFY \xc3\xbc", COMMAND_VRFY, REPLY_UTF8_RECIPIENT },
	{ "VRFY \xc3\xbc SMTPUTF8", COMMAND_VRFY, REPLY_NONE },
	{ "EHLO \xc3\xbc.example", COMMAND_EHLO, REPLY_BYTES },	/* A-labels: 3.7.1 */
	{ "MAIL FROM:<a@b> AUTH=<>", COMMAND_MAIL, REPLY_PARAMETER },
	{ "MAIL FROM:<a@b>  SIZE=1", COMMAND_MAIL, REPLY_PARAMETER },

	{ "RCPT TO:<a@b>", COMMAND_RCPT, REPLY_NONE },
	{ "RCPT TO:<postmaster>", COMMAND_RCPT, REPLY_NONE },
	{ "RCPT TO:<>", COMMAND_RCPT, REPLY_RECIPIENT },
	{ "RCPT TO:<a@b>, <c@d>", COMMAND_RCPT, REPLY_RECIPIENT },
	{ "RCPT FROM:<a@b>", COMMAND_RCPT, REPLY_RECIPIENT },
	{ "RCPT TO:<a@b> NOTIFY=NEVER", COMMAND_RCPT, REPLY_PARAMETER },
};

static enum reply_id
parse(struct mt_span line, struct command *c)
{
	return command_parse(line, command_verb(line, PROTOCOL_SMTP), c);
}

static void
every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct command c;
		enum reply_id id = parse(span_of(cases[i].line), &c);

		if (c.verb != cases[i].verb || id != cases[i].id)
			fail_msg("%s: verb %d reply %d", cases[i].line, (int)c.verb,
			    (int)id);
	}
}

static void
arguments_are_typed(void **state)
{
	struct command c;

	(void)state;
	assert_int_equal(parse(SPAN("MAIL FROM:<a@b.example> SIZE=1234 BODY=8BITMIME"),
	    &c), REPLY_NONE);
	assert_true(span_is(c.address.mailbox, "a@b.example"));
	assert_int_equal(c.size, 1234);
	assert_true(c.body_8bit);
	assert_int_equal(parse(SPAN("HELO h.example "), &c), REPLY_NONE);
	assert_true(span_is(c.domain, "h.example"));
}

static void
lmtp_greets_in_its_own_way(void **state)
{
	(void)state;
	assert_int_equal(command_verb(SPAN("LHLO a"), PROTOCOL_LMTP), COMMAND_LHLO);
	assert_int_equal(command_verb(SPAN("EHLO a"), PROTOCOL_LMTP), COMMAND_UNKNOWN);
	assert_int_equal(command_verb(SPAN("HELO a"), PROTOCOL_LMTP), COMMAND_UNKNOWN);
	assert_int_equal(command_verb(SPAN("MAIL"), PROTOCOL_LMTP), COMMAND_MAIL);
}

static enum reply_id
parse_long(const char *head, size_t total)
{
	static char line[COMMAND_LINE_PARAMETERS_MAX + 8];
	struct command c;

	memset(line, ' ', sizeof(line));
	memcpy(line, head, strlen(head));
	return parse(span_make(line, total - 2), &c);	/* CRLF counts */
}

static void
line_limits_and_one_beyond(void **state)
{
	(void)state;
	assert_int_equal(parse_long("NOOP", COMMAND_LINE_MAX), REPLY_NONE);
	assert_int_equal(parse_long("NOOP", COMMAND_LINE_MAX + 1), REPLY_LONG);
	assert_int_equal(parse_long("XYZ", COMMAND_LINE_MAX + 1), REPLY_LONG);
	assert_int_equal(parse_long("XCLIENT ADDR=192.0.2.1", COMMAND_LINE_MAX), REPLY_NONE);
	assert_int_equal(parse_long("XCLIENT ADDR=192.0.2.1", COMMAND_LINE_MAX + 1), REPLY_LONG);
	assert_int_equal(parse_long("XFORWARD ADDR=192.0.2.1", COMMAND_LINE_MAX), REPLY_NONE);
	assert_int_equal(parse_long("XFORWARD ADDR=192.0.2.1", COMMAND_LINE_MAX + 1), REPLY_LONG);
	assert_int_equal(parse_long("MAIL FROM:<a@b>", COMMAND_LINE_PARAMETERS_MAX),
	    REPLY_NONE);
	assert_int_equal(parse_long("MAIL FROM:<a@b>", COMMAND_LINE_PARAMETERS_MAX + 1),
	    REPLY_LONG);
	assert_int_equal(parse_long("RCPT TO:<a@b>", COMMAND_LINE_PARAMETERS_MAX),
	    REPLY_NONE);
	assert_int_equal(parse_long("RCPT TO:<a@b>", COMMAND_LINE_PARAMETERS_MAX + 1),
	    REPLY_LONG);
}

/* The table once more, written by hand from RFC 5321 section 4.1.4. */
static const char *const expected[COMMAND_VERBS] = {
	/*		       gated greeted ready sender recipient */
	[COMMAND_EHLO] =	"---- ---- ---- ---- ----",
	[COMMAND_HELO] =	"530  ---- ---- ---- ----",
	[COMMAND_LHLO] =	"---- ---- ---- ---- ----",
	[COMMAND_STARTTLS] =	"---- ---- ---- 503  503 ",
	[COMMAND_MAIL] =	"530  503  ---- 503  503 ",
	[COMMAND_RCPT] =	"530  503  503  ---- ----",
	[COMMAND_DATA] =	"530  503  503  554  ----",
	[COMMAND_RSET] =	"530  ---- ---- ---- ----",
	[COMMAND_NOOP] =	"---- ---- ---- ---- ----",
	[COMMAND_QUIT] =	"---- ---- ---- ---- ----",
	[COMMAND_VRFY] =	"530  ---- ---- ---- ----",
	[COMMAND_HELP] =	"530  ---- ---- ---- ----",
	[COMMAND_EXPN] =	"530  502  502  502  502 ",
	[COMMAND_BDAT] =	"530  502  502  502  502 ",
	[COMMAND_AUTH] =	"530  502  502  502  502 ",
	[COMMAND_XCLIENT] =	"530  ---- ---- ---- ----",
	[COMMAND_XFORWARD] =	"530  ---- ---- ---- ----",
	[COMMAND_UNKNOWN] =	"530  500  500  500  500 ",
};

static void
every_cell(void **state)
{
	(void)state;
	for (int v = 0; v < COMMAND_VERBS; v++)
		for (int s = 0; s < COMMAND_STATES; s++) {
			enum reply_id id = command_allowed((enum command_verb)v,
			    (enum command_state)s);
			const char *cell = expected[v] + s * 5;
			char code[8] = "----";

			if (id != REPLY_NONE)
				snprintf(code, sizeof(code), "%-4u", reply_get(id)->code);
			if (strncmp(cell, code, 4) != 0)
				fail_msg("verb %d state %d: %s", v, s, code);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(arguments_are_typed),
		cmocka_unit_test(lmtp_greets_in_its_own_way),
		cmocka_unit_test(line_limits_and_one_beyond),
		cmocka_unit_test(every_cell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
