/* SPDX-License-Identifier: BSD-2-Clause */
/* What mailtrictl reads and prints: lines of a batch, options, terminals,
 * reports, manual pages. */
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "ctl/line.h"
#include "ctl/manual.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "ctl/term.h"

static void
times_are_rfc3339(void **state)
{
	static const struct { const char *text; int64_t at; } good[] = {
		{ "1970-01-01T00:00:00Z", 0 }, { "2025-10-11T14:30:00Z", 1760193000 },
		{ "2025-10-11t14:30:00z", 1760193000 }, { "2025-10-11 14:30:00Z", 1760193000 },
		{ "2025-10-11T16:30:00+02:00", 1760193000 },
		{ "2025-10-11T09:00:00.123-05:30", 1760193000 },
		{ "2024-02-29T00:00:00Z", 1709164800 },
	};
	static const char *const bad[] = { "", "now", "2025-10-11", "2025-10-11T14:30:00",
		"2025-13-11T14:30:00Z", "2025-00-11T14:30:00Z", "2025-02-29T00:00:00Z",
		"2025-10-32T00:00:00Z", "2025-10-00T00:00:00Z", "2025-10-11T24:00:00Z",
		"2025-10-11T14:60:00Z", "2025-10-11T14:30:61Z", "2025-10-11T14:30:00Zx",
		"25-10-11T14:30:00Z", "2025-10-11T14:30:00+24:00", "2025-1-11T14:30:00Z" };
	int64_t t;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(line_time(good[i].text, &t), 0);
		assert_int_equal(t, good[i].at);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (line_time(bad[i], &t) != EINVAL)
			fail_msg("%s was taken", bad[i]);
}

static void
base64_is_strict(void **state)
{
	static const struct { const char *text, *bytes; } good[] = {
		{ "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
		{ "Zm9vYmFy", "foobar" }, { "Zm8", "fo" },
	};
	static const char *const bad[] = { "Z", "Zm9vY", "Zm 9", "Zm9v\n", "Zm=v", "****" };
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		buf_reset(&b);
		assert_int_equal(line_base64(span_of(good[i].text), &b), 0);
		assert_true(span_is(buf_span(&b), good[i].bytes));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (line_base64(span_of(bad[i]), &b) != EINVAL)
			fail_msg("%s was taken", bad[i]);
	buf_free(&b);
}

static void
only_bare_lines_get_cr(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "a\nb\n", "a\r\nb\r\n" }, { "a\r\nb\n", "a\r\nb\n" }, { "", "" },
		{ "a", "a" }, { "a\rb\n", "a\rb\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = { 0 };

		buf_add_string(&b, cases[i].in);
		line_crlf(&b);
		assert_true(span_is(buf_span(&b), cases[i].out));
		buf_free(&b);
	}
}

static const struct line_defaults defaults = { .client = "192.0.2.1", .helo = "client.example",
	.mail_from = "", .rcpt = "task@example.com" };

static int
parse(const char *text, struct arena *arena, struct check_line *line, char *why)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
	int error = line_parse(json, &defaults, arena, line, why);

	json_decref(json);
	return error;
}

static void
lines_take_defaults(void **state)
{
	struct arena arena = { 0 };
	struct check_line line;
	char why[LINE_WHY_MAX];

	(void)state;
	assert_int_equal(parse("{\"raw\":\"Zm9v\"}", &arena, &line, why), 0);
	assert_true(span_is(line.raw, "foo"));
	assert_string_equal(line.client, "192.0.2.1");
	assert_string_equal(line.mail_from, "");
	assert_string_equal(line.rcpt, "task@example.com");
	assert_int_equal(line.now, 0);
	assert_false(line.has_zone);
	assert_null(line.id);
	line_fini(&line);
	assert_int_equal(parse("{\"id\":[7],\"raw\":\"\",\"client\":\"2001:db8::1\","
	    "\"helo\":\"h\",\"mail_from\":\"<a@b>\",\"rcpt\":\"c@d\",\"stages\":[\"auth\"],"
	    "\"now\":\"1970-01-01T00:00:09Z\",\"dns\":{\"b\":\"TIMEOUT\"}}", &arena, &line,
	    why), 0);
	assert_string_equal(line.client, "2001:db8::1");
	assert_string_equal(line.mail_from, "a@b");
	assert_int_equal(line.now, 9);
	assert_true(line.has_zone);
	assert_int_equal(line.stage_count, 1);
	assert_string_equal(line.stages[0], "auth");
	assert_int_equal(json_array_size(line.id), 1);
	line_fini(&line);
	arena_free(&arena);
}

static void
wrong_lines_say_why(void **state)
{
	static const struct { const char *text, *why; } wrong[] = {
		{ "[]", "the line is not a JSON object" },
		{ "{}", "one of raw (base64) and file is wanted" },
		{ "{\"raw\":\"\",\"file\":\"x\"}", "one of raw (base64) and file is wanted" },
		{ "{\"raw\":\"!\"}", "raw is not base64" },
		{ "{\"file\":\"/nonexistent\"}", "/nonexistent: No such file" },
		{ "{\"raw\":\"\",\"now\":\"noon\"}", "now is not of the form" },
		{ "{\"raw\":\"\",\"stages\":\"auth\"}", "stages is a list" },
		{ "{\"raw\":\"\",\"dns\":{\"a\":1}}", "a: neither an object" },
		{ "{\"raw\":\"\",\"dns\":\"/nonexistent\"}", "/nonexistent: No such file" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct check_line line;
		char why[LINE_WHY_MAX] = "";

		assert_int_not_equal(parse(wrong[i].text, &arena, &line, why), 0);
		if (strncmp(why, wrong[i].why, strlen(wrong[i].why)) != 0)
			fail_msg("%s: %s", wrong[i].text, why);
		line_fini(&line);
	}
	arena_free(&arena);
}

static void
line_text_limit(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		char helo[LINE_TEXT_MAX + 2], why[LINE_WHY_MAX];
		struct check_line line;
		json_t *json;

		memset(helo, 'h', sizeof(helo));
		helo[LINE_TEXT_MAX + extra] = '\0';
		json = json_pack("{s:s, s:s}", "raw", "", "helo", helo);
		assert_int_equal(line_parse(json, &defaults, &arena, &line, why),
		    extra == 0 ? 0 : EMSGSIZE);
		line_fini(&line);
		json_decref(json);
	}
	arena_free(&arena);
}

struct wishes {
	bool json, deep;
	const char *config;
	struct option_int lines;
	struct option_list stages;
};

static const struct option_row rows[] = {
	{ "json", 0, OPTION_FLAG, offsetof(struct wishes, json), NULL, "" },
	{ "config", 'c', OPTION_STRING, offsetof(struct wishes, config), "FILE", "" },
	{ .name = NULL },
};
static const struct option_row own_rows[] = {
	{ "deep", 'd', OPTION_FLAG, offsetof(struct wishes, deep), NULL, "" },
	{ "lines", 'n', OPTION_INT, offsetof(struct wishes, lines), "N", "" },
	{ "stage", 0, OPTION_LIST, offsetof(struct wishes, stages), "NAME", "" },
	{ .name = NULL },
};

static int
wish(struct wishes *w, struct operands *operands, char *why, char **argv)
{
	struct options o = { .common = rows, .own = own_rows, .common_out = w, .own_out = w };
	int argc = 0, error;

	*w = (struct wishes){ .json = false };
	while (argv[argc] != NULL)
		argc++;
	error = options_parse(&o, argc, argv, operands);
	memcpy(why, o.why, sizeof(o.why));
	return error;
}

#define WISH(...) wish(&w, &operands, why, (char *[]){ __VA_ARGS__, NULL })

static char a_json[] = "--json", a_config[] = "--config", a_config_is[] = "--config=x.conf",
    a_c[] = "-c", a_cx[] = "-cx.conf", a_x[] = "x.conf", a_d[] = "-d", a_n[] = "-n",
    a_5[] = "5", a_0[] = "0", a_minus[] = "-", a_end[] = "--", a_stage[] = "--stage", a_a[] = "a",
    a_bad[] = "--bad", a_con[] = "--con", a_json_is[] = "--json=1", a_neg[] = "-1";

static void
options_by_table(void **state)
{
	struct wishes w;
	struct operands operands;
	char why[160];

	(void)state;
	assert_int_equal(WISH(a_a, a_json, a_config, a_x, a_d, a_n, a_5, a_minus), 0);
	assert_true(w.json && w.deep);
	assert_string_equal(w.config, "x.conf");
	assert_true(w.lines.given);
	assert_int_equal(w.lines.value, 5);
	assert_int_equal(operands.count, 2);
	assert_string_equal(operands.item[1], "-");
	assert_int_equal(WISH(a_config_is), 0);
	assert_false(w.lines.given);
	assert_int_equal(WISH(a_n, a_0), 0);	/* not the same as nothing said */
	assert_true(w.lines.given);
	assert_int_equal(WISH(a_config_is), 0);
	assert_string_equal(w.config, "x.conf");
	assert_int_equal(WISH(a_cx, a_end, a_json), 0);
	assert_string_equal(w.config, "x.conf");
	assert_false(w.json);
	assert_string_equal(operands.item[0], "--json");
	assert_int_equal(WISH(a_stage, a_a, a_stage, a_x), 0);
	assert_int_equal(w.stages.count, 2);
}

static void
wrong_options_are_named(void **state)
{
	struct wishes w;
	struct operands operands;
	char why[160];

	(void)state;
	assert_int_equal(WISH(a_bad), EINVAL);
	assert_string_equal(why, "no such option: --bad");
	assert_int_equal(WISH(a_con, a_x), EINVAL);	/* no guessing of prefixes */
	assert_int_equal(WISH(a_c), EINVAL);
	assert_string_equal(why, "--config wants FILE");
	assert_int_equal(WISH(a_json_is), EINVAL);
	assert_int_equal(WISH(a_n, a_neg), EINVAL);
	assert_int_equal(WISH(a_n, a_a), EINVAL);
	assert_string_equal(why, "--lines wants a number");
}

static void
option_limits(void **state)
{
	struct wishes w;
	struct operands operands;
	char why[160], *argv[2 * OPTION_LIST_MAX + 3];

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		int n = 0;

		for (int i = 0; i < OPTION_LIST_MAX + extra; i++) {
			argv[n++] = a_stage;
			argv[n++] = a_a;
		}
		argv[n] = NULL;
		assert_int_equal(wish(&w, &operands, why, argv), extra == 0 ? 0 : EINVAL);
		for (n = 0; n < OPERANDS_MAX + extra; n++)
			argv[n] = a_a;
		argv[n] = NULL;
		assert_int_equal(wish(&w, &operands, why, argv), extra == 0 ? 0 : EINVAL);
	}
}

static void
text_cannot_steer_a_terminal(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "plain text", "plain text" }, { "a\033[31mb", "a\\x1b[31mb" },
		{ "l1\r\nl2\t", "l1\\x0d\\x0al2\\x09" }, { "\x7f", "\\x7f" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" }, { "\xc2\x9b" "31m", "\\xc2\\x9b31m" },
		{ "\xe2\x80\xae" "evil", "\\xe2\\x80\\xaeevil" }, { "\xff\xfe", "\\xff\\xfe" },
		{ "\xc3", "\\xc3" }, { "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, { "\xc0\x80", "\\xc0\\x80" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" }, { "\xef\xbb\xbf", "\\xef\\xbb\\xbf" },
		{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(term_text(&arena, span_of(cases[i].in)), cases[i].out);
	assert_string_equal(term_text(&arena, span_make("a\0b", 3)), "a\\x00b");
	arena_free(&arena);
}

struct page {
	FILE *out;
	char *text;
	size_t size;
	struct term term;
};

static void
page_open(struct page *p, const char *color)
{
	FILE *none = fopen("/dev/null", "w");

	p->out = open_memstream(&p->text, &p->size);
	assert_int_equal(term_open(&p->term, none, color), 0);
	fclose(none);
	p->term.out = p->out;
}

static void
tables_align_their_columns(void **state)
{
	static const char *const headings[] = { "NAME", "N" };
	struct arena arena = { 0 };
	struct table t;
	struct page p;

	(void)state;
	page_open(&p, "always");
	table_init(&t, &arena, headings, 2);
	table_add(&t, (struct cell[]){ { "gr\xc3\xbc\xc3\x9f", TERM_GOOD }, { "1", TERM_PLAIN } });
	table_add(&t, (struct cell[]){ { "longer", TERM_PLAIN }, { NULL, TERM_PLAIN } });
	table_print(&t, &p.term);
	fclose(p.out);
	assert_string_equal(p.text, "\033[1mNAME\033[0m    \033[1mN\033[0m\n"
	    "\033[32mgr\xc3\xbc\xc3\x9f\033[0m    1\nlonger  -\n");
	free(p.text);
	arena_free(&arena);
	assert_int_equal(term_open(&p.term, stdout, "sometimes"), EINVAL);
}

static const char said[] = "{\"event\":\"evt_1\",\"disposition\":\"rejected\",\"smtp\":{\"code\":"
    "550,\"enhanced\":\"5.7.26\",\"text\":\"auth.dmarc.fail: say\"},\"stage\":\"auth\","
    "\"reason\":\"auth.dmarc.fail\",\"facts\":{\"auth.spf\":\"fail\",\"auth.signature.1\":"
    "\"d=a.example; s=s1; a=rsa-sha256; result=pass; why=\",\"auth.signature.2\":"
    "\"d=b.example;s=s2;a=ed25519-sha256;result=fail;why=body hash = differs\"},\"checks\":[{"
    "\"stage\":\"auth\",\"phase\":\"message\",\"verdict\":\"reject\",\"reason\":"
    "\"auth.dmarc.fail\",\"text\":\"\\u001b[2J\",\"us\":12}],\"dns_queries\":7,\"intent\":{},"
    "\"edits\":[]}";

static void
reports_have_the_promised_form(void **state)
{
	json_t *json = json_loads(said, 0, NULL), *id = json_integer(5);
	json_t *report = report_new(json, id);
	char *text = json_dumps(report, JSON_COMPACT);

	(void)state;
	assert_string_equal(text, "{\"id\":5,\"disposition\":\"rejected\",\"smtp\":{\"code\":550,"
	    "\"enhanced\":\"5.7.26\",\"text\":\"auth.dmarc.fail: say\"},\"stage\":\"auth\","
	    "\"reason\":\"auth.dmarc.fail\",\"facts\":{\"auth.spf\":\"fail\",\"auth.signature.1\":"
	    "\"d=a.example; s=s1; a=rsa-sha256; result=pass; why=\",\"auth.signature.2\":"
	    "\"d=b.example;s=s2;a=ed25519-sha256;result=fail;why=body hash = differs\"},"
	    "\"signatures\":[{\"d\":\"a.example\",\"s\":\"s1\",\"a\":\"rsa-sha256\",\"result\":"
	    "\"pass\",\"why\":\"\"},{\"d\":\"b.example\",\"s\":\"s2\",\"a\":\"ed25519-sha256\","
	    "\"result\":\"fail\",\"why\":\"body hash = differs\"}],\"checks\":[{\"stage\":\"auth\","
	    "\"phase\":\"message\",\"verdict\":\"reject\",\"reason\":\"auth.dmarc.fail\",\"text\":"
	    "\"\\u001B[2J\",\"us\":12}],\"dns_queries\":7,\"intent\":{},\"edits\":[],"
	    "\"event\":\"evt_1\"}");
	free(text);
	json_decref(report);
	json_decref(json);
	json_decref(id);
	json = json_loads("{\"error\":1}", 0, NULL);
	assert_null(report_new(json, NULL));
	json_decref(json);
}

static void
reports_print_for_people(void **state)
{
	json_t *json = json_loads(said, 0, NULL), *report = report_new(json, NULL);
	struct page p;

	(void)state;
	page_open(&p, "never");
	report_print(&p.term, report);
	fclose(p.out);
	assert_non_null(strstr(p.text, "STAGE  PHASE    VERDICT  REASON           US  TEXT\n"
	    "auth   message  reject   auth.dmarc.fail  12  \\x1b[2J\n"));
	assert_non_null(strstr(p.text, "\nrejected  550 5.7.26 auth.dmarc.fail: say\n"));
	assert_null(strchr(p.text, '\033'));
	free(p.text);
	json_decref(report);
	json_decref(json);
}

static void
options_become_manual(void **state)
{
	struct mt_option options[] = {
		{ .name = "level", .type = MT_OPT_CHOICE, .choices = "low|high", .def = "low",
		    .help = "how much" },
		{ .name = "list", .type = MT_OPT_LIST, .flags = MT_REQUIRED, .help = ".odd \\start" },
		{ .name = "n", .type = MT_OPT_INT, .min = 1, .max = 9, .def = "\"3\"", .help = "n. m" },
		{ .name = NULL },
	};
	struct descriptor d = { .options = options, .option_count = 3 };
	struct page p;

	(void)state;
	page_open(&p, "never");
	manual_options(p.out, &d);
	fclose(p.out);
	assert_string_equal(p.text, ".Bl -tag -width Ds\n"
	    ".It Cm level No = Ar choice\nHow much.\nOne of\n.Cm low ,\n.Cm high .\n"
	    "The default is\n.Li \"\\&low\" .\n"
	    ".It Cm list No = Ar list\n\\&.odd \\estart.\nMust be set.\n"
	    ".It Cm n No = Ar number\nN.\nm.\nFrom 1 to 9.\nThe default is\n.Li \"\\&\"\"3\"\"\" .\n"
	    ".El\n");
	free(p.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_rfc3339),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(only_bare_lines_get_cr),
		cmocka_unit_test(lines_take_defaults),
		cmocka_unit_test(wrong_lines_say_why),
		cmocka_unit_test(line_text_limit),
		cmocka_unit_test(options_by_table),
		cmocka_unit_test(wrong_options_are_named),
		cmocka_unit_test(option_limits),
		cmocka_unit_test(text_cannot_steer_a_terminal),
		cmocka_unit_test(tables_align_their_columns),
		cmocka_unit_test(reports_have_the_promised_form),
		cmocka_unit_test(reports_print_for_people),
		cmocka_unit_test(options_become_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
