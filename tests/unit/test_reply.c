/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies: the table, and that no text from outside breaks out of a line. */
#include "test.h"

#include "smtp/reply.h"

/* The grammar of RFC 5321 section 4.2: lines of "CCC-text" or "CCC text". */
static void
check_lines(struct mt_span all, unsigned code)
{
	char number[8];

	snprintf(number, sizeof(number), "%u", code);
	while (all.len > 0) {
		const char *end = memchr(all.ptr, '\n', all.len);
		size_t n;

		assert_non_null(end);
		n = (size_t)(end - all.ptr) + 1;
		assert_true(n >= 6 && n <= REPLY_LINE_MAX);
		assert_memory_equal(all.ptr, number, 3);
		assert_true(all.ptr[3] == (n == all.len ? ' ' : '-'));
		assert_true(end[-1] == '\r');
		for (size_t i = 0; i < n - 2; i++)
			assert_in_range((unsigned char)all.ptr[i], 0x20, 0x7e);
		all = span_make(all.ptr + n, all.len - n);
	}
}

static void
every_fixed_reply(void **state)
{
	(void)state;
	for (int id = REPLY_NONE + 1; id < REPLY_COUNT; id++) {
		const struct reply *r = reply_get((enum reply_id)id);
		struct buf b = { 0 };

		assert_true(r->text != NULL);
		reply_add(&b, (enum reply_id)id);
		check_lines(buf_span(&b), r->code);
		if (r->code != 354)
			assert_true(r->enhanced[0] == (char)('0' + r->code / 100));
		buf_free(&b);
	}
}

static void
reasons_are_codes(void **state)
{
	(void)state;
	assert_true(span_is(reply_reason(REPLY_BARE), "smtp.data.bare"));
	assert_true(span_is(reply_reason(REPLY_TLS_REQUIRED), "smtp.tls.required"));
	assert_int_equal(reply_reason(REPLY_OK).len, 0);
	for (int id = 0; id < REPLY_COUNT; id++) {
		struct mt_span reason = reply_reason((enum reply_id)id);

		for (size_t i = 0; i < reason.len; i++)
			assert_true(reason.ptr[i] == '.' ||
			    (reason.ptr[i] >= 'a' && reason.ptr[i] <= 'z'));
	}
}

static void
says(unsigned code, struct mt_span enhanced, struct mt_span text, const char *want)
{
	struct buf b = { 0 };

	reply_add_text(&b, code, enhanced, text);
	assert_string_equal(buf_string(&b), want);
	buf_free(&b);
}

static void
text_cannot_inject(void **state)
{
	(void)state;
	says(550, SPAN("5.7.1"), SPAN("no\r\n250 2.0.0 ok"), "550 5.7.1 no  250 2.0.0 ok\r\n");
	says(550, SPAN("5.7.1"), SPAN("a\0b\x7f\xc3\xbc\tc"), "550 5.7.1 a?b??? c\r\n");
	says(250, SPAN("2.0.0"), SPAN(""), "250 2.0.0 ok\r\n");
	says(550, SPAN("5.7.1"), SPAN(""), "550 5.7.1 refused\r\n");
}

static void
codes_are_checked(void **state)
{
	(void)state;
	says(550, SPAN("5.7.26"), SPAN("x"), "550 5.7.26 x\r\n");
	says(550, SPAN("5.123.999"), SPAN("x"), "550 5.123.999 x\r\n");
	says(550, SPAN("5.7.1234"), SPAN("x"), "550 5.0.0 x\r\n");
	says(550, SPAN("2.0.0"), SPAN("x"), "550 5.0.0 x\r\n");
	says(550, SPAN("5.7"), SPAN("x"), "550 5.0.0 x\r\n");
	says(550, SPAN("5..7."), SPAN("x"), "550 5.0.0 x\r\n");
	says(550, SPAN("5.7.1 \r\n"), SPAN("x"), "550 5.0.0 x\r\n");
	says(550, SPAN("5.7.1.1"), SPAN("x"), "550 5.0.0 x\r\n");
	says(550, SPAN(""), SPAN("x"), "550 5.0.0 x\r\n");
	says(199, SPAN("1.0.0"), SPAN("x"), "451 4.0.0 x\r\n");
	says(200, SPAN("2.0.0"), SPAN("x"), "200 2.0.0 x\r\n");
	says(599, SPAN("5.0.0"), SPAN("x"), "599 5.0.0 x\r\n");
	says(600, SPAN("6.0.0"), SPAN("x"), "451 4.0.0 x\r\n");
}

static size_t
count_lines(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->p[i] == '\n';
	return n;
}

static void
long_text_is_folded(void **state)
{
	enum { ROOM = REPLY_LINE_MAX - 2 - 4 - 6 };	/* "550 5.7.1 " CRLF */
	static char text[REPLY_TEXT_MAX + 100];
	static const struct { size_t length, lines; } lengths[] = {
		{ ROOM, 1 }, { ROOM + 1, 2 }, { 2 * ROOM, 2 }, { 2 * ROOM + 1, 3 },
		{ REPLY_TEXT_MAX, 3 }, { REPLY_TEXT_MAX + 1, 3 },
	};

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct buf b = { 0 };

		reply_add_text(&b, 550, SPAN("5.7.1"), span_make(text, lengths[i].length));
		check_lines(buf_span(&b), 550);
		assert_int_equal(count_lines(&b), lengths[i].lines);
		buf_free(&b);
	}
	text[ROOM - 3] = ' ';	/* folded behind the last word that fits */
	struct buf b = { 0 };
	reply_add_text(&b, 550, SPAN("5.7.1"), span_make(text, ROOM + 1));
	assert_int_equal((const char *)memchr(b.p, '\n', b.len) - (const char *)b.p,
	    10 + ROOM - 2 + 1);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fixed_reply),
		cmocka_unit_test(reasons_are_codes),
		cmocka_unit_test(text_cannot_inject),
		cmocka_unit_test(codes_are_checked),
		cmocka_unit_test(long_text_is_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
