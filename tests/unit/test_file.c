/* SPDX-License-Identifier: BSD-2-Clause */
/* Files as libconfuse reads them for us: strictly, with lines; and what of
 * libconfuse 3.3 our way of reading rests on. */
#include "test.h"

#include <confuse.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/file.h"

static const struct mt_option top[] = {
	{ "name", NULL, NULL, "h", MT_OPT_STRING, 0, 0, 0 },
	{ "list", NULL, NULL, "h", MT_OPT_LIST, 0, 0, 0 },
	{ .name = NULL },
};
static const struct mt_option inner[] = {
	{ "age", NULL, NULL, "h", MT_OPT_DURATION, 0, 0, 0 },
	{ .name = NULL },
};
static const struct grammar grammar[] = {
	{ NULL, false, top, sizeof(struct mt_option) },
	{ "route", true, inner, sizeof(struct mt_option) },
	{ "limits", false, inner, sizeof(struct mt_option) },
};

struct result {
	struct arena arena;
	struct problems problems;
	struct file file;
	int error;
};

static struct result
read_bytes(const char *text, size_t size)
{
	struct result r = { .arena = { 0 } };
	struct file_reader reader = { .arena = &r.arena, .problems = &r.problems,
		.place = { "test.conf", NULL, 0 }, .grammar = grammar,
		.grammar_count = 3 };
	FILE *in = fmemopen((void *)(uintptr_t)text, size, "r");

	problems_init(&r.problems);
	r.error = file_read_stream(&reader, in, &r.file);
	if (r.problems.head == NULL)
		r.problems.tail = NULL;	/* it pointed into a local */
	fclose(in);
	return r;
}

static struct result
read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void
result_free(struct result *r)
{
	arena_free(&r->arena);
	arena_free(&r->problems.arena);
}

static void
takes_values_with_lines(void **state)
{
	struct result r = read_text("# a comment\n"
	    "name = 90d # '\n"
	    "list = {\n\t\"a\", // one\n\tb\n}\n"
	    "route \"x@y\" {\n\tage = 1\n}\n"
	    "route \"z@y\" { age = \"2\" }\n"
	    "limits { }\n");
	const struct entry *e;

	(void)state;
	assert_int_equal(r.error, 0);
	assert_int_equal(r.file.count, 4);
	e = file_entry(&r.file.sections[0], "name");
	assert_string_equal(e->text.texts[0], "90d");
	assert_int_equal(e->lines[0], 2);
	e = file_entry(&r.file.sections[0], "list");
	assert_int_equal(e->text.count, 2);
	assert_int_equal(e->lines[0], 4);
	assert_int_equal(e->lines[1], 5);
	assert_string_equal(r.file.sections[1].title, "x@y");
	assert_int_equal(r.file.sections[1].line, 7);
	assert_int_equal(file_entry(&r.file.sections[1], "age")->lines[0], 8);
	assert_int_equal(r.file.sections[2].line, 10);
	assert_string_equal(r.file.sections[3].name, "limits");
	assert_null(file_entry(&r.file.sections[3], "age"));
	result_free(&r);
}

static void
tells_empty_from_absent(void **state)
{
	struct result r = read_text("\nlist = { }\n");
	const struct entry *e = file_entry(&r.file.sections[0], "list");

	(void)state;
	assert_non_null(e);
	assert_int_equal(e->text.count, 0);
	assert_int_equal(e->lines[0], 2);
	assert_null(file_entry(&r.file.sections[0], "name"));
	result_free(&r);
}

/* Every wrong file gives a problem with the line. */
static void
refuses_with_the_line(void **state)
{
	static const struct { const char *text; unsigned line; const char *word; } rows[] = {
		{ "name = a\nnope = 1\n", 2, "nope" },
		{ "\nlimits {\n age = 1\n nope = 1\n}\n", 4, "nope" },
		{ "nope {\n}\n", 1, "nope" },
		{ "name = {\"a\"}\n", 1, "unexpected" },
		{ "name a\n", 1, "equal" },
		{ "name = a\nname = b\n", 2, "twice, first on line 1" },
		{ "list = {a}\n\nlist = {b}\n", 3, "twice" },
		{ "route \"x\" { }\nroute \"x\" { }\n", 2, "duplicate" },
		{ "route { }\n", 1, "title" },
		{ "limits {\n", 2, "not closed" },
		{ "route \"x\" {\n/* } */ age = 1\n# }\n", 4, "not closed" },
		{ "name = a\n/* open\nnope\n", 0, "comment" },
		{ "/* a\n b */ // c\n# d\n'#' = 1\n", 4, "no such" },
		{ "name = \"a\n", 3, "end of file" },
		{ "}\n", 1, "closing" },
		{ "name += a\n", 1, "append" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct result r = read_text(rows[i].text);

		if (r.problems.errors != 1)
			fail_msg("row %zu: %zu problems", i, r.problems.errors);
		if (r.problems.head->place.line != rows[i].line ||
		    strstr(r.problems.head->text, rows[i].word) == NULL)
			fail_msg("row %zu: %u: %s", i, r.problems.head->place.line,
			    r.problems.head->text);
		result_free(&r);
	}
}

/* Unknown names, one-line and longer, are all told, each once; what stands
 * between them is read. */
static void
tells_all_unknown_names(void **state)
{
	static const unsigned lines[] = { 1, 3, 5, 8 };
	struct result r = read_text("one = 1\n"
	    "name = 90d\n"
	    "two = { \"a }\",\n b }\n"
	    "three = \"x\"\n"
	    "route \"x@y\" {\n\tage = 1\n\tfour += 4\n}\n"
	    "name = again\n");
	const struct problem *p = r.problems.head;

	(void)state;
	assert_int_equal(r.error, 0);
	assert_non_null(file_entry(&r.file.sections[0], "name"));
	assert_int_equal(r.file.count, 3);	/* limits is always one */
	for (size_t i = 0; i < 4; i++, p = p->next) {
		assert_int_equal(p->place.line, lines[i]);
		assert_non_null(strstr(p->text, "no such option"));
	}
	assert_non_null(strstr(p->text, "set twice"));
	assert_null(p->next);
	result_free(&r);
}

static void
refuses_what_is_no_text(void **state)
{
	char *big = malloc(FILE_BYTES_MAX + 1);
	struct result r = read_bytes("name = a\n\0b", 11);

	(void)state;
	assert_int_equal(r.error, EILSEQ);
	result_free(&r);
	memset(big, '\n', FILE_BYTES_MAX + 1);
	r = read_bytes(big, FILE_BYTES_MAX);
	assert_int_equal(r.error, 0);
	result_free(&r);
	r = read_bytes(big, FILE_BYTES_MAX + 1);
	assert_int_equal(r.error, EFBIG);
	result_free(&r);
	free(big);
}

static void
refuses_files_everybody_may_write(void **state)
{
	char path[] = "/tmp/mailtri-file-XXXXXX";
	struct result r = { .arena = { 0 } };
	struct file_reader reader = { .arena = &r.arena, .problems = &r.problems,
		.place = { path, NULL, 0 }, .grammar = grammar, .grammar_count = 3 };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	problems_init(&r.problems);
	assert_int_equal(file_read(&reader, &r.file), 0);
	chmod(path, 0602);
	assert_int_equal(file_read(&reader, &r.file), EPERM);
	unlink(path);
	assert_int_equal(file_read(&reader, &r.file), ENOENT);
	assert_int_equal(r.problems.errors, 2);
	result_free(&r);
}

static void
quiet(cfg_t *cfg, const char *fmt, va_list ap)
{
	(void)cfg;
	(void)fmt;
	(void)ap;
}

/* Why stages have files of their own: libconfuse 3.3 cannot skip sections it
 * does not know.  Where this test fails, libconfuse has learned it. */
static void
unknown_sections_cannot_be_skipped(void **state)
{
	static const struct { const char *text; bool taken; } rows[] = {
		{ "foo = 3\n", true }, { "foo { a = {1,2} }\n", true },
		{ "foo { }\nx = 1\n", false }, { "foo { a = 1 }\nx = 1\n", false },
		{ "foo { bar { a = 1 } }\nx = 1\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cfg_opt_t opts[] = { CFG_STR("x", NULL, CFGF_NONE), CFG_END() };
		cfg_t *cfg = cfg_init(opts, CFGF_IGNORE_UNKNOWN);

		cfg_set_error_function(cfg, quiet);
		if ((cfg_parse_buf(cfg, rows[i].text) == CFG_SUCCESS) != rows[i].taken)
			print_message("libconfuse takes \"%s\" now\n", rows[i].text);
		cfg_free(cfg);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_values_with_lines),
		cmocka_unit_test(tells_empty_from_absent),
		cmocka_unit_test(refuses_with_the_line),
		cmocka_unit_test(tells_all_unknown_names),
		cmocka_unit_test(refuses_what_is_no_text),
		cmocka_unit_test(refuses_files_everybody_may_write),
		cmocka_unit_test(unknown_sections_cannot_be_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
