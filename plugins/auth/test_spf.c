/* SPDX-License-Identifier: BSD-2-Clause */
/* SPF records and macros at their limits; the suite of RFC 7208 itself is in
 * tests/conformance. */
#include "test.h"

#include <stdlib.h>

#include "spf.h"
#include "spf_macro.h"
#include "spf_record.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool
parse(struct mt_span txt, struct spf_record *r)
{
	static struct spf_term terms[SPF_RECORD_MAX + 2];

	assert_in_range(spf_record_room(txt), 1, COUNT(terms));
	return spf_record_parse(txt, terms, r);
}

static void
record_vectors(void **state)
{
	static const struct {
		const char *txt;
		bool ok;
	} t[] = {
		{ "v=spf1", true }, { "v=spf1 -all", true }, { "V=SPF1   -ALL  ", true },
		{ "v=spf1 a/24//64 mx:example.com//48 ptr ~all", true },
		{ "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ?all", true },
		{ "v=spf1 a/0 mx//0 ip4:192.0.2.1/0", true }, { "v=spf1 moo.cow-2=%{d} -all", true },
		{ "v=spf1 include:%{d2r-+}.example.com exp=e.example.com", true },
		{ "v=spf1 redirect=a.example redirect=b.example", false },
		{ "v=spf1 exp=a.example exp=b.example", false }, { "v=spf1 redirect:a.example", false },
		{ "v=spf1 a:", false }, { "v=spf1 include", false }, { "v=spf1 all:x", false },
		{ "v=spf1 a:example", false }, { "v=spf1 a:111.222.33.44", false },
		{ "v=spf1 a:example.-com", false }, { "v=spf1 ip4:1.2.3", false },
		{ "v=spf1 ip4:1.2.3.4/33", false }, { "v=spf1 ip4:1.2.3.4/032", false },
		{ "v=spf1 ip4:1.2.3.4/", false }, { "v=spf1 ip4:1.2.3.4 /32", false },
		{ "v=spf1 ip6:::1/129", false }, { "v=spf1 ip6:1.2.3.4", false },
		{ "v=spf1 a//129", false }, { "v=spf1 a/33", false }, { "v=spf1 a/24/64", false },
		{ "v=spf1 a///64", false }, { "v=spf1 foo", false }, { "v=spf1 -", false },
		{ "v=spf1 --all", false }, { "v=spf1 +redirect=a.example", false },
		{ "v=spf1 1a=x", false }, { "v=spf1 a:%{x}.example.com", false },
		{ "v=spf1 a:%{d", false }, { "v=spf1 a:%{d0}.example.com", false },
		{ "v=spf1 a:%{c}.example.com", false }, { "v=spf1 a:%(d).example.com", false },
		{ "v=spf1 a:\xc3\xbc.example.com", false }, { "v=spf1\t-all", true },
		{ "v=spf1 a\t-all", false }, { "v=spf1 a:%{d999}.example.com", true },
		{ "v=spf1 a:%{d9999}.example.com", false },
	};
	struct spf_record r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct mt_span txt = text_span(t[i].txt);

		if (!spf_record_is(txt))
			continue;
		if (parse(txt, &r) != t[i].ok)
			fail_msg("%s", t[i].txt);
	}
	assert_false(spf_record_is(text_span("v=spf1\t-all")));
	assert_false(spf_record_is(text_span("v=spf10")));
	assert_false(spf_record_is(text_span("v=spf")));
	assert_false(parse((struct mt_span){ "v=spf1 a\0b", 10 }, &r));
	assert_true(parse(text_span("v=spf1 a -all mx ip4:1.2.3.4 redirect=x.example"), &r));
	assert_true(r.all && r.count == 2);
}

/* A NUL is no end: nothing behind the record is looked at. */
static void
record_nul(void **state)
{
	static const struct mt_span t[] = { { "v=spf1 \0", 8 }, { "v=spf1 a\0", 9 },
		{ "v=spf1 -\0", 9 }, { "v=spf1 a:foo.example.com\0", 25 }, { "v=spf1 a=\0", 10 } };
	struct spf_record r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		char *exact = malloc(t[i].len);

		memcpy(exact, t[i].ptr, t[i].len);
		assert_false(parse((struct mt_span){ exact, t[i].len }, &r));
		free(exact);
	}
}

static void
record_limits(void **state)
{
	static char txt[SPF_RECORD_MAX + 64];
	struct spf_record r;
	struct text t;
	size_t n, i;

	(void)state;
	for (n = SPF_RECORD_MAX; n <= SPF_RECORD_MAX + 1; n++) {
		memset(txt, ' ', n);
		memcpy(txt, "v=spf1", 6);
		assert_int_equal(parse((struct mt_span){ txt, n }, &r), n == SPF_RECORD_MAX);
	}
	for (n = SPF_TERM_MAX; n <= SPF_TERM_MAX + 1; n++) {
		memset(txt, 'x', 7 + n);
		memcpy(txt, "v=spf1 m=", 9);
		assert_int_equal(parse((struct mt_span){ txt, 7 + n }, &r), n == SPF_TERM_MAX);
	}
	for (n = SPF_TERMS_MAX; n <= SPF_TERMS_MAX + 1; n++) {
		t = text_make(txt, sizeof(txt));
		text_puts(&t, "v=spf1");
		for (i = 0; i < n; i++)
			text_puts(&t, " a");
		assert_int_equal(parse(text_span(txt), &r), n == SPF_TERMS_MAX);
	}
}

static void
macro_vectors(void **state)
{
	static const uint8_t four[4] = { 192, 0, 2, 3 };
	static const struct spf_values v = {
		.sender = "strong-bad@email.example.com", .local = "strong-bad",
		.domain_of_sender = "email.example.com", .domain = "email.example.com",
		.helo = "mx.example.org", .validated = "mx.example.org", .receiver = "here.example",
		.address = four, .now = 1767225600,
	};
	static const struct {	/* the table of RFC 7208 7.4, and more */
		const char *spec, *want;
	} t[] = {
		{ "%{s}", "strong-bad@email.example.com" }, { "%{o}", "email.example.com" },
		{ "%{d}", "email.example.com" }, { "%{d4}", "email.example.com" },
		{ "%{d3}", "email.example.com" }, { "%{d2}", "example.com" }, { "%{d1}", "com" },
		{ "%{dr}", "com.example.email" }, { "%{d2r}", "example.email" }, { "%{l}", "strong-bad" },
		{ "%{l-}", "strong.bad" }, { "%{lr}", "strong-bad" }, { "%{lr-}", "bad.strong" },
		{ "%{l1r-}", "strong" }, { "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com" },
		{ "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com" },
		{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
		  "bad.strong.lp.3.2.0.192.in-addr._spf.example.com" },
		{ "%%%_%-", "% %20" }, { "%{S}", "strong-bad%40email.example.com" },
		{ "%{t}", "1767225600" }, { "%{c} %{r} %{p} %{h}",
		  "192.0.2.3 here.example mx.example.org mx.example.org" },
	};
	char buf[128];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct text out = text_make(buf, sizeof(buf));

		assert_true(spf_macro_valid(text_span(t[i].spec), true));
		spf_macro_expand(text_span(t[i].spec), &v, &out);
		assert_string_equal(buf, t[i].want);
	}
}

static void
macro_overflow(void **state)
{
	static const uint8_t four[4];
	static const struct spf_values v = { .sender = "a@b", .local = "a",
		.domain_of_sender = "b", .domain = "0123456789", .helo = "", .validated = "",
		.receiver = "", .address = four };
	char buf[21];
	struct text out = text_make(buf, sizeof(buf));

	(void)state;
	spf_macro_expand(text_span("%{d}%{d}"), &v, &out);
	assert_false(out.full);
	out = text_make(buf, sizeof(buf));
	spf_macro_expand(text_span("%{d}%{d}x"), &v, &out);
	assert_true(out.full);
}

static void
addresses(void **state)
{
	struct spf_address a;

	(void)state;
	assert_true(spf_address_parse(text_span("192.0.2.1"), &a) && !a.six);
	assert_true(spf_address_parse(text_span("2001:db8::1"), &a) && a.six);
	assert_true(spf_address_parse(text_span("::ffff:192.0.2.1"), &a) && !a.six);
	assert_int_equal(a.bytes[0], 192);
	assert_false(spf_address_parse(text_span(""), &a));
	assert_false(spf_address_parse(text_span("localhost"), &a));
	assert_false(spf_address_parse(text_span("192.0.2.1/24"), &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_vectors), cmocka_unit_test(record_nul), cmocka_unit_test(record_limits),
		cmocka_unit_test(macro_vectors), cmocka_unit_test(macro_overflow),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
