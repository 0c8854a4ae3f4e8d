/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of data: against an oracle that knows nothing of states. */
#include "test.h"

#include "smtp/data.h"

enum { ALPHABET = 5, LENGTH_MAX = 8, STRINGS = 488280 };

static const char alphabet[ALPHABET] = { '\r', '\n', '.', '\0', 'x' };

/* What a feed of one or more pieces came to. */
struct outcome {
	size_t used;
	bool done;
	uint32_t faults;
	struct buf out;
};

static void
feed(struct outcome *o, const char *s, size_t length, size_t split)
{
	struct data d;

	buf_reset(&o->out);
	data_init(&d, 1 << 20);
	o->used = data_feed(&d, span_make(s, split), &o->out);
	if (o->used == split)
		o->used += data_feed(&d, span_make(s + split, length - split), &o->out);
	o->done = data_done(&d);
	o->faults = d.faults;
}

/* The first CRLF.CRLF of the text behind the CRLF that ended DATA. */
static size_t
oracle_end(const char *s, size_t length)
{
	char text[LENGTH_MAX + 2] = "\r\n";

	memcpy(text + 2, s, length);
	for (size_t i = 0; i + 5 <= length + 2; i++)
		if (memcmp(text + i, "\r\n.\r\n", 5) == 0)
			return i + 3;	/* without the two in front */
	return 0;
}

static bool
oracle_bare(const char *s, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (s[i] == '\0' || (s[i] == '\n' && (i == 0 || s[i - 1] != '\r')))
			return true;
		if (s[i] == '\r' && i + 1 < length && s[i + 1] != '\n')
			return true;
	}
	return false;
}

/* Lines split at CRLF, one leading dot taken off each. */
static size_t
oracle_text(const char *s, size_t length, char *out)
{
	size_t n = 0;
	bool start = true;

	for (size_t i = 0; i < length; i++) {
		if (!(start && s[i] == '.'))
			out[n++] = s[i];
		start = s[i] == '\n';
	}
	return n;
}

static void
check_string(struct outcome *o, const char *s, size_t length)
{
	size_t end = oracle_end(s, length), body = end == 0 ? length : end - 3;
	char text[LENGTH_MAX];
	size_t text_length = oracle_text(s, body, text);

	for (size_t split = 0; split <= length; split++) {
		feed(o, s, length, split);
		if (o->done != (end != 0) || o->used != (end != 0 ? end : length))
			fail_msg("wrong end after %zu, split %zu", o->used, split);
		if (((o->faults & DATA_BARE) != 0) !=
		    oracle_bare(s, end == 0 ? length : end))
			fail_msg("bare bytes misjudged at split %zu", split);
		if (o->done && o->faults == 0 && (o->out.len != text_length ||
		    memcmp(o->out.p == NULL ? (const void *)"" : o->out.p, text,
		    text_length) != 0))
			fail_msg("the bytes were changed at split %zu", split);
	}
}

static void
every_short_string_at_every_split(void **state)
{
	struct outcome o = { 0 };
	size_t strings = 0, total = 1;

	(void)state;
	for (size_t length = 1; length <= LENGTH_MAX; length++) {
		total *= ALPHABET;
		for (size_t number = 0; number < total; number++) {
			char s[LENGTH_MAX];
			size_t rest = number;

			for (size_t i = 0; i < length; i++, rest /= ALPHABET)
				s[i] = alphabet[rest % ALPHABET];
			check_string(&o, s, length);
			strings++;
		}
	}
	assert_int_equal(strings, STRINGS);
	buf_free(&o.out);
}

static void
dots_are_unstuffed(void **state)
{
	static const char in[] = "..a\r\n.b\r\n...\r\n..\r\na.\r\n.\r\n";
	struct outcome o = { 0 };

	(void)state;
	feed(&o, in, sizeof(in) - 1, 4);
	assert_true(o.done);
	assert_int_equal(o.faults, 0);
	assert_string_equal(buf_string(&o.out), ".a\r\nb\r\n..\r\n.\r\na.\r\n");
	buf_free(&o.out);
}

static void
line_limit_and_one_beyond(void **state)
{
	(void)state;
	for (size_t extra = 0; extra < 2; extra++)
		for (int dot = 0; dot < 2; dot++) {
			size_t length = DATA_LINE_MAX + extra;
			struct buf in = { 0 }, out = { 0 };
			struct data d;

			if (dot)	/* a stuffed dot does not count */
				buf_add_char(&in, '.');
			for (size_t i = 0; i < length; i++)
				buf_add_char(&in, i == 0 && dot ? '.' : 'x');
			buf_add_string(&in, "\r\nnext\r\n.\r\n");
			data_init(&d, 1 << 20);
			assert_int_equal(data_feed(&d, buf_span(&in), &out), in.len);
			assert_true(data_done(&d));
			assert_int_equal(d.faults, extra == 0 ? 0 : DATA_LONG);
			buf_free(&in);
			buf_free(&out);
		}
}

static void
size_limit_and_one_beyond(void **state)
{
	static const char in[] = "..23456789\r\n.\r\nQUIT\r\n";	/* 11 bytes */
	struct buf out = { 0 };
	struct data d;

	(void)state;
	data_init(&d, 11);
	assert_int_equal(data_feed(&d, span_of(in), &out), 15);
	assert_true(data_done(&d) && d.faults == 0 && d.size == 11);
	assert_int_equal(out.len, 11);
	buf_reset(&out);
	data_init(&d, 10);
	assert_int_equal(data_feed(&d, span_of(in), &out), 15);
	assert_true(data_done(&d) && d.faults == DATA_LARGE);
	buf_free(&out);
}

/* A refused message takes no memory, however long it goes on. */
static void
nothing_is_kept_after_a_fault(void **state)
{
	struct buf out = { 0 };
	struct data d;

	(void)state;
	data_init(&d, 1 << 20);
	data_feed(&d, SPAN("a\n"), &out);
	out.len = 0;
	for (int i = 0; i < 1000; i++)
		data_feed(&d, SPAN("more\r\n"), &out);
	assert_int_equal(out.len, 0);
	assert_false(data_done(&d));
	data_feed(&d, SPAN(".\r\n"), &out);
	assert_true(data_done(&d));
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_short_string_at_every_split),
		cmocka_unit_test(dots_are_unstuffed),
		cmocka_unit_test(line_limit_and_one_beyond),
		cmocka_unit_test(size_limit_and_one_beyond),
		cmocka_unit_test(nothing_is_kept_after_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
