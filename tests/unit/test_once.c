/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of claims that may be on disk: it never forgets one that is. */
#include "test.h"

#include <string.h>

#include "store/once.h"

static const uint8_t *
key_of(uint32_t n)
{
	static uint8_t key[HASH_SIZE];

	memcpy(key, &n, sizeof(n));
	return key;
}

static void
what_was_added_may_be_held(void **state)
{
	struct once o = { 0 };

	(void)state;
	assert_false(once_may_hold(&o, key_of(0)));
	for (uint32_t n = 0; n < 100000; n++) {
		once_add(&o, key_of(n * 2654435761u), 2000 + n, 1000);
		assert_true(once_may_hold(&o, key_of(n * 2654435761u)));
	}
	for (uint32_t n = 0; n < 100000; n++)
		assert_true(once_may_hold(&o, key_of(n * 2654435761u)));
	assert_true(o.size <= 262144);
	assert_false(once_may_hold(&o, key_of(7)));
	once_fini(&o);
}

static void
what_ran_out_makes_room(void **state)
{
	struct once o = { 0 };

	(void)state;
	for (uint32_t n = 1; n < 1000000; n++)	/* 1000 are held at a time */
		once_add(&o, key_of(n * 2654435761u), n + 1000, n);
	assert_int_equal(o.size, 4096);
	for (uint32_t n = 999000; n < 1000000; n++)
		assert_true(once_may_hold(&o, key_of(n * 2654435761u)));
	once_fini(&o);
}

static void
the_later_end_counts(void **state)
{
	struct once o = { 0 };

	(void)state;
	once_add(&o, key_of(5), 9000, 1000);
	once_add(&o, key_of(5), 2000, 1000);
	for (uint32_t n = 100; n < 5000; n++)
		once_add(&o, key_of(n), 8000, 5000);
	assert_true(once_may_hold(&o, key_of(5)));
	once_fini(&o);
}

static void
what_does_not_fit_may_be_held(void **state)
{
	struct once o = { 0 };
	const uint32_t most = ONCE_SLOTS_MAX / 4 * 3;

	(void)state;
	for (uint32_t n = 1; n <= most; n++)
		once_add(&o, key_of(n), 2000, 1000);
	assert_false(o.over);
	assert_false(once_may_hold(&o, key_of(most + 1)));
	once_add(&o, key_of(most + 1), 2000, 1000);
	assert_true(o.over);
	assert_true(once_may_hold(&o, key_of(most + 1)));
	assert_true(once_may_hold(&o, key_of(most + 2)));
	once_fini(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_may_be_held),
		cmocka_unit_test(what_ran_out_makes_room),
		cmocka_unit_test(the_later_end_counts),
		cmocka_unit_test(what_does_not_fit_may_be_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
