/* SPDX-License-Identifier: BSD-2-Clause */
/* A mail as a receiver sees it: what stands in the envelope. */
#include "envelope_world.h"

#include "date.h"

static const char whole[] =
    "Received: from mx.example.com ([192.0.2.1])\r\n\tby mx.example.net with ESMTPS\r\n"
    "\tfor <task.hook@example.net>; Thu, 01 Jan 2026 00:00:00 +0000\r\n"
    "From: =?utf-8?Q?Ann_=C3=84hre?= <Ann@Example.com>, second@example.com\r\n"
    "To: task.hook@example.net, Friends: bob@example.com,\r\n \"C, D\" <cd@example.com>;\r\n"
    "Cc: (nobody) eve@example.com (Eve)\r\nReply-To: <reply@example.com>\r\n"
    "Subject: =?iso-8859-1?B?xHBmZWw=?=\r\n kaufen #shopping #due-now\r\n"
    "Date: Wed, 31 Dec 2025 18:59:59 -0500 (EST)\r\nMessage-ID: <1@example.com>\r\n"
    "In-Reply-To: <0@example.com>\r\nReferences: <a@example.com>\r\n <0@example.com>\r\n\r\n";

static const struct mt_part whole_parts[] = {
	PART("text/plain", "", "", "#priority high\r\n/assign  bob \r\n\r\nGr\xc3\xbc\xc3\x9f" "e\r\n#late\r\n"),
	PART("text/html", "inline", "", "<p>Gr\xc3\xbc\xc3\x9f" "e</p>"),
	PART("application/pdf", "attachment", "Angebot \xe2\x82\xac.pdf", "abc"),
	PART("text/plain", "attachment", "", ""),
};

static void
whole_set(void)
{
	static const struct { const char *key, *value; } facts[] = {
		{ "auth.from", "ann@example.com" }, { "auth.spf", "pass" },
		{ "auth.spf.domain", "example.com" }, { "auth.dkim", "pass" },
		{ "auth.dkim.domain", "example.com" }, { "auth.dmarc", "pass" },
		{ "auth.dmarc.domain", "example.com" }, { "auth.arc", "none" },
		{ "allowlist.match", "example.com" }, { "mime.ambiguous", "0" },
		{ "anomaly.score", "17" },
	};

	t.raw = mt_test_span(whole);
	t.parts = whole_parts;
	t.part_count = sizeof(whole_parts) / sizeof(*whole_parts);
	t.client.tls = mt_test_span("TLSv1.3 TLS_AES_256_GCM_SHA384");
	t.intent.verb = mt_test_span("create_task");
	t.intent.cls = MT_CREATE;
	t.intent.target = mt_test_span("linear");
	t.intent.params = mt_test_span("{\"due\":[1]}");
	t.thread.event = mt_test_span("evt_11111111111111111111111111");
	t.thread.resource_id = mt_test_span("order-7");
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		mt_test_fact(&t, facts[i].key, facts[i].value);
}

static void
everything_is_there(void **state)
{
	(void)state;
	whole_set();
	make();
	assert_int_equal(json_integer_value(at("version")), 1);
	assert_text("event", "evt_00000000000000000000000000");
	assert_text("received", "2026-01-01T00:00:00Z");
	assert_text("route", "task.hook@example.net");
	assert_text("intent/verb", "create_task");
	assert_text("intent/class", "create");
	assert_text("intent/target", "linear");
	assert_int_equal(json_integer_value(at("intent/params/due/0")), 1);
	assert_text("client/address", "192.0.2.1");
	assert_text("client/helo", "mail.example.com");
	assert_text("client/tls", "TLSv1.3 TLS_AES_256_GCM_SHA384");
	assert_text("envelope/mail_from", "ann@example.com");
	assert_text("envelope/rcpt", "task.hook@example.net");
	assert_text("from/address", "Ann@Example.com");
	assert_text("from/name", "Ann \xc3\x84hre");
	assert_count("to", 3);
	assert_text("to/1/address", "bob@example.com");
	assert_text("to/2/name", "C, D");
	assert_text("cc/0/address", "eve@example.com");
	assert_text("cc/0/name", "Eve");
	assert_text("reply_to/0/address", "reply@example.com");
	assert_text("subject", "\xc3\x84pfel kaufen #shopping #due-now");
	assert_text("date", "2025-12-31T23:59:59Z");
	assert_text("message_id", "<1@example.com>");
	assert_text("in_reply_to", "<0@example.com>");
	assert_count("references", 2);
	assert_text("references/1", "<0@example.com>");
	assert_text("text", "#priority high\n/assign  bob \n\nGr\xc3\xbc\xc3\x9f" "e\n#late\n");
	assert_text("html", "<p>Gr\xc3\xbc\xc3\x9f" "e</p>");
	assert_true(json_is_false(at("truncated")));
	assert_null(at("headers"));
	assert_null(at("attempt"));
}

static void
what_was_found_is_there(void **state)
{
	(void)state;
	whole_set();
	make();
	assert_count("commands", 4);
	assert_text("commands/0/name", "priority");
	assert_text("commands/0/argument", "high");
	assert_text("commands/0/source", "text");
	assert_text("commands/1/name", "assign");
	assert_text("commands/1/argument", "bob");
	assert_text("commands/2/name", "shopping");
	assert_text("commands/3/name", "due-now");
	assert_text("commands/3/source", "subject");
	assert_count("attachments", 2);
	assert_int_equal(json_integer_value(at("attachments/0/index")), 2);
	assert_text("attachments/0/filename", "Angebot \xe2\x82\xac.pdf");
	assert_text("attachments/0/type", "application/pdf");
	assert_text("attachments/0/disposition", "attachment");
	assert_int_equal(json_integer_value(at("attachments/0/size")), 3);
	assert_text("attachments/0/sha256",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_true(json_is_null(at("attachments/1/filename")));
	assert_text("authentication/spf", "pass");
	assert_text("authentication/domains/dkim", "example.com");
	assert_text("facts/allowlist.match", "example.com");
	assert_true(json_is_false(at("facts/mime.ambiguous")));
	assert_int_equal(json_integer_value(at("facts/anomaly.score")), 17);
	assert_int_equal(json_object_size(at("facts")), 11);
	assert_text("thread/event", "evt_11111111111111111111111111");
	assert_text("thread/resource_id", "order-7");
}

static void
nothing_is_null_and_not_absent(void **state)
{
	static const char *const null[] = { "received", "from", "date", "message_id",
		"in_reply_to", "text", "html", "thread", "client/tls", "authentication/spf",
		"authentication/domains/spf", "intent/verb", "intent/class" };
	static const char *const empty[] = { "to", "cc", "reply_to", "references", "commands",
		"attachments" };

	(void)state;
	of("\r\n");
	for (size_t i = 0; i < sizeof(null) / sizeof(*null); i++)
		if (!json_is_null(at(null[i])))
			fail_msg("%s is not null", null[i]);
	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
		assert_true(json_is_array(at(empty[i])) && json_array_size(at(empty[i])) == 0);
	assert_text("subject", "");
	assert_int_equal(json_object_size(at("facts")), 0);
	assert_int_equal(json_object_size(at("intent/params")), 0);
}

static void
include_selects(void **state)
{
	static const char *const members[] = { "text", "html", "commands", "attachments",
		"headers", "client", "envelope", "authentication", "facts", "thread" };
	enum { ALWAYS = 15 };

	(void)state;
	mt_test_option(&t, "include", NULL);
	make();
	assert_int_equal(json_object_size(made), ALWAYS);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		again();
		whole_set();
		mt_test_option(&t, "include", members[i]);
		make();
		assert_non_null(at(members[i]));
		assert_int_equal(json_object_size(made), ALWAYS + 1);
	}
}

static void
headers_are_decoded(void **state)
{
	(void)state;
	mt_test_option(&t, "include", "headers");
	of("Subject: =?utf-8?Q?=C3=84?=\r\n x\r\nX-Two: 1\r\nX-Two: 2\r\n\r\n");
	assert_count("headers", 3);
	assert_text("headers/0/name", "Subject");
	assert_text("headers/0/value", "\xc3\x84 x");
	assert_text("headers/2/value", "2");
}

/* ---- who wrote ---- */

/* The field may be read in another way than it was judged. */
static void
from_is_who_was_judged(void **state)
{
	(void)state;
	mt_test_fact(&t, "auth.from", "ann@example.com");
	of("From: Boss <boss@example.com>\r\n\r\n");
	assert_text("from/address", "ann@example.com");
	assert_text("from/name", "");
	of("From: Ann <ANN@example.com>\r\n\r\n");
	assert_text("from/name", "Ann");
	of("Subject: no From\r\n\r\n");
	assert_text("from/address", "ann@example.com");
}

struct list { const char *field, *expected; };

static const struct list lists[] = {
	{ "a@b.example", "a@b.example||" },
	{ "<a@b.example>", "a@b.example||" },
	{ "A B <a@b.example>", "a@b.example|A B|" },
	{ "\"A \\\" B\" <a@b.example>", "a@b.example|A \" B|" },
	{ "A <a@b.example>, B <b@b.example>", "a@b.example|A|b@b.example|B|" },
	{ "g: a@b.example, <b@b.example>; , c@b.example", "a@b.example||b@b.example||c@b.example||" },
	{ "undisclosed-recipients:;", "" },
	{ "<@x.example,@y.example:a@b.example>", "a@b.example||" },
	{ "< a (c) @ b.example >", "a@b.example||" },
	{ "\"x, y\"@b.example", "" },	/* bare with blanks: nothing rather than half */
	{ "<\"x, <y>\"@b.example>", "\"x, <y>\"@b.example||" },
	{ "a@b.example (C (D) E)", "a@b.example|C (D) E|" },
	{ "=?utf-8?B?QSwgQg==?= <a@b.example>", "a@b.example|A, B|" },
	{ "boss@evil.example <a@b.example>", "a@b.example|boss@evil.example|" },
	{ "A\r\n\tB <a@b.example>", "a@b.example|A B|" },
	{ "no address", "" }, { "<>", "" }, { "@", "" }, { "a@", "" }, { "@b", "" }, { "", "" },
	{ "<a@b.example", "a@b.example||" }, { "\"A <a@b.example>", "" }, { "(((", "" },
	{ ",,;,", "" }, { "\\", "" }, { "\"\\", "" }, { "(\\", "" }, { "<\"\\", "" },
};

static void
address_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		char raw[256], found[512] = "";
		json_t *one;
		size_t j;

		again();
		snprintf(raw, sizeof(raw), "To: %s\r\n\r\n", lists[i].field);
		of(raw);
		json_array_foreach(at("to"), j, one)
			snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s|%s|",
			    json_string_value(json_object_get(one, "address")),
			    json_string_value(json_object_get(one, "name")));
		if (strcmp(found, lists[i].expected) != 0)
			fail_msg("\"%s\" is read as %s", lists[i].field, found);
	}
}

static void
dates(void **state)
{
	static const struct { const char *text, *expected; } rows[] = {
		{ "Thu, 1 Jan 2026 01:02:03 +0100", "2026-01-01T00:02:03Z" },
		{ "1 Jan 2026 01:02 -0030", "2026-01-01T01:32:00Z" },
		{ "Sat, 28 Feb 26 23:59:60 GMT", "2026-03-01T00:00:00Z" },
		{ "29 Feb 1996 12:00:00 PST", "1996-02-29T20:00:00Z" },
		{ "31 Dec 2025 23:30:00 -0100 (x)", "2026-01-01T00:30:00Z" },
		{ "1 Jan 2026 01:02:03", "2026-01-01T01:02:03Z" },
		{ "1 Jan 2026 24:00:00 +0000", NULL }, { "0 Jan 2026 00:00:00 +0000", NULL },
		{ "1 Foo 2026 00:00:00 +0000", NULL }, { "1 Jan 2026 00:00:00 +0060", NULL },
		{ "1 Jan 2026 00:00:00 +010", NULL }, { "31 Dec 9999 23:59:59 -0100", NULL },
		{ "", NULL }, { "now", NULL }, { ",", NULL }, { "2026-01-01T00:00:00Z", NULL },
	};
	char out[DATE_SIZE], padded[130];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int error = date_format(mt_test_span(rows[i].text), out);

		if (error != (rows[i].expected == NULL ? EINVAL : 0) ||
		    (error == 0 && strcmp(out, rows[i].expected) != 0))
			fail_msg("\"%s\" is %s", rows[i].text, error == 0 ? out : "no date");
	}
	snprintf(padded, sizeof(padded), "%-129s", rows[0].text);
	assert_int_equal(date_format((struct mt_span){ padded, 128 }, out), 0);
	assert_int_equal(date_format((struct mt_span){ padded, 129 }, out), EINVAL);
}

static void
commands(void **state)
{
	static const struct { const char *text; size_t count; } rows[] = {
		{ "#a\n#b x\n/c\n", 3 }, { "\r\n \n#a\nHello\n#b\n", 1 }, { "Hello\n#a\n", 0 },
		{ "# heading\n", 0 }, { "/usr/bin is full\n", 0 }, { "#1\n", 0 }, { "#", 0 },
		{ "#a", 1 }, { "#a!\n", 0 }, { " #a\n", 0 }, { "> #a\n", 0 }, { "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *list = json_array();
		int cut = 0;

		command_list_text(list, mt_test_span(rows[i].text), &cut);
		if (json_array_size(list) != rows[i].count || cut)
			fail_msg("\"%s\" has %zu", rows[i].text, json_array_size(list));
		json_decref(list);
	}
	of("Subject: a#b #c x/#d #e! #-\r\n\r\n");
	assert_count("commands", 2);
	assert_text("commands/1/name", "e");
}

/* For tests/contract: envelopes of all kinds, one a line. */
static int
envelopes_print(void)
{
	static const char *const all[] = { "text", "html", "commands", "attachments", "headers",
		"client", "envelope", "authentication", "facts", "thread" };

	for (int kind = 0; kind < 5; kind++) {
		setup(NULL);
		if (kind == 0 || kind == 1)
			whole_set();
		for (size_t i = 0; kind > 0 && i < sizeof(all) / sizeof(*all); i++)
			mt_test_option(&t, "include", kind == 4 ? NULL : all[i]);
		if (kind == 3)
			mt_test_fact(&t, "auth.from", "x\xff@\x01");
		if (kind >= 2)
			t.raw = mt_test_span(kind == 2 ? "\r\n" : "From: \xff\x01 <a\xff@b\x02>\r\n"
			    "Subject: =?utf-8?B?AP8K?= #x\r\nDate: x\r\nTo: ,,a@b;c:;\r\n\r\n");
		mt_test_http(&t, 200, "");
		if (mt_test_run_deliver(&t) != 0)
			return 1;
		printf("%.*s\n", (int)t.requests[0].body.len, t.requests[0].body.ptr);
		teardown(NULL);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_is_there),
		TEST(what_was_found_is_there),
		TEST(nothing_is_null_and_not_absent),
		TEST(include_selects),
		TEST(headers_are_decoded),
		TEST(from_is_who_was_judged),
		TEST(address_lists),
		TEST(dates),
		TEST(commands),
	};

	if (argc == 2 && strcmp(argv[1], "--envelopes") == 0)
		return envelopes_print();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
