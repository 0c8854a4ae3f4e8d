/* SPDX-License-Identifier: BSD-2-Clause */
/* Envelopes, facts, views and edits: round trips, limits, lies. */
#include "test.h"

#include <errno.h>

#include "mail/edit.h"
#include "mail/envelope.h"
#include "mail/fact.h"

/* A copy in memory of exactly that size, so that a sanitizer sees the end. */
static char *
tight(struct mt_span s)
{
	char *copy = malloc(s.len == 0 ? 1 : s.len);

	assert_non_null(copy);
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

static void
envelope_round_trip(void **state)
{
	struct envelope in = { .client = SPAN("192.0.2.1"), .helo = SPAN("mx.example"),
		.rcpt = SPAN("task.linear@example.com"), .listener = SPAN("0.0.0.0:25"),
		.tls = SPAN("TLSv1.3 TLS_AES_256_GCM_SHA384"),
		.upstream = SPAN("unix"),
		.flags = ENVELOPE_TLS | ENVELOPE_8BIT | ENVELOPE_LMTP, .port = 65535, .size = 1 << 20 };
	struct envelope out;
	struct arena arena = { 0 };
	struct buf b = { 0 };
	struct unpack u;

	(void)state;
	envelope_pack(&b, &in);
	u = unpack_of(buf_span(&b));
	assert_int_equal(envelope_unpack(&u, &arena, &out), 0);
	assert_true(unpack_done(&u));
	memset(b.p, 'x', b.len);	/* the arena's copy does not change */
	assert_true(span_equal(in.client, out.client));
	assert_true(span_equal(in.tls, out.tls));
	assert_true(span_equal(in.upstream, out.upstream));
	assert_true(span_equal(in.rcpt, out.rcpt));
	assert_int_equal(out.sender.len, 0);
	assert_int_equal(out.port, 65535);
	assert_int_equal(out.size, 1 << 20);
	assert_int_equal(out.flags, ENVELOPE_TLS | ENVELOPE_8BIT | ENVELOPE_LMTP);
	buf_free(&b);
	arena_free(&arena);
}

static int
envelope_of_text(size_t len, uint32_t flags)
{
	char *text = calloc(1, len);
	struct envelope e = { .helo = { text, len }, .flags = flags }, out;
	struct buf b = { 0 };
	struct unpack u;
	int error;

	envelope_pack(&b, &e);
	u = unpack_of(buf_span(&b));
	error = envelope_unpack(&u, NULL, &out);
	buf_free(&b);
	free(text);
	return error;
}

static void
envelope_limits(void **state)
{
	(void)state;
	assert_int_equal(envelope_of_text(ENVELOPE_TEXT_MAX, 0), 0);
	assert_int_equal(envelope_of_text(ENVELOPE_TEXT_MAX + 1, 0), EBADMSG);
	assert_int_equal(envelope_of_text(1, 32), EBADMSG);	/* unknown flag */
}

static const struct mt_fact_decl decls[] = {
	{ "auth.spf", "pass|fail|none", "result", MT_TOKEN, 0 },
	{ "auth.from", NULL, "author", MT_TEXT, MT_PERSONAL },
	{ "auth.count", NULL, "number", MT_INT, 0 },
	{ "auth.seen", NULL, "flag", MT_FLAG, 0 },
	{ NULL, NULL, NULL, 0, 0 }
};

static void
facts_are_typed_and_write_once(void **state)
{
	static char long_text[MT_FACT_TEXT_MAX + 1];
	struct arena arena = { 0 };
	struct facts fs;
	struct mt_fact spf = { .key = "auth.spf", .type = MT_TOKEN, .text = SPAN("pass") };
	struct mt_fact bad = { .key = "auth.spf", .type = MT_TOKEN, .text = SPAN("pas") };
	struct mt_fact from = { .key = "auth.from", .type = MT_TEXT,
		.text = { long_text, sizeof(long_text) } };
	struct mt_fact other = { .key = "dlp.count", .type = MT_INT, .num = 1 };
	struct mt_fact flag = { .key = "auth.seen", .type = MT_FLAG, .num = 2 };

	(void)state;
	facts_init(&fs, &arena);
	assert_int_equal(facts_add(&fs, "auth", decls, &bad), EINVAL);
	bad.text = SPAN("pass|fail");
	assert_int_equal(facts_add(&fs, "auth", decls, &bad), EINVAL);
	bad.type = MT_INT;
	assert_int_equal(facts_add(&fs, "auth", decls, &bad), EINVAL);
	assert_int_equal(facts_add(&fs, "auth", decls, &flag), EINVAL);
	assert_int_equal(facts_add(&fs, "auth", decls, &other), EPERM);
	assert_int_equal(facts_add(&fs, "host", NULL, &other), 0);
	assert_int_equal(facts_add(&fs, "auth", decls, &spf), 0);
	assert_int_equal(facts_add(&fs, "auth", decls, &spf), EEXIST);
	assert_int_equal(facts_add(&fs, "auth", decls, &from), EMSGSIZE);
	from.text.len--;
	assert_int_equal(facts_add(&fs, "auth", decls, &from), 0);
	assert_int_equal(facts_find(&fs, "auth.from")->flags, MT_PERSONAL);
	assert_string_equal(facts_find(&fs, "auth.spf")->writer, "auth");
	assert_string_equal(facts_text(&fs, "auth.spf"), "pass");
	assert_string_equal(facts_text(&fs, "dlp.count"), "1");
	assert_null(facts_text(&fs, "auth.dkim"));
	arena_free(&arena);
}

static int
fact_number(struct facts *fs, int n)
{
	char key[32];
	struct mt_fact f = { .key = key, .type = MT_INT, .num = n };

	snprintf(key, sizeof(key), "host.n%d", n);
	return facts_add(fs, "host", NULL, &f);
}

static void
facts_are_counted_and_rewound(void **state)
{
	struct arena arena = { 0 };
	struct facts fs, again;
	struct buf b = { 0 };
	struct unpack u;
	struct fact **mark;

	(void)state;
	facts_init(&fs, &arena);
	for (int i = 0; i < FACTS_MAX - 1; i++)
		assert_int_equal(fact_number(&fs, i), 0);
	mark = facts_mark(&fs);
	assert_int_equal(fact_number(&fs, 1000), 0);
	assert_int_equal(fact_number(&fs, 1001), ENOSPC);
	facts_rewind(&fs, mark);
	assert_int_equal(fs.count, FACTS_MAX - 1);
	assert_null(facts_find(&fs, "host.n1000"));
	assert_int_equal(fact_number(&fs, 1001), 0);
	facts_pack(&b, &fs);
	facts_init(&again, &arena);
	u = unpack_of(buf_span(&b));
	assert_int_equal(facts_unpack(&u, &again), 0);
	assert_true(unpack_done(&u));
	assert_int_equal(again.count, FACTS_MAX);
	assert_int_equal(facts_find(&again, "host.n77")->value.num, 77);
	u = unpack_of(buf_span(&b));	/* the same keys twice */
	assert_int_equal(facts_unpack(&u, &again), EBADMSG);
	facts_rewind(&again, &again.head);
	assert_int_equal(again.count, 0);
	buf_free(&b);
	arena_free(&arena);
}

static const char raw[] = "From: a@example.com\r\nSubject: one\r\n two\r\nX:\r\n\r\nbody\r\n";
enum { RAW_LEN = sizeof(raw) - 1, BODY = RAW_LEN - 6 };

static void
builder_field(struct view_builder *b, size_t at, size_t name, struct mt_span value)
{
	size_t end = at;

	do
		end = (size_t)(strstr(raw + end, "\r\n") - raw) + 2;
	while (raw[end] == ' ');
	view_builder_field(b, &(struct view_field){ .offset = at, .length = end - at,
	    .name = { raw + at, name }, .value = value });
}

static void
view_make(struct buf *out)
{
	struct view_builder *b = view_builder_new(span_make(raw, RAW_LEN));
	struct mt_part part = { .type = SPAN("text/html"), .charset = SPAN("utf-8"),
		.disposition = SPAN("inline"), .filename = SPAN("a.html"),
		.bytes = SPAN("<p>"), .depth = 1 };

	builder_field(b, 0, 4, span_make(raw + 6, 13));
	builder_field(b, 21, 7, span_make(raw + 30, 9));
	builder_field(b, 41, 1, SPAN(""));
	view_builder_part(b, &part);
	part.type = SPAN("text/plain");
	part.disposition = SPAN("attachment");
	view_builder_part(b, &part);
	part.disposition = SPAN("");
	view_builder_embedded(b, 1);
	view_builder_part(b, &part);
	view_builder_embedded(b, 0);
	part.bytes = span_make(raw + BODY, 6);	/* no copy */
	view_builder_part(b, &part);
	view_builder_finding(b, "mime.base64.padding", 1);
	view_builder_finding(b, "mime.base64.padding", 0);
	view_builder_finding(b, "mime.field.nul", 0);
	view_builder_subject(b, SPAN("one two"));
	view_builder_body(b, BODY);
	view_builder_finish(b, out);
}

static void
view_round_trip(void **state)
{
	struct buf block = { 0 };
	struct view v;
	struct view_field f;
	struct mt_part part = { .size = 7 };

	(void)state;
	view_make(&block);
	assert_int_equal(view_open(&v, buf_span(&block), span_make(raw, RAW_LEN)), 0);
	assert_int_equal(v.field_count, 3);
	assert_int_equal(v.ambiguous, 1);
	assert_int_equal(v.body_offset, BODY);
	assert_int_equal(view_field(&v, 1, &f), 0);
	assert_true(span_is(f.value, "one\r\n two"));
	assert_int_equal(view_field(&v, 3, &f), ENOENT);
	assert_int_equal(view_find(&v, "SUBJECT", &f), 0);
	assert_int_equal(f.offset, 21);
	assert_int_equal(view_find(&v, "subjec", &f), ENOENT);
	assert_int_equal(view_part(&v, 0, &part), 0);
	assert_int_equal(part.size, 7);
	assert_int_equal(part.depth, 1);
	assert_true(span_is(part.filename, "a.html"));
	assert_true(span_is(part.bytes, "<p>"));
	assert_int_equal(view_part(&v, 3, &part), 0);
	assert_ptr_equal(part.bytes.ptr, raw + BODY);
	assert_int_equal(view_part(&v, 4, &part), ENOENT);
	assert_int_equal(v.finding_count, 2);
	assert_true(span_is(view_finding(&v, 0), "mime.base64.padding"));
	assert_int_equal(view_finding(&v, 2).len, 0);
	assert_true(span_is(view_subject(&v), "one two"));
	assert_true(span_is(view_text(&v), "body\r\n"));
	assert_int_equal(view_open(&v, buf_span(&block), span_make(raw, RAW_LEN - 1)),
	    EBADMSG);
	assert_int_equal(view_subject(&v).len, 0);
	buf_free(&block);
}

static size_t
touch(struct mt_span s)
{
	size_t sum = 0;

	for (size_t i = 0; i < s.len; i++)
		sum += (unsigned char)s.ptr[i];
	return sum;
}

static void
view_read_all(const struct view *v)
{
	volatile size_t sum = 0;
	struct view_field f;
	struct mt_part p;

	for (uint32_t i = 0; view_field(v, i, &f) == 0; i++)
		sum += touch(f.name) + touch(f.value);
	for (uint32_t i = 0; view_part(v, i, &p) == 0; i++)
		sum += touch(p.type) + touch(p.charset) + touch(p.disposition) +
		    touch(p.filename) + touch(p.bytes);
	for (uint32_t i = 0; i < v->finding_count; i++)
		sum += touch(view_finding(v, i));
	sum += touch(view_subject(v)) + touch(view_text(v));
}

static void
view_cut_short(void **state)
{
	struct buf block = { 0 };
	char *tight_raw = tight(span_make(raw, RAW_LEN));

	(void)state;
	view_make(&block);
	for (size_t cut = 0; cut < block.len; cut++) {
		char *copy = tight(span_make(block.p, cut));
		struct view v;

		if (view_open(&v, span_make(copy, cut), span_make(tight_raw, RAW_LEN)) == 0)
			fail_msg("a block cut to %zu bytes was taken", cut);
		view_read_all(&v);
		free(copy);
	}
	free(tight_raw);
	buf_free(&block);
}

/* Every number of the block replaced by ones that lie. */
static void
view_mutated(void **state)
{
	static const unsigned char lies[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct buf block = { 0 };
	char *tight_raw = tight(span_make(raw, RAW_LEN));
	size_t taken = 0;

	(void)state;
	view_make(&block);
	for (size_t at = 0; at < block.len * sizeof(lies); at++) {
		char *copy = tight(buf_span(&block));
		struct view v;

		copy[at / sizeof(lies)] = (char)lies[at % sizeof(lies)];
		if (view_open(&v, span_make(copy, block.len),
		    span_make(tight_raw, RAW_LEN)) == 0) {
			view_read_all(&v);
			taken++;
		}
		free(copy);
	}
	assert_true(taken > 0);	/* the heap may say anything */
	free(tight_raw);
	buf_free(&block);
}

/* Fields that overlap, or reach into the body. */
static void
view_fields_are_apart(void **state)
{
	static const uint32_t places[][3] = {	/* of the second: offset, length; body */
		{ 21, 20, BODY }, { 20, 21, BODY }, { 0, 20, BODY }, { 21, 20, 40 },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct view_builder *b = view_builder_new(span_make(raw, RAW_LEN));
		struct buf block = { 0 };
		struct view v;

		builder_field(b, 0, 4, span_make(raw + 6, 13));
		view_builder_field(b, &(struct view_field){ .offset = places[i][0],
		    .length = places[i][1], .name = SPAN("S"), .value = SPAN("") });
		view_builder_body(b, places[i][2]);
		view_builder_finish(b, &block);
		assert_int_equal(view_open(&v, buf_span(&block), span_make(raw, RAW_LEN)),
		    i == 0 ? 0 : EBADMSG);
		buf_free(&block);
	}
}

struct edit_case {
	struct mt_edit edit;
	int error;
};

static void
edit_checked(void **state)
{
	static const struct edit_case cases[] = {
		{ { .op = MT_FIELD_ADD, .name = SPAN("X-A"), .bytes = SPAN("b\r\n\tc") }, 0 },
		{ { .op = MT_FIELD_ADD, .name = SPAN(""), .bytes = SPAN("b") }, EINVAL },
		{ { .op = MT_FIELD_ADD, .name = SPAN("X A"), .bytes = SPAN("b") }, EINVAL },
		{ { .op = MT_FIELD_ADD, .name = SPAN("X:"), .bytes = SPAN("b") }, EINVAL },
		{ { .op = MT_FIELD_ADD, .name = SPAN("X"), .bytes = SPAN("b\r\nTo: c") }, EINVAL },
		{ { .op = MT_FIELD_ADD, .name = SPAN("X"), .bytes = SPAN("b\r\n") }, EINVAL },
		{ { .op = MT_FIELD_ADD, .name = SPAN("X"), .bytes = SPAN("b\r") }, EINVAL },
		{ { .op = MT_FIELD_ADD, .name = SPAN("X"), .bytes = SPAN("b\n c") }, EINVAL },
		{ { .op = MT_FIELD_ADD, .name = SPAN("X"), .bytes = SPAN("b\0c") }, EINVAL },
		{ { .op = MT_FIELD_ADD, .name = SPAN("X"), .bytes = SPAN("b\r\n \r\n c") }, EINVAL },
		{ { .op = MT_FIELD_REMOVE, .index = 2 }, 0 },
		{ { .op = MT_FIELD_REMOVE, .index = 3 }, EINVAL },
		{ { .op = MT_FIELD_SPLICE, .index = 1, .offset = 0, .length = 9 }, 0 },
		{ { .op = MT_FIELD_SPLICE, .index = 1, .offset = 1, .length = 9 }, EINVAL },
		{ { .op = MT_FIELD_SPLICE, .index = 1, .length = UINT64_MAX }, EINVAL },
		{ { .op = MT_FIELD_SPLICE, .index = 1, .offset = UINT64_MAX }, EINVAL },
		{ { .op = MT_FIELD_SPLICE, .index = 1, .offset = 3, .length = 3 }, 0 },
		{ { .op = MT_FIELD_SPLICE, .index = 1, .offset = 3, .length = 1 }, EINVAL },
		{ { .op = MT_FIELD_SPLICE, .index = 1, .offset = 5, .length = 1 }, EINVAL },
		{ { .op = MT_FIELD_SPLICE, .index = 1, .offset = 4, .length = 1 }, EINVAL },
		{ { .op = MT_FIELD_SPLICE, .index = 1, .bytes = SPAN("\r\nTo: c") }, EINVAL },
		{ { .op = MT_PART_SPLICE }, EINVAL },
	};
	struct buf block = { 0 };
	struct view v;

	(void)state;
	view_make(&block);
	assert_int_equal(view_open(&v, buf_span(&block), span_make(raw, RAW_LEN)), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (edit_check(&v, &cases[i].edit, NULL, 0) != cases[i].error)
			fail_msg("edit case %zu", i);
	buf_free(&block);
}

static int
add_of(const struct view *v, size_t name, size_t value)
{
	static char text[EDIT_VALUE_MAX + 2];
	struct mt_edit e = { .op = MT_FIELD_ADD, .name = { text, name },
		.bytes = { text + 1, value } };

	memset(text, 'x', sizeof(text));
	for (size_t i = 901; i + 3 < value; i += 900)
		memcpy(text + i, "\r\n ", 3);
	return edit_check(v, &e, NULL, 0);
}

static void
edit_limits(void **state)
{
	struct mt_edit edits[EDITS_MAX + 1];
	struct buf block = { 0 }, out = { 0 };
	struct view v;

	(void)state;
	view_make(&block);
	assert_int_equal(view_open(&v, buf_span(&block), span_make(raw, RAW_LEN)), 0);
	assert_int_equal(add_of(&v, EDIT_NAME_MAX, 10), 0);
	assert_int_equal(add_of(&v, EDIT_NAME_MAX + 1, 10), EINVAL);
	assert_int_equal(add_of(&v, 4, EDIT_VALUE_MAX), 0);
	assert_int_equal(add_of(&v, 4, EDIT_VALUE_MAX + 1), EINVAL);
	assert_int_equal(add_of(&v, 76, 900 + 20), 0);
	for (size_t i = 0; i <= EDITS_MAX; i++)
		edits[i] = (struct mt_edit){ .op = MT_FIELD_ADD, .name = SPAN("X"),
			.bytes = SPAN("1") };
	assert_int_equal(edits_apply(&v, edits, EDITS_MAX, &out), 0);
	assert_int_equal(out.len, RAW_LEN + EDITS_MAX * 6);
	assert_int_equal(edits_apply(&v, edits, EDITS_MAX + 1, &out), EINVAL);
	assert_int_equal(out.len, 0);
	buf_free(&out);
	buf_free(&block);
}

static int
array_of(uint32_t count)
{
	static const struct mt_edit e = { .op = MT_FIELD_ADD, .name = SPAN("X"), .bytes = SPAN("b") };
	struct arena arena = { 0 };
	struct mt_edit *edits;
	struct buf b = { 0 };
	struct unpack u;
	uint32_t found;
	int error;

	pack_u32(&b, count);
	for (uint32_t i = 0; i < count; i++)
		edit_pack(&b, &e);
	u = unpack_of(buf_span(&b));
	error = edit_array_unpack(&u, &arena, &edits, &found);
	assert_true(error != 0 || (found == count && unpack_done(&u)));
	buf_free(&b);
	arena_free(&arena);
	return error;
}

static void
edit_array_limits(void **state)
{
	struct arena arena = { 0 };
	struct unpack cut = unpack_of(SPAN("\1\0"));
	struct mt_edit *edits;
	uint32_t found;

	(void)state;
	assert_int_equal(array_of(0), 0);
	assert_int_equal(array_of(EDITS_MAX), 0);
	assert_int_equal(array_of(EDITS_MAX + 1), EBADMSG);
	assert_int_equal(edit_array_unpack(&cut, &arena, &edits, &found), EBADMSG);
	arena_free(&arena);
}

static void
edit_line_limit(void **state)
{
	static char text[1100];
	struct mt_edit e = { .op = MT_FIELD_ADD, .name = SPAN("X-Y"), .bytes = { text, 993 } };
	struct mt_edit s = { .op = MT_FIELD_SPLICE, .index = 0, .offset = 13,
		.bytes = { text, EDIT_LINE_MAX - 19 } };
	struct buf block = { 0 }, out = { 0 };
	struct view v;

	(void)state;
	memset(text, 'x', sizeof(text));
	view_make(&block);
	assert_int_equal(view_open(&v, buf_span(&block), span_make(raw, RAW_LEN)), 0);
	assert_int_equal(edit_check(&v, &e, NULL, 0), 0);
	e.bytes.len++;
	assert_int_equal(edit_check(&v, &e, NULL, 0), EINVAL);
	assert_int_equal(edits_apply(&v, &s, 1, &out), 0);
	s.bytes.len++;
	assert_int_equal(edits_apply(&v, &s, 1, &out), EINVAL);
	assert_int_equal(out.len, 0);
	buf_free(&out);
	buf_free(&block);
}

static void
edits_applied(void **state)
{
	struct mt_edit edits[] = {
		{ .op = MT_FIELD_ADD, .name = SPAN("A"), .bytes = SPAN("1") },
		{ .op = MT_FIELD_REMOVE, .index = 0 },
		{ .op = MT_FIELD_SPLICE, .index = 1, .offset = 6, .length = 3,
			.bytes = SPAN("2") },
		{ .op = MT_FIELD_SPLICE, .index = 1, .offset = 0, .length = 3,
			.bytes = SPAN("1") },
		{ .op = MT_FIELD_SPLICE, .index = 2, .bytes = SPAN("y") },
		{ .op = MT_FIELD_ADD, .name = SPAN("B"), .bytes = SPAN("2") },
		{ .op = MT_FIELD_SPLICE, .index = 1, .offset = 2, .length = 2 },
	};
	struct buf block = { 0 }, out = { 0 };
	struct view v;

	(void)state;
	view_make(&block);
	assert_int_equal(view_open(&v, buf_span(&block), span_make(raw, RAW_LEN)), 0);
	assert_int_equal(edits_apply(&v, edits, 6, &out), 0);
	assert_string_equal(buf_string(&out),
	    "B: 2\r\nA: 1\r\nSubject: 1\r\n 2\r\nX:y\r\n\r\nbody\r\n");
	assert_int_equal(edit_check(&v, &edits[6], edits, 6), EINVAL);	/* overlap */
	assert_int_equal(edits_apply(&v, edits, 7, &out), EINVAL);
	assert_int_equal(out.len, 0);
	edits[6].op = MT_FIELD_REMOVE;	/* of a field that is spliced */
	assert_int_equal(edit_check(&v, &edits[6], edits, 6), EINVAL);
	edits[6] = edits[4];	/* two texts for one place have no order */
	assert_int_equal(edit_check(&v, &edits[6], edits, 6), EINVAL);
	buf_free(&out);
	buf_free(&block);
}

static void
edit_round_trip(void **state)
{
	struct mt_edit in = { .op = MT_FIELD_SPLICE, .index = 3, .offset = 1ull << 40,
		.length = 9, .name = SPAN("n"), .bytes = SPAN("bytes") }, out;
	struct arena arena = { 0 };
	struct buf b = { 0 };
	struct unpack u;

	(void)state;
	edit_pack(&b, &in);
	u = unpack_of(buf_span(&b));
	assert_int_equal(edit_unpack(&u, &arena, &out), 0);
	assert_true(unpack_done(&u));
	assert_int_equal(out.offset, in.offset);
	assert_int_equal(out.op, MT_FIELD_SPLICE);
	assert_true(span_is(out.bytes, "bytes"));
	b.p[0] = 5;
	u = unpack_of(buf_span(&b));
	assert_int_equal(edit_unpack(&u, &arena, &out), EBADMSG);
	buf_free(&b);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelope_round_trip),
		cmocka_unit_test(envelope_limits),
		cmocka_unit_test(facts_are_typed_and_write_once),
		cmocka_unit_test(facts_are_counted_and_rewound),
		cmocka_unit_test(view_round_trip),
		cmocka_unit_test(view_cut_short),
		cmocka_unit_test(view_mutated),
		cmocka_unit_test(view_fields_are_apart),
		cmocka_unit_test(edit_checked),
		cmocka_unit_test(edit_limits),
		cmocka_unit_test(edit_array_limits),
		cmocka_unit_test(edit_line_limit),
		cmocka_unit_test(edits_applied),
		cmocka_unit_test(edit_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
