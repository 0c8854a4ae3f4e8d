/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates, encodings, patterns of addresses: what needs no host. */
#include "test.h"

#include "mailtri/stage_test.h"

#include "encode.h"
#include "quiet.h"
#include "template.h"

static const struct { const char *text; int error; size_t line; } templates[] = {
	{ "", 0, 0 }, { "plain { } }} {", 0, 0 }, { "{{subject}}", 0, 0 },
	{ "{{#text}}a{{#reason}}b{{/reason}}{{/text}}", 0, 0 },
	{ "a\n{{nobody}}", -1, 2 }, { "{{subject", -1, 1 }, { "\n\n{{", -1, 3 },
	{ "{{}}", -1, 1 }, { "{{ subject }}", -1, 1 }, { "{{#}}", -1, 1 },
	{ "{{#text}}", -1, 1 }, { "{{/text}}", -1, 1 },
	{ "{{#text}}{{#reason}}{{/text}}{{/reason}}", -1, 1 },
	{ "{{#text}}\n\n", -1, 3 },
#define DEEP(x) "{{#text}}{{#text}}{{#text}}{{#text}}" x "{{/text}}{{/text}}{{/text}}{{/text}}"
	{ DEEP(DEEP("")), 0, 0 }, { DEEP(DEEP("{{#text}}{{/text}}")), -1, 1 },
};

static void
templates_are_checked(void **state)
{
	char why[TEMPLATE_WHY_MAX];
	size_t line;

	(void)state;
	for (size_t i = 0; i < sizeof(templates) / sizeof(*templates); i++) {
		int error = template_check(mt_test_span(templates[i].text), &line, why);

		if (error != templates[i].error || (error != 0 && line != templates[i].line))
			fail_msg("%s: %d in line %zu", templates[i].text, error, line);
	}
}

static void
templates_are_filled_in(void **state)
{
	static const struct { const char *text, *plain, *html; } rows[] = {
		{ "{{text}}", "<b> & \"{{event}}\"", "&lt;b&gt; &amp; &quot;{{event}}&quot;" },
		{ "<i>{{#reason}}no{{text}}{{/reason}}</i>", "<i></i>", "<i></i>" },
		{ "{{#text}}{{#reason}}a{{/reason}}b{{#text}}c{{/text}}{{/text}}", "bc", "bc" },
		{ "{{#reason}}{{#text}}x{{/text}}y{{/reason}}z", "z", "z" },
		{ "{{resource_url}}|", "|", "|" },
	};
	struct mt_span values[TEMPLATE_NAMES];
	char out[256];

	(void)state;
	for (size_t i = 0; i < TEMPLATE_NAMES; i++)
		values[i] = mt_test_span("");
	values[TEMPLATE_SENTENCE] = mt_test_span(" <b>\r\n & \x07\"{{event}}\"\t");
	values[TEMPLATE_RESOURCE_URL] = mt_test_span("https://x/\"onclick=\"");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int sink = 0; sink < 2; sink++) {
			struct text text = { .ptr = out, .cap = sizeof(out) - 1 };

			template_render(mt_test_span(rows[i].text), values,
			    (enum template_sink)sink, &text);
			out[text.len] = '\0';
			assert_string_equal(out, sink == 0 ? rows[i].plain : rows[i].html);
		}
}

static void
quoted_printable(void **state)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "", "" }, { "a", "a\r\n" }, { "a\n\nb\r\n", "a\r\n\r\nb\r\n" },
		{ "a \n\t", "a=20\r\n=09\r\n" }, { "=\xc3\xbc", "=3D=C3=BC\r\n" },
		{ "a\rb", "a=0Db\r\n" },
		{ "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n" },
		{ "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy",
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=\r\ny\r\n" },
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct text text = { .ptr = out, .cap = sizeof(out) - 1 };

		encode_quoted(&text, mt_test_span(rows[i].in));
		out[text.len] = '\0';
		assert_string_equal(out, rows[i].out);
	}
}

static void
patterns(void **state)
{
	(void)state;
	assert_true(quiet_fits(mt_test_span("a-request"), "*-request"));
	assert_false(quiet_fits(mt_test_span("request"), "*-request"));
	assert_true(quiet_fits(mt_test_span("OWNER-a"), "owner-*"));
	assert_true(quiet_fits(mt_test_span(""), "*"));
	assert_false(quiet_fits(mt_test_span("noreply2"), "noreply"));
	assert_false(quiet_fits(mt_test_span("x"), ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_are_checked),
		cmocka_unit_test(templates_are_filled_in),
		cmocka_unit_test(quoted_printable),
		cmocka_unit_test(patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
