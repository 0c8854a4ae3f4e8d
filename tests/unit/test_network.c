/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks: what is one, and who is in it. */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>

#include "conf/network.h"

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage a = { .ss_family = AF_UNIX };
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)&a;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&a;

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1)
		a.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1)
		a.ss_family = AF_INET6;
	return a;
}

static void
texts(void **state)
{
	static const struct { const char *text; int error; } cases[] = {
		{ "192.0.2.1", 0 }, { "192.0.2.1/32", 0 }, { "192.0.2.0/24", 0 },
		{ "128.0.0.0/1", 0 }, { "2001:db8::1", 0 }, { "2001:db8::/32", 0 },
		{ "::ffff:192.0.2.0/120", 0 }, { "::1/128", 0 },
		{ "0.0.0.0/0", ERANGE }, { "::/0", ERANGE }, { "::ffff:0:0/96", ERANGE },
		{ "::/64", ERANGE },
		{ "", EINVAL }, { "/24", EINVAL }, { "192.0.2.0/", EINVAL },
		{ "192.0.2.1/24", EINVAL }, { "192.0.2.0/33", EINVAL },
		{ "2001:db8::/129", EINVAL }, { "2001:db8::1/32", EINVAL },
		{ "192.0.2.0/024", EINVAL }, { "192.0.2.0/-1", EINVAL },
		{ "192.0.2.0/24 ", EINVAL }, { "192.0.2", EINVAL }, { "unix", EINVAL },
		{ "mx.example.com", EINVAL }, { "[::1]", EINVAL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network n;

		if (network_parse(cases[i].text, &n) != cases[i].error)
			fail_msg("%s", cases[i].text);
	}
}

static void
members(void **state)
{
	static const struct { const char *network, *address; bool holds; } cases[] = {
		{ "192.0.2.1", "192.0.2.1", true }, { "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.0/31", "192.0.2.1", true }, { "192.0.2.0/31", "192.0.2.2", false },
		{ "192.0.2.1", "::ffff:192.0.2.1", true },
		{ "::ffff:192.0.2.1", "192.0.2.1", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "2001:db8::/32", "32.1.13.184", false },
		{ "192.0.2.1", "unix", false }, { "128.0.0.0/1", "::1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_storage a = address(cases[i].address);
		struct network n;

		assert_int_equal(network_parse(cases[i].network, &n), 0);
		if (network_holds(&n, &a) != cases[i].holds)
			fail_msg("%s in %s", cases[i].address, cases[i].network);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
