/* SPDX-License-Identifier: BSD-2-Clause */
/* The zone file: every form of mailtrictl(8), every refusal. */
#include "test.h"

#include "ctl/zone.h"

enum { A = 1, CNAME = 5, PTR = 12, MX = 15, TXT = 16, AAAA = 28, SRV = 33 };

static const char text[] =
    "{\"name.example\": {\"TXT\": [\"one string\", [\"two \", \"character-strings\"],"
    " \"\\u0000\\u00ff\\u0080\"], \"A\": [\"192.0.2.1\"], \"AAAA\": [],"
    " \"MX\": [[10, \"mx.example.\"], [256, \".\"]], \"PTR\": []},"
    "\"alias.example\": {\"CNAME\": \"name.example\"},"
    "\"Alias2.Example.\": {\"CNAME\": [\"ALIAS.example.\"]},"
    "\"dangling.example\": {\"CNAME\": \"nowhere.example\"},"
    "\"gone.example\": \"NXDOMAIN\", \"slow.example\": \"TIMEOUT\","
    "\"bad.example\": \"SERVFAIL\", \"empty.example\": {},"
    "\"shut.example\": \"REFUSED\", \"forged.example\": \"BOGUS\","
    "\"half.example\": {\"TXT\": \"TIMEOUT\", \"A\": [\"192.0.2.1\"]},"
    "\"both.example\": {\"CNAME\": \"name.example\", \"A\": [\"192.0.2.9\"]},"
    "\"slowalias.example\": {\"CNAME\": \"TIMEOUT\"},"
    "\"b\\u00fccher.example\": {\"A\": [\"192.0.2.7\"]},"
    "\"1.2.0.192.in-addr.arpa\": {\"PTR\": [\"mail.example\"]},"
    "\"loop.example\": {\"CNAME\": \"loop.example\"},"
    "\"c0.example\": {\"CNAME\": \"c1.example\"}, \"c1.example\": {\"CNAME\": \"c2.example\"},"
    "\"c2.example\": {\"CNAME\": \"c3.example\"}, \"c3.example\": {\"CNAME\": \"c4.example\"},"
    "\"c4.example\": {\"CNAME\": \"c5.example\"}, \"c5.example\": {\"CNAME\": \"c6.example\"},"
    "\"c6.example\": {\"CNAME\": \"c7.example\"}, \"c7.example\": {\"CNAME\": \"c8.example\"},"
    "\"c8.example\": {\"A\": [\"192.0.2.8\"]}, \"c.example\": {\"CNAME\": \"c0.example\"}}";

static const struct expected {
	const char *name;
	uint16_t type;
	int32_t status;
	uint32_t count;
	const char *first;
	size_t first_len;
} expected[] = {
	{ "name.example", TXT, MT_OK, 3, "one string", 10 },
	{ "NAME.example.", A, MT_OK, 1, "\xc0\x00\x02\x01", 4 },
	{ "name.example", AAAA, MT_NODATA, 0, NULL, 0 },
	{ "name.example", PTR, MT_NODATA, 0, NULL, 0 },
	{ "name.example", SRV, MT_NODATA, 0, NULL, 0 },
	{ "name.example", MX, MT_OK, 2, "\x00\x0amx.example", 12 },
	{ "alias.example", A, MT_OK, 1, "\xc0\x00\x02\x01", 4 },
	{ "alias.example", CNAME, MT_OK, 1, "name.example", 12 },
	{ "alias2.example", TXT, MT_OK, 3, "one string", 10 },
	{ "alias.example", SRV, MT_NODATA, 0, NULL, 0 },
	{ "dangling.example", A, MT_NXDOMAIN, 0, NULL, 0 },
	{ "gone.example", A, MT_NXDOMAIN, 0, NULL, 0 },
	{ "unlisted.example", A, MT_NXDOMAIN, 0, NULL, 0 },
	{ "example", A, MT_NXDOMAIN, 0, NULL, 0 },
	{ "slow.example", TXT, MT_TIMEOUT, 0, NULL, 0 },
	{ "bad.example", TXT, MT_SERVFAIL, 0, NULL, 0 },
	{ "empty.example", TXT, MT_NODATA, 0, NULL, 0 },
	{ "half.example", TXT, MT_TIMEOUT, 0, NULL, 0 },
	{ "half.example", A, MT_OK, 1, "\xc0\x00\x02\x01", 4 },
	{ "half.example", MX, MT_NODATA, 0, NULL, 0 },
	{ "both.example", A, MT_OK, 1, "\xc0\x00\x02\x09", 4 },
	{ "both.example", MX, MT_OK, 2, "\x00\x0amx.example", 12 },
	{ "shut.example", A, MT_SERVFAIL, 0, NULL, 0 },
	{ "forged.example", TXT, MT_BOGUS, 0, NULL, 0 },
	{ "slowalias.example", A, MT_TIMEOUT, 0, NULL, 0 },
	{ "b\xfc" "cher.example", A, MT_OK, 1, "\xc0\x00\x02\x07", 4 },
	{ "1.2.0.192.in-addr.arpa", PTR, MT_OK, 1, "mail.example", 12 },
	{ "loop.example", A, MT_SERVFAIL, 0, NULL, 0 },
	{ "c0.example", A, MT_OK, 1, "\xc0\x00\x02\x08", 4 },	/* 8 links */
	{ "c.example", A, MT_SERVFAIL, 0, NULL, 0 },	/* 9 */
};

static struct zone *
zone_of(const char *json)
{
	char why[200];
	struct zone *z = zone_parse(span_of(json), why, sizeof(why));

	if (z == NULL)
		fail_msg("%s", why);
	return z;
}

static void
every_form_is_answered(void **state)
{
	struct zone *z = zone_of(text);
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct expected *e = &expected[i];
		struct zone_answer a;

		zone_find(z, span_of(e->name), e->type, &arena, &a);
		if (a.status != e->status || a.count != e->count)
			fail_msg("%s %d: status %d, %u records", e->name, e->type,
			    a.status, a.count);
		if (e->count > 0)
			assert_true(span_equal(a.rr[0], span_make(e->first, e->first_len)));
	}
	arena_free(&arena);
	zone_free(z);
}

static void
strings_are_joined_and_bytes_kept(void **state)
{
	struct zone *z = zone_of(text);
	struct arena arena = { 0 };
	struct zone_answer a;

	(void)state;
	zone_find(z, SPAN("name.example"), TXT, &arena, &a);
	assert_true(span_is(a.rr[1], "two character-strings"));
	assert_true(span_equal(a.rr[2], span_make("\0\xff\x80", 3)));
	zone_find(z, SPAN("name.example"), MX, &arena, &a);
	assert_true(span_equal(a.rr[1], span_make("\1\0", 2)));
	arena_free(&arena);
	zone_free(z);
}

static void
wrong_files_are_refused_by_name(void **state)
{
	static const struct { const char *json, *why; } wrong[] = {
		{ "[]", "zone: not an object of at most 100000 names" },
		{ "{", "line 1: " },
		{ "{\"a\": 1}", "a: neither an object nor NXDOMAIN, SERVFAIL, REFUSED, TIMEOUT or BOGUS" },
		{ "{\"a\": \"OK\"}", "a: neither an object" },
		{ "{\"a\": {\"A\": [\"1.2.3\"]}}", "a: A record 1 is not an IPv4 address" },
		{ "{\"a\": {\"A\": \"1.2.3.4\"}}", "a: A is neither a list nor" },
		{ "{\"a\": {\"AAAA\": [\"::1\", \"1.2.3.4\"]}}", "a: AAAA record 2 is not" },
		{ "{\"a\": {\"MX\": [\"mx\"]}}", "a: MX record 1 is not [preference" },
		{ "{\"a\": {\"MX\": [[65536, \"mx\"]]}}", "a: MX record 1 is not" },
		{ "{\"a\": {\"TXT\": [1]}}", "a: TXT record 1 is not a string" },
		{ "{\"a\": {\"TXT\": [[1]]}}", "a: TXT record 1 is not a string" },
		{ "{\"a\": {\"TXT\": [\"\\u0100\"]}}", "a: TXT record 1 is not" },
		{ "{\"a\": {\"TXTT\": []}}", "a: record type TXTT is not known here" },
		{ "{\"a\": {}, \"a\": {}}", "line 1: duplicate object key" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char why[200] = "";

		assert_null(zone_parse(span_of(wrong[i].json), why, sizeof(why)));
		if (strncmp(why, wrong[i].why, strlen(wrong[i].why)) != 0)
			fail_msg("%s: %s", wrong[i].json, why);
	}
}

static json_t *
zone_with_record(size_t length, size_t count)
{
	char *long_text = malloc(length + 1);
	json_t *records = json_array(), *zone;

	memset(long_text, 'x', length);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(records, json_stringn(long_text, length));
	zone = json_pack("{s:{s:o}}", "a.example", "TXT", records);
	free(long_text);
	return zone;
}

static void
limits_hold_at_the_limit(void **state)
{
	static const struct { size_t length, count; int fits; } cases[] = {
		{ ZONE_RECORD_BYTES_MAX, 1, 1 }, { ZONE_RECORD_BYTES_MAX + 1, 1, 0 },
		{ 1, ZONE_RECORDS_MAX, 1 }, { 1, ZONE_RECORDS_MAX + 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *json = zone_with_record(cases[i].length, cases[i].count);
		char why[200];
		struct zone *z = zone_new(json, why, sizeof(why));

		assert_int_equal(z != NULL, cases[i].fits);
		zone_free(z);
		json_decref(json);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_answered),
		cmocka_unit_test(strings_are_joined_and_bytes_kept),
		cmocka_unit_test(wrong_files_are_refused_by_name),
		cmocka_unit_test(limits_hold_at_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
