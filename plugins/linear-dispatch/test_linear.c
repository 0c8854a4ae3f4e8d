/* SPDX-License-Identifier: BSD-2-Clause */
/* One mail, one issue: what is sent, and what each answer leads to. */
#include "test.h"

#include "mailtri/stage_test.h"

#include "../common/word.h"
#include "answer.h"
#include "issue.h"
#include "query.h"
#include "text.h"

MT_EXPORT const struct mt_stage *mt_stage_entry_linear(void);

#define ISSUE "{\"id\":\"x\",\"identifier\":\"ENG-7\",\"url\":\"https://linear.app/i/ENG-7\"}"

static const char lookup[] = "{\"data\":{\"teams\":{\"nodes\":[{\"id\":\"team-1\"}]}}}";
static const char created[] = "{\"data\":{\"issueCreate\":{\"success\":true,\"issue\":" ISSUE "}}}";
static const char found[] = "{\"data\":{\"issue\":" ISSUE "}}";
static const char absent[] = "{\"data\":null,\"errors\":[{\"message\":\"Entity not found: Issue\","
    "\"extensions\":{\"type\":\"invalid input\",\"code\":\"INPUT_ERROR\",\"userError\":true}}]}";

static struct mt_test t;

static int
setup(void **state)
{
	(void)state;
	mt_test_init(&t, mt_stage_entry_linear());
	mt_test_option(&t, "api_key", "lin_api_secret");
	mt_test_option(&t, "team", "ENG");
	mt_test_fact(&t, "auth.from", "ann@example.com");
	t.intent.cls = MT_CREATE;
	t.raw = mt_test_span("Subject: Re: Printer on fire\r\n\r\nbody");
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

static struct mt_http_reply *
reply(int status, const char *body)
{
	struct mt_http_reply *r = mt_test_http(&t, status, body);

	r->fields = mt_test_span("Content-Type: application/json; charset=utf-8\r\n");
	return r;
}

static void
delivered(int status)
{
	assert_int_equal(mt_test_run_deliver(&t), 0);
	if (t.delivery.status != status)
		fail_msg("status %d (%s: %s), not %d", t.delivery.status,
		    t.delivery.reason, t.delivery.text, status);
}

static json_t *
sent(size_t i)
{
	json_t *body = json_loadb(t.requests[i].body.ptr, t.requests[i].body.len, 0, NULL);

	assert_non_null(body);
	return body;
}

static const char *
operation(size_t i)
{
	static char name[32];
	json_t *body = sent(i);

	snprintf(name, sizeof(name), "%s",
	    json_string_value(json_object_get(body, "operationName")));
	json_decref(body);
	return name;
}

/* The input of the last request; the caller frees the body. */
static json_t *
input(json_t **body)
{
	*body = sent(t.request_count - 1);
	return json_object_get(json_object_get(*body, "variables"), "input");
}

static const char *
text_of(json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s == NULL ? "" : s;
}

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
	static const char taken[] = "{\"data\":null,\"errors\":[{\"message\":\"id is taken\","
	    "\"extensions\":{\"type\":\"invalid input\",\"userPresentableMessage\":\"Taken\"}}]}";

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

#define ERROR(type) "{\"errors\":[{\"message\":\"m\",\"extensions\":{\"type\":\"" type "\"}}],\"data\":null}"
#define CODE(code) "{\"errors\":[{\"message\":\"m\",\"extensions\":{\"code\":\"" code "\"}}],\"data\":null}"
#define JSON "Content-Type: application/json\r\n"

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
	t.intent.cls = MT_MODIFY;
	delivered(MT_FAILED);
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
	assert_non_null(strstr(text_of(in, "description"), "no plain text"));
	json_decref(body);
}

/* At the limit and one beyond, in UTF-16 units, never half a character. */
static void
long_mails_are_cut(void **state)
{
	static char raw[2000], big[ISSUE_DESCRIPTION_MAX + 10];
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
	assert_true(strlen(text_of(in, "description")) <= ISSUE_DESCRIPTION_MAX);
	assert_non_null(strstr(text_of(in, "description"), "did not fit"));
	assert_non_null(strstr(text_of(in, "description"), "From ann@example.com"));
	json_decref(body);
}

static void
field_is(const char *value, const char *wanted)
{
	char decoded[1000], line[1000];
	struct text out = { .ptr = line, .cap = sizeof(line) - 1 };
	size_t n = word_decode(mt_test_span(value), decoded, sizeof(decoded));

	text_add_field(&out, (struct mt_span){ decoded, n }, 255);
	line[out.len] = '\0';
	assert_string_equal(line, wanted);
}

static void
encoded_words(void **state)
{
	(void)state;
	field_is("plain  text\r\n folded", "plain text folded");
	field_is("=?utf-8?q?Gr=C3=BC=C3=9Fe_aus?= Berlin", "Gr\xc3\xbc\xc3\x9f" "e aus Berlin");
	field_is("=?UTF-8?B?R3LDvMOf?=\r\n =?utf-8?B?ZQ==?=", "Gr\xc3\xbc\xc3\x9f" "e");
	field_is("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "\xc3\xbc");	/* split character */
	field_is("=?iso-8859-1?Q?=FC?= =?iso-8859-1*de?q?=FC?=", "\xc3\xbc\xc3\xbc");
	field_is("=?x-none?q?abc?=", "=?x-none?q?abc?=");
	field_is("=?utf-8?x?abc?= =?utf-8?q?abc", "=?utf-8?x?abc?= =?utf-8?q?abc");
	field_is("=?utf-8?q?a=00b=0D=0AX:_y?=", "ab X: y");
	field_is("\xff\xc0\xaf\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	field_is("a\xe2\x80\xae" "b", "ab");	/* right to left override */
}

static void
markdown_is(const char *from, const char *wanted)
{
	char line[1000];
	struct text out = { .ptr = line, .cap = sizeof(line) - 1 };

	text_add_markdown(&out, mt_test_span(from));
	line[out.len] = '\0';
	assert_string_equal(line, wanted);
}

static void
markdown_is_shown_not_obeyed(void **state)
{
	(void)state;
	markdown_is("plain, with (brackets) and 3.14", "plain, with (brackets) and 3.14");
	markdown_is("![a](http://x/y.png)", "\\!\\[a\\](http://x/y.png)");
	markdown_is("<img src=x> &lt;", "\\<img src=x\\> \\&lt;");
	markdown_is("# no\n  - no\n1. no\n12) no\na - b", "\\# no\n  \\- no\n1\\. no\n12\\) no\na - b");
	markdown_is("a\\*b_c`d~e|f", "a\\\\\\*b\\_c\\`d\\~e\\|f");
	markdown_is("a\r\nb\rc\x01\x7f" "d\te", "a\nb\ncd e");
}

static void
uuid_is_of_version_4(void **state)
{
	char uuid[ISSUE_UUID_SIZE];

	(void)state;
	assert_int_equal(issue_uuid("ffffffffffffffffffffffffffffffffff", uuid), 0);
	assert_string_equal(uuid, "ffffffff-ffff-4fff-bfff-ffffffffffff");
	assert_int_equal(issue_uuid("0000000000000000000000000000000000", uuid), 0);
	assert_string_equal(uuid, "00000000-0000-4000-8000-000000000000");
	assert_int_equal(issue_uuid("0123456789abcdef0123456789abcde", uuid), EINVAL);
}

static void
check_refuses(void **state)
{
	(void)state;
	mt_test_option(&t, "team", "");
	assert_int_equal(mt_test_open(&t), -1);
	again();
	mt_test_option(&t, "assignee", "bob");
	assert_int_equal(mt_test_open(&t), -1);
	for (size_t n = QUERY_LABELS_MAX; n <= QUERY_LABELS_MAX + 1; n++) {
		again();
		for (size_t i = 0; i < n; i++)
			mt_test_option(&t, "labels", "x");
		assert_int_equal(mt_test_open(&t), n > QUERY_LABELS_MAX ? -1 : 0);
	}
}

static void
probe_says_what_is_wrong(void **state)
{
	(void)state;
	reply(200, "{\"data\":{\"viewer\":{\"id\":\"x\"}}}");
	assert_int_equal(mt_test_run_probe(&t), 0);
	assert_int_equal(t.result.verdict, MT_CONTINUE);
	again();
	reply(400, CODE("AUTHENTICATION_ERROR"));
	assert_int_equal(mt_test_run_probe(&t), 0);
	assert_int_equal(t.result.verdict, MT_TEMPFAIL);
	assert_string_equal(t.result.reason, "linear.authentication");
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

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
		TEST(encoded_words),
		TEST(markdown_is_shown_not_obeyed),
		TEST(uuid_is_of_version_4),
		TEST(check_refuses),
		TEST(probe_says_what_is_wrong),
	};

	if (argc == 2 && strcmp(argv[1], "--documents") == 0)
		return documents_print();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
