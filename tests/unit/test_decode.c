/* SPDX-License-Identifier: BSD-2-Clause */
/* Transfer encodings, charsets, encoded-words. */
#include "test.h"

#include <errno.h>

#include "base/utf8.h"
#include "mail/decode.h"

struct decode_case {
	const char *in, *out;
	enum finding finding;	/* FINDING_COUNT: none */
};

static void
check_cases(const struct decode_case *cases, size_t count,
    void (*decode)(struct mt_span, struct buf *, struct findings *))
{
	for (size_t i = 0; i < count; i++) {
		struct findings fs = { 0 };
		uint64_t want = cases[i].finding == FINDING_COUNT ? 0 :
		    UINT64_C(1) << cases[i].finding;
		struct buf out = { 0 };

		decode(span_of(cases[i].in), &out, &fs);
		assert_string_equal(buf_string(&out), cases[i].out);
		if (fs.set != want)
			fail_msg("\"%s\": findings %llx", cases[i].in,
			    (unsigned long long)fs.set);
		buf_free(&out);
	}
}

static void
base64(void **state)
{
	static const struct decode_case cases[] = {
		{ "", "", FINDING_COUNT },
		{ "aGVsbG8=", "hello", FINDING_COUNT },
		{ "aGVs\r\nbG8=\r\n", "hello", FINDING_COUNT },
		{ "aGVsbA==", "hell", FINDING_COUNT },
		{ "aGVsbG8", "hello", FINDING_BASE64_LENGTH },
		{ "aGVsb", "hel", FINDING_BASE64_LENGTH },
		{ "aGVsbG8=d29ybGQ=", "helloworld", FINDING_BASE64_PADDING },
		{ "aGVsbA==d29ybGQ=", "hellworld", FINDING_BASE64_PADDING },
		{ "aG*Vs", "hel", FINDING_BASE64_JUNK },
		{ "=aGVs", "hel", FINDING_COUNT },
	};
	struct decode_case last = cases[9];
	struct findings fs = { 0 };
	struct buf out = { 0 };

	(void)state;
	check_cases(cases, 9, decode_base64);
	decode_base64(span_of(last.in), &out, &fs);
	assert_string_equal(buf_string(&out), last.out);
	assert_true(findings_has(&fs, FINDING_BASE64_PADDING));
	assert_true(findings_has(&fs, FINDING_BASE64_LENGTH));
	buf_free(&out);
}

static void
quoted_printable(void **state)
{
	static const struct decode_case cases[] = {
		{ "a=3Db=3d", "a=b=", FINDING_COUNT },
		{ "soft=\r\nbreak", "softbreak", FINDING_COUNT },
		{ "soft= \t\r\nbreak", "softbreak", FINDING_COUNT },
		{ "end=", "end", FINDING_COUNT },
		{ "white \t\r\nline=20\r\n", "white\r\nline \r\n", FINDING_COUNT },
		{ "white=20  ", "white ", FINDING_COUNT },
		{ "a  =\r\n b", "a   b", FINDING_COUNT },
		{ "bad=4 and =ZZ", "bad=4 and =ZZ", FINDING_QP_SYNTAX },
		{ "cut=4", "cut=4", FINDING_QP_SYNTAX },
	};

	(void)state;
	check_cases(cases, sizeof(cases) / sizeof(cases[0]), decode_qp);
}

static void
words(void **state)
{
	static const char *const cases[][2] = {
		{ "plain #task", "plain #task" },
		{ "=?utf-8?q?=23task_one?=", "#task one" },
		{ "=?UTF-8?B?I3Rhc2s=?=", "#task" },
		{ "=?utf-8?b?I3Rhc2s?=", "#task" },	/* no padding */
		{ "=?utf-8*en?q?a?= =?utf-8?q?b?=", "ab" },
		{ "=?utf-8?q?a?=\r\n =?utf-8?q?b?= c", "ab c" },
		{ "a\r\n b", "a b" },
		{ "=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "\xe2\x82\xac" },	/* one
					   character in two words */
		{ "=?iso-8859-1?q?caf=E9?=", "caf\xc3\xa9" },
		{ "=?no-such-charset?q?caf=E9?=", "caf\xef\xbf\xbd" },
		{ "=?../..//x?q?a?=", "a" },
		{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
		{ "=?utf-8?q?a", "=?utf-8?q?a" },
		{ "=?", "=?" },
		{ "x=?utf-8?q?y?=z", "xyz" },	/* glued, as readers accept it */
		{ "caf\xe9", "caf\xc3\xa9" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = { 0 };

		decode_words(span_of(cases[i][0]), &out);
		assert_string_equal(buf_string(&out), cases[i][1]);
		buf_free(&out);
	}
}

static void
charsets(void **state)
{
	struct findings fs = { 0 };
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(decode_charset(SPAN("caf\xe9"), "windows-1252", &out, &fs), 0);
	assert_string_equal(buf_string(&out), "caf\xc3\xa9");
	assert_int_equal(fs.set, 0);
	buf_reset(&out);
	assert_int_equal(decode_charset(SPAN("a\xe9z"), "utf-8", &out, &fs), 0);
	assert_string_equal(buf_string(&out), "a\xef\xbf\xbdz");
	assert_true(findings_has(&fs, FINDING_CHARSET_INVALID));
	buf_reset(&out);
	assert_int_equal(decode_charset(SPAN("a"), "utf-8//TRANSLIT", &out, &fs), ENOTSUP);
	assert_int_equal(decode_charset(SPAN("a"), "none", &out, &fs), ENOTSUP);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

/* Unicode table 3-7, at its edges. */
static void
utf8(void **state)
{
	static const char *const good[] = { "", "\x7f", "\xc2\x80", "\xdf\xbf",
		"\xe0\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80", "\xc1\xbf", "\xc2", "\xc2\x7f",
		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(utf8_is_valid(span_of(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(utf8_is_valid(span_of(bad[i])));
}

/* ASCII is passed over eight bytes at a time. */
static void
utf8_wherever_it_stands(void **state)
{
	char text[40];

	(void)state;
	for (size_t len = 1; len < sizeof(text); len++)
		for (size_t at = 0; at < len; at++) {
			memset(text, 'a', len);
			assert_true(utf8_is_ascii(span_make(text, len)));
			text[at] = (char)0xff;
			assert_false(utf8_is_valid(span_make(text, len)));
			assert_false(utf8_is_ascii(span_make(text, len)));
			text[at] = (char)0xc3;
			assert_false(utf8_is_valid(span_make(text, len)));
			if (at + 1 < len) {
				text[at + 1] = (char)0xa9;
				assert_true(utf8_is_valid(span_make(text, len)));
			}
		}
}

static void
findings_have_names(void **state)
{
	(void)state;
	for (int f = 0; f < FINDING_COUNT; f++)
		assert_non_null(finding_name((enum finding)f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64),
		cmocka_unit_test(quoted_printable),
		cmocka_unit_test(words),
		cmocka_unit_test(charsets),
		cmocka_unit_test(utf8),
		cmocka_unit_test(utf8_wherever_it_stands),
		cmocka_unit_test(findings_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
