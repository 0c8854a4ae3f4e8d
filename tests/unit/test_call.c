/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes back of a call: words of others, made fit for logs and records. */
#include "test.h"

#include "pipeline/call.h"

/* One line, and nothing in it that steers a terminal or is no character. */
static void
what_a_target_says_is_cleaned(void **state)
{
	struct delivery given = { .value = { .size = sizeof(given.value) } }, got;
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct unpack u;

	(void)state;
	snprintf(given.value.resource_id, sizeof(given.value.resource_id), "E-7\nmailtri: \033[2J");
	snprintf(given.value.reason, sizeof(given.value.reason), "x.y\r\xc3\xa4");
	snprintf(given.value.text, sizeof(given.value.text), "sch\xc3\xb6n\n\xe2\x82");
	delivery_pack(&b, &given);
	u = unpack_of(buf_span(&b));
	assert_int_equal(delivery_unpack(&u, &a, &got), 0);
	assert_string_equal(got.value.resource_id, "E-7?mailtri: ?[2J");
	assert_string_equal(got.value.reason, "x.y???");
	assert_string_equal(got.value.text, "sch\xc3\xb6n?");
	given.value.text[0] = '\xff';
	buf_reset(&b);
	delivery_pack(&b, &given);
	u = unpack_of(buf_span(&b));
	assert_int_equal(delivery_unpack(&u, &a, &got), 0);
	assert_string_equal(got.value.text, "?ch??n?");
	buf_free(&b);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_a_target_says_is_cleaned) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
