/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of messages that killed: counts, limits, time, its packed form. */
#include "test.h"

#include <errno.h>

#include "pipeline/poison.h"

static struct poisons list, other;

static const uint8_t *
key(uint32_t n)
{
	static uint8_t out[CLAIM_KEY_SIZE];

	memset(out, 0, sizeof(out));
	memcpy(out, &n, sizeof(n));
	return out;
}

static struct poison_time
at(int64_t now_s)
{
	return (struct poison_time){ now_s, now_s + POISON_TTL_S };
}

static void
deaths_are_counted_and_forgotten(void **state)
{
	(void)state;
	list.count = 0;
	assert_null(poisons_find(&list, key(1), 0));
	assert_int_equal(poisons_add(&list, key(1), "checks", at(100)), 1);
	assert_int_equal(poisons_add(&list, key(1), ":parser", at(200)), 2);
	assert_string_equal(poisons_find(&list, key(1), 200)->group, ":parser");
	assert_null(poisons_find(&list, key(2), 200));
	assert_non_null(poisons_find(&list, key(1), 200 + POISON_TTL_S - 1));
	assert_null(poisons_find(&list, key(1), 200 + POISON_TTL_S));
	assert_int_equal(poisons_add(&list, key(1), "checks", at(200 + POISON_TTL_S)), 1);
}

static void
the_oldest_goes_where_there_is_no_room(void **state)
{
	(void)state;
	list.count = 0;
	for (uint32_t n = 0; n < POISON_MAX; n++)
		poisons_add(&list, key(n), "g", at(1000 + n));
	assert_non_null(poisons_find(&list, key(0), 1000));
	poisons_add(&list, key(POISON_MAX), "g", at(5000));
	assert_int_equal(list.count, POISON_MAX);
	assert_null(poisons_find(&list, key(0), 1000));
	assert_non_null(poisons_find(&list, key(1), 1000));
	assert_non_null(poisons_find(&list, key(POISON_MAX), 5000));
}

static void
what_is_kept_comes_back(void **state)
{
	struct buf b = { 0 };

	(void)state;
	list.count = 0;
	for (uint32_t n = 0; n < POISON_MAX; n++)
		poisons_add(&list, key(n), "a group with a name as long as it may be", at(1000));
	poisons_pack(&b, &list);
	assert_in_range(b.len, 1, 64 * 1024);	/* of a kept value */
	assert_int_equal(poisons_unpack(&other, buf_span(&b)), 0);
	assert_int_equal(other.count, POISON_MAX);
	assert_memory_equal(other.list, list.list, sizeof(list.list));
	for (size_t len = 0; len < b.len; len += 7) {
		assert_int_equal(poisons_unpack(&other, span_make(b.p, len)), EBADMSG);
		assert_int_equal(other.count, 0);
	}
	b.p[0]++;	/* one more than the limit */
	assert_int_equal(poisons_unpack(&other, buf_span(&b)), EBADMSG);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deaths_are_counted_and_forgotten),
		cmocka_unit_test(the_oldest_goes_where_there_is_no_room),
		cmocka_unit_test(what_is_kept_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
