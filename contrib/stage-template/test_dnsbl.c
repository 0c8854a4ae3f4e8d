/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage against the fake host of <mailtri/stage_test.h>: no daemon, no
 * network, nothing to link.  Every question is pending when it is first asked,
 * as it is in production, so that the way through MT_WAIT is tested too.
 */
#undef NDEBUG
#include <assert.h>

#include <mailtri/stage_test.h>

/* MT_STAGE() of dnsbl.c, compiled with -DMT_STAGE_STATIC. */
MT_EXPORT const struct mt_stage *mt_stage_entry_dnsbl(void);

static struct mt_test t;

static void
begin(const char *client)
{
	mt_test_init(&t, mt_stage_entry_dnsbl());
	mt_test_option(&t, "zone", "bl.example");
	t.client.address = mt_test_span(client);
}

static void
address(const char *name, unsigned char first)
{
	char bytes[4] = { (char)first, 0, 0, 2 };
	struct mt_span record = { bytes, sizeof(bytes) };

	mt_test_dns_record(&t, name, 1, record);
}

static int
result_is(const char *word)
{
	const char *result = mt_test_fact_text(&t, "dnsbl.result");

	return word == NULL ? result == NULL : result != NULL && strcmp(result, word) == 0;
}

static void
test_clean(void)
{
	begin("192.0.2.1");
	assert(mt_test_run_envelope(&t) == 0);
	assert(t.runs == 2);	/* asked, waited, answered */
	assert(t.result.verdict == MT_CONTINUE && result_is("clean"));
	mt_test_fini(&t);
}

static void
test_listed(void)
{
	begin("192.0.2.1");
	address("1.2.0.192.bl.example", 127);
	assert(mt_test_run_envelope(&t) == 0);
	assert(t.result.verdict == MT_REJECT && result_is("listed"));
	assert(strcmp(t.result.reason, "dnsbl.listed") == 0);
	mt_test_fini(&t);
}

static void
test_listed_but_not_refused(void)
{
	begin("192.0.2.1");
	mt_test_option(&t, "refuse", "false");
	address("1.2.0.192.bl.example", 127);
	assert(mt_test_run_envelope(&t) == 0);
	assert(t.result.verdict == MT_CONTINUE && result_is("listed"));
	mt_test_fini(&t);
}

static void
test_address_of_version_6(void)
{
	begin("2001:db8::1");
	address("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example", 127);
	assert(mt_test_run_envelope(&t) == 0);
	assert(t.result.verdict == MT_REJECT);
	mt_test_fini(&t);
}

static void
test_a_closed_list_names_nobody(void)
{
	begin("192.0.2.1");
	address("1.2.0.192.bl.example", 203);
	assert(mt_test_run_envelope(&t) == 0);
	assert(t.result.verdict == MT_CONTINUE && result_is("clean"));
	mt_test_fini(&t);
}

static void
test_no_answer_is_no_pass(void)
{
	const int statuses[] = { MT_SERVFAIL, MT_TIMEOUT, MT_BOGUS };

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		begin("192.0.2.1");
		mt_test_dns(&t, "1.2.0.192.bl.example", 1, statuses[i]);
		assert(mt_test_run_envelope(&t) == 0);
		assert(t.result.verdict == MT_TEMPFAIL && result_is(NULL));
		mt_test_fini(&t);
	}
}

static void
test_strange_clients_fail(void)
{
	const char *const strange[] = { "", "mail.example.com", "1.2.3", "1.2.3.4.5.6.7.8.9.10.11.12.13."
	    "14.15.16.17.18.19.20" };

	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		begin(strange[i]);
		assert(mt_test_run_envelope(&t) == -1);
		mt_test_fini(&t);
	}
}

static void
test_a_zone_that_is_none(void)
{
	char longest[200];

	memset(longest, 'x', sizeof(longest));
	longest[100] = '.';
	longest[188] = '\0';
	begin("192.0.2.1");
	mt_test_option(&t, "zone", longest);	/* 188 and 64 are 252 bytes */
	assert(mt_test_open(&t) == 0);
	mt_test_fini(&t);
	longest[188] = 'x';
	longest[189] = '\0';
	begin("192.0.2.1");
	mt_test_option(&t, "zone", longest);
	assert(mt_test_open(&t) == -1 && strstr(t.result.text, "is no zone") != NULL);
	mt_test_fini(&t);
	begin("192.0.2.1");
	mt_test_option(&t, "zone", "localhost");
	assert(mt_test_open(&t) == -1);
	mt_test_fini(&t);
}

int
main(void)
{
	test_clean();
	test_listed();
	test_listed_but_not_refused();
	test_address_of_version_6();
	test_a_closed_list_names_nobody();
	test_no_answer_is_no_pass();
	test_strange_clients_fail();
	test_a_zone_that_is_none();
	puts("8 passed, 0 failed");
	return 0;
}
