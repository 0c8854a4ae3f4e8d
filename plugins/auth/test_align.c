/* SPDX-License-Identifier: BSD-2-Clause */
/* Alignment: nothing outside the organisation, whatever the letters. */
#include "mailtri/stage_test.h"
#include "test.h"

#include "align.h"
#include "dmarc_record.h"
#include "domain.h"
#include "second.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct mt_test host;
static const struct mt_stage empty = { .needs = MT_NEED_DNS };

static struct run
make_run(void)
{
	mt_test_init(&host, &empty);
	host.known = 1;
	return (struct run){ .host = &host.host, .msg = &host.msg };
}

static bool
aligned(const char *from, const char *id, bool strict)
{
	struct align_from f = { .domain = from };

	return align_check(NULL, &f, id, strict) == ALIGN_YES;
}

/* Whether a name stands for an identity and aligns with another. */
static bool
judged(const char *from, const char *id, bool strict)
{
	char a[DOMAIN_MAX + 1], b[DOMAIN_MAX + 1];

	return domain_identity(text_span(from), a) && domain_identity(text_span(id), b) &&
	    aligned(a, b, strict);
}

/* 32 pairs, each as an SPF and as a DKIM identifier: what is said of one
 * must be said of the other, and both must be this. */
static const struct pair {
	const char *from, *id;
	bool strict, want;
} pairs[] = {
	{ "example.org", "example.org", true, true }, { "example.org", "EXAMPLE.ORG", true, true },
	{ "example.org", "sub.example.org", true, false },
	{ "sub.example.org", "example.org", true, false },
	{ "example.org", "sub.example.org", false, true },
	{ "sub.example.org", "example.org", false, true },
	{ "aa.example.org", "bb.example.org", false, true },
	{ "aa.bb.example.org", "cc.dd.example.org", false, true },
	{ "example.org", "notexample.org", false, false },
	{ "example.org", "example.org.evil.com", false, false },
	{ "example.org", "org", false, false }, { "example.co.uk", "co.uk", false, false },
	{ "aaa.co.uk", "bbb.co.uk", false, false }, { "co.uk", "evil.co.uk", false, false },
	{ "github.io", "evil.github.io", false, false },
	{ "victim.github.io", "evil.github.io", false, false },
	{ "victim.github.io", "github.io", false, false },
	{ "city.kobe.jp", "x.city.kobe.jp", false, true },
	{ "aaa.ccc.kobe.jp", "bbb.ccc.kobe.jp", false, false },
	{ "www.ck", "foo.www.ck", false, true }, { "aaa.foo.ck", "bbb.foo.ck", false, false },
	{ "aaa.nosuchtld", "bbb.aaa.nosuchtld", false, true },
	{ "xxx.nosuchtld", "yyy.nosuchtld", false, false },
	/* A final dot is no identity here: refused before it can align. */
	{ "example.org.", "example.org", false, false },
	{ "example.org", "", false, false },
	{ "xn--85x722f.com.cn", "a.xn--85x722f.com.cn", false, true },
	{ "xxx.xn--55qx5d.cn", "yyy.xn--55qx5d.cn", false, false },
	{ "paypal.com", "x.com", false, false }, { "x.com", "evil.com", false, false },
	{ "bank.co.uk", "a.co.uk", false, false }, { "example.com", "m.example.com", true, false },
	{ "m.example.com", "mail.example.com", true, false },
};

static void
alignment_table(void **state)
{
	size_t i;

	(void)state;
	assert_int_equal(2 * COUNT(pairs), 64);
	for (i = 0; i < COUNT(pairs); i++)
		if (judged(pairs[i].from, pairs[i].id, pairs[i].strict) != pairs[i].want)
			fail_msg("%s and %s", pairs[i].from, pairs[i].id);
}

/* The same by tree walk, where every registrable domain has a record and
 * every registry publishes one too, without saying psd=y. */
static bool
walked(const struct pair *p)
{
	char from[DOMAIN_MAX + 1], id[DOMAIN_MAX + 1], name[DOMAIN_MAX + 16];
	struct align_from f = { .domain = from };
	const char *both[2] = { from, id };
	struct walk w;
	struct run r;
	bool result;
	size_t i, k;

	if (!domain_identity(text_span(p->from), from) || !domain_identity(text_span(p->id), id))
		return false;
	r = make_run();
	for (i = 0; i < 2; i++)
		for (k = 1; k <= domain_count(align_registrable(both[i])); k++) {
			struct mt_test_row *row;

			snprintf(name, sizeof(name), "_dmarc.%s", domain_last(both[i], k));
			row = mt_test_row(&host, MT_TEST_DNS, DNS_TXT, mt_test_span(name));
			if (row->count == 0)
				mt_test_dns_text(&host, name, "v=DMARC1; p=none");
		}
	walk_make(&r, from, &w);
	f.walk = &w;
	result = align_check(&r, &f, id, p->strict) == ALIGN_YES;
	mt_test_fini(&host);
	return result;
}

static void
alignment_by_walk(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++)
		if (walked(&pairs[i]) != pairs[i].want)
			fail_msg("%s and %s", pairs[i].from, pairs[i].id);
}

/* No identifier outside the organisational domain aligns: every suffix of
 * the list against every one-letter name, and names made at random. */
static void
alignment_property(void **state)
{
	static const char *const suffixes[] = { "com", "org", "de", "co.uk", "com.cn", "github.io",
		"kobe.jp", "foo.ck", "nosuchtld", "xn--55qx5d.cn", "blogspot.com" };
	char from[64], id[64];
	size_t i;
	char a, b;

	(void)state;
	for (i = 0; i < COUNT(suffixes); i++)
		for (a = 'a'; a <= 'z'; a++)
			for (b = 'a'; b <= 'z'; b++) {
				snprintf(from, sizeof(from), "%c.%s", a, suffixes[i]);
				snprintf(id, sizeof(id), "%c.%s", b, suffixes[i]);
				assert_int_equal(aligned(from, id, false), a == b);
				snprintf(id, sizeof(id), "%c%c.%s", a, b, suffixes[i]);
				assert_false(aligned(from, id, false));
				assert_false(aligned(id, from, false));
				assert_false(aligned(id, suffixes[i], false));
				assert_false(aligned(suffixes[i], id, false));
			}
}

static void
alignment_random(void **state)
{
	static const char *const labels[] = { "a", "b", "com", "co", "uk", "example", "github", "io",
		"x", "mail" };
	unsigned seed = 1, n;
	int round;

	(void)state;
	for (round = 0; round < 200000; round++) {
		char name[2][128];
		int k;

		for (k = 0; k < 2; k++) {
			struct text t = text_make(name[k], sizeof(name[k]));

			for (n = 0; n < 2 + (seed >> 16) % 4; n++) {
				seed = seed * 1103515245u + 12345u;
				if (n != 0)
					text_byte(&t, '.');
				text_puts(&t, labels[(seed >> 16) % COUNT(labels)]);
			}
		}
		if (strcmp(name[0], name[1]) != 0 && aligned(name[0], name[1], false)) {
			const char *org = align_registrable(name[0]);

			assert_false(align_public(org));
			assert_true(domain_within(name[1], org));
		}
	}
}

/* ---- public suffixes ---- */

static void
suffix_vector(char *name, const char *want, unsigned *count)
{
	char a[DOMAIN_MAX + 1], b[DOMAIN_MAX + 1];
	const char *got = NULL;

	++*count;
	if (domain_identity(text_span(name), a) && !align_public(a))
		got = align_registrable(a);
	if (strcmp(want, "null") == 0) {
		assert_null(got);
		return;
	}
	assert_true(domain_identity(text_span(want), b));
	if (got == NULL || strcmp(got, b) != 0)
		fail_msg("%s: want %s got %s", name, b, got == NULL ? "null" : got);
}

static void
suffix_vectors(void **state)
{
	const char *root = getenv("MAILTRI_CORPORA");
	char path[512], line[512], *space;
	unsigned count = 0;
	FILE *f;

	(void)state;
	if (root == NULL || root[0] == '\0') {
		print_message("NOT PROVED: MAILTRI_CORPORA is not set\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/psl/tests.txt", root);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		space = strchr(line, ' ');
		if (space == NULL || strncmp(line, "//", 2) == 0)
			continue;
		*space = '\0';
		suffix_vector(line, space + 1, &count);
	}
	fclose(f);
	assert_int_equal(count, 78);	/* 77 and the line "null null" */
}

/* ---- DMARC records ---- */

static void
record_vectors(void **state)
{
	static const struct {
		const char *txt;
		bool ok;
		enum policy p;
	} t[] = {
		{ "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com", true, POLICY_NONE },
		{ "v=DMARC1;p=reject", true, POLICY_REJECT },
		{ "v=DMARC1; p=quarantine; rua=mailto:a@b.example,mailto:c@d.example!10m; pct=25; fo=d:s",
		  true, POLICY_QUARANTINE },
		{ "v=DMARC1; p=reject; sp=quarantine; np=none; aspf=s; adkim=s; fo = 1;rua=mailto:a@b.example",
		  true, POLICY_REJECT },
		{ "v=DMARC1; p=quarantine; fo=s:d; t=y; psd=y;;", true, POLICY_QUARANTINE },
		{ "v=DMARC1 ; p = reject ;", true, POLICY_REJECT }, { "v=DMARC1; P=Reject", true, POLICY_REJECT },
		{ "p=reject; v=DMARC1", false, 0 }, { "v=dmarc1; p=reject", false, 0 },
		{ "v=DMARC12; p=reject", false, 0 }, { "v=DMARC1", true, POLICY_NONE },
		{ "v=DMARC1; rua=mailto:a@b.example", true, POLICY_NONE },
		{ "v=DMARC1; p=bogus; rua=mailto:a@b.example", true, POLICY_NONE },
		{ "v=DMARC1; p=r", false, 0 }, { "v=DMARC1; p=rejectx", false, 0 },
		{ "v=DMARC1; p=reject; adkim=x", true, POLICY_REJECT },
		{ "v=DMARC1; p=reject; pct=150", true, POLICY_REJECT },
		{ "v=DMARC1; p=reject; unknown=1", true, POLICY_REJECT },
		{ "v=DMARC1; p=reject; sp=foo", true, POLICY_REJECT }, { "v=spf1 -all", false, 0 },
		{ "", false, 0 }, { "v=DMARC1; p=reject; p=none", false, 0 },
		{ "v=DMARC1;\xc2\xa0p=reject", false, 0 }, { ";v=DMARC1; p=reject", false, 0 },
		{ "v=DMARC1 p=reject", false, 0 }, { "v=DMARC1; p", false, 0 },
	};
	struct dmarc_record r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		bool ok = dmarc_record_parse(text_span(t[i].txt), &r);

		if (ok != t[i].ok)
			fail_msg("%s", t[i].txt);
		if (ok)
			assert_int_equal(r.p, t[i].p);
	}
	assert_true(dmarc_record_parse(text_span("v=DMARC1; p=none; psd=Y; t=y; adkim=s"), &r));
	assert_true(r.psd == 'y' && r.testing && r.strict_dkim && !r.strict_spf);
	assert_false(dmarc_record_parse((struct mt_span){ "v=DMARC1; p=none\0", 17 }, &r));
}

static void
record_limit(void **state)
{
	static char txt[DMARC_RECORD_MAX + 2];
	struct dmarc_record r;
	size_t n;

	(void)state;
	for (n = DMARC_RECORD_MAX; n <= DMARC_RECORD_MAX + 1; n++) {
		memset(txt, 'x', n);
		memcpy(txt, "v=DMARC1; p=none; n=", 20);
		assert_int_equal(dmarc_record_parse((struct mt_span){ txt, n }, &r),
		    n == DMARC_RECORD_MAX);
	}
}

/* ---- the walk ---- */

static void
walk_order(void **state)
{
	static const char *const eleven[] = { "a.b.c.d.e.f.g.h.i.example.com", "e.f.g.h.i.example.com",
		"f.g.h.i.example.com", "g.h.i.example.com", "h.i.example.com", "i.example.com",
		"example.com", "com" };
	struct run r = make_run();
	struct walk w;
	size_t i;

	(void)state;
	walk_make(&r, eleven[0], &w);
	assert_int_equal(w.count, COUNT(eleven));
	for (i = 0; i < w.count; i++)
		assert_string_equal(w.step[i].domain, eleven[i]);
	walk_make(&r, "a.example.com", &w);
	assert_int_equal(w.count, 3);
	assert_string_equal(walk_organisation(&w), "a.example.com");
	mt_test_fini(&host);
}

/* RFC 9989 B.4.3: a registry below which nobody is anybody's sibling. */
static void
walk_registry(void **state)
{
	struct run r = make_run();
	struct align_from f = { .domain = "giant.bank.example" };
	struct walk w;

	(void)state;
	mt_test_dns_text(&host, "_dmarc.bank.example", "v=DMARC1; p=reject; psd=y");
	walk_make(&r, f.domain, &w);
	f.walk = &w;
	assert_string_equal(walk_organisation(&w), "giant.bank.example");
	assert_string_equal(walk_policy(&w)->domain, "bank.example");
	assert_int_equal(align_check(&r, &f, "mega.bank.example", false), ALIGN_NO);
	assert_int_equal(align_check(&r, &f, "mail.giant.bank.example", false), ALIGN_YES);
	mt_test_fini(&host);
}

static void
walk_stops_at_n(void **state)
{
	struct run r = make_run();
	struct walk w;

	(void)state;
	mt_test_dns_text(&host, "_dmarc.b.example.com", "v=DMARC1; p=reject; psd=n");
	mt_test_dns_text(&host, "_dmarc.example.com", "v=DMARC1; p=none");
	mt_test_dns(&host, "_dmarc.com", DNS_TXT, MT_SERVFAIL);
	walk_make(&r, "a.b.example.com", &w);
	assert_false(w.failed);
	assert_string_equal(walk_organisation(&w), "b.example.com");
	walk_make(&r, "a.example.com", &w);
	assert_true(w.failed);
	assert_null(walk_organisation(&w));
	mt_test_fini(&host);
}

static void
walk_two_records_are_none(void **state)
{
	struct run r = make_run();
	struct dmarc_record record;

	(void)state;
	mt_test_dns_text(&host, "_dmarc.example.com", "v=DMARC1; p=reject");
	mt_test_dns_text(&host, "_dmarc.example.com", "v=DMARC1; p=none");
	assert_int_equal(walk_fetch(&r, "example.com", &record), MT_NODATA);
	mt_test_fini(&host);
}

static void
second_opinion(void **state)
{
	enum policy p;
	int bits;

	(void)state;
	assert_int_equal(second_init(), 0);
	for (p = POLICY_NONE; p <= POLICY_REJECT; p++)
		for (bits = 0; bits < 4; bits++) {
			assert_true(second_agrees("example.com", p, bits & 1, bits >> 1));
			assert_true(second_agrees("x.com", p, bits & 1, bits >> 1));
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alignment_table), cmocka_unit_test(alignment_by_walk),
		cmocka_unit_test(alignment_property), cmocka_unit_test(alignment_random),
		cmocka_unit_test(suffix_vectors), cmocka_unit_test(record_vectors),
		cmocka_unit_test(record_limit), cmocka_unit_test(walk_order),
		cmocka_unit_test(walk_registry), cmocka_unit_test(walk_stops_at_n),
		cmocka_unit_test(walk_two_records_are_none), cmocka_unit_test(second_opinion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
