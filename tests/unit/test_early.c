/* SPDX-License-Identifier: BSD-2-Clause */
/* Refusals before RCPT: a flood is a handful of records. */
#include "test.h"

#include "audit/early.h"

static void
test_early(void **state)
{
	struct early *e = early_new();
	struct early_entry entry;

	(void)state;
	assert_int_equal(early_next_s(e), INT64_MAX);
	assert_false(early_take(e, 1000, true, &entry));
	early_add(e, SPAN("192.0.2.1"), SPAN("smtp.tls.required"), SPAN("first"), 1000);
	early_add(e, SPAN("192.0.2.1"), SPAN("smtp.tls.required"), SPAN("second"), 1059);
	early_add(e, SPAN("192.0.2.2"), SPAN("smtp.tls.required"), SPAN(""), 1010);
	early_add(e, SPAN("192.0.2.1"), SPAN("smtp.other"), SPAN(""), 1020);
	assert_int_equal(early_next_s(e), 1060);
	assert_false(early_take(e, 1059, false, &entry));
	assert_true(early_take(e, 1060, false, &entry));
	assert_string_equal(entry.client, "192.0.2.1");
	assert_string_equal(entry.text, "first");
	assert_int_equal(entry.count, 2);
	assert_false(early_take(e, 1060, false, &entry));
	early_add(e, SPAN("192.0.2.1"), SPAN("smtp.tls.required"), SPAN(""), 1061);
	assert_true(early_take(e, 1061, true, &entry));
	assert_string_equal(entry.client, "192.0.2.2");
	assert_true(early_take(e, 1061, true, &entry));
	assert_true(early_take(e, 1061, true, &entry));
	assert_int_equal(entry.count, 1);
	assert_false(early_take(e, 1061, true, &entry));
	early_free(e);
}

static void
test_early_flood(void **state)
{
	struct early *e = early_new();
	struct early_entry entry;
	uint64_t total = 0;
	size_t entries = 0;
	char client[32];

	(void)state;
	for (int i = 0; i < 3 * EARLY_MAX; i++) {
		int n = snprintf(client, sizeof(client), "2001:db8::%x", (unsigned)i);

		early_add(e, span_make(client, (size_t)n), SPAN("smtp.flood"), SPAN(""), 1000);
	}
	while (early_take(e, 1060, false, &entry)) {
		total += entry.count;
		entries++;
		if (entry.client[0] == '\0')
			assert_int_equal(entry.count, 2 * EARLY_MAX);
	}
	assert_int_equal(total, 3 * EARLY_MAX);
	assert_int_equal(entries, EARLY_MAX + 1);
	early_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_early_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
