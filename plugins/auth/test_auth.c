/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole stage behind the fake host: policy, failures, headers, replay.
 * Signed messages are judged in tests/conformance. */
#include <time.h>

#include "mailtri/stage_test.h"
#include "test.h"

MT_EXPORT const struct mt_stage *mt_stage_entry_auth(void);
MT_EXPORT time_t time(time_t *);

enum { TXT = 16, A = 1, PTR = 12 };

static const char message[] =
    "Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.com\r\n"
    "Received-SPF: pass\r\n"
    "Authentication-Results: other.example; spf=fail\r\n"
    "From: Ann <ann@example.com>\r\n"
    "authentication-results: \"MX.example.net\" 1; dmarc=pass\r\n"
    "To: task.linear@example.net\r\n"
    "\r\n"
    "Hello.\r\n";
static const char plain[] =
    "From: Ann <ann@example.com>\r\nTo: task.linear@example.net\r\n\r\nHello.\r\n";

static struct mt_test t;
static char longname[254];	/* a name as long as one may be */

time_t
time(time_t *out)
{
	if (out != NULL)
		*out = (time_t)t.now;
	return (time_t)t.now;
}

/* A sender with SPF and DMARC in order; DKIM is not asked for. */
static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(longname) - 1; i++)
		longname[i] = i % 64 == 63 ? '.' : 'a';
	mt_test_init(&t, mt_stage_entry_auth());
	mt_test_option(&t, "require", "spf");
	mt_test_option(&t, "require", "dmarc");
	t.sender = mt_test_span("ann@example.com");
	t.rcpt = mt_test_span("Task.linear@example.net");
	t.raw = mt_test_span(plain);
	mt_test_dns_text(&t, "example.com", "v=spf1 ip4:192.0.2.1 -all");
	mt_test_dns_text(&t, "_dmarc.example.com", "v=DMARC1; p=none");
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
run(int verdict, const char *reason)
{
	assert_int_equal(mt_test_run_envelope(&t), 0);
	assert_int_equal(mt_test_run_message(&t), 0);
	assert_null(t.misuse);
	assert_string_equal(t.result.reason, reason);
	assert_int_equal(t.result.verdict, verdict);
}

static void
fact(const char *key, const char *want)
{
	const char *got = mt_test_fact_text(&t, key);

	assert_non_null(got);
	assert_string_equal(got, want);
}

static void
good(void **state)
{
	(void)state;
	run(MT_CONTINUE, "");
	fact("auth.from", "ann@example.com");
	fact("auth.spf", "pass");
	fact("auth.spf.domain", "example.com");
	fact("auth.dkim", "none");
	fact("auth.dmarc", "pass");
	fact("auth.dmarc.policy", "none");
	fact("auth.dmarc.domain", "example.com");
	fact("auth.arc", "none");
	fact("auth.replay", "first");
}

static void
set_spf(const char *record)
{
	mt_test_row(&t, MT_TEST_DNS, TXT, mt_test_span("example.com"))->count = 0;
	mt_test_dns_text(&t, "example.com", record);
}

/* The questions of the dialogue are the ones the message needs. */
static void
asked_ahead(void **state)
{
	size_t i;

	(void)state;
	assert_int_equal(mt_test_run_envelope(&t), 0);
	assert_int_equal(t.runs, 1);
	for (i = 0; i < t.row_count; i++)
		if (t.rows[i].kind == MT_TEST_DNS && t.rows[i].status == MT_OK)
			assert_true(t.rows[i].asked);
}

static void
unsigned_mail(void **state)
{
	(void)state;
	mt_test_option(&t, "require", "dkim");
	run(MT_REJECT, "auth.dkim.none");
	assert_string_equal(t.result.enhanced, "5.7.20");
	fact("auth.replay", "none");
	assert_int_equal(t.edit_count, 0);
	assert_int_equal(t.log_count, 1);
	assert_non_null(strstr(t.logs[0], "auth.dkim.none"));
}

static void
spf_fail(void **state)
{
	(void)state;
	t.client.address = mt_test_span("198.51.100.9");
	run(MT_REJECT, "auth.dmarc.fail");
	assert_string_equal(t.result.enhanced, "5.7.26");
	fact("auth.spf", "fail");
	fact("auth.dmarc", "fail");
}

static void
no_record(void **state)
{
	(void)state;
	mt_test_dns(&t, "_dmarc.example.com", TXT, MT_NXDOMAIN);
	run(MT_REJECT, "auth.dmarc.none");
	fact("auth.dmarc.policy", "absent");
}

static void
no_record_evaluated(void **state)
{
	(void)state;
	mt_test_dns(&t, "_dmarc.example.com", TXT, MT_NXDOMAIN);
	mt_test_route_option(&t, "no_dmarc_record", "evaluate");
	run(MT_CONTINUE, "");
	fact("auth.dmarc", "pass");
}

/* Whatever an operator writes, an approval needs all three, aligned to a
 * record, proved to us and not to a relay. */
static void
approval_is_never_relaxed(void **state)
{
	static const struct {
		const char *name, *value, *reason;
	} relaxed[] = {
		{ "require", "spf", "auth.dkim.none" },
		{ "alignment", "any", "auth.dkim.none" },
		{ "no_dmarc_record", "evaluate", "auth.dkim.none" },
		{ "own_relays", "192.0.2.0/24", "auth.dkim.none" },
		{ "trusted_forwarders", "example.com", "auth.dkim.none" },
		{ "covered", "From", "auth.dkim.none" },
		{ "public_suffixes", "true", "auth.dkim.none" },
		{ "min_key_bits", "1024", "auth.dkim.none" },
		{ "replay_window", "1d", "auth.dkim.none" },
		{ "addressed", "false", "auth.dkim.none" },
	};
	size_t i, k;

	for (i = 0; mt_stage_entry_auth()->options[i].name != NULL; i++) {
		for (k = 0; k < sizeof(relaxed) / sizeof(relaxed[0]); k++)
			if (strcmp(mt_stage_entry_auth()->options[i].name, relaxed[k].name) == 0)
				break;
		assert_true(k < sizeof(relaxed) / sizeof(relaxed[0]));
		teardown(state);
		setup(state);
		t.values[0][0].count = 0;	/* require: nothing */
		mt_test_route_option(&t, relaxed[k].name, relaxed[k].value);
		t.intent.cls = MT_APPROVE;
		run(MT_REJECT, relaxed[k].reason);
		fact("auth.spf", "pass");
	}
}

static void
approval_without_record(void **state)
{
	(void)state;
	mt_test_option(&t, "no_dmarc_record", "evaluate");
	mt_test_dns(&t, "_dmarc.example.com", TXT, MT_NXDOMAIN);
	t.intent.cls = MT_APPROVE;
	run(MT_REJECT, "auth.dkim.none");
	fact("auth.dmarc", "none");
}

static void
approval_by_a_relay(void **state)
{
	(void)state;
	mt_test_option(&t, "own_relays", "198.51.100.0/24");
	t.client.address = mt_test_span("198.51.100.9");
	t.intent.cls = MT_APPROVE;
	run(MT_REJECT, "auth.dmarc.fail");
	fact("auth.spf", "fail");
}

/* Every option of policy may be another one for a route. */
static void
policy_of_a_route(void **state)
{
	mt_test_route_option(&t, "require", "dkim");
	run(MT_REJECT, "auth.dkim.none");
	teardown(state);
	setup(state);
	mt_test_option(&t, "require", "dkim");
	mt_test_route_option(&t, "require", "spf");
	run(MT_CONTINUE, "");
	teardown(state);
	setup(state);
	mt_test_option(&t, "no_dmarc_record", "evaluate");
	mt_test_route_option(&t, "no_dmarc_record", "reject");
	mt_test_dns(&t, "_dmarc.example.com", TXT, MT_NXDOMAIN);
	run(MT_REJECT, "auth.dmarc.none");
	teardown(state);
	setup(state);
	mt_test_route_option(&t, "alignment", "both");
	mt_test_route_option(&t, "require", "spf");
	set_spf("v=spf1 ip4:192.0.2.1 -all");
	t.sender = mt_test_span("ann@example.org");
	mt_test_dns_text(&t, "example.org", "v=spf1 ip4:192.0.2.1 -all");
	run(MT_REJECT, "auth.spf.unaligned");
}

/* A5: each kind of failure is 451, whichever question it meets. */
static void
failures_are_temporary(void **state)
{
	static const int statuses[] = { MT_SERVFAIL, MT_TIMEOUT, MT_BOGUS };
	static const char *const names[] = { "example.com", "_dmarc.example.com" };
	size_t i, k;

	for (i = 0; i < 3; i++)
		for (k = 0; k < 2; k++) {
			teardown(state);
			setup(state);
			mt_test_dns(&t, names[k], TXT, statuses[i]);
			run(MT_TEMPFAIL, "auth.temperror");
			assert_int_equal(t.result.smtp_code, 451);
		}
}

/* RFC 7208 5.5 calls a failed PTR question a no; we do not refuse for it. */
static void
failed_ptr_is_not_a_refusal(void **state)
{
	(void)state;
	set_spf("v=spf1 ptr -all");
	mt_test_dns(&t, "1.2.0.192.in-addr.arpa", PTR, MT_SERVFAIL);
	run(MT_TEMPFAIL, "auth.temperror");
	fact("auth.spf", "fail");
}

static void
failed_ptr_where_only_spf_counts(void **state)
{
	mt_test_fini(&t);
	setup(state);
	t.values[0][0].count = 0;	/* require: spf alone */
	mt_test_option(&t, "require", "spf");
	set_spf("v=spf1 ptr -all");
	mt_test_dns(&t, "1.2.0.192.in-addr.arpa", PTR, MT_SERVFAIL);
	run(MT_TEMPFAIL, "auth.temperror");
}

/* libspf2 alone would let loopback pass whatever the record says. */
static void
loopback_is_no_pass(void **state)
{
	static const char *const clients[] = { "127.0.0.1", "127.255.0.3", "::1",
		"::ffff:127.0.0.1" };
	size_t i;

	for (i = 0; i < 4; i++) {
		teardown(state);
		setup(state);
		t.client.address = mt_test_span(clients[i]);
		run(MT_REJECT, "auth.dmarc.fail");
		fact("auth.spf", "fail");
	}
}

static void
loopback_by_record(void **state)
{
	static const char *const clients[] = { "127.0.0.1", "::1" };
	size_t i;

	for (i = 0; i < 2; i++) {
		teardown(state);
		setup(state);
		set_spf("v=spf1 a:l.example.com/31//127 -all");
		mt_test_dns_record(&t, "l.example.com", A, (struct mt_span){ "\x7f\0\0\0", 4 });
		mt_test_dns_record(&t, "l.example.com", 28,
		    (struct mt_span){ "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 });
		t.client.address = mt_test_span(clients[i]);
		run(MT_CONTINUE, "");
	}
}

static void
relays_of_ours(void **state)
{
	(void)state;
	t.client.address = mt_test_span("198.51.100.9");
	mt_test_option(&t, "own_relays", "198.51.100.0/24");
	run(MT_REJECT, "auth.dmarc.fail");
	fact("auth.spf", "policy");
}

/* An upstream that does not say who its client is: nobody is judged in its
 * place, and nobody passes. */
static void
unknown_client(void **state)
{
	static const char *const clients[] = { "unknown", "unix", "" };
	size_t i;

	for (i = 0; i < 3; i++) {
		teardown(state);
		setup(state);
		t.client.address = mt_test_span(clients[i]);
		run(MT_TEMPFAIL, "auth.temperror");
		fact("auth.spf", "temperror");
	}
}

/* RFC 8616 section 4: a local part in UTF-8 is in no name, and matches none. */
static void
international_sender(void **state)
{
	(void)state;
	t.sender = mt_test_span("j\xc3\xb6ran@example.com");
	mt_test_dns_record(&t, "j\xc3\xb6ran.s.example.com", A,
	    (struct mt_span){ "\x7f\0\0\2", 4 });
	mt_test_dns_record(&t, "ann.s.example.com", A, (struct mt_span){ "\x7f\0\0\2", 4 });
	set_spf("v=spf1 exists:%{l}.s.example.com -all");
	run(MT_REJECT, "auth.dmarc.fail");
	fact("auth.spf", "fail");
	teardown(state);
	setup(state);
	mt_test_dns_record(&t, "ann.s.example.com", A, (struct mt_span){ "\x7f\0\0\2", 4 });
	set_spf("v=spf1 exists:%{l}.s.example.com -all");
	run(MT_CONTINUE, "");
}

static void
null_sender(void **state)
{
	(void)state;
	t.sender = mt_test_span("");
	t.client.helo = mt_test_span("mail.example.com");
	mt_test_dns_text(&t, "mail.example.com", "v=spf1 ip4:192.0.2.1 -all");
	run(MT_CONTINUE, "");
	fact("auth.spf", "pass");
	fact("auth.spf.domain", "mail.example.com");
	fact("auth.spf.helo", "pass");
}

/* espoofer A5 to A7: what is no domain is never a pass for one. */
static void
odd_senders(void **state)
{
	static const char *const senders[] = { "any@example.com(a.evil.test", "any@example.com\"",
		"any@example.com,a.evil.test", "any@example.com.", "any@[192.0.2.1]", "any@com", "any" };
	size_t i;

	for (i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		teardown(state);
		setup(state);
		t.sender = mt_test_span(senders[i]);
		run(MT_REJECT, "auth.dmarc.fail");
		fact("auth.spf", "none");
		fact("auth.spf.domain", "");
	}
}

static void
structure(void **state)
{
	static const struct {
		const char *raw, *reason;
	} bad[] = {
		{ "From: a@example.com\r\nFrom: b@example.com\r\n\r\n", "auth.from.invalid" },
		{ "From: a@example.com, b@example.com\r\n\r\n", "auth.from.invalid" },
		{ "To: a@example.com\r\n\r\n", "auth.from.invalid" },
		{ "From : a@example.com\r\n\r\n", "auth.header.invalid" },
		{ " From: a@example.com\r\nFrom: a@example.com\r\n\r\n", "auth.header.invalid" },
		{ "From: a@example.com\r\nSubject: a\r\nSubject: b\r\n\r\n", "auth.header.invalid" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		teardown(state);
		setup(state);
		t.raw = mt_test_span(bad[i].raw);
		run(MT_REJECT, bad[i].reason);
		assert_string_equal(t.result.enhanced, "5.6.0");
	}
}

static void
forged_results_are_removed(void **state)
{
	static const uint32_t gone[] = { 4, 1, 0 };
	size_t i;

	(void)state;
	t.raw = mt_test_span(message);
	t.client.hostname = mt_test_span("mx.EXAMPLE.net");
	run(MT_CONTINUE, "");
	assert_int_equal(t.edit_count, 4);
	for (i = 0; i < 3; i++) {
		assert_int_equal(t.edits[i].op, MT_FIELD_REMOVE);
		assert_int_equal(t.edits[i].index, gone[i]);
	}
	assert_int_equal(t.edits[3].op, MT_FIELD_ADD);
	assert_memory_equal(t.edits[3].bytes.ptr, "mx.EXAMPLE.net;\r\n\tspf=pass", 26);
	assert_null(memchr(t.edits[3].bytes.ptr, '\0', t.edits[3].bytes.len));
}

/* Names as long as names may be: the line of the refusal still has its end. */
static void
longest_refusal(void **state)
{
	static char raw[4096];

	(void)state;
	snprintf(raw, sizeof(raw), "DKIM-Signature: v=1; a=ed25519-sha256;\r\n d=%s;\r\n s=%s;\r\n"
	    " b=QUJD; h=From; bh=QUJDREVGR0hJSktMQUJDREVGR0hJSktMQUJDREVGR0g=\r\n"
	    "From: ann@%s\r\n\r\n", longname, longname, longname);
	t.raw = mt_test_span(raw);
	t.client.helo = mt_test_span(longname);
	mt_test_option(&t, "require", "dkim");
	run(MT_REJECT, "auth.dkim.neutral");
	assert_int_equal(t.log_count, 1);
	assert_non_null(strstr(t.logs[0], " forwarder.why=\"the client is no trusted forwarder\""));
}

/* As much as a sender can make us write: it is written, and folded. */
static void
largest_results(void **state)
{
	static char raw[16384], line[32];
	struct mt_span value;
	size_t i, n = 0, longest = 0;

	(void)state;
	for (i = 0; i < 10; i++) {
		snprintf(line, sizeof(line), "b=QUJDREVGR0hJSktM%zu;", i);
		n += (size_t)snprintf(raw + n, sizeof(raw) - n, "DKIM-Signature: v=1; "
		    "a=ed25519-sha256;\r\n d=%s;\r\n s=%s;\r\n %s h=From;"
		    " bh=QUJDREVGR0hJSktMQUJDREVGR0hJSktMQUJDREVGR0g=\r\n", longname, longname, line);
	}
	snprintf(raw + n, sizeof(raw) - n, "%s", plain);
	t.raw = mt_test_span(raw);
	t.client.hostname = t.client.helo = mt_test_span(longname);
	run(MT_CONTINUE, "");
	assert_int_equal(t.edit_count, 1);
	value = t.edits[0].bytes;
	for (i = n = 0; i < value.len; i++, n++)
		if (value.ptr[i] == '\n') {
			longest = n > longest ? n : longest;
			n = 0;
		}
	assert_true(longest < 998 && value.len > 10 * 2 * 253);
}

static struct mt_span
claimed(void)
{
	size_t i;

	for (i = 0; i < t.row_count; i++)
		if (t.rows[i].kind == MT_TEST_CLAIM)
			return t.rows[i].key;
	fail_msg("nothing was claimed");
	return mt_test_span("");
}

static void
replay(void **state)
{
	struct mt_test_row *row;
	unsigned char key[32], other[32];

	run(MT_CONTINUE, "");
	assert_int_equal(claimed().len, 32);
	memcpy(key, claimed().ptr, 32);
	teardown(state);
	setup(state);
	row = mt_test_row(&t, MT_TEST_CLAIM, 0, (struct mt_span){ (char *)key, 32 });
	row->used = 1;
	snprintf(row->event, sizeof(row->event), "evt_first");
	run(MT_REJECT, "auth.replay");
	assert_int_equal(t.result.smtp_code, 550);
	assert_non_null(strstr(t.result.text, "evt_first"));
	fact("auth.replay", "duplicate");
	row->status = MT_BUSY;
	t.fact_count = 0;
	assert_int_equal(mt_test_run_message(&t), 0);
	assert_int_equal(t.result.verdict, MT_TEMPFAIL);
	assert_string_equal(t.result.reason, "auth.replay.busy");
	/* Another recipient is another message; another spelling is not. */
	teardown(state);
	setup(state);
	t.rcpt = mt_test_span("task.linear@example.org");
	run(MT_CONTINUE, "");
	memcpy(other, claimed().ptr, 32);
	assert_memory_not_equal(key, other, 32);
	teardown(state);
	setup(state);
	t.rcpt = mt_test_span("tASK.linear@EXAMPLE.net");
	run(MT_CONTINUE, "");
	assert_memory_equal(claimed().ptr, key, 32);
}

static void
nothing_is_claimed_by_a_refusal(void **state)
{
	size_t i;

	(void)state;
	t.client.address = mt_test_span("198.51.100.9");
	run(MT_REJECT, "auth.dmarc.fail");
	for (i = 0; i < t.row_count; i++)
		assert_int_not_equal(t.rows[i].kind, MT_TEST_CLAIM);
}

static void
options_are_checked(void **state)
{
	static const struct {
		const char *name, *value;
	} bad[] = {
		{ "require", "arc" }, { "own_relays", "192.0.2.0/33" }, { "own_relays", "relay" },
		{ "alignment", "both" }, { "trusted_forwarders", "org" },
		{ "trusted_forwarders", "co.uk" }, { "trusted_forwarders", "github.io" },
		{ "trusted_forwarders", "192.0.2.1" }, { "trusted_forwarders", "*.example.org" },
		{ "trusted_forwarders", "user@example.org" }, { "trusted_forwarders", "" },
		{ "trusted_forwarders", "a b.example" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		teardown(state);
		setup(state);
		mt_test_option(&t, bad[i].name, bad[i].value);
		assert_int_equal(mt_test_open(&t), -1);
		assert_non_null(strstr(t.result.text, bad[i].name));
	}
	teardown(state);
	setup(state);
	mt_test_option(&t, "covered", "Subject");
	assert_int_equal(mt_test_open(&t), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good), TEST(asked_ahead), TEST(unsigned_mail), TEST(spf_fail), TEST(no_record),
		TEST(no_record_evaluated), TEST(approval_is_never_relaxed),
		TEST(approval_without_record), TEST(approval_by_a_relay), TEST(policy_of_a_route),
		TEST(failures_are_temporary), TEST(failed_ptr_is_not_a_refusal),
		TEST(failed_ptr_where_only_spf_counts),
		TEST(loopback_is_no_pass), TEST(loopback_by_record), TEST(relays_of_ours),
		TEST(unknown_client), TEST(international_sender),
		TEST(null_sender), TEST(odd_senders), TEST(structure),
		TEST(forged_results_are_removed), TEST(longest_refusal), TEST(largest_results), TEST(replay),
		TEST(nothing_is_claimed_by_a_refusal), TEST(options_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
