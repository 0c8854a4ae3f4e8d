/* SPDX-License-Identifier: BSD-2-Clause */
/* Address classes at both edges of each range; numbers and nothing else as
 * addresses; the list of hosts. */
#include "test.h"

#include <errno.h>

#include "dispatch/dial.h"

static const struct {
	const char *address;
	enum dial_class class;
} classes[] = {
	{ "0.0.0.0", DIAL_NEVER }, { "0.255.255.255", DIAL_NEVER },
	{ "1.0.0.0", DIAL_PUBLIC }, { "9.255.255.255", DIAL_PUBLIC },
	{ "10.0.0.0", DIAL_PRIVATE }, { "10.255.255.255", DIAL_PRIVATE },
	{ "11.0.0.0", DIAL_PUBLIC }, { "100.63.255.255", DIAL_PUBLIC },
	{ "100.64.0.0", DIAL_PRIVATE }, { "100.127.255.255", DIAL_PRIVATE },
	{ "100.128.0.0", DIAL_PUBLIC }, { "126.255.255.255", DIAL_PUBLIC },
	{ "127.0.0.1", DIAL_PRIVATE }, { "127.255.255.255", DIAL_PRIVATE },
	{ "128.0.0.0", DIAL_PUBLIC }, { "169.253.255.255", DIAL_PUBLIC },
	{ "169.254.169.254", DIAL_PRIVATE }, { "169.255.0.0", DIAL_PUBLIC },
	{ "172.15.255.255", DIAL_PUBLIC }, { "172.16.0.0", DIAL_PRIVATE },
	{ "172.31.255.255", DIAL_PRIVATE }, { "172.32.0.0", DIAL_PUBLIC },
	{ "192.167.255.255", DIAL_PUBLIC }, { "192.168.0.0", DIAL_PRIVATE },
	{ "192.168.255.255", DIAL_PRIVATE }, { "192.169.0.0", DIAL_PUBLIC },
	{ "198.17.255.255", DIAL_PUBLIC }, { "198.19.255.255", DIAL_PRIVATE },
	{ "223.255.255.255", DIAL_PUBLIC }, { "224.0.0.0", DIAL_NEVER },
	{ "240.0.0.0", DIAL_NEVER }, { "255.255.255.255", DIAL_NEVER },
	{ "[::]", DIAL_NEVER }, { "[::1]", DIAL_PRIVATE }, { "[::2]", DIAL_NEVER },
	{ "[::ffff:192.0.2.1]", DIAL_NEVER }, { "[::ffff:127.0.0.1]", DIAL_NEVER },
	{ "[::7f00:1]", DIAL_NEVER }, { "[64:ff9b::7f00:1]", DIAL_NEVER },
	{ "[100::1]", DIAL_NEVER }, { "[2001:0:1::1]", DIAL_NEVER },
	{ "[2001:db8::1]", DIAL_PUBLIC }, { "[2002:7f00:1::]", DIAL_NEVER },
	{ "[2600::1]", DIAL_PUBLIC }, { "[fbff::1]", DIAL_PUBLIC },
	{ "[fc00::1]", DIAL_PRIVATE }, { "[fdff::1]", DIAL_PRIVATE },
	{ "[fe00::1]", DIAL_PUBLIC }, { "[fe80::1]", DIAL_PRIVATE },
	{ "[febf::1]", DIAL_PRIVATE }, { "[fec0::1]", DIAL_PRIVATE },
	{ "[ff02::1]", DIAL_NEVER },
};

static void
addresses_have_classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		union dial_address a;
		char text[80];

		snprintf(text, sizeof(text), "%s:443", classes[i].address);
		assert_int_equal(dial_address_parse(span_of(text), &a), 0);
		if (dial_address_classify(&a) != classes[i].class)
			fail_msg("%s is of class %d", text, dial_address_classify(&a));
	}
}

static void
addresses_are_numbers(void **state)
{
	static const char *const bad[] = { "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
		"127.0.0.1:65536", "127.0.0.1:8x", "127.0.0.1:-1", "127.1:80", "0x7f.0.0.1:80",
		"0177.0.0.1:80", "2130706433:80", "localhost:80", "::1:80", "[::1:80", "::1]:80",
		"[127.0.0.1]:80", "[fe80::1%lo]:80", "[]:80", " 127.0.0.1:80" };
	union dial_address a;
	char text[DIAL_ADDRESS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (dial_address_parse(span_of(bad[i]), &a) != EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
	assert_int_equal(dial_address_parse(SPAN("[2001:db8::1]:65535"), &a), 0);
	assert_int_equal(ntohs(a.v6.sin6_port), 65535);
	assert_string_equal(dial_address_format(text, &a), "2001:db8::1");
	assert_int_equal(dial_address_parse(SPAN("127.0.0.1:8443\0"), &a), EINVAL);
}

static struct setting_value
value(const char *name, const char **list, int64_t num)
{
	return (struct setting_value){ .name = name, .list = list, .num = num,
		.list_count = list == NULL ? 0 : 1 };
}

/* One stage with a target; its route section has another host. */
static void
targets(void **state)
{
	const char *url[] = { "https://api.example.com", NULL };
	const char *other[] = { "https://lab.example.com:8443", NULL };
	const char *connect[] = { "127.0.0.1:9000", NULL }, *yes[] = { "true", NULL };
	struct mt_option options[] = { { .name = "endpoint", .type = MT_OPT_TARGET },
		{ .name = "endpoint_private", .type = MT_OPT_BOOL },
		{ .name = "endpoint_connect", .type = MT_OPT_STRING }, { .name = NULL } };
	struct setting_value base[] = { value("endpoint", url, 0),
		value("endpoint_private", NULL, 0), value("endpoint_connect", NULL, 0) };
	struct setting_value route[] = { value("endpoint", other, 0),
		value("endpoint_private", yes, 1), value("endpoint_connect", connect, 0) };
	struct setting_options sets[] = { { NULL, base }, { "a@b.example", route } };
	struct setting_stage stage = { .options = sets, .option_sets = 2,
		.descriptor = { .options = options, .option_count = 3 } };
	struct settings s = { .stages = &stage, .stage_count = 1 };
	struct arena arena = { 0 };
	struct dial_targets ts;
	struct dial_request r = { .host = SPAN("API.example.com"), .connect = SPAN(""),
		.port = 443, .private = true };

	(void)state;
	dial_targets_load(&ts, &arena, &s);
	assert_int_equal(ts.count, 2);
	assert_non_null(dial_targets_find(&ts, &r));
	assert_false(dial_targets_find(&ts, &r)->private);
	r.port = 444;
	assert_null(dial_targets_find(&ts, &r));
	r = (struct dial_request){ .host = SPAN("lab.example.com"), .port = 8443,
		.connect = SPAN("127.0.0.1:9000") };
	assert_true(dial_targets_find(&ts, &r)->private);
	r.connect = SPAN("127.0.0.1:9001");	/* not what the operator wrote */
	assert_null(dial_targets_find(&ts, &r));
	r.connect = SPAN("");
	assert_null(dial_targets_find(&ts, &r));
	r.host = SPAN("lab.example.com.evil.example");
	assert_null(dial_targets_find(&ts, &r));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_classes),
		cmocka_unit_test(addresses_are_numbers),
		cmocka_unit_test(targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
