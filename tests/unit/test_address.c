/* SPDX-License-Identifier: BSD-2-Clause */
/* The path grammar, at its limits and one beyond. */
#include "test.h"

#include "smtp/address.h"

static const struct {
	const char *path;
	enum address_error error;
	enum address_kind kind;
} cases[] = {
	{ "<>", ADDRESS_OK, ADDRESS_NULL },
	{ "<a@b>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<task+linear@example.com>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<!#$%&'*+-/=?^_`{|}~@example.com>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<\"a b\"@example.com>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<\"a>b\"@example.com>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<\"a\\\"b@c\"@example.com>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<\"\"@example.com>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<a@xn--bcher-kva.example>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<a@1.example>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<a@[192.0.2.1]>", ADDRESS_OK, ADDRESS_LITERAL },
	{ "<a@[IPv6:2001:db8::1]>", ADDRESS_OK, ADDRESS_LITERAL },
	{ "<Postmaster>", ADDRESS_OK, ADDRESS_POSTMASTER },

	{ "", ADDRESS_SYNTAX, 0 },
	{ "a@b", ADDRESS_SYNTAX, 0 },
	{ " <a@b>", ADDRESS_SYNTAX, 0 },
	{ "<a@b", ADDRESS_SYNTAX, 0 },
	{ "<\"a@b>", ADDRESS_SYNTAX, 0 },
	{ "<ab>", ADDRESS_SYNTAX, 0 },
	{ "<@relay.example:a@b>", ADDRESS_ROUTE, 0 },
	{ "<@b>", ADDRESS_ROUTE, 0 },
	{ "<.a@b>", ADDRESS_LOCAL, 0 },
	{ "<a.@b>", ADDRESS_LOCAL, 0 },
	{ "<a..b@c>", ADDRESS_LOCAL, 0 },
	{ "<a b@c>", ADDRESS_LOCAL, 0 },
	{ "<a(comment)@b>", ADDRESS_LOCAL, 0 },
	{ "<a,b@c>", ADDRESS_LOCAL, 0 },
	{ "<a\"b\"@c>", ADDRESS_LOCAL, 0 },
	{ "<\"a\"b@c>", ADDRESS_LOCAL, 0 },
	{ "<\"a\tb\"@c>", ADDRESS_LOCAL, 0 },
	{ "<\xc3\xbc@b>", ADDRESS_LOCAL, 0 },
	{ "<a@>", ADDRESS_DOMAIN, 0 },
	{ "<a@b@c>", ADDRESS_DOMAIN, 0 },
	{ "<a@b.>", ADDRESS_DOMAIN, 0 },
	{ "<a@.b>", ADDRESS_DOMAIN, 0 },
	{ "<a@b..c>", ADDRESS_DOMAIN, 0 },
	{ "<a@-b>", ADDRESS_DOMAIN, 0 },
	{ "<a@b->", ADDRESS_DOMAIN, 0 },
	{ "<a@b_c>", ADDRESS_DOMAIN, 0 },
	{ "<a@b c>", ADDRESS_DOMAIN, 0 },
	{ "<a@b(c)>", ADDRESS_DOMAIN, 0 },
	{ "<a@b\xc3\xbc.example>", ADDRESS_DOMAIN, 0 },
	{ "<a@192.0.2.1>", ADDRESS_DOMAIN, 0 },
	{ "<a@[192.0.2]>", ADDRESS_DOMAIN, 0 },
	{ "<a@[192.0.2.256]>", ADDRESS_DOMAIN, 0 },
	{ "<a@[2001:db8::1]>", ADDRESS_DOMAIN, 0 },
	{ "<a@[IPv6:192.0.2.1]>", ADDRESS_DOMAIN, 0 },
	{ "<a@[192.0.2.1>", ADDRESS_DOMAIN, 0 },
	{ "<a@[]>", ADDRESS_DOMAIN, 0 },
};

static void
every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address a;
		size_t used;
		enum address_error error = address_parse(span_of(cases[i].path), &a, &used);

		if (error != cases[i].error)
			fail_msg("%s: %d", cases[i].path, (int)error);
		if (error == ADDRESS_OK) {
			assert_int_equal(a.kind, cases[i].kind);
			assert_int_equal(used, strlen(cases[i].path));
		}
	}
}

static void
parts_are_typed(void **state)
{
	struct address a;
	size_t used;

	(void)state;
	assert_int_equal(address_parse(SPAN("<\"x@y\"@Example.COM> SIZE=1"), &a, &used),
	    ADDRESS_OK);
	assert_int_equal(used, 19);
	assert_true(span_is(a.mailbox, "\"x@y\"@Example.COM"));
	assert_true(span_is(a.local, "\"x@y\""));
	assert_true(span_is(a.domain, "Example.COM"));
}

static void
nul_ends_nothing(void **state)
{
	struct address a;
	size_t used;

	(void)state;
	assert_int_equal(address_parse(SPAN("<a\0b@c>"), &a, &used), ADDRESS_LOCAL);
	assert_int_equal(address_parse(SPAN("<a@b\0c>"), &a, &used), ADDRESS_DOMAIN);
	assert_int_equal(address_parse(SPAN("<a@[192.0.2.1\0]>"), &a, &used),
	    ADDRESS_DOMAIN);
}

static enum address_error
parse_sized(size_t local, size_t domain)
{
	char path[512];
	struct address a;
	size_t used, n = 0;

	path[n++] = '<';
	memset(path + n, 'l', local);
	n += local;
	path[n++] = '@';
	for (size_t i = 0; i < domain; i++)	/* labels of 49 bytes */
		path[n++] = i % 50 == 49 && i + 1 < domain ? '.' : 'd';
	path[n++] = '>';
	return address_parse(span_make(path, n), &a, &used);
}

static void
limits_and_one_beyond(void **state)
{
	char label[ADDRESS_LABEL_MAX + 2];
	char domain[ADDRESS_DOMAIN_MAX + 2];

	(void)state;
	assert_int_equal(parse_sized(ADDRESS_LOCAL_MAX, 10), ADDRESS_OK);
	assert_int_equal(parse_sized(ADDRESS_LOCAL_MAX + 1, 10), ADDRESS_LONG);
	assert_int_equal(parse_sized(10, ADDRESS_PATH_MAX - 13), ADDRESS_OK);
	assert_int_equal(parse_sized(10, ADDRESS_PATH_MAX - 12), ADDRESS_LONG);

	memset(label, 'a', sizeof(label));
	assert_true(address_is_domain(span_make(label, ADDRESS_LABEL_MAX)));
	assert_false(address_is_domain(span_make(label, ADDRESS_LABEL_MAX + 1)));

	for (size_t i = 0; i < sizeof(domain); i++)
		domain[i] = i % 2 == 0 ? 'a' : '.';
	assert_true(address_is_domain(span_make(domain, ADDRESS_DOMAIN_MAX)));
	assert_false(address_is_domain(span_make(domain, ADDRESS_DOMAIN_MAX + 1)));
	domain[ADDRESS_DOMAIN_MAX] = 'a';	/* 254 bytes, every label well-formed */
	domain[ADDRESS_DOMAIN_MAX - 1] = 'a';
	assert_false(address_is_domain(span_make(domain, ADDRESS_DOMAIN_MAX + 1)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(parts_are_typed),
		cmocka_unit_test(nul_ends_nothing),
		cmocka_unit_test(limits_and_one_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
