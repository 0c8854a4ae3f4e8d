/* SPDX-License-Identifier: BSD-2-Clause */
/* One mail, one webhook: how it is signed, and what each reply leads to. */
#include "test.h"

#include "mailtri/stage_test.h"

#include "../common/word.h"
#include "envelope.h"
#include "reply.h"
#include "secret.h"

MT_EXPORT const struct mt_stage *mt_stage_entry_webhook(void);

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define PREVIOUS "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define JSON "Content-Type: application/json; charset=utf-8\r\n"
#define TEXT "content-type: text/plain\r\n"

static const char id[] = "msg_00112233445566778899aabbccddeeff";
static struct mt_test t;

static int
setup(void **state)
{
	(void)state;
	mt_test_init(&t, mt_stage_entry_webhook());
	mt_test_option(&t, "endpoint", "https://hooks.example.com");
	mt_test_option(&t, "secret", SECRET);
	mt_test_fact(&t, "auth.from", "ann@example.com");
	t.intent.cls = MT_CREATE;
	t.raw = mt_test_span("From: Ann <ann@example.com>\r\nSubject: Paper\r\n\r\nbody");
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

static void
reply(int status, const char *fields, const char *body)
{
	mt_test_http(&t, status, body)->fields = mt_test_span(fields);
}

static void
delivered(int status)
{
	assert_int_equal(mt_test_run_deliver(&t), 0);
	if (t.delivery.status != status)
		fail_msg("status %d (%s: %s), not %d", t.delivery.status,
		    t.delivery.reason, t.delivery.text, status);
}

/* The value of a field of the last request; the caller frees it. */
static char *
field(const char *name)
{
	const char *at = strstr(t.requests[t.request_count - 1].fields, name);

	assert_non_null(at);
	at += strlen(name) + 2;
	return strndup(at, strcspn(at, "\r"));
}

static void
assert_field(const char *name, const char *value)
{
	char *found = field(name);

	assert_string_equal(found, value);
	free(found);
}

/* The example of the specification of Standard Webhooks. */
static void
signature_is_the_published_one(void **state)
{
	char out[SIGNATURE_SIZE];
	struct secret s;

	(void)state;
	assert_int_equal(secret_parse(mt_test_span(SECRET), &s), 0);
	assert_int_equal(s.len, 24);
	assert_int_equal(secret_sign(&s, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
	    mt_test_span("{\"test\": 2432232314}"), out), 0);
	assert_string_equal(out, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void
posts_a_signed_envelope(void **state)
{
	char expected[SIGNATURE_SIZE];
	struct secret s;

	(void)state;
	mt_test_option(&t, "path", "/mail?from=mailtri");
	reply(204, "", "");
	delivered(MT_DELIVERED);
	assert_int_equal(t.request_count, 1);
	assert_int_equal(t.runs, 2);
	assert_string_equal(t.requests[0].method, "POST");
	assert_string_equal(t.requests[0].target, "endpoint");
	assert_string_equal(t.requests[0].path, "/mail?from=mailtri");
	assert_field("webhook-id", id);
	assert_field("webhook-timestamp", "1767225600");
	assert_field("Content-Type", "application/json");
	secret_parse(mt_test_span(SECRET), &s);
	secret_sign(&s, id, 1767225600, t.requests[0].body, expected);
	assert_field("webhook-signature", expected);
	assert_null(strstr(t.requests[0].fields, "User-Agent"));
	assert_string_equal(t.delivery.resource_id, id);
	assert_string_equal(t.delivery.resource_url, "");
	assert_string_equal(t.delivery.reason, "webhook.accepted");
}

static void
every_attempt_sends_the_same_bytes(void **state)
{
	char *first, *second;

	(void)state;
	reply(503, "", "");
	delivered(MT_RETRY);
	first = field("webhook-signature");
	t.attempt = 2;
	t.now += 60;
	reply(200, "", "");
	delivered(MT_DELIVERED);
	assert_int_equal(t.request_count, 2);
	assert_true(mt_test_same(t.requests[0].body, t.requests[1].body));
	assert_field("webhook-id", id);
	assert_field("webhook-timestamp", "1767225660");
	second = field("webhook-signature");
	assert_string_not_equal(first, second);
	free(first);
	free(second);
}

static void
two_secrets_make_two_signatures(void **state)
{
	char expected[2][SIGNATURE_SIZE], both[2 * SIGNATURE_SIZE];
	struct secret s;

	(void)state;
	mt_test_option(&t, "secret_previous", PREVIOUS);
	reply(200, "", "");
	delivered(MT_DELIVERED);
	secret_parse(mt_test_span(SECRET), &s);
	secret_sign(&s, id, t.now, t.requests[0].body, expected[0]);
	secret_parse(mt_test_span(PREVIOUS), &s);
	secret_sign(&s, id, t.now, t.requests[0].body, expected[1]);
	snprintf(both, sizeof(both), "%s %s", expected[0], expected[1]);
	assert_field("webhook-signature", both);
}

static void
a_route_has_its_own_options(void **state)
{
	char expected[SIGNATURE_SIZE];
	struct secret s;

	(void)state;
	mt_test_route_option(&t, "path", "/orders");
	mt_test_route_option(&t, "secret", PREVIOUS);
	reply(200, "", "");
	delivered(MT_DELIVERED);
	assert_string_equal(t.requests[0].path, "/orders");
	secret_parse(mt_test_span(PREVIOUS), &s);
	secret_sign(&s, id, t.now, t.requests[0].body, expected);
	assert_field("webhook-signature", expected);
}

/* ---- secrets ---- */

/* "whsec_" and the base64 of n bytes. */
static char *
secret_of(size_t n)
{
	static const char tail[3][5] = { "", "AA==", "AAA=" };
	char *s = calloc(1, 6 + n / 3 * 4 + 5);

	memcpy(s, "whsec_", 6);
	memset(s + 6, 'A', n / 3 * 4);
	memcpy(s + 6 + n / 3 * 4, tail[n % 3], 5);
	return s;
}

static void
secrets_of_24_to_64_bytes(void **state)
{
	static const struct { size_t bytes; int error; } rows[] = {
		{ 0, EINVAL }, { 23, EINVAL }, { 24, 0 }, { 25, 0 }, { 63, 0 }, { 64, 0 },
		{ 65, EINVAL }, { 66, EINVAL }, { 300, EINVAL }
	};
	struct secret s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = secret_of(rows[i].bytes);

		assert_int_equal(secret_parse(mt_test_span(text), &s), rows[i].error);
		if (rows[i].error == 0)
			assert_int_equal(s.len, rows[i].bytes);
		free(text);
	}
}

static void
malformed_secrets_are_refused_and_not_shown(void **state)
{
	static const char *const bad[] = {
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec-MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_MfKQ9r8GKYqrTwjU PD8ILPZIo2LaLaS",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", "whsec_MfKQ9r8GKYqr=wjUPD8ILPZIo2LaLaSw",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw====", "whsec_MfKQ9r8G-YqrTwjUPD8ILPZIo2LaLaSw",
		"whsec_====", "whsec_", "Whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(bad) / sizeof(*bad); i++) {
		const char *name = i % 2 == 0 ? "secret" : "secret_previous";

		again();
		mt_test_option(&t, name, bad[i / 2]);
		assert_int_equal(mt_test_open(&t), -1);
		assert_string_equal(t.result.reason, "webhook.option");
		assert_memory_equal(t.result.text, name, strlen(name));
		assert_non_null(strstr(t.result.text, "openssl rand"));
		assert_null(strstr(t.result.text, "MfKQ"));
		assert_null(strstr(t.result.text, "wjU"));
	}
}

/* A route's secret is looked at when it is needed: no request goes out. */
static void
a_malformed_secret_signs_nothing(void **state)
{
	(void)state;
	mt_test_route_option(&t, "secret", "whsec_short");
	assert_int_equal(mt_test_run_deliver(&t), -1);
	assert_int_equal(t.request_count, 0);
}

/* ---- replies ---- */

struct row {
	int http, status;
	const char *fields, *body, *reason, *text;
	uint32_t retry_after_s;
};

static const struct row rows[] = {
	{ 200, MT_DELIVERED, "", "garbage \x01\xff", "webhook.accepted", "", 0 },
	{ 299, MT_DELIVERED, JSON, "{\"id\":", "webhook.accepted", "", 0 },
	{ 409, MT_DUPLICATE, TEXT, "seen", "webhook.exists", "", 0 },
	{ 410, MT_PAUSE, "", "", "webhook.gone", "the receiver wants no more webhooks here: take "
	    "the stage out of the route, or set another endpoint or path", 0 },
	{ 410, MT_PAUSE, JSON, "{\"message\":\"Moved to v2\"}", "webhook.gone", "Moved to v2", 0 },
	{ 401, MT_PAUSE, TEXT, "bad signature", "webhook.refused", "bad signature", 0 },
	{ 403, MT_PAUSE, "", "", "webhook.refused", NULL, 0 },
	{ 408, MT_RETRY, "", "", "webhook.busy", NULL, 0 },
	{ 425, MT_RETRY, "", "", "webhook.busy", NULL, 7 },
	{ 429, MT_RETRY, "", "", "webhook.limited", NULL, 120 },
	{ 500, MT_RETRY, "", "", "webhook.broken", NULL, 0 },
	{ 503, MT_RETRY, TEXT, "back soon", "webhook.broken", "back soon", 30 },
	{ 599, MT_RETRY, "", "", "webhook.broken", NULL, 0 },
	{ 301, MT_FAILED, "", "", "webhook.redirect", NULL, 0 },
	{ 302, MT_FAILED, TEXT, "elsewhere", "webhook.redirect", "elsewhere", 0 },
	{ 400, MT_FAILED, JSON, "{\"error\":\"no such field\"}", "webhook.rejected", "no such field", 0 },
	{ 404, MT_FAILED, JSON, "{\"detail\":\"d\",\"error\":\"e\"}", "webhook.rejected", "e", 0 },
	{ 422, MT_FAILED, JSON, "{\"detail\":\"d\",\"error\":{}}", "webhook.rejected", "d", 0 },
	{ 422, MT_FAILED, JSON, "[\"message\"]", "webhook.rejected", NULL, 0 },
	{ 400, MT_FAILED, TEXT, "\r\n  first\tline\x01 \xe2\x80\xae\xff\r\nsecond", "webhook.rejected",
	    "first line \xef\xbf\xbd", 0 },
	{ 400, MT_FAILED, "Content-Type: text/html\r\n", "<p>no", "webhook.rejected", NULL, 0 },
	{ 400, MT_FAILED, "X: text/plain\r\n", "no", "webhook.rejected", NULL, 0 },
	{ 100, MT_RETRY, "", "", "webhook.broken", NULL, 0 },
};

static void
replies_are_mapped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mt_http_reply *r;

		again();
		r = mt_test_http(&t, rows[i].http, rows[i].body);
		r->fields = mt_test_span(rows[i].fields);
		r->retry_after_s = rows[i].retry_after_s;
		assert_int_equal(mt_test_run_deliver(&t), 0);
		if (t.delivery.status != rows[i].status ||
		    t.delivery.retry_after_s != rows[i].retry_after_s ||
		    strcmp(t.delivery.reason, rows[i].reason) != 0 ||
		    (rows[i].text != NULL && strcmp(t.delivery.text, rows[i].text) != 0))
			fail_msg("HTTP %d: status %d after %u: %s: \"%s\"", rows[i].http,
			    t.delivery.status, t.delivery.retry_after_s, t.delivery.reason,
			    t.delivery.text);
		assert_int_equal(t.delivery.code, rows[i].http);
		assert_true(t.delivery.text[0] != '\0' || t.delivery.status == MT_DELIVERED ||
		    t.delivery.status == MT_DUPLICATE);
	}
}

static void
no_reply_is_tried_again(void **state)
{
	(void)state;
	mt_test_http_error(&t, ECONNREFUSED, 0);
	delivered(MT_RETRY);
	assert_string_equal(t.delivery.reason, "webhook.unreachable");
	mt_test_http_error(&t, ETIMEDOUT, 100);
	t.now++;
	delivered(MT_RETRY);
	assert_string_equal(t.delivery.reason, "webhook.silent");
	assert_int_equal(t.delivery.code, ETIMEDOUT);
}

static void
receiver_names_what_it_made(void **state)
{
	static const char *const no_urls[] = { "http://example.com/1", "https://", "javascript:x",
		"https://example.com/a b", "https://example.com/\\\"onload=" };
	char body[256];

	(void)state;
	reply(201, JSON, "{\"id\":\"order-7\",\"url\":\"https://example.com/7\"}");
	delivered(MT_DELIVERED);
	assert_string_equal(t.delivery.resource_id, "order-7");
	assert_string_equal(t.delivery.resource_url, "https://example.com/7");
	for (size_t i = 0; i < sizeof(no_urls) / sizeof(*no_urls); i++) {
		again();
		snprintf(body, sizeof(body), "{\"id\":7,\"url\":\"%s\"}", no_urls[i]);
		reply(409, JSON, body);
		delivered(MT_DUPLICATE);
		assert_string_equal(t.delivery.resource_id, id);
		assert_string_equal(t.delivery.resource_url, "");
	}
	again();
	reply(200, TEXT, "{\"id\":\"order-7\"}");	/* it does not say it is JSON */
	delivered(MT_DELIVERED);
	assert_string_equal(t.delivery.resource_id, id);
}

/* {"KEY":"PREFIXxxx..."}, the string of n bytes, and blanks up to `whole'. */
static char *
long_reply(const char *key, const char *prefix, size_t n, size_t whole)
{
	size_t size = n + whole + 64, at;
	char *s = malloc(size);

	at = (size_t)snprintf(s, size, "{\"%s\":\"%s", key, prefix);
	memset(s + at, 'x', n - strlen(prefix));
	at += n - strlen(prefix);
	at += (size_t)snprintf(s + at, size - at, "\"}");
	while (at < whole)
		s[at++] = ' ';
	s[at] = '\0';
	return s;
}

static void
replies_have_limits(void **state)
{
	static const struct { const char *key, *prefix; size_t max, whole; } limits[] = {
		{ "id", "", 127, 0 }, { "url", "https://", 367, 0 },
		{ "id", "", 1, REPLY_READ_MAX }
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(limits) / sizeof(*limits); i++) {
		const size_t over = i % 2, row = i / 2;
		char *body = long_reply(limits[row].key, limits[row].prefix,
		    limits[row].max + (limits[row].whole == 0 ? over : 0),
		    limits[row].whole + (limits[row].whole > 0 ? over : 0));

		again();
		reply(200, JSON, body);
		delivered(MT_DELIVERED);
		if (strcmp(limits[row].key, "url") == 0)
			assert_int_equal(strlen(t.delivery.resource_url), over ? 0 : 367);
		else
			assert_int_equal(strlen(t.delivery.resource_id),
			    over ? strlen(id) : limits[row].max);
		free(body);
	}
	for (size_t over = 0; over <= 1; over++) {
		char *body = long_reply("message", "", REPLY_SENTENCE_MAX + over, 0);

		again();
		reply(400, JSON, body);
		delivered(MT_FAILED);
		assert_int_equal(strlen(t.delivery.text), REPLY_SENTENCE_MAX);
		free(body);
	}
}

/* ---- options ---- */

static void
check_refuses(void **state)
{
	static const char *const bad[] = { "", "mail", "/a b", "/a#b", "/a\x7f", "/\xc3\xa4",
		"/a\r\nX: y" };
	char path[1100];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		again();
		mt_test_option(&t, "path", bad[i]);
		assert_int_equal(mt_test_open(&t), -1);
		assert_non_null(strstr(t.result.text, "path"));
	}
	for (size_t len = 1024; len <= 1025; len++) {
		again();
		memset(path, '/', len);
		path[len] = '\0';
		mt_test_option(&t, "path", path);
		assert_int_equal(mt_test_open(&t), len > 1024 ? -1 : 0);
	}
	again();
	mt_test_option(&t, "include", "attempt");
	assert_int_equal(mt_test_open(&t), -1);
	assert_non_null(strstr(t.result.text, "\"attempt\""));
}

static void
probe_asks_for_nothing(void **state)
{
	(void)state;
	reply(405, "", "");
	assert_int_equal(mt_test_run_probe(&t), 0);
	assert_int_equal(t.result.verdict, MT_CONTINUE);
	assert_string_equal(t.requests[0].method, "HEAD");
	assert_null(strstr(t.requests[0].fields, "webhook-"));
	again();
	mt_test_http_error(&t, EKEYREJECTED, 0);
	assert_int_equal(mt_test_run_probe(&t), 0);
	assert_int_equal(t.result.verdict, MT_TEMPFAIL);
	assert_string_equal(t.result.reason, "webhook.unreachable");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(signature_is_the_published_one),
		TEST(posts_a_signed_envelope),
		TEST(every_attempt_sends_the_same_bytes),
		TEST(two_secrets_make_two_signatures),
		TEST(a_route_has_its_own_options),
		TEST(secrets_of_24_to_64_bytes),
		TEST(malformed_secrets_are_refused_and_not_shown),
		TEST(a_malformed_secret_signs_nothing),
		TEST(replies_are_mapped),
		TEST(no_reply_is_tried_again),
		TEST(receiver_names_what_it_made),
		TEST(replies_have_limits),
		TEST(check_refuses),
		TEST(probe_asks_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
