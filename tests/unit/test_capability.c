/* SPDX-License-Identifier: BSD-2-Clause */
/* Capability addresses and marks: what we made is ours, all else is not. */
#include "queue/capability.h"

#include <ctype.h>
#include <errno.h>

#include "test.h"

#define EVENT "evt_0123456789abcdefghjkmnpqrs"
#define DOMAIN "mailtri.example"

static const uint8_t key[HASH_SIZE] = { 1, 2, 3 }, other_key[HASH_SIZE] = { 1, 2, 4 };

static struct capability
capability(void)
{
	struct capability c = { .event = EVENT, .until_s = 1790000000, .domain = SPAN(DOMAIN) };

	capability_person(key, SPAN("ann@good.example"), c.person);
	return c;
}

/* Read from the address, the person known from elsewhere. */
static bool
is_ours(const uint8_t k[HASH_SIZE], const char *address, const uint8_t person[HASH_SIZE])
{
	struct capability c;

	if (capability_parse(span_of(address), &c) != 0)
		return false;
	memcpy(c.person, person, HASH_SIZE);
	return capability_is_ours(k, &c, span_of(address));
}

static void
test_address(void **state)
{
	char address[CAPABILITY_ADDRESS_SIZE];
	struct capability c = capability(), read;

	(void)state;
	assert_int_equal(capability_make(key, &c, address), 0);
	assert_int_equal(strcspn(address, "@"), 64);	/* RFC 5321 section 4.5.3.1.1 */
	assert_int_equal(capability_parse(span_of(address), &read), 0);
	assert_string_equal(read.event, EVENT);
	assert_int_equal(read.until_s, c.until_s);
	assert_true(span_is(read.domain, DOMAIN));
	assert_true(is_ours(key, address, c.person));
	assert_false(is_ours(other_key, address, c.person));
}

static void
test_person(void **state)
{
	char address[CAPABILITY_ADDRESS_SIZE];
	struct capability c = capability();
	uint8_t folded[HASH_SIZE], bob[HASH_SIZE];

	(void)state;
	capability_make(key, &c, address);
	capability_person(key, SPAN("Ann@GOOD.example"), folded);
	assert_memory_equal(folded, c.person, HASH_SIZE);
	capability_person(key, SPAN("bob@good.example"), bob);
	assert_false(is_ours(key, address, bob));
	capability_person(other_key, SPAN("ann@good.example"), bob);
	assert_memory_not_equal(bob, c.person, HASH_SIZE);
}

/* Any bit of it, but the one that makes a letter a capital. */
static void
test_every_bit(void **state)
{
	char address[CAPABILITY_ADDRESS_SIZE], flipped[CAPABILITY_ADDRESS_SIZE];
	struct capability c = capability();

	(void)state;
	capability_make(key, &c, address);
	for (size_t at = 0; at < strlen(address); at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(flipped, address, sizeof(flipped));
			flipped[at] = (char)(flipped[at] ^ 1 << bit);
			assert_int_equal(is_ours(key, flipped, c.person),
			    tolower((unsigned char)flipped[at]) == address[at]);
		}
	for (char *p = address; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	assert_true(is_ours(key, address, c.person));
}

static void
test_other_domain(void **state)
{
	char address[CAPABILITY_ADDRESS_SIZE], moved[CAPABILITY_ADDRESS_SIZE];
	struct capability c = capability();

	(void)state;
	capability_make(key, &c, address);
	snprintf(moved, sizeof(moved), "%.64s@other.example", address);
	assert_false(is_ours(key, moved, c.person));
}

static void
test_limits(void **state)
{
	static const char *const events[] = { "", "evt_", "evt_a", EVENT "0", "evu_0123456789abcdefghjkmnpqrs",
		"evt_0123456789abcdefghjkmnpqri", "evt_0123456789ABCDEFGHJKMNPQRS" };
	char address[CAPABILITY_ADDRESS_SIZE], long_name[CAPABILITY_DOMAIN_MAX + 2];
	struct capability c = capability();

	(void)state;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		snprintf(c.event, sizeof(c.event), "%s", events[i]);
		assert_int_equal(capability_make(key, &c, address), EINVAL);
	}
	c = capability();
	c.until_s = (INT64_C(1) << 35) - 1;
	assert_int_equal(capability_make(key, &c, address), 0);
	assert_true(is_ours(key, address, c.person));
	c.until_s++;
	assert_int_equal(capability_make(key, &c, address), EINVAL);
	c.until_s = -1;
	assert_int_equal(capability_make(key, &c, address), EINVAL);
	c = capability();
	memset(long_name, 'd', sizeof(long_name));
	c.domain = span_make(long_name, CAPABILITY_DOMAIN_MAX);
	assert_int_equal(capability_make(key, &c, address), 0);
	assert_true(is_ours(key, address, c.person));
	c.domain.len++;
	assert_int_equal(capability_make(key, &c, address), EINVAL);
	c.domain.len = 0;
	assert_int_equal(capability_make(key, &c, address), EINVAL);
}

static void
test_no_address(void **state)
{
	static const char *const others[] = { "", "r+@" DOMAIN, "r+a@" DOMAIN, "task.linear@" DOMAIN,
		"r-0123456789abcdefghjkmnpqrs0123456789abcdefghjkmnpqrs0123456789@" DOMAIN,
		"s+0123456789abcdefghjkmnpqrs0123456789abcdefghjkmnpqrs0123456789@" DOMAIN,
		"r+0123456789abcdefghjkmnpqrs0123456789abcdefghjkmnpqrs012345678i@" DOMAIN,
		"r+0123456789abcdefghjkmnpqrs0123456789abcdefghjkmnpqrs01234567890@" DOMAIN };
	struct capability c;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(capability_parse(span_of(others[i]), &c), EINVAL);
}

static void
test_mark(void **state)
{
	char mark[CAPABILITY_MARK_SIZE], padded[CAPABILITY_MARK_SIZE + 4], address[CAPABILITY_ADDRESS_SIZE];
	struct capability c = capability();

	(void)state;
	assert_int_equal(capability_mark(key, EVENT, 1790000000, mark), 0);
	assert_int_equal(capability_mark(key, "evt_a", 1790000000, padded), EINVAL);
	assert_true(capability_mark_is_ours(key, span_of(mark)));
	snprintf(padded, sizeof(padded), " %s\r\n", mark);
	assert_true(capability_mark_is_ours(key, span_of(padded)));
	assert_false(capability_mark_is_ours(other_key, span_of(mark)));
	assert_false(capability_mark_is_ours(key, SPAN("")));
	assert_false(capability_mark_is_ours(key, span_make(mark, CAPABILITY_TOKEN - 1)));
	for (size_t at = 0; at < CAPABILITY_TOKEN; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			char kept = mark[at];

			mark[at] = (char)(kept ^ 1 << bit);
			assert_int_equal(capability_mark_is_ours(key, span_of(mark)),
			    tolower((unsigned char)mark[at]) == kept);
			mark[at] = kept;
		}
	/* An address is no mark, though it was made by the same key. */
	capability_make(key, &c, address);
	assert_false(capability_mark_is_ours(key, span_make(address + 2, CAPABILITY_TOKEN)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address), cmocka_unit_test(test_person),
		cmocka_unit_test(test_every_bit), cmocka_unit_test(test_other_domain),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
