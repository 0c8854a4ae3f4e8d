/* SPDX-License-Identifier: BSD-2-Clause */
/* Authentication-Results: those of others read exactly, and whose they are. */
#include "authres.h"
#include "results.h"
#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct authres read;

static void
equals(struct mt_span got, const char *want)
{
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.ptr, want, got.len);
}

/* The examples of RFC 8601, appendix B, and what others write. */
static void
read_well(void **state)
{
	static const struct {
		const char *in, *id;
		size_t count;
	} t[] = {
		{ "example.org 1; none", "example.org", 0 },
		{ " example.com;\r\n\tspf=pass smtp.mailfrom=example.net", "example.com", 1 },
		{ "example.com;\r\n auth=pass (cleartext) smtp.auth=sender@example.net;\r\n"
		  " spf=pass smtp.mailfrom=example.net", "example.com", 2 },
		{ "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait "
		  "for it) fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised "
		  "me) = (as I wasn't expecting it) 1362471462", "foo.example.net", 1 },
		{ "mx.google.com; dkim=pass header.i=@a.b header.s=20 header.b=AbC/+12=;\r\n"
		  " spf=pass (google.com: domain of x@a.b (c) designates 1.2.3.4) smtp.mailfrom=x@a.b;\r\n"
		  " dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=a.b", "mx.google.com", 3 },
		{ "mx.microsoft.com 1; spf=pass smtp.mailfrom=a.b; dmarc=pass action=none "
		  "header.from=a.b; dkim=pass header.d=a.b; arc=none", "mx.microsoft.com", 4 },
		{ "\"a b\"; spf=none reason=\"a;b\\\"c\" smtp.mailfrom=\"a b\"@c.d;", "a b", 1 },
		{ "x;none", "x", 0 }, { "x; (c) none (d) ", "x", 0 }, { "x; spf=pass smtp.mailfrom=", "x", 1 },
		{ "x; ", "x", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		assert_null(authres_parse(text_span(t[i].in), &read));
		equals(read.id, t[i].id);
		assert_int_equal(read.count, t[i].count);
	}
}

static void
refused(void **state)
{
	static const char *const bad[] = {
		"", ";", "x", " (c) ", "x 2; none", "x spf=pass", "x; spf", "x; =pass", "x; spf=",
		"x; spf pass", "x; spf=pass smtp", "x; spf=pass smtp.", "x; spf=pass smtp.mailfrom",
		"x; spf=pass smtp.mailfrom= (open", "x; spf=pass \"open", "x; spf=pass (a (b)",
		"x; spf=pass reason=\"open", "x; spf=pass reason=", "x; spf/2=pass", "x; none; spf=pass",
		"x; spf=pass smtp.mailfrom=a(b)c", "x; spf=pass smtp.mailfrom=a\\b", "x; spf=pass)",
		"x; ; spf=pass", "x; spf=pass smtp.mailfrom=a\x01", "x; spf=pa\xc3\xa4ss", "x; spf=pass , a",
		"x; spf=pass reason=\"\x07\"", "x; none x", "x; spf=pass;; dkim=pass",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		assert_non_null(authres_parse(text_span(bad[i]), &read));
		assert_int_equal(read.count, 0);
	}
	assert_non_null(authres_parse((struct mt_span){ "x; spf=pass reason=\"\\\0\"", 22 }, &read));
	assert_non_null(authres_parse((struct mt_span){ "x; spf=pass (\0)", 15 }, &read));
	assert_non_null(authres_parse((struct mt_span){ "x; spf=pass a.b=c\0d", 19 }, &read));
}

static void
values(void **state)
{
	const struct authres_result *spf;

	(void)state;
	assert_null(authres_parse(text_span("x; SPF=Pass Smtp.MailFrom=\"a.b\" smtp.helo=c smtp.helo=d; "
	    "dkim=pass; dkim=fail"), &read));
	spf = authres_only(&read, "spf");
	assert_non_null(spf);
	equals(*authres_value(spf, "smtp", "mailfrom"), "a.b");
	assert_null(authres_value(spf, "smtp", "helo"));
	assert_null(authres_value(spf, "smtp", "from"));
	assert_null(authres_only(&read, "dkim"));
	assert_null(authres_only(&read, "dmarc"));
}

static const char *
repeat(const char *head, const char *piece, size_t n)
{
	static char buf[8192];
	struct text t = text_make(buf, sizeof(buf));

	for (text_puts(&t, head); n > 0; n--)
		text_puts(&t, piece);
	assert_false(t.full);
	return buf;
}

static void
limits(void **state)
{
	char buf[64];

	(void)state;
	assert_null(authres_parse(text_span(repeat("x", "; a=b", AUTHRES_RESULTS_MAX)), &read));
	assert_non_null(authres_parse(text_span(repeat("x", "; a=b", AUTHRES_RESULTS_MAX + 1)), &read));
	assert_null(authres_parse(text_span(repeat("x; a=b", " a.b=c", AUTHRES_PROPERTIES_MAX)), &read));
	assert_non_null(authres_parse(text_span(repeat("x; a=b", " a.b=c",
	    AUTHRES_PROPERTIES_MAX + 1)), &read));
	snprintf(buf, sizeof(buf), "x; %.*s%.*s a=b", AUTHRES_COMMENT_DEPTH_MAX, "((((((((((",
	    AUTHRES_COMMENT_DEPTH_MAX, "))))))))))");
	assert_null(authres_parse(text_span(buf), &read));
	snprintf(buf, sizeof(buf), "x; %.*s%.*s a=b", AUTHRES_COMMENT_DEPTH_MAX + 1, "((((((((((",
	    AUTHRES_COMMENT_DEPTH_MAX + 1, "))))))))))");
	assert_non_null(authres_parse(text_span(buf), &read));
}

static void
authserv_vectors(void **state)
{
	static const struct {
		const char *in, *want;
	} t[] = {
		{ " mx.example.net; spf=pass", "mx.example.net" }, { "MX.example.net 1;", "mx.example.net" },
		{ "(a (b) \\) c) mx.example.net", "mx.example.net" }, { "\"mx.example.net\";", "mx.example.net" },
		{ "\"mx.\\example.net\" 1", "mx.example.net" }, { "mx(c).example.net", "mx" },
		{ "mx.example.net/1; x", "mx.example.net" }, { "mx.example.net,x", "mx.example.net" },
		{ "", NULL }, { "(only", NULL }, { "\"open", NULL }, { ";", NULL },
	};
	char out[64];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		assert_int_equal(results_authserv(text_span(t[i].in), out, sizeof(out)),
		    t[i].want != NULL);
		if (t[i].want != NULL)
			assert_string_equal(out, t[i].want);
	}
	assert_false(results_authserv(text_span("0123456789"), out, 10));
	assert_true(results_authserv(text_span("012345678"), out, 10));
}

static void
whose(void **state)
{
	static const char ace[] = "mx.xn--bcher-kva.example";
	static const struct {
		const char *in, *ours;
		bool want;
	} t[] = {
		{ "mx.example.net; a=b", "mx.example.net", true },
		{ "\r\n\tMX.Example.NET\r\n\t1; a=b", "mx.example.net", true },
		{ "(x)mx.example.net(y);", "mx.example.net", true },
		{ "\"mx.example.net\"; a=b", "mx.example.net", true },
		{ "\"mx\".example.net; a=b", "mx.example.net", true },
		{ "mx.(c)example . net; a=b", "mx.example.net", true },
		{ "\"m\\x.example.net\" ; a=b", "mx.example.net", true },
		{ "mx.example.net.; a=b", "mx.example.net", true },
		{ "mx.example.net/1; a=b", "mx.example.net", true },
		{ "mx.example.net", "mx.example.net", true },
		{ "mx.b\xc3\xbc" "cher.example; a=b", ace, true },
		{ "MX.XN--BCHER-KVA.example; a=b", ace, true },
		{ "mx.xn--bcher-kva.example; a=b", "mx.b\xc3\xbc" "cher.example", true },
		{ "\"mx.b\xc3\xbc" "cher.example\"; a=b", ace, true },
		{ "; spf=pass", "mx.example.net", true }, { "(", "mx.example.net", true },
		{ "mx.example.org; a=b", "mx.example.net", false },
		{ "a.mx.example.net; a=b", "mx.example.net", false },
		{ "mx.example.network; a=b", "mx.example.net", false },
		{ "example.net; a=b (mx.example.net)", "mx.example.net", false },
		{ "mx.bucher.example; a=b", ace, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++)
		assert_int_equal(results_ours(text_span(t[i].in), text_span(t[i].ours)), t[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_well), cmocka_unit_test(refused), cmocka_unit_test(values),
		cmocka_unit_test(limits), cmocka_unit_test(authserv_vectors), cmocka_unit_test(whose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
