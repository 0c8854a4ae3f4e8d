/* SPDX-License-Identifier: BSD-2-Clause */
/* One mail, one issue: what is sent, and what each answer leads to. */
#include "rig.h"

#include "answer.h"
#include "issue.h"
#include "query.h"
#include "uuid.h"
#include "wish.h"

static void
creates_an_issue(void **state)
{
	struct mt_part part = { .size = sizeof(part), .type = mt_test_span("text/plain"),
		.bytes = mt_test_span("It burns.\r\n![x](http://evil.example/x.png)\r\n") };
	json_t *body, *in;

	(void)state;
	t.parts = &part;
	t.part_count = 1;
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_string_equal(t.delivery.resource_id, "ENG-7");
	assert_string_equal(t.delivery.resource_url, "https://linear.app/i/ENG-7");
	assert_int_equal(t.request_count, 2);
	assert_int_equal(t.runs, 3);
	assert_string_equal(t.requests[1].method, "POST");
	assert_string_equal(t.requests[1].path, "/graphql");
	in = input(&body);
	assert_string_equal(text_of(in, "teamId"), "team-1");
	assert_string_equal(text_of(in, "title"), "Printer on fire");
	assert_string_equal(text_of(in, "id"), "00112233-4455-4677-8899-aabbccddeeff");
	assert_non_null(strstr(text_of(in, "description"),
	    "It burns.\n\\!\\[x\\](http://evil.example/x.png)\n\n---\nFrom ann@example.com"));
	assert_non_null(strstr(text_of(in, "description"), "evt\\_0"));
	assert_int_equal(json_integer_value(json_object_get(in, "priority")), 0);
	assert_null(json_object_get(in, "labelIds"));
	assert_null(json_object_get(in, "assigneeId"));
	json_decref(body);
}

static void
key_goes_out_with_its_scheme(void **state)
{
	(void)state;
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_non_null(strstr(t.requests[0].fields, "Authorization: lin_api_secret\r\n"));
	again();
	mt_test_option(&t, "api_key", "lin_oauth_secret");
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_non_null(strstr(t.requests[0].fields,
	    "Authorization: Bearer lin_oauth_secret\r\n"));
}

static void
labels_assignee_and_priority(void **state)
{
	json_t *body, *in, *labels;

	(void)state;
	mt_test_option(&t, "labels", "bug");
	mt_test_option(&t, "labels", "mail");
	mt_test_option(&t, "priority", "high");
	mt_test_option(&t, "assignee", "Bob@example.com");
	mt_test_option(&t, "title_prefix", "[mail]");
	reply(200, "{\"data\":{\"teams\":{\"nodes\":[{\"id\":\"team-1\"}]},\"issueLabels\":{\"nodes\":["
	    "{\"id\":\"l0\",\"name\":\"bug\",\"isGroup\":false,\"team\":{\"id\":\"team-2\"}},"
	    "{\"id\":\"l1\",\"name\":\"bug\",\"isGroup\":false,\"team\":{\"id\":\"team-1\"}},"
	    "{\"id\":\"l2\",\"name\":\"mail\",\"isGroup\":true,\"team\":null},"
	    "{\"id\":\"l3\",\"name\":\"mail\",\"isGroup\":false,\"team\":null}]},"
	    "\"users\":{\"nodes\":[{\"id\":\"u1\",\"active\":true}]}}}");
	reply(200, created);
	delivered(MT_DELIVERED);
	in = input(&body);
	labels = json_object_get(in, "labelIds");
	assert_int_equal(json_array_size(labels), 2);
	assert_string_equal(json_string_value(json_array_get(labels, 0)), "l1");
	assert_string_equal(json_string_value(json_array_get(labels, 1)), "l3");
	assert_string_equal(text_of(in, "assigneeId"), "u1");
	assert_string_equal(text_of(in, "title"), "[mail] Printer on fire");
	assert_int_equal(json_integer_value(json_object_get(in, "priority")), 2);
	json_decref(body);
}

/* What is configured and not there is told, and nothing is created. */
static void
what_is_missing_is_named(void **state)
{
	static const char no_team[] = "{\"data\":{\"teams\":{\"nodes\":[]}}}";
	static const char left[] = "{\"data\":{\"teams\":{\"nodes\":[{\"id\":\"team-1\"}]},"
	    "\"issueLabels\":{\"nodes\":[]},\"users\":{\"nodes\":[{\"id\":\"u\",\"active\":false}]}}}";

	(void)state;
	reply(200, no_team);
	delivered(MT_FAILED);
	assert_non_null(strstr(t.delivery.text, "team \"ENG\""));
	assert_int_equal(t.request_count, 1);
	again();
	mt_test_option(&t, "labels", "bug");
	reply(200, left);
	delivered(MT_FAILED);
	assert_non_null(strstr(t.delivery.text, "label \"bug\""));
	again();
	mt_test_option(&t, "assignee", "bob@example.com");
	reply(200, left);
	delivered(MT_FAILED);
	assert_non_null(strstr(t.delivery.text, "active user"));
}

static void
later_attempts_read_back_first(void **state)
{
	(void)state;
	t.attempt = 2;
	reply(200, lookup);
	reply(200, found);
	delivered(MT_DUPLICATE);
	assert_string_equal(t.delivery.resource_id, "ENG-7");
	assert_string_equal(operation(1), "IssueBefore");
	assert_int_equal(t.request_count, 2);	/* nothing was created */
	again();
	t.attempt = 2;
	reply(200, lookup);
	reply(400, absent);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_string_equal(operation(2), "Create");
	again();
	t.attempt = 2;	/* who cannot read back does not create */
	reply(200, lookup);
	reply(503, "");
	delivered(MT_RETRY);
	assert_int_equal(t.request_count, 2);
}

/* A create refused as invalid may have been carried out. */
static void
refusal_is_checked_before_it_is_believed(void **state)
{
	(void)state;
	reply(200, lookup);
	reply(400, taken);
	reply(200, found);
	delivered(MT_DUPLICATE);
	assert_string_equal(operation(2), "IssueAfter");
	again();
	reply(200, lookup);
	reply(400, taken);
	reply(200, absent);
	delivered(MT_FAILED);
	assert_string_equal(t.delivery.text, "Taken");
	again();
	t.attempt = 3;
	reply(200, lookup);
	reply(200, absent);
	reply(400, taken);
	reply(200, found);	/* not the old answer */
	delivered(MT_DUPLICATE);
}

struct row {
	const char *what, *fields, *body;
	int http, status;
	uint32_t retry_after_s;
};

static const struct row rows[] = {
	{ "limit, reset in ms", JSON "X-RateLimit-Requests-Remaining: 0\r\n"
	    "X-RateLimit-Requests-Reset: 1767225690500\r\n", CODE("RATELIMITED"), 400, MT_RETRY, 91 },
	{ "limit, reset in s", JSON "x-ratelimit-requests-remaining: 0\r\n"
	    "x-ratelimit-requests-reset: 1767225690\r\n", CODE("RATELIMITED"), 429, MT_RETRY, 90 },
	{ "limit of complexity", JSON "X-RateLimit-Requests-Remaining: 5\r\n"
	    "X-RateLimit-Requests-Reset: 1767226600000\r\nX-RateLimit-Complexity-Remaining: 0\r\n"
	    "X-RateLimit-Complexity-Reset: 1767225610000\r\n", ERROR("ratelimited"), 400, MT_RETRY, 10 },
	{ "limit without a time", JSON, ERROR("ratelimited"), 400, MT_RETRY, 60 },
	{ "limit, absurd reset", JSON "X-RateLimit-Requests-Reset: 99999999999999\r\n",
	    CODE("RATELIMITED"), 400, MT_RETRY, 6 * 3600 },
	{ "429 without JSON", "", "", 429, MT_RETRY, 60 },
	{ "lock timeout", JSON, ERROR("lock timeout"), 200, MT_RETRY, 0 },
	{ "internal error", JSON, ERROR("internal error"), 200, MT_RETRY, 0 },
	{ "network error", JSON, CODE("NETWORK_ERROR"), 200, MT_RETRY, 0 },
	{ "unknown type", JSON, ERROR("never heard"), 200, MT_RETRY, 0 },
	{ "503", "Content-Type: text/html\r\n", "<html>", 503, MT_RETRY, 0 },
	{ "truncated JSON", JSON, "{\"data\":{\"teams\"", 200, MT_RETRY, 0 },
	{ "a page", "Content-Type: text/html\r\n", "{\"data\":{}}", 200, MT_RETRY, 0 },
	{ "authentication", JSON, CODE("AUTHENTICATION_ERROR"), 400, MT_PAUSE, 0 },
	{ "forbidden", JSON, ERROR("forbidden"), 200, MT_PAUSE, 0 },
	{ "usage limit", JSON, ERROR("usage limit exceeded"), 200, MT_PAUSE, 0 },
	{ "feature", JSON, ERROR("feature not accessible"), 200, MT_PAUSE, 0 },
	{ "401", "", "", 401, MT_PAUSE, 0 },
	{ "403", "", "", 403, MT_PAUSE, 0 },
	{ "404", "", "", 404, MT_PAUSE, 0 },
	{ "user error", JSON, ERROR("user error"), 400, MT_FAILED, 0 },
	{ "graphql error", JSON, CODE("GRAPHQL_VALIDATION_FAILED"), 400, MT_FAILED, 0 },
	{ "bad user input", JSON, CODE("BAD_USER_INPUT"), 400, MT_FAILED, 0 },
	{ "400 that says nothing", JSON, "{\"errors\":[{\"message\":\"m\"}]}", 400, MT_FAILED, 0 },
};

static void
errors_are_mapped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		again();
		mt_test_http(&t, rows[i].http, rows[i].body)->fields =
		    mt_test_span(rows[i].fields);
		assert_int_equal(mt_test_run_deliver(&t), 0);
		if (t.delivery.status != rows[i].status ||
		    t.delivery.retry_after_s != rows[i].retry_after_s)
			fail_msg("%s: status %d after %u (%s)", rows[i].what,
			    t.delivery.status, t.delivery.retry_after_s, t.delivery.reason);
		assert_true(t.delivery.text[0] != '\0');
	}
}

static void
success_false_is_final(void **state)
{
	(void)state;
	reply(200, lookup);
	reply(200, "{\"data\":{\"issueCreate\":{\"success\":false,\"issue\":null}}}");
	delivered(MT_FAILED);
	again();
	reply(200, lookup);
	reply(200, "{\"data\":{\"issueCreate\":{\"success\":true,\"issue\":null}}}");
	delivered(MT_RETRY);	/* created, but which: read back */
}

static void
broken_connections_are_tried_again(void **state)
{
	(void)state;
	mt_test_http_error(&t, ECONNREFUSED, 0);
	delivered(MT_RETRY);
	assert_string_equal(t.delivery.reason, "linear.unreachable");
	again();
	reply(200, lookup);
	mt_test_http_error(&t, ETIMEDOUT, 900);
	delivered(MT_RETRY);
	assert_string_equal(t.delivery.reason, "linear.broken");
	again();
	mt_test_http(&t, 503, "")->retry_after_s = 17;
	delivered(MT_RETRY);
	assert_int_equal(t.delivery.retry_after_s, 17);
}

static void
other_intents_are_not_created(void **state)
{
	(void)state;
	t.intent.cls = MT_APPROVE;	/* a verb of that class that is not ours */
	t.intent.verb = mt_test_span("approve_invoice");
	delivered(MT_FAILED);
	assert_string_equal(t.delivery.reason, "linear.intent");
	assert_int_equal(t.request_count, 0);
}

static void
a_mail_without_anything(void **state)
{
	json_t *body, *in;

	(void)state;
	t.raw = mt_test_span("To: x\r\n\r\n");
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	in = input(&body);
	assert_string_equal(text_of(in, "title"), "(no subject)");
	assert_non_null(strstr(text_of(in, "description"), "no text"));
	json_decref(body);
}

/* At the limit and one beyond, in UTF-16 units, never half a character. */
static void
long_mails_are_cut(void **state)
{
	static char raw[2000], big[ISSUE_TEXT_MAX + 10];
	struct mt_part part = { .size = sizeof(part), .type = mt_test_span("text/plain") };
	json_t *body, *in;

	(void)state;
	memcpy(raw, "Subject: ", 9);
	for (size_t i = 0; i < 200; i++)
		memcpy(raw + 9 + 4 * i, "\xf0\x9f\x94\xa5", 4);
	memcpy(raw + 9 + 800, "\r\n\r\n", 5);
	memset(big, 'x', sizeof(big));
	part.bytes = (struct mt_span){ big, sizeof(big) };
	t.raw = mt_test_span(raw);
	t.parts = &part;
	t.part_count = 1;
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	in = input(&body);
	assert_int_equal(strlen(text_of(in, "title")), 127 * 4);	/* 254 units */
	assert_true(strlen(text_of(in, "description")) <= ISSUE_TEXT_MAX);
	assert_non_null(strstr(text_of(in, "description"), "did not fit"));
	assert_non_null(strstr(text_of(in, "description"), "From ann@example.com"));
	json_decref(body);
}

static void
uuid_is_of_version_4(void **state)
{
	char uuid[UUID_SIZE];

	(void)state;
	assert_int_equal(uuid_of_key("ffffffffffffffffffffffffffffffffff", 34, uuid), 0);
	assert_string_equal(uuid, "ffffffff-ffff-4fff-bfff-ffffffffffff");
	assert_int_equal(uuid_of_key("0000000000000000000000000000000000", 34, uuid), 0);
	assert_string_equal(uuid, "00000000-0000-4000-8000-000000000000");
	assert_int_equal(uuid_of_part("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
	    255, uuid), 0);
	assert_string_equal(uuid, "00112233-4455-4677-8899-aabbccddeeff");
	assert_int_equal(uuid_of_part("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
	    256, uuid), EINVAL);
	assert_int_equal(uuid_of_key("0123456789abcdef0123456789abcde", 31, uuid), EINVAL);
}

static void
check_refuses(void **state)
{
	(void)state;
	mt_test_option(&t, "team", "");
	assert_int_equal(mt_test_open(&t), -1);
	again();
	mt_test_option(&t, "due", "someday");
	assert_int_equal(mt_test_open(&t), -1);
	again();
	mt_test_option(&t, "attachments", "upload");
	assert_int_equal(mt_test_open(&t), -1);
	assert_non_null(strstr(t.result.text, "upload_pin"));
	for (size_t n = 50; n <= 51; n++) {
		again();
		for (size_t i = 0; i < n; i++)
			mt_test_option(&t, "teams", "OPS");
		assert_int_equal(mt_test_open(&t), n > 50 ? -1 : 0);
	}
	again();
	mt_test_option(&t, "assignee", "bob");
	assert_int_equal(mt_test_open(&t), -1);
	for (size_t n = WISH_LABELS_MAX; n <= WISH_LABELS_MAX + 1; n++) {
		again();
		for (size_t i = 0; i < n; i++)
			mt_test_option(&t, "labels", "x");
		assert_int_equal(mt_test_open(&t), n > WISH_LABELS_MAX ? -1 : 0);
	}
}

static void
probed(const char *reason)
{
	assert_int_equal(mt_test_run_probe(&t), 0);
	if (strcmp(t.result.reason, reason) != 0)
		fail_msg("probe: %s (%s), not %s", t.result.reason, t.result.text, reason);
	assert_true((t.result.verdict == MT_CONTINUE) == (reason[0] == '\0'));
}

static void
probe_says_what_is_wrong(void **state)
{
	static const char viewer[] = "{\"data\":{\"viewer\":{\"id\":\"x\",\"active\":true},"
	    "\"teams\":{\"nodes\":[{\"key\":\"ENG\"}]}}}";

	(void)state;
	reply(200, viewer);
	reply(200, lookup);
	reply(400, absent);
	probed("");
	assert_int_equal(t.runs, 2);
	again();
	reply(400, CODE("AUTHENTICATION_ERROR"));
	reply(200, lookup);
	probed("linear.probe.key");
	assert_int_equal(t.result.verdict, MT_REJECT);
	again();
	probed("linear.probe.unreachable");
	assert_int_equal(t.result.verdict, MT_TEMPFAIL);
	again();
	reply(200, "{\"data\":{\"viewer\":{\"id\":\"x\",\"active\":false}}}");
	reply(200, lookup);
	reply(400, absent);
	probed("linear.probe.user");
	again();
	reply(200, viewer);
	reply(200, lookup);
	reply(200, ERROR("forbidden"));
	probed("linear.probe.permission");
	again();
	mt_test_option(&t, "teams", "OPS");
	reply(200, viewer);
	reply(200, lookup);
	reply(400, absent);
	probed("linear.probe.team");
	assert_non_null(strstr(t.result.text, "OPS"));
}

static void
probe_names_what_is_not_there(void **state)
{
	static const char viewer[] = "{\"data\":{\"viewer\":{\"id\":\"x\",\"active\":true},"
	    "\"teams\":{\"nodes\":[{\"key\":\"ENG\"}]}}}";
	static const struct { const char *option, *value, *reason; } wrong[] = {
		{ "labels", "nolabel", "linear.probe.label" },
		{ "assignee", "bob@y", "linear.probe.assignee" },
		{ "project", "Nowhere", "linear.probe.project" },
		{ "state", "Limbo", "linear.probe.state" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		again();
		mt_test_option(&t, wrong[i].option, wrong[i].value);
		reply(200, viewer);
		reply(200, lookup);
		reply(400, absent);
		probed(wrong[i].reason);
		assert_non_null(strstr(t.result.text, wrong[i].value));
	}
	again();
	mt_test_option(&t, "upload", "https://up.example");
	mt_test_option(&t, "attachments", "upload");
	reply(200, viewer);
	reply(200, lookup);
	reply(400, absent);
	probed("linear.probe.upload");
	assert_string_equal(t.requests[3].method, "HEAD");
}

/* With an OAuth key the sender is the author; without, the footer says it. */
static void
sender_is_the_author(void **state)
{
	(void)state;
	mt_test_option(&t, "api_key", "lin_oauth_secret");
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_string_equal(sent_text("createAsUser"), "Ann Example");
	again();
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_string_equal(sent_text("createAsUser"), "");
	again();
	mt_test_option(&t, "api_key", "lin_oauth_secret");	/* not an application's */
	reply(200, lookup);
	reply(400, CODE("INVALID_INPUT"));
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_int_equal(t.request_count, 3);
	assert_string_equal(sent_text("createAsUser"), "");
	again();
	mt_test_option(&t, "api_key", "lin_oauth_secret");
	reply(200, lookup);
	reply(400, taken);
	reply(400, taken);
	reply(200, found);
	delivered(MT_DUPLICATE);
}

static void
author_is(const char *from, const char *wanted)
{
	char raw[1000];

	again();
	mt_test_option(&t, "api_key", "lin_oauth_secret");
	snprintf(raw, sizeof(raw), "From: %s\r\nSubject: x\r\n\r\n", from);
	t.raw = mt_test_span(raw);
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_string_equal(sent_text("createAsUser"), wanted);
}

static void
names_of_authors(void **state)
{
	(void)state;
	author_is("\"Example, Ann\" <ann@example.com>", "Example, Ann");
	author_is("=?utf-8?q?J=C3=BCrgen?= <ann@example.com>", "J\xc3\xbcrgen");
	author_is("ann@example.com", "ann@example.com");
	author_is("<ann@example.com>", "ann@example.com");
	author_is("boss@bank.example <ann@example.com>", "ann@example.com");
	author_is("A\xe2\x80\xae\x01nn <ann@example.com>", "Ann");
	author_is("0123456789012345678901234567890123456789012345678901234567890123 <a@b>",
	    "0123456789012345678901234567890123456789012345678901234567890123");
	author_is("01234567890123456789012345678901234567890123456789012345678901234 <a@b>",
	    "0123456789012345678901234567890123456789012345678901234567890123");
}

/* For tests/contract: every document and variables as they are sent. */
static int
documents_print(void)
{
	json_t *all = json_object();

	for (const struct query *const *q = query_all; *q != NULL; q++)
		json_object_set_new(all, (*q)->name, json_string((*q)->document));
	json_dumpf(all, stdout, JSON_INDENT(1));
	json_decref(all);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(creates_an_issue),
		TEST(key_goes_out_with_its_scheme),
		TEST(labels_assignee_and_priority),
		TEST(what_is_missing_is_named),
		TEST(later_attempts_read_back_first),
		TEST(refusal_is_checked_before_it_is_believed),
		TEST(errors_are_mapped),
		TEST(success_false_is_final),
		TEST(broken_connections_are_tried_again),
		TEST(other_intents_are_not_created),
		TEST(a_mail_without_anything),
		TEST(long_mails_are_cut),
		TEST(uuid_is_of_version_4),
		TEST(check_refuses),
		TEST(probe_says_what_is_wrong),
		TEST(probe_names_what_is_not_there),
		TEST(sender_is_the_author),
		TEST(names_of_authors),
	};

	if (argc == 2 && strcmp(argv[1], "--documents") == 0)
		return documents_print();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
