/* SPDX-License-Identifier: BSD-2-Clause */
/* What DNS answered a moment ago: what is kept of it, for whom, how long. */
#include "test.h"

#include <string.h>

#include "base/buf.h"
#include "engine/recent.h"
#include "mailtri/stage.h"

enum { GENERATION = 3, NOW_MS = 5000 };

struct said {
	const char *name;
	uint16_t type;
	uint32_t status, ttl_s, queries;
	const char *record;
};

static struct mt_span
pack_questions(struct buf *b, const struct said *s, uint32_t count)
{
	pack_u32(b, count);
	for (uint32_t i = 0; i < count; i++) {
		pack_string(b, s[i].name);
		pack_u16(b, s[i].type);
	}
	return buf_span(b);
}

static struct mt_span
pack_answers(struct buf *b, const struct said *s, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		pack_string(b, s[i].name);
		pack_u16(b, s[i].type);
		pack_u32(b, s[i].status);
		pack_u32(b, s[i].ttl_s);
		pack_u32(b, 0);
		pack_u32(b, s[i].record != NULL);
		if (s[i].record != NULL)
			pack_string(b, s[i].record);
		pack_u32(b, s[i].queries);
	}
	return buf_span(b);
}

static const struct said good[] = {
	{ "a.example", 16, MT_OK, 1, 0, "v=spf1 -all" },
	{ "b.example", 16, MT_NODATA, 60, 0, NULL },
	{ "c.example", 1, MT_NXDOMAIN, 60, 0, NULL },
};

/* Whether these answers are found again for the questions of `good'. */
static bool
is_kept(const struct said *answers, uint32_t count)
{
	struct buf q = { 0 }, a = { 0 };
	struct mt_span questions = pack_questions(&q, good, 3), body = pack_answers(&a, answers, count);
	struct recent *r = recent_new();
	bool kept;

	recent_keep(r, GENERATION, questions, body, NOW_MS);
	kept = recent_find(r, GENERATION, questions, NOW_MS).len > 0;
	if (kept)
		assert_true(span_equal(recent_find(r, GENERATION, questions, NOW_MS), body));
	recent_free(r);
	buf_free(&q);
	buf_free(&a);
	return kept;
}

static void
only_whole_and_good_answers(void **state)
{
	static const uint32_t errors[] = { MT_PENDING, MT_SERVFAIL, MT_TIMEOUT, MT_BOGUS,
		MT_BUDGET, MT_DENIED, 99 };
	struct said bad[4];

	(void)state;
	assert_true(is_kept(good, 3));
	assert_false(is_kept(good, 2));
	for (int i = 0; i < 3; i++) {
		memcpy(bad, good, sizeof(good));
		bad[i].ttl_s = 0;
		assert_false(is_kept(bad, 3));
		bad[i] = good[i];
		bad[i].queries = 1;
		assert_false(is_kept(bad, 3));
		bad[i] = good[i];
		bad[i].type++;
		assert_false(is_kept(bad, 3));
		bad[i] = good[i];
		bad[i].name = "d.example";
		assert_false(is_kept(bad, 3));
		for (size_t k = 0; k < sizeof(errors) / sizeof(errors[0]); k++) {
			bad[i] = good[i];
			bad[i].status = errors[k];
			assert_false(is_kept(bad, 3));
		}
	}
	memcpy(bad, good, sizeof(good));
	bad[3] = good[0];
	assert_false(is_kept(bad, 4));	/* more than was asked */
}

static void
a_second_and_one_configuration(void **state)
{
	struct buf q = { 0 }, a = { 0 }, other = { 0 };
	struct mt_span questions = pack_questions(&q, good, 3), body = pack_answers(&a, good, 3);
	struct recent *r = recent_new();

	(void)state;
	recent_keep(r, GENERATION, questions, body, NOW_MS);
	assert_int_equal(recent_find(r, GENERATION, questions, NOW_MS + RECENT_MS - 1).len, body.len);
	assert_int_equal(recent_find(r, GENERATION, questions, NOW_MS + RECENT_MS).len, 0);
	assert_int_equal(recent_find(r, GENERATION + 1, questions, NOW_MS).len, 0);
	assert_int_equal(recent_find(r, GENERATION, pack_questions(&other, good, 2), NOW_MS).len, 0);
	recent_free(r);
	buf_free(&q);
	buf_free(&a);
	buf_free(&other);
}

/* One question and its answer, so that one of them has just so many bytes. */
static bool
is_kept_at(size_t name_bytes, size_t record_bytes)
{
	static char name[RECENT_QUESTIONS_MAX], record[RECENT_ANSWERS_MAX];
	struct said one = { name, 16, MT_OK, 60, 0, record };
	struct buf q = { 0 }, a = { 0 };
	struct mt_span questions, body;
	struct recent *r = recent_new();
	bool kept;

	memset(name, 'n', sizeof(name));
	memset(record, 'r', sizeof(record));
	name[name_bytes] = record[record_bytes] = '\0';
	questions = pack_questions(&q, &one, 1);
	body = pack_answers(&a, &one, 1);
	recent_keep(r, GENERATION, questions, body, NOW_MS);
	kept = recent_find(r, GENERATION, questions, NOW_MS).len > 0;
	recent_free(r);
	buf_free(&q);
	buf_free(&a);
	return kept;
}

static void
limits(void **state)
{
	size_t name = RECENT_QUESTIONS_MAX - (4 + 4 + 2);
	size_t record = RECENT_ANSWERS_MAX - (4 + 1 + 2 + 4 * 4 + 4 + 4);

	(void)state;
	assert_true(is_kept_at(name, 1));
	assert_false(is_kept_at(name + 1, 1));
	assert_true(is_kept_at(1, record));
	assert_false(is_kept_at(1, record + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_whole_and_good_answers),
		cmocka_unit_test(a_second_and_one_configuration),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
