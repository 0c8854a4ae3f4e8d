/* SPDX-License-Identifier: BSD-2-Clause */
/* What may go out by SMTP, at each limit and one beyond. */
#include "test.h"

#include "base/arena.h"
#include "mail/outgoing.h"

static void
addresses(void **state)
{
	static const char *const good[] = { "a@b", "a+b@[192.0.2.1]", "\"a\\@b\"@c.example" };
	static const char *const bad[] = { "", "a", "a@b c", "a@b\r\nRCPT TO:<x@y>", "a@b\n", "a@b\x7f",
		"<a@b>", "a@b>", "a@b\xc3\xbc" };
	char longest[OUTGOING_ADDRESS_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(outgoing_is_address(span_of(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (outgoing_is_address(span_of(bad[i])))
			fail_msg("%s", bad[i]);
	memset(longest, 'a', sizeof(longest));
	longest[1] = '@';
	assert_true(outgoing_is_address(span_make(longest, OUTGOING_ADDRESS_MAX)));
	assert_false(outgoing_is_address(span_make(longest, OUTGOING_ADDRESS_MAX + 1)));
	assert_false(outgoing_is_address(SPAN("a@b\0c")));
}

static void
logins(void **state)
{
	char longest[OUTGOING_LOGIN_MAX + 1];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_true(outgoing_is_login(span_make(longest, OUTGOING_LOGIN_MAX)));
	assert_false(outgoing_is_login(span_make(longest, OUTGOING_LOGIN_MAX + 1)));
	assert_true(outgoing_is_login(SPAN("s3cret \xc3\xbc")));
	assert_false(outgoing_is_login(SPAN("")));
	assert_false(outgoing_is_login(SPAN("a\r\nQUIT")));
	assert_false(outgoing_is_login(SPAN("a\0b")));
}

static void
data(void **state)
{
	static const char *const bad[] = { "", "\n", "a", "a\n", "a\r", "a\r\nb", "a\nb\r\n",
		"a\rb\r\n", "\n\r\n", "\r\r\n" };
	char *longest = xcalloc(1, OUTGOING_DATA_MAX + 1);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (outgoing_is_data(span_of(bad[i])))
			fail_msg("%zu", i);
	assert_true(outgoing_is_data(SPAN("\r\n")));
	assert_true(outgoing_is_data(SPAN(".\r\n\r\n.\r\n")));
	assert_false(outgoing_is_data(SPAN("a\0b\r\n")));
	memset(longest, 'a', OUTGOING_DATA_MAX + 1);
	memcpy(longest + OUTGOING_DATA_MAX - 2, "\r\n", 2);
	assert_true(outgoing_is_data(span_make(longest, OUTGOING_DATA_MAX)));
	memcpy(longest + OUTGOING_DATA_MAX - 2, "a\r\n", 3);
	assert_false(outgoing_is_data(span_make(longest, OUTGOING_DATA_MAX + 1)));
	free(longest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(logins),
		cmocka_unit_test(data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
