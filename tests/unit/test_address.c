/* SPDX-License-Identifier: BSD-2-Clause */
/* The path grammar, at its limits and one beyond. */
#include "test.h"

#include "base/buf.h"
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
	{ "<\xc3\xbc@b>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<\"\xc3\xbc \xe7\x94\xb2\"@b>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<a@b\xc3\xbc.example>", ADDRESS_OK, ADDRESS_MAILBOX },
	{ "<\xf0\x9f\x93\xac@\xe4\xbe\x8b\xe5\xad\x90.example>", ADDRESS_OK, ADDRESS_MAILBOX },
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
	{ "<\xbc@b>", ADDRESS_LOCAL, 0 },		/* not UTF-8 */
	{ "<\xc0\xaf@b>", ADDRESS_LOCAL, 0 },	/* overlong */
	{ "<\xed\xa0\x80@b>", ADDRESS_LOCAL, 0 },	/* surrogate */
	{ "<\xc2\x85@b>", ADDRESS_LOCAL, 0 },	/* C1 */
	{ "<a\xe2\x80\xa8@b>", ADDRESS_LOCAL, 0 },	/* U+2028 */
	{ "<a\xe2\x80\xae@b>", ADDRESS_LOCAL, 0 },	/* right to left */
	{ "<a@b\xef\xbb\xbf.example>", ADDRESS_LOCAL, 0 },
	{ "<a@b\xff.example>", ADDRESS_LOCAL, 0 },
	{ "<a@\xf0\x9f\x93\xac\xcc\x80..example>", ADDRESS_DOMAIN, 0 },
	{ "<a@\xc3\xbc_.example>", ADDRESS_DOMAIN, 0 },
	{ "<a@-\xc3\xbc.example>", ADDRESS_DOMAIN, 0 },
	{ "<a@\xc3\xbc..example>", ADDRESS_DOMAIN, 0 },
	{ "<a@\xd9\xa1\xd9\xa2.\xc2\xb9>", ADDRESS_DOMAIN, 0 },
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
u_labels_are_a_labels(void **state)
{
	static const struct { const char *path, *canonical; } names[] = {
		{ "<a@B.example>", "a@B.example" },
		{ "<\xc3\xbc@b.example>", "\xc3\xbc@b.example" },
		{ "<a@b\xc3\xbc" "cher.example>", "a@xn--bcher-kva.example" },
		{ "<a@B\xc3\x9c" "CHER.example>", "a@xn--bcher-kva.example" },
		{ "<a@bu\xcc\x88" "cher.example>", "a@xn--bcher-kva.example" },	/* NFD */
		{ "<\xc3\xbc@\xe4\xbe\x8b.\xe4\xbe\x8b>", "\xc3\xbc@xn--fsq.xn--fsq" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char out[ADDRESS_PATH_MAX];
		struct address a;
		size_t used;

		assert_int_equal(address_parse(span_of(names[i].path), &a, &used), ADDRESS_OK);
		if (!span_is(address_canonical(&a, out), names[i].canonical))
			fail_msg("%s", names[i].path);
		assert_int_equal(a.utf8, i > 0);
	}
}

/* Limits are of bytes, and of the name in A-labels, too. */
static void
international_limits(void **state)
{
	struct buf b = { 0 };
	struct address a;
	size_t used;

	(void)state;
	for (size_t units = ADDRESS_LOCAL_MAX / 2; units <= ADDRESS_LOCAL_MAX / 2 + 1; units++) {
		buf_reset(&b);
		buf_add_char(&b, '<');
		for (size_t i = 0; i < units; i++)
			buf_add_string(&b, "\xc3\xbc");
		buf_add_string(&b, "@b>");
		assert_int_equal(address_parse(buf_span(&b), &a, &used),
		    units * 2 <= ADDRESS_LOCAL_MAX ? ADDRESS_OK : ADDRESS_LONG);
	}
	/* 217 bytes of A-labels, 127 as written. */
	for (size_t local = 36; local <= 37; local++) {
		buf_reset(&b);
		buf_add_char(&b, '<');
		for (size_t i = 0; i < local; i++)
			buf_add_char(&b, 'a');
		buf_add_char(&b, '@');
		for (size_t i = 0; i < 15; i++)
			buf_add_string(&b, "b\xc3\xbc" "cher.");
		buf_add_string(&b, "example>");
		assert_int_equal(address_parse(buf_span(&b), &a, &used),
		    local == 36 ? ADDRESS_OK : ADDRESS_LONG);
	}
	buf_free(&b);
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
		cmocka_unit_test(u_labels_are_a_labels),
		cmocka_unit_test(international_limits),
		cmocka_unit_test(nul_ends_nothing),
		cmocka_unit_test(limits_and_one_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
