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
	{ "::", DIAL_NEVER }, { "::1", DIAL_PRIVATE }, { "::2", DIAL_NEVER },
	{ "::ffff:192.0.2.1", DIAL_NEVER }, { "::ffff:127.0.0.1", DIAL_NEVER },
	{ "::7f00:1", DIAL_NEVER }, { "64:ff9b::7f00:1", DIAL_NEVER },
	{ "100::1", DIAL_NEVER }, { "2001:0:1::1", DIAL_NEVER },
	{ "2001:db8::1", DIAL_PUBLIC }, { "2002:7f00:1::", DIAL_NEVER },
	{ "2600::1", DIAL_PUBLIC }, { "fbff::1", DIAL_PUBLIC },
	{ "fc00::1", DIAL_PRIVATE }, { "fdff::1", DIAL_PRIVATE },
	{ "fe00::1", DIAL_PUBLIC }, { "fe80::1", DIAL_PRIVATE },
	{ "febf::1", DIAL_PRIVATE }, { "fec0::1", DIAL_PRIVATE },
	{ "ff02::1", DIAL_NEVER },
};

static void
addresses_have_classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		union dial_address a;

		assert_int_equal(dial_address_parse(classes[i].address, 443, &a), 0);
		if (dial_address_classify(&a) != classes[i].class)
			fail_msg("%s is of class %d", classes[i].address,
			    dial_address_classify(&a));
	}
}

static void
addresses_are_numbers(void **state)
{
	static const char *const bad[] = { "", ":", "127.0.0.1:80", "127.1", "0x7f.0.0.1",
		"0177.0.0.1", "2130706433", "localhost", "[::1]", "fe80::1%lo", " 127.0.0.1",
		"127.0.0.1 ", "127.0.0.256", "::1::" };
	union dial_address a;
	char text[DIAL_ADDRESS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (dial_address_parse(bad[i], 80, &a) != EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
	assert_int_equal(dial_address_parse("2001:db8::1", 65535, &a), 0);
	assert_int_equal(ntohs(a.v6.sin6_port), 65535);
	assert_string_equal(dial_address_format(text, &a), "2001:db8::1");
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
	struct dial_request r = { .host = SPAN("API.example.com"), .address = SPAN(""),
		.port = 443, .private = true };

	(void)state;
	dial_targets_load(&ts, &arena, &s);
	assert_int_equal(ts.count, 2);
	assert_non_null(dial_targets_find(&ts, &r));
	assert_false(dial_targets_find(&ts, &r)->private);
	r.port = 444;
	assert_null(dial_targets_find(&ts, &r));
	r = (struct dial_request){ .host = SPAN("lab.example.com"), .port = 9000,
		.address = SPAN("127.0.0.1") };
	assert_true(dial_targets_find(&ts, &r)->private);
	r.address = SPAN("127.0.0.2");	/* not what the operator wrote */
	assert_null(dial_targets_find(&ts, &r));
	r.address = SPAN("");
	assert_null(dial_targets_find(&ts, &r));
	r.address = SPAN("127.0.0.1");
	r.port = 8443;
	assert_null(dial_targets_find(&ts, &r));
	r.port = 9000;
	r.host = SPAN("lab.example.com.evil.example");
	assert_null(dial_targets_find(&ts, &r));
	arena_free(&arena);
}

/* A host that is a number is its own address. */
static void
numeric_target(void **state)
{
	const char *url[] = { "https://[::1]:8443", NULL };
	struct mt_option options[] = { { .name = "endpoint", .type = MT_OPT_TARGET },
		{ .name = NULL } };
	struct setting_value base[] = { value("endpoint", url, 0) };
	struct setting_options sets[] = { { NULL, base } };
	struct setting_stage stage = { .options = sets, .option_sets = 1,
		.descriptor = { .options = options, .option_count = 1 } };
	struct settings s = { .stages = &stage, .stage_count = 1 };
	struct arena arena = { 0 };
	struct dial_targets ts;
	struct dial_request r = { .host = SPAN("::1"), .address = SPAN("::1"), .port = 8443 };

	(void)state;
	dial_targets_load(&ts, &arena, &s);
	assert_non_null(dial_targets_find(&ts, &r));
	arena_free(&arena);
}

/* Whole or not at all. */
static void
requests(void **state)
{
	struct dial_request r;
	struct buf b = { 0 };

	(void)state;
	pack_string(&b, "api.example");
	pack_u16(&b, 443);
	pack_u8(&b, 1);
	pack_string(&b, "127.0.0.1");
	assert_int_equal(dial_request_unpack(buf_span(&b), &r), 0);
	assert_true(span_is(r.host, "api.example") && span_is(r.address, "127.0.0.1"));
	assert_true(r.port == 443 && r.private);
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(dial_request_unpack(span_make(b.p, n), &r), EBADMSG);
	buf_add_char(&b, 'x');
	assert_int_equal(dial_request_unpack(buf_span(&b), &r), EBADMSG);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_classes),
		cmocka_unit_test(addresses_are_numbers),
		cmocka_unit_test(targets),
		cmocka_unit_test(numeric_target),
		cmocka_unit_test(requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
