/* SPDX-License-Identifier: BSD-2-Clause */
/* What of a hostile or endless mail does not stand in the envelope. */
#include "envelope_world.h"

static void
bad_bytes_are_replaced(void **state)
{
	static const struct mt_part parts[] = {
		PART("text/plain", "", "", "a\0b\x01\x7f\xc2\x85\xff\xc0\x80\xed\xa0\x80\tx\ry\r\n"),
		PART("text/x\x01\xff", "at\ntachment", "\xff\x00/../x", "")
	};

	(void)state;
	t.parts = parts;
	t.part_count = 2;
	of("From: \xff\x01 <a\xff@b\x02.example>\r\nSubject: =?utf-8?B?AP8K?=\x1b[2J\r\n\r\n");
#define BAD "\xef\xbf\xbd"
	assert_text("text", "a" BAD "b" BAD BAD BAD BAD BAD BAD BAD BAD BAD "\tx\ny\n");
	assert_text("from/address", "a" BAD "@b" BAD ".example");
	assert_text("subject", BAD BAD " " BAD "[2J");
	assert_text("attachments/0/type", "text/x" BAD BAD);
	assert_text("attachments/0/disposition", "at tachment");
	assert_text("attachments/0/filename", BAD BAD "/../x");
}

static char *
repeat(const char *head, const char *one, size_t n, const char *tail)
{
	size_t size = strlen(head) + n * strlen(one) + strlen(tail) + 1;
	char *s = malloc(size), *p = s;

	p = stpcpy(p, head);
	while (n-- > 0)
		p = stpcpy(p, one);
	stpcpy(p, tail);
	return s;
}

struct limit {
	const char *path, *head, *one, *tail;
	size_t max;
	int list;			/* members are counted, else bytes */
	int whole;			/* one more: nothing rather than a part */
};

static const struct limit limits[] = {
	{ "to", "To: ", "a@b.example, ", "\r\n\r\n", ENVELOPE_ADDRESSES_MAX, 1, 0 },
	{ "cc", "Cc: ", "a@b.example, ", "\r\n\r\n", ENVELOPE_ADDRESSES_MAX, 1, 0 },
	{ "to/0/name", "To: ", "n", " <a@b.example>\r\n\r\n", ENVELOPE_NAME_MAX, 0, 0 },
	{ "subject", "Subject: ", "s", "\r\n\r\n", ENVELOPE_SUBJECT_MAX, 0, 0 },
	{ "references", "References: ", "<a@b.example> ", "\r\n\r\n", ENVELOPE_REFERENCES_MAX, 1, 0 },
	{ "commands", "Subject: ", "#c ", "\r\n\r\n", COMMANDS_MAX, 1, 0 },
	{ "commands/0/name", "Subject: #", "c", "\r\n\r\n", COMMAND_NAME_MAX, 0, 1 },
	{ "headers", "", "A: b\r\n", "\r\n", ENVELOPE_HEADERS_MAX, 1, 0 },
	{ "headers/0/value", "A: ", "b", "\r\n\r\n", ENVELOPE_HEADER_MAX, 0, 0 },
	{ "headers/0/name", "", "B", ": b\r\n\r\n", ENVELOPE_WORD_MAX, 0, 0 },
};

static size_t
measure(const struct limit *l)
{
	return l->list ? json_array_size(at(l->path)) : json_string_length(at(l->path));
}

static void
lists_and_fields_have_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(limits) / sizeof(*limits); i++) {
		const struct limit *l = &limits[i / 2];
		size_t over = i % 2;
		char *raw = repeat(l->head, l->one, l->max + over, l->tail);

		again();
		mt_test_option(&t, "include", "headers");
		mt_test_option(&t, "include", "commands");
		of(raw);
		if (measure(l) != (over && l->whole ? 0 : l->max))
			fail_msg("%s: %zu of %zu", l->path, measure(l), l->max + over);
		if (json_is_true(at("truncated")) != (int)over)
			fail_msg("%s: truncated at %zu", l->path, l->max + over);
		free(raw);
	}
}

/* An address or an id that is cut would be another one. */
static void
long_addresses_and_ids_are_left_out(void **state)
{
	char *raw;

	(void)state;
	for (size_t over = 0; over <= 1; over++) {
		raw = repeat("To: ", "a", ENVELOPE_ADDRESS_MAX - 2 + over, "@b, c@d\r\n\r\n");
		of(raw);
		assert_count("to", 2 - over);
		assert_int_equal(json_is_true(at("truncated")), over);
		free(raw);
		raw = repeat("Message-ID: <", "a", ENVELOPE_MESSAGE_ID_MAX - 2 + over, ">\r\n\r\n");
		of(raw);
		assert_int_equal(json_is_null(at("message_id")), over);
		assert_int_equal(json_is_true(at("truncated")), over);
		free(raw);
	}
}

static void
texts_are_cut_between_characters(void **state)
{
	struct mt_part parts[2] = { PART("text/plain", "", "", ""), PART("text/html", "", "", "") };
	char *text = repeat("", "\xe2\x82\xac", 342, "");

	(void)state;
	for (size_t len = 1023; len <= 1026; len += 3)
		for (size_t i = 0; i < 2; i++) {
			again();
			parts[0].bytes = parts[1].bytes = (struct mt_span){ "x", 1 };
			parts[i].bytes = (struct mt_span){ text, len };
			t.parts = parts;
			t.part_count = 2;
			mt_test_option(&t, "body_size", "1025");
			of("\r\n");
			assert_int_equal(json_string_length(at(i == 0 ? "text" : "html")), 1023);
			assert_int_equal(json_is_true(at("truncated")), len > 1023);
		}
	free(text);
}

static void
attachments_have_limits(void **state)
{
	static struct mt_part parts[ENVELOPE_ATTACHMENTS_MAX + 1];
	char *name = repeat("", "f", ENVELOPE_FILENAME_MAX + 1, "");

	(void)state;
	for (size_t over = 0; over <= 1; over++) {
		for (size_t i = 0; i < ENVELOPE_ATTACHMENTS_MAX + over; i++)
			parts[i] = (struct mt_part)PART("a/b", "", "", "");
		again();
		t.parts = parts;
		t.part_count = ENVELOPE_ATTACHMENTS_MAX + over;
		of("\r\n");
		assert_count("attachments", ENVELOPE_ATTACHMENTS_MAX);
		assert_int_equal(json_is_true(at("truncated")), over);
		parts[0].filename = (struct mt_span){ name, ENVELOPE_FILENAME_MAX + over };
		t.part_count = 1;
		of("\r\n");
		assert_int_equal(json_string_length(at("attachments/0/filename")),
		    ENVELOPE_FILENAME_MAX);
		assert_int_equal(json_is_true(at("truncated")), over);
	}
	free(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_bytes_are_replaced),
		TEST(lists_and_fields_have_limits),
		TEST(long_addresses_and_ids_are_left_out),
		TEST(texts_are_cut_between_characters),
		TEST(attachments_have_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
