/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is answered, with what, and what each reply of the relay leads to. */
#include "test.h"

#include <unistd.h>

#include "mailtri/stage_test.h"

#include "compose.h"
#include "pages.h"
#include "template.h"

MT_EXPORT const struct mt_stage *mt_stage_entry_answer(void);

#define HEAD "Message-ID: <one@good.example>\r\nSubject: Order\r\n"

static struct mt_test t;

static int
setup(void **state)
{
	(void)state;
	mt_test_init(&t, mt_stage_entry_answer());
	mt_test_option(&t, "relay", "smtp://relay.example");
	mt_test_option(&t, "from", "mailtri@mailtri.example");
	mt_test_option(&t, "never", "mailtri.example");
	mt_test_fact(&t, "auth.from", "ann@good.example");
	t.sender = mt_test_span("bounces@good.example");
	t.intent.route = mt_test_span("task.linear@mailtri.example");
	t.raw = mt_test_span(HEAD "\r\nsecret body\r\n");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mt_test_fini(&t);
	return 0;
}

static void
again(void)
{
	teardown(NULL);
	setup(NULL);
}

/* All that is known of the outcome, in hostile form where `hostile'. */
static void
facts(const char *outcome, int hostile)
{
	mt_test_fact(&t, "answer.outcome", outcome);
	mt_test_fact(&t, "answer.stage", "linear-dispatch");
	mt_test_fact(&t, "answer.reason", hostile ? "a\r\nBcc: x@y.example" : "linear.created");
	mt_test_fact(&t, "answer.text", hostile ? "<script>alert(\"1\")</script>\r\n.\r\n{{event}}" :
	    "All is well.");
	mt_test_fact(&t, "answer.resource_id", hostile ? "ENG-7\xe2\x80\xae\x01" : "ENG-7");
	mt_test_fact(&t, "answer.resource_url", hostile ? "javascript:alert(1)" :
	    "https://linear.app/i/ENG-7");
	mt_test_fact(&t, "answer.mark", "v1.abcdef.0123456789");
	mt_test_fact(&t, "answer.reply_to", "r+token@mailtri.example");
}

static void
delivered(int status, const char *reason)
{
	assert_int_equal(mt_test_run_deliver(&t), 0);
	if (t.delivery.status != status || strcmp(t.delivery.reason, reason) != 0)
		fail_msg("status %d (%s: %s), not %d (%s)", t.delivery.status,
		    t.delivery.reason, t.delivery.text, status, reason);
}

static const char *
mail(void)
{
	assert_int_equal(t.letter_count, 1);
	return t.letters[0].data.ptr;
}

static void
has(const char *text)
{
	if (strstr(mail(), text) == NULL)
		fail_msg("\"%s\" is not in\n%s", text, mail());
}

static void
has_not(const char *text)
{
	if (strstr(mail(), text) != NULL)
		fail_msg("\"%s\" is in\n%s", text, mail());
}

static void
the_sender_is_answered(void **state)
{
	(void)state;
	facts("done", 0);
	mt_test_mail(&t, 250, "250 2.0.0 queued");
	delivered(MT_DELIVERED, "answer.sent");
	assert_int_equal(t.delivery.code, 250);
	assert_string_equal(t.delivery.resource_id,
	    "mt-00112233445566778899aabbccddeeff@mx.example.net");
	assert_true(mt_test_same(t.letters[0].rcpt, mt_test_span("ann@good.example")));
	assert_int_equal(t.letters[0].sender.len, 0);
	assert_null(t.letters[0].user);
	has("From: mailtri\r\n <mailtri@mailtri.example>\r\n");
	has("To: <ann@good.example>\r\n");
	has("Reply-To: <r+token@mailtri.example>\r\n");
	has("Subject: Re: Order\r\n");
	has("Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n");
	has("Message-ID: <mt-00112233445566778899aabbccddeeff@mx.example.net>\r\n");
	has("In-Reply-To: <one@good.example>\r\nReferences: <one@good.example>\r\n");
	has("Auto-Submitted: auto-replied\r\n");
	has("Mailtri-Mark: v1.abcdef.0123456789\r\n");
	has("https://linear.app/i/ENG-7\r\n");
	has("evt_00000000000000000000000000");
	has_not("secret body");
}

static void
login_and_envelope(void **state)
{
	(void)state;
	mt_test_option(&t, "user", "mailtri");
	mt_test_option(&t, "password", "hunter2");
	mt_test_option(&t, "envelope_from", "bounce@mailtri.example");
	facts("failed", 0);
	mt_test_mail(&t, 250, "250 ok");
	delivered(MT_DELIVERED, "answer.sent");
	assert_string_equal(t.letters[0].user, "mailtri");
	assert_true(mt_test_same(t.letters[0].password, mt_test_span("hunter2")));
	assert_true(mt_test_same(t.letters[0].sender, mt_test_span("bounce@mailtri.example")));
	has("Reason: linear.created");
}

/* ---- who is not ---- */

static const struct { const char *fields, *why; } machines[] = {
	{ "Auto-Submitted: auto-generated\r\n", "automatic" },
	{ "Auto-Submitted: auto-replied; owner-email=x\r\n", "automatic" },
	{ "auto-submitted:\r\n", "automatic" }, { "Auto-Submitted: nonsense\r\n", "automatic" },
	{ "Auto-Submitted: no\r\n", NULL }, { "Auto-Submitted: No; x=y\r\n", NULL },
	{ "Auto-Submitted: no (really)\r\n", NULL },
	{ "Precedence: bulk\r\n", "bulk" }, { "Precedence: LIST\r\n", "bulk" },
	{ "Precedence:  junk \r\n", "bulk" }, { "Precedence: first-class\r\n", NULL },
	{ "List-Id: <a.example>\r\n", "list" }, { "LIST-UNSUBSCRIBE: <x>\r\n", "list" },
	{ "List-Help: x\r\n", "list" }, { "Listening: x\r\n", NULL },
	{ "Mailtri-Mark: anything\r\n", "own" },
	{ "X-Auto-Response-Suppress: DR, OOF, AutoReply\r\n", "asked" },
	{ "X-Auto-Response-Suppress: all\r\n", "asked" },
	{ "X-Auto-Response-Suppress: DR, RN\r\n", NULL },
};

static void
machines_are_not_answered(void **state)
{
	char raw[256], reason[64];

	(void)state;
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		again();
		snprintf(raw, sizeof(raw), HEAD "%s\r\n", machines[i].fields);
		t.raw = mt_test_span(raw);
		facts("done", 0);
		mt_test_mail(&t, 250, "250 ok");
		snprintf(reason, sizeof(reason), machines[i].why == NULL ? "answer.sent" :
		    "answer.suppressed.%s", machines[i].why);
		delivered(MT_DELIVERED, reason);
		assert_int_equal(t.letter_count, machines[i].why == NULL);
	}
}

static const struct { const char *fields; int answered; } written_to[] = {
	{ "To: Tasks <Task.Linear@mailtri.example>\r\n", 1 }, { "Cc: a@b,task.linear@mailtri.example\r\n", 1 },
	{ "Resent-To: task.linear@mailtri.example (us)\r\n", 1 }, { "To: help@corp.example\r\n", 1 },
	{ "To: eve@evil.example\r\n", 0 }, { "", 0 }, { "X: task.linear@mailtri.example\r\n", 0 },
	{ "To: my.task.linear@mailtri.example\r\n", 0 }, { "To: task.linear@mailtri.example.org\r\n", 0 },
};

static void
who_was_written_to_answers(void **state)
{
	char raw[256];

	(void)state;
	for (size_t i = 0; i < sizeof(written_to) / sizeof(*written_to); i++) {
		again();
		mt_test_option(&t, "addresses", "help@corp.example");
		t.rcpt = mt_test_span("task.linear@mailtri.example");
		snprintf(raw, sizeof(raw), HEAD "%s\r\n", written_to[i].fields);
		t.raw = mt_test_span(raw);
		facts("done", 0);
		mt_test_mail(&t, 250, "250 ok");
		delivered(MT_DELIVERED, written_to[i].answered ? "answer.sent" :
		    "answer.suppressed.unnamed");
	}
}

static const struct { const char *from, *sender, *why; } people[] = {
	{ "ann@good.example", "", "null-sender" }, { "", "ann@good.example", "unproved" },
	{ "MAILER-DAEMON@good.example", "x@y.example", "noreply" },
	{ "owner-list@good.example", "x@y.example", "noreply" },
	{ "list-request@good.example", "x@y.example", "noreply" },
	{ "list-OWNER@good.example", "x@y.example", "noreply" },
	{ "noreply+7@good.example", "x@y.example", "noreply" },
	{ "Do-Not-Reply@good.example", "x@y.example", "noreply" },
	{ "requester@good.example", "x@y.example", NULL },
	{ "cowner@good.example", "x@y.example", NULL },
	{ "Answers@robot.example", "x@y.example", "own" },
	{ "any@Mailtri.Example", "x@y.example", "never" },
	{ "any@sub.mailtri.example", "x@y.example", NULL },
	{ "J\xc3\xbcrgen@good.example", "x@y.example", "address" },
	{ "nobody", "x@y.example", "address" }, { "a b@good.example", "x@y.example", "address" },
	{ "a\r\nBcc: x@good.example", "x@y.example", "address" },
};

static void
addresses_that_are_not_answered(void **state)
{
	char reason[64];

	(void)state;
	for (size_t i = 0; i < sizeof(people) / sizeof(*people); i++) {
		teardown(NULL);
		mt_test_init(&t, mt_stage_entry_answer());
		mt_test_option(&t, "relay", "smtp://relay.example");
		mt_test_option(&t, "from", "answers@robot.example");
		mt_test_option(&t, "never", "mailtri.example");
		if (people[i].from[0] != '\0')
			mt_test_fact(&t, "auth.from", people[i].from);
		t.sender = mt_test_span(people[i].sender);
		t.raw = mt_test_span(HEAD "\r\n");
		facts("refused", 0);
		mt_test_mail(&t, 250, "250 ok");
		snprintf(reason, sizeof(reason), people[i].why == NULL ? "answer.sent" :
		    "answer.suppressed.%s", people[i].why);
		delivered(MT_DELIVERED, reason);
		assert_int_equal(t.letter_count, people[i].why == NULL);
	}
}

/* ---- what a relay says ---- */

static const struct { int code, error, status; uint32_t sent; const char *reason; } replies[] = {
	{ 250, 0, MT_DELIVERED, 1, "answer.sent" }, { 299, 0, MT_DELIVERED, 1, "answer.sent" },
	{ 300, 0, MT_RETRY, 0, "answer.deferred" }, { 421, 0, MT_RETRY, 0, "answer.deferred" },
	{ 452, 0, MT_RETRY, 1, "answer.deferred" }, { 454, 0, MT_RETRY, 0, "answer.deferred" },
	{ 530, 0, MT_PAUSE, 0, "answer.login" }, { 535, 0, MT_PAUSE, 0, "answer.login" },
	{ 550, 0, MT_FAILED, 0, "answer.refused" }, { 554, 0, MT_FAILED, 1, "answer.refused" },
	{ 0, EACCES, MT_PAUSE, 0, "answer.login" },
	{ 0, EKEYREJECTED, MT_RETRY, 0, "answer.untrusted" },
	{ 0, ETIMEDOUT, MT_RETRY, 0, "answer.unreachable" },
	{ 0, ETIMEDOUT, MT_RETRY, 1, "answer.broken" },
	{ 0, EINVAL, MT_FAILED, 0, "answer.invalid" },
};

static void
replies_are_mapped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(*replies); i++) {
		struct mt_mail_reply *r;

		again();
		facts("held", 0);
		r = mt_test_mail(&t, replies[i].code, "4.2.1 words of the relay");
		r->error = replies[i].error;
		r->sent = replies[i].sent;
		delivered(replies[i].status, replies[i].reason);
		if (replies[i].code != 0)
			assert_string_equal(t.delivery.text, "4.2.1 words of the relay");
	}
	again();	/* nobody there */
	facts("held", 0);
	delivered(MT_RETRY, "answer.unreachable");
}

static void
attempts_are_the_same_mail(void **state)
{
	static char first[1 << 16];

	(void)state;
	facts("done", 0);
	delivered(MT_RETRY, "answer.unreachable");
	snprintf(first, sizeof(first), "%s", mail());
	again();
	t.attempt = 2;
	facts("done", 0);
	mt_test_mail(&t, 250, "250 ok");
	delivered(MT_DELIVERED, "answer.sent");
	assert_string_equal(mail(), first);
}

static void
without_an_outcome_it_fails(void **state)
{
	(void)state;
	assert_int_equal(mt_test_run_deliver(&t), -1);
	assert_string_equal(t.delivery.reason, "answer.outcome");
	assert_null(t.misuse);
	again();
	mt_test_fact(&t, "answer.outcome", "perhaps");
	assert_int_equal(mt_test_run_deliver(&t), -1);
	again();
	mt_test_fact(&t, "answer.outcome", "done");
	mt_test_fact(&t, "answer.mark", "a\r\nBcc: x");
	assert_int_equal(mt_test_run_deliver(&t), -1);
	assert_string_equal(t.delivery.reason, "answer.fact");
	assert_int_equal(t.letter_count, 0);
}

/* ---- what a mail tries ---- */

static void
nothing_is_injected(void **state)
{
	(void)state;
	t.raw = mt_test_span("Message-ID: <one@good.example>\r\n\tX: y\r\n"
	    "Subject: =?utf-8?q?a=0D=0ABcc:_x=40y.example=00?= =?utf-8?b?4oCu?= {{event}}\r\n"
	    "References: <a@b> <c d@e> <<f@g> junk <h@i\r\n j> <k@l>\r\n\r\n");
	facts("done", 1);
	mt_test_mail(&t, 250, "250 ok");
	delivered(MT_DELIVERED, "answer.sent");
	has("Subject: Re: a Bcc: x@y.example {{event}}\r\n");
	has("In-Reply-To: <one@good.example>\r\n");
	has("References: <a@b>\r\n <f@g>\r\n <k@l>\r\n <one@good.example>\r\n");
	has_not("\nBcc:");
	has_not("<script>");
	has_not("javascript:");
	has_not("\x01");
	has_not("=E2=80=AE");
}

static void
subjects(void **state)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "Subject: Re: re: RE:x\r\n", "Subject: Re: x\r\n" },
		{ "Subject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n",
		    "Subject: =?UTF-8?Q?Re=3A_Gr=C3=BC=C3=9Fe?=\r\n" },
		{ "Subject: a =?b\r\n", "Subject: =?UTF-8?Q?Re=3A_a_=3D=3Fb?=\r\n" },
		{ "", "Subject: Re:\r\n" },
		{ "Subject: word word word word word word word word word word word word word "
		    "word\r\n", "Subject: Re: word word word word word word word word word word word "
		    "word\r\n word word\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char raw[512];

		again();
		snprintf(raw, sizeof(raw), "%s\r\n", rows[i].in);
		t.raw = mt_test_span(raw);
		facts("done", 0);
		mt_test_mail(&t, 250, "250 ok");
		delivered(MT_DELIVERED, "answer.sent");
		has(rows[i].out);
		has_not("In-Reply-To");
	}
}

/* The last twenty, and a name at its limit and beyond. */
static void
references_are_bounded(void **state)
{
	static char raw[16384], id[400];
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(raw + n, sizeof(raw) - n, "Message-ID: <last@x>\r\nReferences:");
	for (int i = 0; i < 30; i++)
		n += (size_t)snprintf(raw + n, sizeof(raw) - n, " <%d@x>\r\n", i);
	snprintf(raw + n, sizeof(raw) - n, "\r\n");
	t.raw = mt_test_span(raw);
	facts("done", 0);
	mt_test_mail(&t, 250, "250 ok");
	delivered(MT_DELIVERED, "answer.sent");
	has("References: <11@x>\r\n <12@x>\r\n");
	has(" <29@x>\r\n <last@x>\r\n");
	memset(id, 'a', sizeof(id));
	memcpy(id, "<a@", 3);
	id[COMPOSE_ID_MAX - 1] = '>';
	assert_int_equal(compose_id_length((struct mt_span){ id, sizeof(id) }), COMPOSE_ID_MAX);
	id[COMPOSE_ID_MAX - 1] = 'a';
	id[COMPOSE_ID_MAX] = '>';
	assert_int_equal(compose_id_length((struct mt_span){ id, sizeof(id) }), 0);
	assert_int_equal(compose_id_length(mt_test_span("<@x>")), 0);
	assert_int_equal(compose_id_length(mt_test_span("<x@>")), 0);
	assert_int_equal(compose_id_length(mt_test_span("<a@b")), 0);
}

static void
lines_are_short(void **state)
{
	static char raw[6000];

	(void)state;
	snprintf(raw, sizeof(raw), HEAD "Subject: ignored\r\n\r\n");
	memcpy(raw, "Subject: ", 9);
	for (size_t i = 9; i < 5000; i += 2)
		memcpy(raw + i, i % 3 == 0 ? "\xc3\xbc" : "a ", 2);
	memcpy(raw + 5009, "\r\n\r\n", 5);
	t.raw = mt_test_span(raw);
	mt_test_option(&t, "from_name", "A, very \"odd\" name");
	facts("done", 0);
	mt_test_mail(&t, 250, "250 ok");
	delivered(MT_DELIVERED, "answer.sent");
	for (const char *line = mail(), *end; *line != '\0'; line = end + 2) {
		end = strstr(line, "\r\n");
		assert_non_null(end);
		if (end - line > 76)
			fail_msg("a line of %d: %.*s", (int)(end - line), (int)(end - line), line);
	}
}

/* ---- templates ---- */

static void
file_write(const char *folder, const char *name, size_t bytes, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	for (size_t i = strlen(text); i < bytes; i++)
		fputc(i % 64 == 63 ? '\n' : 'x', f);
	fclose(f);
}

static void
file_remove(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

static void
an_operator_has_his_own_words(void **state)
{
	char folder[] = "/tmp/test_answer.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	mt_test_option(&t, "template_dir", folder);
	file_write(folder, "done.txt", 0, "Mine: {{resource_id}}\n");
	facts("done", 0);
	mt_test_mail(&t, 250, "250 ok");
	delivered(MT_DELIVERED, "answer.sent");
	has("\r\n\r\nMine: ENG-7\r\n");
	has("<p>Made: ENG-7</p>");	/* built in */
	again();
	mt_test_option(&t, "template_dir", folder);
	file_write(folder, "held.html", 0, "ok\n{{oops}}");
	assert_int_equal(mt_test_open(&t), -1);
	assert_non_null(strstr(t.result.text, "/held.html:2: \"oops\""));
	file_write(folder, "held.html", TEMPLATE_MAX, "");
	assert_int_equal(mt_test_open(&t), 0);
	again();
	mt_test_option(&t, "template_dir", folder);
	file_write(folder, "held.html", TEMPLATE_MAX + 1, "");
	assert_int_equal(mt_test_open(&t), -1);
	assert_non_null(strstr(t.result.text, "64 KiB"));
	file_remove(folder, "held.html");
	file_remove(folder, "done.txt");
	rmdir(folder);
	assert_int_equal(mt_test_open(&t), -1);	/* no such folder */
}

/* What is too long when filled in is told, not cut. */
static void
an_answer_has_its_limit(void **state)
{
	char folder[] = "/tmp/test_answer.XXXXXX", value[1001];
	static char page[TEMPLATE_MAX + 1];
	size_t n = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	memset(value, 'v', 1000);
	value[1000] = '\0';
	for (int i = 0; i < 131; i++)
		n += (size_t)snprintf(page + n, sizeof(page) - n, "{{text}}");
	memset(page + n, 'p', 72);	/* 131,072 in all */
	for (int more = 0; more < 2; more++) {
		again();
		mt_test_option(&t, "template_dir", folder);
		page[n + 72] = more ? 'p' : '\0';
		file_write(folder, "done.txt", 0, page);
		mt_test_fact(&t, "answer.outcome", "done");
		mt_test_fact(&t, "answer.text", value);
		mt_test_mail(&t, 250, "250 ok");
		delivered(more ? MT_FAILED : MT_DELIVERED,
		    more ? "answer.template" : "answer.sent");
	}
	file_remove(folder, "done.txt");
	rmdir(folder);
}

static void
options_are_checked(void **state)
{
	static const struct { const char *name, *value, *text; } rows[] = {
		{ "from", "nobody", "from:" }, { "from", "a@b\r\nc", "from:" },
		{ "envelope_from", "<a@b>", "envelope_from:" },
		{ "password", "x", "user" }, { "subject", "{{oops}}", "subject: \"oops\"" },
		{ "template_dir", "relative", "template_dir:" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		again();
		mt_test_option(&t, rows[i].name, rows[i].value);
		assert_int_equal(mt_test_open(&t), -1);
		if (strstr(t.result.text, rows[i].text) == NULL)
			fail_msg("%s: %s", rows[i].name, t.result.text);
	}
}

/* Each kind of answer as a file, for a parser that is not ours. */
static int
mails_write(const char *folder)
{
	for (int o = 0; o < OUTCOMES; o++)
		for (int hostile = 0; hostile < 2; hostile++) {
			char name[64];

			setup(NULL);
			t.raw = mt_test_span("Message-ID: <one@good.example>\r\n"
			    "References: <zero@good.example>\r\n"
			    "Subject: =?iso-8859-1?q?Gr=FC=DFe?= an alle, die das hier lesen, und "
			    "an die anderen auch\r\n\r\nsecret body\r\n");
			facts(outcome_names[o], hostile);
			mt_test_mail(&t, 250, "250 ok");
			if (mt_test_run_deliver(&t) != 0 || t.letter_count != 1)
				return 1;
			snprintf(name, sizeof(name), "%s%s.eml", outcome_names[o],
			    hostile ? "-hostile" : "");
			file_write(folder, name, 0, mail());
			teardown(NULL);
		}
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(the_sender_is_answered),
		TEST(login_and_envelope),
		TEST(machines_are_not_answered),
		TEST(who_was_written_to_answers),
		TEST(addresses_that_are_not_answered),
		TEST(replies_are_mapped),
		TEST(attempts_are_the_same_mail),
		TEST(without_an_outcome_it_fails),
		TEST(nothing_is_injected),
		TEST(subjects),
		TEST(references_are_bounded),
		TEST(lines_are_short),
		TEST(an_operator_has_his_own_words),
		TEST(an_answer_has_its_limit),
		TEST(options_are_checked),
	};

	if (argc == 3 && strcmp(argv[1], "--mails") == 0)
		return mails_write(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
