/* SPDX-License-Identifier: BSD-2-Clause */
/* Option values: every type, its limits, and the way back to text. */
#include "test.h"

#include <errno.h>

#include "conf/value.h"

static struct arena arena;

static void
durations_and_sizes(void **state)
{
	static const struct { const char *text; int error; int64_t value; } rows[] = {
		{ "0", 0, 0 }, { "45", 0, 45 }, { "30s", 0, 30 }, { "15m", 0, 900 },
		{ "12h", 0, 43200 }, { "90d", 0, 7776000 }, { "2w", 0, 1209600 },
		{ "", EINVAL, 0 }, { "s", EINVAL, 0 }, { "-1s", EINVAL, 0 },
		{ "1.5h", EINVAL, 0 }, { "1hh", EINVAL, 0 }, { "1h ", EINVAL, 0 },
		{ "1M", EINVAL, 0 }, { "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", ERANGE, 0 },
		{ "9223372036854775807d", ERANGE, 0 },
	};
	int64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(value_parse_duration(rows[i].text, &n), rows[i].error);
		if (rows[i].error == 0)
			assert_int_equal(n, rows[i].value);
	}
	assert_int_equal(value_parse_size("25M", &n), 0);
	assert_int_equal(n, 25 << 20);
	assert_int_equal(value_parse_size("2T", &n), 0);
	assert_int_equal(n, 2ll << 40);
	assert_int_equal(value_parse_size("8388608T", &n), ERANGE);
	assert_int_equal(value_parse_size("25m", &n), EINVAL);
}

static void
targets(void **state)
{
	static const struct { const char *text, *host; uint16_t port; } rows[] = {
		{ "https://api.linear.app", "api.linear.app", 443 },
		{ "https://localhost:8443", "localhost", 8443 },
		{ "https://127.0.0.1:1", "127.0.0.1", 1 },
		{ "https://[::1]:65535", "::1", 65535 },
		{ "https://[2001:db8::1]", "2001:db8::1", 443 },
		{ "http://api.linear.app", NULL, 0 }, { "https://", NULL, 0 },
		{ "api.linear.app", NULL, 0 }, { "https://a/graphql", NULL, 0 },
		{ "https://a:0", NULL, 0 }, { "https://a:65536", NULL, 0 },
		{ "https://a:", NULL, 0 }, { "https://u@a", NULL, 0 },
		{ "https://[::1", NULL, 0 }, { "https://[x]", NULL, 0 },
		{ "https://a b", NULL, 0 }, { "https://[", NULL, 0 },
		{ "https://a:443x", NULL, 0 }, { "HTTPS://a", NULL, 0 },
	};
	struct value_target t;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int error = value_parse_target(&arena, rows[i].text, NULL, &t);

		if ((error == 0) != (rows[i].host != NULL))
			fail_msg("%s: %d", rows[i].text, error);
		if (error != 0)
			continue;
		assert_string_equal(t.host, rows[i].host);
		assert_int_equal(t.port, rows[i].port);
	}
}

static void
schemes(void **state)
{
	static const char all[] = "smtp|smtps|smtp+plain";
	static const struct { const char *text, *choices; uint16_t port; } rows[] = {
		{ "smtp://relay.example", all, 587 }, { "smtps://relay.example", all, 465 },
		{ "smtps://[2001:db8::1]:1", "smtps", 1 }, { "smtp+plain://127.0.0.1", all, 25 },
		{ "smtp+plain://127.255.0.1:2525", all, 2525 }, { "smtp+plain://[::1]", all, 25 },
		{ "https://a", "https|smtp", 443 }, { "https://a", all, 0 },
		{ "smtp://a", NULL, 0 }, { "smtp://a", "smtps", 0 }, { "smtps://a", "smtp", 0 },
		{ "smtp+plain://a", "smtp", 0 }, { "smtp+plain://localhost", all, 0 },
		{ "smtp+plain://10.0.0.1", all, 0 }, { "smtp+plain://128.0.0.1", all, 0 },
		{ "smtp+plain://[::2]", all, 0 }, { "smtp:/a", all, 0 }, { "smtp", all, 0 },
		{ "smtp://", all, 0 },
	};
	struct value_target t;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int error = value_parse_target(&arena, rows[i].text, rows[i].choices, &t);

		if ((error == 0) != (rows[i].port != 0))
			fail_msg("%s: %d", rows[i].text, error);
		if (error == 0)
			assert_int_equal(t.port, rows[i].port);
	}
	assert_true(value_are_schemes(all));
	assert_true(value_are_schemes("https"));
	assert_false(value_are_schemes("smtp|ftp"));
	assert_false(value_are_schemes("smtp|"));
	assert_false(value_are_schemes(""));
}

static void
addresses(void **state)
{
	static const char *const good[] = { "0.0.0.0:25", "127.0.0.1:0",
		"[::]:25", "[2001:db8::1]:65535" };
	static const char *const bad[] = { "", ":25", "localhost:25", "1.2.3:25",
		"127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:25", "[::1]",
		"[::1]:-1", "127.0.0.1:25x", "[127.0.0.1]:25" };
	struct value_target t;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(value_parse_address(&arena, good[i], &t), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (value_parse_address(&arena, bad[i], &t) == 0)
			fail_msg("%s", bad[i]);
}

static int
parse(struct value_parser *p, uint32_t type, const char *text, struct setting_value *v)
{
	const struct mt_option o = { "x", NULL, type == MT_OPT_CHOICE ? "one|two" : NULL, "h", type, 0,
		type == MT_OPT_INT ? -2 : 0, type == MT_OPT_INT ? 10 : 0 };
	const char *texts[] = { text };

	p->arena = &arena;
	return value_parse(p, &o, (struct value_text){ texts, 1 }, v);
}

/* What each type takes, and how it is written back. */
static void
types(void **state)
{
	static const struct { uint32_t type; const char *text, *out; } rows[] = {
		{ MT_OPT_BOOL, "true", "true" }, { MT_OPT_BOOL, "false", "false" },
		{ MT_OPT_BOOL, "yes", NULL }, { MT_OPT_BOOL, "1", NULL },
		{ MT_OPT_INT, "10", "10" }, { MT_OPT_INT, "-2", "-2" },
		{ MT_OPT_INT, "11", NULL }, { MT_OPT_INT, "-3", NULL },
		{ MT_OPT_INT, "0x1", NULL }, { MT_OPT_INT, "", NULL },
		{ MT_OPT_SIZE, "1024", "1K" }, { MT_OPT_SIZE, "1536", "1536" },
		{ MT_OPT_SIZE, "1024K", "1M" }, { MT_OPT_SIZE, "0", "0" },
		{ MT_OPT_DURATION, "60s", "1m" }, { MT_OPT_DURATION, "90d", "90d" },
		{ MT_OPT_DURATION, "61s", "61s" }, { MT_OPT_DURATION, "7d", "1w" },
		{ MT_OPT_STRING, "a \"b\" \\ $", "\"a \\\"b\\\" \\\\ \\$\"" },
		{ MT_OPT_STRING, "", "\"\"" }, { MT_OPT_STRING, "a\nb", NULL },
		{ MT_OPT_CHOICE, "one", "one" }, { MT_OPT_CHOICE, "on", NULL },
		{ MT_OPT_CHOICE, "one|two", NULL }, { MT_OPT_CHOICE, "", NULL },
		{ MT_OPT_SECRET, "file:/a/b", "\"file:/a/b\"" },
		{ MT_OPT_SECRET, "credential:k", "\"credential:k\"" },
		{ MT_OPT_SECRET, "file:a", NULL }, { MT_OPT_SECRET, "credential:a/b", NULL },
		{ MT_OPT_SECRET, "file:/", NULL }, { MT_OPT_SECRET, "lin_api_x", NULL },
		{ MT_OPT_TARGET, "https://h", "\"https://h\"" },
		{ MT_OPT_TARGET, "h", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct value_parser p;
		struct setting_value v;
		struct mt_option o = { .name = "x", .type = rows[i].type };
		int error = parse(&p, rows[i].type, rows[i].text, &v);

		if ((error == 0) != (rows[i].out != NULL))
			fail_msg("row %zu: %s: %s", i, rows[i].text, p.why);
		if (error == 0)
			assert_string_equal(value_format(&arena, &o, &v), rows[i].out);
		else {
			assert_ptr_equal(strstr(p.why, "x "), p.why);
			assert_null(v.list);
		}
	}
}

static void
secrets_are_not_quoted(void **state)
{
	struct value_parser p;
	struct setting_value v;

	(void)state;
	assert_int_equal(parse(&p, MT_OPT_SECRET, "hunter2", &v), EINVAL);
	assert_null(strstr(p.why, "hunter2"));
}

static void
texts_have_a_limit(void **state)
{
	char text[VALUE_TEXT_MAX + 2];
	struct value_parser p;
	struct setting_value v;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[VALUE_TEXT_MAX] = '\0';
	assert_int_equal(parse(&p, MT_OPT_STRING, text, &v), 0);
	text[VALUE_TEXT_MAX] = 'a';
	text[VALUE_TEXT_MAX + 1] = '\0';
	assert_int_equal(parse(&p, MT_OPT_STRING, text, &v), EINVAL);
}

static void
lists(void **state)
{
	static const char *texts[VALUE_LIST_MAX + 1];
	struct mt_option o = { "x", " a, b c ,,d", NULL, "h", MT_OPT_LIST, 0, 0, 0 };
	struct value_parser p = { .arena = &arena };
	struct setting_value v;

	(void)state;
	for (size_t i = 0; i <= VALUE_LIST_MAX; i++)
		texts[i] = "m";
	assert_int_equal(value_parse(&p, &o,
	    (struct value_text){ texts, VALUE_LIST_MAX }, &v), 0);
	assert_int_equal(value_parse(&p, &o,
	    (struct value_text){ texts, VALUE_LIST_MAX + 1 }, &v), EINVAL);
	assert_int_equal(value_parse(&p, &o, (struct value_text){ NULL, 0 }, &v), 0);
	assert_int_equal(v.list_count, 3);
	assert_string_equal(v.list[1], "b c");
	assert_string_equal(value_format(&arena, &o, &v), "{ \"a\", \"b c\", \"d\" }");
	assert_int_equal(value_parse(&p, &o, (struct value_text){ texts, 0 }, &v), 0);
	assert_non_null(v.list);
	assert_string_equal(value_format(&arena, &o, &v), "{ }");
	o.def = NULL;
	assert_int_equal(value_parse(&p, &o, (struct value_text){ NULL, 0 }, &v), 0);
	assert_null(v.list);
	assert_string_equal(value_format(&arena, &o, &v), "");
}

static void
equality(void **state)
{
	struct value_parser p;
	struct setting_value a, b, unset = { .name = "x" };

	(void)state;
	assert_int_equal(parse(&p, MT_OPT_DURATION, "60s", &a), 0);
	assert_int_equal(parse(&p, MT_OPT_DURATION, "1m", &b), 0);
	assert_true(value_equal(&a, &b));
	assert_int_equal(parse(&p, MT_OPT_DURATION, "2m", &b), 0);
	assert_false(value_equal(&a, &b));
	assert_false(value_equal(&a, &unset));
	assert_true(value_equal(&unset, &unset));
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_and_sizes),
		cmocka_unit_test(targets), cmocka_unit_test(schemes),
		cmocka_unit_test(addresses),
		cmocka_unit_test(types),
		cmocka_unit_test(secrets_are_not_quoted),
		cmocka_unit_test(texts_have_a_limit),
		cmocka_unit_test(lists),
		cmocka_unit_test(equality),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
