/* SPDX-License-Identifier: BSD-2-Clause */
/* The parsers that read a sender's bytes: each at its limits. */
#include "base64.h"
#include "domain.h"
#include "from.h"
#include "header.h"
#include "taglist.h"
#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char *
repeated(char *buf, char c, size_t n)
{
	memset(buf, c, n);
	buf[n] = '\0';
	return buf;
}

/* ---- domains ---- */

static void
domain_vectors(void **state)
{
	static const struct {
		const char *in, *want;	/* NULL: refused */
	} t[] = {
		{ "example.com", "example.com" }, { "EXAMPLE.Com", "example.com" },
		{ "x.com", "x.com" }, { "a.b", "a.b" }, { "1.example.com", "1.example.com" },
		{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
		{ "", NULL }, { "com", NULL }, { ".com", NULL }, { "example.com.", NULL },
		{ "a..b", NULL }, { "-a.b", NULL }, { "a-.b", NULL }, { "a_b.c", NULL },
		{ "192.0.2.1", NULL }, { "[192.0.2.1]", NULL }, { "a b.c", NULL },
		{ "example.com(.evil.example", NULL }, { "example.com\"", NULL },
		{ "a.example\xff", NULL }, { "exa\\mple.com", NULL }, { "a,b.com", NULL },
	};
	char out[DOMAIN_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		bool ok = domain_identity(text_span(t[i].in), out);

		assert_int_equal(ok, t[i].want != NULL);
		if (ok)
			assert_string_equal(out, t[i].want);
	}
	assert_false(domain_identity((struct mt_span){ "a.com\0.evil.example", 19 }, out));
}

static void
domain_limits(void **state)
{
	char label[80], name[300], out[DOMAIN_MAX + 1];
	struct text t;
	int extra;

	(void)state;
	for (extra = 0; extra < 2; extra++) {
		repeated(label, 'a', (size_t)(LABEL_MAX + extra));
		snprintf(name, sizeof(name), "%s.example", label);
		assert_int_equal(domain_identity(text_span(name), out), extra == 0);
	}
	for (extra = 0; extra < 2; extra++) {
		t = text_make(name, sizeof(name));
		while (t.len + 2 <= (size_t)DOMAIN_MAX + (size_t)extra - 1)
			text_puts(&t, "a.");
		text_puts(&t, t.len + 1 == (size_t)(DOMAIN_MAX + extra) ? "b" : "bb");
		assert_int_equal(t.len, DOMAIN_MAX + extra);
		assert_int_equal(domain_identity(text_span(name), out), extra == 0);
	}
}

static void
domain_parts(void **state)
{
	(void)state;
	assert_int_equal(domain_count("a.b.c"), 3);
	assert_string_equal(domain_last("a.b.c", 2), "b.c");
	assert_string_equal(domain_last("a.b.c", 9), "a.b.c");
	assert_true(domain_within("a.example.com", "example.com"));
	assert_true(domain_within("example.com", "example.com"));
	assert_false(domain_within("notexample.com", "example.com"));
	assert_false(domain_within("com", "example.com"));
}

/* ---- tag lists ---- */

static void
taglist_vectors(void **state)
{
	static const struct {
		const char *in;
		bool ok;
	} t[] = {
		{ "v=1; a=b", true }, { " v = 1 ;\r\n\ta=b;", true }, { "v=1;x=", true },
		{ "", false }, { ";", false }, { "v", false }, { "v=1; d", false },
		{ "=1", false }, { "v=1; v=1", false }, { "1v=1", false }, { "v-=1", false },
		{ "v=1; V=1", true }, { "v=a\x01", false }, { "v=\xff", false }, { "v=1;;a=b", false },
		{ "v=\xc3\xbc", true },
	};
	struct taglist list;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++)
		assert_int_equal(taglist_parse(text_span(t[i].in), &list) == 0, t[i].ok);
	assert_int_not_equal(taglist_parse((struct mt_span){ "v=a\0b", 5 }, &list), 0);
}

static void
taglist_limit(void **state)
{
	char buf[1024];
	struct taglist list;
	size_t i, n;

	(void)state;
	for (n = TAGS_MAX; n <= TAGS_MAX + 1; n++) {
		struct text t = text_make(buf, sizeof(buf));

		for (i = 0; i < n; i++) {
			text_byte(&t, 't');
			text_number(&t, i);
			text_puts(&t, "=x;");
		}
		assert_int_equal(taglist_parse(text_span(buf), &list) == 0, n == TAGS_MAX);
	}
}

static void
taglist_values(void **state)
{
	struct taglist list;
	char out[8];

	(void)state;
	assert_int_equal(taglist_parse(text_span("b=ab\r\n cd; c= x y "), &list), 0);
	assert_true(taglist_folded(&list, "b", out, sizeof(out)));
	assert_string_equal(out, "abcd");
	assert_false(taglist_folded(&list, "b", out, 4));
	assert_null(taglist_find(&list, "B"));
	assert_int_equal(taglist_find(&list, "c")->value.len, 3);
}

/* ---- base64 ---- */

static void
base64_vectors(void **state)
{
	static const char *const plain[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
	static const char *const coded[] = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=",
		"Zm9vYmFy" };
	static const char *const wrong[] = { "Z", "Zg", "Zg=", "Zg===", "Z!==", "Zg==Zg==", "====" };
	unsigned char out[16];
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(plain); i++) {
		struct text t = text_make(buf, sizeof(buf));
		long n = base64_decode(text_span(coded[i]), out, sizeof(out));

		assert_int_equal(n, strlen(plain[i]));
		assert_memory_equal(out, plain[i], (size_t)n);
		base64_encode(&t, (const unsigned char *)plain[i], strlen(plain[i]));
		assert_string_equal(buf, coded[i]);
	}
	for (i = 0; i < COUNT(wrong); i++)
		assert_int_equal(base64_decode(text_span(wrong[i]), out, sizeof(out)), -1);
	assert_int_equal(base64_decode(text_span(" Zm9v\r\n\tYmFy "), out, 6), 6);
	assert_int_equal(base64_decode(text_span("Zm9vYmFy"), out, 5), -1);
}

/* ---- the header ---- */

static const char *
parse(const char *raw, size_t len, struct header *h)
{
	static struct field fields[HEADER_FIELDS_MAX + 2];
	struct mt_span s = { raw, len };

	assert_in_range(header_room(s), 0, HEADER_FIELDS_MAX);
	return header_parse(s, fields, h);
}

static void
header_vectors(void **state)
{
	static const struct {
		const char *raw;
		bool ok;
	} t[] = {
		{ "A: b\r\n\r\nbody\r\n", true }, { "A: b\r\n c\r\n\r\n", true }, { "A:\r\n\r\n", true },
		{ "A: b\r\n", true }, { "\r\nbody", true },
		{ "A : b\r\n\r\n", false }, { " A: b\r\n\r\n", false }, { "A: b\n\r\n", false },
		{ "A: b\r\r\n\r\n", false }, { "A: b\rc\r\n\r\n", false }, { "nothing\r\n\r\n", false },
		{ "A: b\r\n \r\n c\r\n\r\n", false }, { ": b\r\n\r\n", false },
		{ "\xc3\xbc: b\r\n\r\n", false }, { "A\t: b\r\n\r\n", false }, { "A: b", false },
	};
	struct header h;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++)
		assert_int_equal(parse(t[i].raw, strlen(t[i].raw), &h) == NULL, t[i].ok);
	assert_non_null(parse("A: b\0\r\n\r\n", 9, &h));
	assert_null(parse("A: b\r\n c\r\nB:d\r\n\r\nbody", 21, &h));
	assert_int_equal(h.count, 2);
	assert_int_equal(h.body.len, 4);
	assert_int_equal(h.field[0].value.len, 6);
	assert_int_equal(h.field[0].whole.len, 8);
}

static void
header_limits(void **state)
{
	static char raw[HEADER_BYTES_MAX + 2048];
	struct header h;
	struct text t;
	size_t n, i;

	(void)state;
	for (n = HEADER_LINE_MAX; n <= HEADER_LINE_MAX + 1; n++) {
		repeated(raw, 'x', n);
		raw[1] = ':';
		snprintf(raw + n, 8, "\r\n\r\n");
		assert_int_equal(parse(raw, n + 4, &h) == NULL, n == HEADER_LINE_MAX);
	}
	for (n = HEADER_FIELDS_MAX; n <= HEADER_FIELDS_MAX + 1; n++) {
		t = text_make(raw, sizeof(raw));
		for (i = 0; i < n; i++)
			text_puts(&t, "A:b\r\n");
		text_puts(&t, "\r\n");
		assert_int_equal(parse(raw, t.len, &h) == NULL, n == HEADER_FIELDS_MAX);
	}
	for (n = 0; n <= 1; n++) {
		t = text_make(raw, sizeof(raw));
		text_puts(&t, "A:\r\n");
		while (t.len + 8 < HEADER_BYTES_MAX - 16)
			text_puts(&t, " xxxxx\r\n");
		while (t.len + 4 < HEADER_BYTES_MAX + n)
			text_byte(&t, t.ptr[t.len - 1] == '\n' ? ' ' : 'y');
		text_puts(&t, "\r\n\r\n");
		assert_int_equal(t.len, HEADER_BYTES_MAX + n);
		assert_int_equal(parse(raw, t.len, &h) == NULL, n == 0);
	}
}

static void
header_repeats(void **state)
{
	static const char twice[] = "Subject: a\r\nX: 1\r\nsubject: b\r\n\r\n";
	static const char good[] = "Subject: a\r\nX: 1\r\nX: 2\r\nReceived: c\r\nReceived: d\r\n\r\n";
	struct header h;

	(void)state;
	assert_null(parse(twice, sizeof(twice) - 1, &h));
	assert_string_equal(header_repeated(&h), "Subject");
	assert_null(header_only(&h, "Subject"));
	assert_null(parse(good, sizeof(good) - 1, &h));
	assert_null(header_repeated(&h));
	assert_non_null(header_only(&h, "sUBJECT"));
}

static void
header_canonical(void **state)
{
	char buf[32];
	struct text t = text_make(buf, sizeof(buf));

	(void)state;
	header_relaxed(&t, text_span("  a \t b\r\n\tc  "));
	assert_string_equal(buf, "a b c");
}

/* ---- From ---- */

static void
from_vectors(void **state)
{
	static const struct {
		const char *in, *want;	/* NULL: refused */
	} t[] = {
		{ "joe@example.com", "joe@example.com" },
		{ " Joe <joe@example.com>", "joe@example.com" },
		{ "\"Joe, X\" <joe@example.com>", "joe@example.com" },
		{ "\"a@evil.test\" <joe@example.com>", "joe@example.com" },
		{ "(c@evil.test) joe@example.com", "joe@example.com" },
		{ "joe@example.com (c@evil.test)", "joe@example.com" },
		{ "=?utf-8?Q?joe=40evil.test?= <joe@example.com>", "joe@example.com" },
		{ "\"joe@evil.test\"@example.com", "\"joe@evil.test\"@example.com" },
		{ "\"joe\"@example.com", "joe@example.com" },
		{ "joe@EXAMPLE.com", "joe@example.com" }, { "John Q. Public <j@example.com>", "j@example.com" },
		{ "Joe\r\n <joe@example.com>", "joe@example.com" }, { "<joe@example.com>", "joe@example.com" },
		{ "\xd0\x90\xd0\xbb\xd0\xb8\xd1\x81\xd0\xb0 <a@b\xc3\xbc" "cher.example>",
		  "a@xn--bcher-kva.example" },
		{ "a@evil.test <joe@example.com>", NULL }, { "<joe@example.com> <x@evil.test>", NULL },
		{ "joe@example.com, x@evil.test", NULL }, { "Group: a@example.com, b@evil.test;", NULL },
		{ "<@relay.test:joe@example.com>", NULL }, { "joe@[192.0.2.1]", NULL },
		{ "<joe@example.com", NULL }, { "joe@example.com>", NULL }, { "joe@example.com.", NULL },
		{ "undisclosed-recipients:;", NULL }, { "", NULL }, { "joe@exa\\mple.com", NULL },
		{ "joe@example", NULL }, { "joe", NULL }, { "@example.com", NULL }, { "joe@", NULL },
		{ "a b@example.com", NULL }, { "joe@example.com(.evil.test", NULL },
		{ "joe @example.com", NULL }, { "joe@ example.com", NULL }, { "joe@(x)example.com", NULL },
		{ "\"joe\r\n x\"@example.com", NULL }, { "joe@example.com\x01", NULL },
		{ "\"un\xff\" <joe@example.com>", NULL }, { ".joe@example.com", NULL },
		{ "jo..e@example.com", NULL }, { "joe@example.com x", NULL }, { "(open joe@example.com", NULL },
		{ "\"open <joe@example.com>", NULL }, { "<joe@example.com> x", NULL },
		{ "<<joe@example.com>>", NULL }, { "joe@a.com@example.com", NULL },
		{ "<joe@example.com,x@evil.test>", NULL }, { "joe@example.com;", NULL },
		{ "joe%40evil.test@example.com", "joe%40evil.test@example.com" },
	};
	struct mailbox box;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		const char *fault = from_parse(text_span(t[i].in), &box);

		if ((fault == NULL) != (t[i].want != NULL))
			fail_msg("%s: %s", t[i].in, fault == NULL ? box.address : fault);
		assert_string_equal(box.address, t[i].want == NULL ? "" : t[i].want);
	}
	assert_non_null(from_parse((struct mt_span){ "joe@example.com\0@evil.test", 26 }, &box));
	assert_null(from_parse(text_span("Joe <joe@example.com>"), &box));
	assert_string_equal(box.domain, "example.com");
}

static void
from_limit(void **state)
{
	char local[80], in[120];
	struct mailbox box;
	size_t n;

	(void)state;
	for (n = LOCAL_MAX; n <= LOCAL_MAX + 1; n++) {
		snprintf(in, sizeof(in), "%s@example.com", repeated(local, 'a', n));
		assert_int_equal(from_parse(text_span(in), &box) == NULL, n == LOCAL_MAX);
	}
}

/* ---- Authentication-Results ---- */

static void
quoted_text(void **state)
{
	char buf[64];
	struct text t = text_make(buf, sizeof(buf));

	(void)state;
	text_quoted(&t, text_span("a\"b\\c\r\nd\xff"));
	assert_string_equal(buf, "\"a\\x22b\\x5cc\\x0d\\x0ad\\xff\"");
	t = text_make(buf, 4);
	text_puts(&t, "abc");
	assert_false(t.full);
	text_byte(&t, 'd');
	assert_true(t.full);
	assert_string_equal(buf, "abc");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domain_vectors), cmocka_unit_test(domain_limits),
		cmocka_unit_test(domain_parts), cmocka_unit_test(taglist_vectors),
		cmocka_unit_test(taglist_limit), cmocka_unit_test(taglist_values),
		cmocka_unit_test(base64_vectors), cmocka_unit_test(header_vectors),
		cmocka_unit_test(header_limits), cmocka_unit_test(header_repeats),
		cmocka_unit_test(header_canonical), cmocka_unit_test(from_vectors),
		cmocka_unit_test(from_limit),
		cmocka_unit_test(quoted_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
