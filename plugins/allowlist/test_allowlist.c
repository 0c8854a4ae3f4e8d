/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is let in by which list, and what is said of those who are not. */
#include "test.h"

#include <openssl/sha.h>

#include "mailtri/stage_test.h"

#include "entry.h"

MT_EXPORT const struct mt_stage *mt_stage_entry_allowlist(void);

static struct mt_test t;

static int
setup(void **state)
{
	(void)state;
	mt_test_init(&t, mt_stage_entry_allowlist());
	t.rcpt = mt_test_span("task.linear@example.net");
	t.intent.route = t.rcpt;
	t.intent.target = mt_test_span("linear");
	mt_test_option(&t, "groups", "developers: ann@example.com, bob@example.com .dev.example");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mt_test_fini(&t);
	return 0;
}

/* The same options, one more message. */
static int
allows(const char *from)
{
	t.fact_count = 0;
	if (from != NULL)
		mt_test_fact(&t, "auth.from", from);
	assert_int_equal(mt_test_run_message(&t), 0);
	return t.result.verdict == MT_CONTINUE;
}

static void
policy_is(const char *rule)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char policy[32] = "pol_";

	SHA256((const unsigned char *)rule, strlen(rule), digest);
	for (size_t i = 0; i < 6; i++)
		snprintf(policy + 4 + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(mt_test_fact_text(&t, "allowlist.policy"), policy);
}

static void
empty_list_refuses_everybody(void **state)
{
	(void)state;
	assert_false(allows("ann@example.com"));
	assert_int_equal(t.result.smtp_code, 550);
	assert_string_equal(t.result.enhanced, "5.7.1");
	assert_string_equal(t.result.reason, "allowlist.denied");
	assert_null(mt_test_fact_text(&t, "allowlist.match"));
	assert_string_equal(mt_test_fact_text(&t, "allowlist.role"), "");
	policy_is("global none");
}

static void
domain_is_exact(void **state)
{
	(void)state;
	mt_test_option(&t, "allow", "Example.com");
	assert_true(allows("ann@example.com"));
	assert_string_equal(mt_test_fact_text(&t, "allowlist.match"), "example.com");
	policy_is("global example.com");
	assert_true(allows("ann@EXAMPLE.COM"));
	assert_true(allows("\"a@b\"@example.com"));
	assert_false(allows("ann@mail.example.com"));
	assert_false(allows("ann@notexample.com"));
	assert_false(allows("ann@example.com.evil.example"));
	assert_false(allows("ann@example.com@evil.example"));
	assert_false(allows("@example.com"));
	assert_false(allows("example.com"));
	assert_false(allows(""));
	assert_false(allows(NULL));
}

static void
subdomains_only_where_written(void **state)
{
	const char *const forms[] = { ".example.com", "*.example.com" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		mt_test_option(&t, "allow", forms[i]);
		assert_true(allows("ann@mail.example.com"));
		assert_true(allows("ann@a.b.example.com"));
		mt_test_fini(&t);
		setup(NULL);
		mt_test_option(&t, "allow", forms[i]);
		assert_false(allows("ann@example.com"));
		assert_false(allows("ann@.example.com"));
		assert_false(allows("ann@notexample.com"));
	}
}

static void
user_is_one_address(void **state)
{
	(void)state;
	mt_test_option(&t, "allow", "Ann.O'Neil+x@example.com");
	assert_true(allows("ann.o'neil+X@example.com"));
	assert_false(allows("ann.o'neil@example.com"));
	assert_false(allows("bob@example.com"));
	assert_false(allows("ann.o'neil+x@sub.example.com"));
}

static void
group_gives_role(void **state)
{
	(void)state;
	mt_test_option(&t, "allow", "group:Developers");
	assert_true(allows("bob@example.com"));
	assert_string_equal(mt_test_fact_text(&t, "allowlist.match"), "group:developers");
	assert_string_equal(mt_test_fact_text(&t, "allowlist.role"), "developers");
	policy_is("global group:developers");
	assert_true(allows("eve@x.dev.example"));
	assert_false(allows("eve@example.com"));
}

/* A route's own list takes away, never adds. */
static void
route_narrows(void **state)
{
	(void)state;
	mt_test_option(&t, "allow", "example.com");
	mt_test_route_option(&t, "allow", "group:developers");
	mt_test_route_option(&t, "allow", "eve@other.example");
	assert_true(allows("ann@example.com"));
	assert_string_equal(mt_test_fact_text(&t, "allowlist.role"), "developers");
	policy_is("route task.linear@example.net group:developers");
	assert_false(allows("carl@example.com"));
	policy_is("route task.linear@example.net none");
	assert_false(allows("eve@other.example"));
	policy_is("global none");
}

static void
empty_route_list_refuses_everybody(void **state)
{
	(void)state;
	mt_test_option(&t, "allow", "example.com");
	mt_test_route_option(&t, "allow", NULL);
	assert_false(allows("ann@example.com"));
	policy_is("route task.linear@example.net none");
}

static void
integration_narrows(void **state)
{
	(void)state;
	mt_test_option(&t, "allow", "example.com");
	mt_test_option(&t, "integrations", "notion: bob@example.com");
	assert_true(allows("carl@example.com"));
	policy_is("global example.com");
	mt_test_option(&t, "integrations", "Linear: group:developers, dora@example.com");
	assert_true(allows("dora@example.com"));
	assert_string_equal(mt_test_fact_text(&t, "allowlist.match"), "dora@example.com");
	policy_is("integration linear dora@example.com");
	assert_true(allows("ann@example.com"));
	assert_string_equal(mt_test_fact_text(&t, "allowlist.role"), "developers");
	assert_false(allows("carl@example.com"));
	policy_is("integration linear none");
	assert_false(allows("x@y.dev.example"));	/* not on the global list */
}

/* An integration nobody may use; and a route cannot lift it. */
static void
integration_line_may_be_empty(void **state)
{
	(void)state;
	mt_test_option(&t, "allow", "example.com");
	mt_test_option(&t, "integrations", "linear:");
	mt_test_route_option(&t, "integrations", "linear: example.com");
	assert_false(allows("ann@example.com"));
}

static void
envelope_is_judged_where_asked(void **state)
{
	(void)state;
	mt_test_option(&t, "allow", "example.com");
	t.sender = mt_test_span("bounce@other.example");
	assert_int_equal(mt_test_run_envelope(&t), 0);
	assert_int_equal(t.result.verdict, MT_CONTINUE);
	assert_int_equal(t.fact_count, 0);
	mt_test_route_option(&t, "envelope", "true");
	assert_int_equal(mt_test_run_envelope(&t), 0);
	assert_int_equal(t.result.verdict, MT_REJECT);
	t.fact_count = 0;
	t.sender = mt_test_span("");	/* the null sender is on no list */
	assert_int_equal(mt_test_run_envelope(&t), 0);
	assert_int_equal(t.result.verdict, MT_REJECT);
	t.fact_count = 0;
	t.sender = mt_test_span("Ann@Example.COM");
	assert_int_equal(mt_test_run_envelope(&t), 0);
	assert_int_equal(t.result.verdict, MT_CONTINUE);
	assert_int_equal(t.fact_count, 0);	/* they are message's to write */
}

/* What the refusal says must not help to guess the list. */
static void
refusal_tells_nothing_of_the_list(void **state)
{
	(void)state;
	mt_test_option(&t, "allow", "secretpartner.example");
	assert_false(allows("ann@example.com"));
	assert_null(strstr(t.result.text, "secretpartner"));
	assert_non_null(strstr(t.result.text, "ask its operator"));
}

static int
check_refuses(const char *option, const char *text)
{
	int returned;

	mt_test_fini(&t);
	setup(NULL);
	mt_test_option(&t, option, text);
	returned = mt_test_open(&t);
	if (returned != 0)
		assert_non_null(strstr(t.result.text, option));
	return returned != 0;
}

static void
check_refuses_what_it_cannot_read(void **state)
{
	const char *const bad[] = { "", "com", "example.com.", "exa mple.com", "b\xc3\xbc.example",
		"@example.com", "ann@", "a b@example.com", "*@example.com", "ann@*.example.com",
		"..example.com", "*", ".", "group:", "group:nobody", "a@b@example.com" };
	const char *const good[] = { "example.com", ".example.com", "*.example.com",
		"ann@example.com", "group:developers", "xn--bcher-kva.example",
		"b\xc3\xbc@example.com" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!check_refuses("allow", bad[i]))
			fail_msg("allow takes \"%s\"", bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (check_refuses("allow", good[i]))
			fail_msg("allow refuses \"%s\": %s", good[i], t.result.text);
	assert_true(check_refuses("groups", "developers"));
	assert_true(check_refuses("groups", ": ann@example.com"));
	assert_true(check_refuses("groups", "a: group:developers"));
	assert_true(check_refuses("groups", "a: ann@"));
	assert_true(check_refuses("integrations", "linear: group:nobody"));
	assert_false(check_refuses("integrations", "linear: group:developers .example.org"));
}

/* Each limit holds at itself and not one beyond. */
static void
limits_of_an_entry(void **state)
{
	char text[400];
	struct entry e;

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t label = ENTRY_LABEL_MAX + more, local = ENTRY_LOCAL_MAX + more;

		memset(text, 'a', label);
		memcpy(text + label, ".example", 9);
		assert_int_equal(entry_parse(mt_test_span(text), &e) != NULL, more);
		memset(text, 'a', local);
		memcpy(text + local, "@b.example", 11);
		assert_int_equal(entry_parse(mt_test_span(text), &e) != NULL, more);
		memcpy(text, "group:", 6);
		memset(text + 6, 'a', ENTRY_GROUP_MAX + more);
		assert_int_equal(entry_parse((struct mt_span){ text, 6 + ENTRY_GROUP_MAX + more },
		    &e) != NULL, more);
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = i % 32 == 31 ? '.' : 'a';
		assert_int_equal(entry_parse((struct mt_span){ text, ENTRY_DOMAIN_MAX + more },
		    &e) != NULL, more);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_list_refuses_everybody),
		TEST(domain_is_exact),
		TEST(subdomains_only_where_written),
		TEST(user_is_one_address),
		TEST(group_gives_role),
		TEST(route_narrows),
		TEST(empty_route_list_refuses_everybody),
		TEST(integration_narrows),
		TEST(integration_line_may_be_empty),
		TEST(envelope_is_judged_where_asked),
		TEST(refusal_tells_nothing_of_the_list),
		TEST(check_refuses_what_it_cannot_read),
		TEST(limits_of_an_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
