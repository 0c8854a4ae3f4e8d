/* SPDX-License-Identifier: BSD-2-Clause */
/* Stages loaded and refused: the file, the ABI, every rule of the tables. */
#include "test.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/schema.h"
#include "conf/value.h"
#include "stage/loader.h"
#include "stage/options.h"

static struct arena arena;
static char why[LOADER_WHY_MAX];

static int
demo_open(const struct mt_host *h, const struct mt_conf *c, void **ctx,
    struct mt_result *r)
{
	(void)h;
	(void)c;
	(void)ctx;
	(void)r;
	return 0;
}

static int
demo_message(void *ctx, struct mt_msg *m, struct mt_result *r)
{
	(void)ctx;
	(void)m;
	(void)r;
	return 0;
}

static int
demo_deliver(void *ctx, struct mt_msg *m, const char *key, struct mt_delivery *d)
{
	(void)ctx;
	(void)m;
	(void)key;
	(void)d;
	return 0;
}

static const struct mt_option good_options[] = {
	{ "count", "3", NULL, "how many", MT_OPT_INT, 0, 1, 10 },
	{ "api", NULL, NULL, "where", MT_OPT_TARGET, 0, 0, 0 },
	{ .name = NULL },
};
static const struct mt_fact_decl good_writes[] = {
	{ "demo.result", "pass|fail", "what", MT_TOKEN, 0 },
	{ .key = NULL },
};

static struct mt_stage
good(void)
{
	return (struct mt_stage){ .size = sizeof(struct mt_stage),
		.abi_major = MT_ABI_MAJOR, .abi_minor = MT_ABI_MINOR,
		.option_stride = sizeof(struct mt_option),
		.fact_stride = sizeof(struct mt_fact_decl),
		.name = "demo", .version = "1.0", .summary = "a demo",
		.options = good_options, .writes = good_writes,
		.open = demo_open, .message = demo_message };
}

static int
take(const struct mt_stage *s, struct loaded_stage *l)
{
	*why = '\0';
	return loader_take(s, &arena, l, why);
}

static void
takes_a_good_one(void **state)
{
	struct mt_stage s = good();
	struct loaded_stage l;

	(void)state;
	assert_int_equal(take(&s, &l), 0);
	assert_string_equal(l.descriptor.name, "demo");
	assert_int_equal(l.descriptor.callbacks, DESCRIPTOR_MESSAGE);
	assert_int_equal(l.descriptor.option_count, 6);
	assert_string_equal(l.descriptor.options[2].name, "api_pin");
	assert_int_equal(l.descriptor.options[2].type, MT_OPT_LIST);
	assert_null(l.descriptor.options[6].name);
	assert_int_equal(l.descriptor.write_count, 1);
	assert_ptr_equal(schema_target(&l.descriptor, "api_ca"),
	    &l.descriptor.options[1]);
	assert_null(schema_target(&l.descriptor, "api"));
	assert_null(schema_target(&l.descriptor, "count"));
}

/* An option as a later release might have it. */
struct wide_option { struct mt_option option; int64_t news[2]; };

static void
honours_sizes_and_strides(void **state)
{
	static const struct wide_option wide[] = {
		{ good_options[0], { 7, 7 } }, { good_options[1], { 7, 7 } },
		{ { .name = NULL }, { 0 } },
	};
	struct { struct mt_stage stage; void *news; } newer = { good(), &arena };
	struct mt_stage s;
	struct loaded_stage l;

	(void)state;
	newer.stage.size = sizeof(newer);
	newer.stage.abi_minor = MT_ABI_MINOR + 1;
	newer.stage.options = &wide[0].option;
	newer.stage.option_stride = sizeof(*wide);
	assert_int_equal(take(&newer.stage, &l), 0);
	assert_int_equal(l.stage.size, sizeof(l.stage));
	assert_string_equal(l.descriptor.options[1].name, "api");
	s = good();
	s.size = offsetof(struct mt_stage, deliver);
	assert_int_equal(take(&s, &l), ENOEXEC);
	assert_non_null(strstr(why, "rebuild"));
	s = good();
	s.option_stride = sizeof(struct mt_option) - 8;
	assert_int_equal(take(&s, &l), ENOEXEC);
	s = good();
	s.fact_stride = 0;
	assert_int_equal(take(&s, &l), ENOEXEC);
	s = good();
	s.abi_major = 2;
	assert_int_equal(take(&s, &l), ENOEXEC);
	assert_non_null(strstr(why, "ABI 2"));
}

static void
refuses_wrong_callbacks(void **state)
{
	struct loaded_stage l;
	struct mt_stage s = good();

	(void)state;
	s.deliver = demo_deliver;
	assert_int_equal(take(&s, &l), ENOEXEC);
	assert_non_null(strstr(why, "one or the other"));
	s.message = NULL;
	assert_int_equal(take(&s, &l), 0);
	s.deliver = NULL;
	assert_int_equal(take(&s, &l), ENOEXEC);
	s = good();
	s.open = NULL;
	assert_int_equal(take(&s, &l), ENOEXEC);
	assert_non_null(strstr(why, "open"));
}

/* Each row breaks one rule of an option; `word' must be in the reason. */
static void
refuses_broken_options(void **state)
{
	static const struct { struct mt_option o; const char *word; } bad[] = {
		{ { "Count", "3", NULL, "h", MT_OPT_INT, 0, 0, 0 }, "named" },
		{ { "", "3", NULL, "h", MT_OPT_INT, 0, 0, 0 }, "named" },
		{ { "group", "x", NULL, "h", MT_OPT_STRING, 0, 0, 0 }, "host" },
		{ { "route", "x", NULL, "h", MT_OPT_STRING, 0, 0, 0 }, "host" },
		{ { "a", "3", NULL, "h", 0, 0, 0, 0 }, "type 0" },
		{ { "a", "3", NULL, "h", MT_OPT_TARGET + 1, 0, 0, 0 }, "update" },
		{ { "a", "3", NULL, "h", MT_OPT_INT, 8, 0, 0 }, "flags" },
		{ { "a", "3", NULL, NULL, MT_OPT_INT, 0, 0, 0 }, "help" },
		{ { "a", "3", NULL, "h\nh", MT_OPT_INT, 0, 0, 0 }, "help" },
		{ { "a", "x", NULL, "h", MT_OPT_INT, 0, 0, 0 }, "whole number" },
		{ { "a", "11", NULL, "h", MT_OPT_INT, 0, 1, 10 }, "between" },
		{ { "a", "3", NULL, "h", MT_OPT_INT, 0, 10, 1 }, "min and max" },
		{ { "a", "x", NULL, "h", MT_OPT_STRING, 0, 1, 2 }, "min and max" },
		{ { "a", "x", "x|y", "h", MT_OPT_STRING, 0, 0, 0 }, "choices" },
		{ { "a", "z", "x|y", "h", MT_OPT_CHOICE, 0, 0, 0 }, "one of x|y" },
		{ { "a", "x", NULL, "h", MT_OPT_CHOICE, 0, 0, 0 }, "choices" },
		{ { "a", "hunter2", NULL, "h", MT_OPT_SECRET, 0, 0, 0 }, "file:/path" },
		{ { "a", "http://h", NULL, "h", MT_OPT_TARGET, 0, 0, 0 }, "https" },
		{ { "api", NULL, NULL, "h", MT_OPT_STRING, 0, 0, 0 }, "twice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct mt_option table[] = { good_options[0], good_options[1],
			bad[i].o, { .name = NULL } };
		struct mt_stage s = good();
		struct loaded_stage l;

		s.options = table;
		assert_int_equal(take(&s, &l), ENOEXEC);
		if (strstr(why, bad[i].word) == NULL)
			fail_msg("row %zu: %s", i, why);
		assert_null(strstr(why, "hunter2"));
	}
}

static void
refuses_broken_facts(void **state)
{
	static const struct { struct mt_fact_decl f; const char *word; } bad[] = {
		{ { "result", NULL, "h", MT_INT, 0 }, "module.name" },
		{ { "demo.Result", NULL, "h", MT_INT, 0 }, "module.name" },
		{ { "auth.spf", NULL, "h", MT_INT, 0 }, "demo." },
		{ { "demo2.a", NULL, "h", MT_INT, 0 }, "demo." },
		{ { "demo.a", NULL, "h", 0, 0 }, "type 0" },
		{ { "demo.a", NULL, "h", MT_TEXT + 1, 0 }, "type 5" },
		{ { "demo.a", NULL, "h", MT_TOKEN, 0 }, "choices" },
		{ { "demo.a", "a|b", "h", MT_TEXT, 0 }, "choices" },
		{ { "demo.result", NULL, "h", MT_INT, 0 }, "twice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct mt_fact_decl table[] = { good_writes[0], bad[i].f,
			{ .key = NULL } };
		struct mt_stage s = good();
		struct loaded_stage l;

		s.writes = table;
		assert_int_equal(take(&s, &l), ENOEXEC);
		if (strstr(why, bad[i].word) == NULL)
			fail_msg("row %zu: %s", i, why);
	}
}

static void
refuses_names_and_needs(void **state)
{
	struct loaded_stage l;
	struct mt_stage s = good();

	(void)state;
	s.name = "Demo";
	assert_int_equal(take(&s, &l), ENOEXEC);
	s.name = "a23456789012345678901234567890123";	/* limit + 1 */
	assert_int_equal(take(&s, &l), ENOEXEC);
	s.name = "a2345678901234567890123456789012";
	s.writes = NULL;
	assert_int_equal(take(&s, &l), 0);
	s = good();
	s.summary = "two\nlines";
	assert_int_equal(take(&s, &l), ENOEXEC);
	s.summary = NULL;
	assert_int_equal(take(&s, &l), ENOEXEC);
	s = good();
	s.needs = MT_NEED_MAIL << 1;
	assert_int_equal(take(&s, &l), ENOEXEC);
	assert_non_null(strstr(why, "update mailtri"));
}

static void
options_have_a_limit(void **state)
{
	struct mt_option table[DESCRIPTOR_OPTIONS_MAX + 2];
	char names[DESCRIPTOR_OPTIONS_MAX + 2][16];
	struct mt_stage s = good();
	struct loaded_stage l;

	(void)state;
	memset(table, 0, sizeof(table));
	for (int i = 0; i <= DESCRIPTOR_OPTIONS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "o%d", i);
		table[i] = good_options[0];
		table[i].name = names[i];
	}
	s.options = table;
	assert_int_equal(take(&s, &l), ENOEXEC);
	assert_non_null(strstr(why, "more than 64"));
	table[DESCRIPTOR_OPTIONS_MAX].name = NULL;
	assert_int_equal(take(&s, &l), 0);
	table[0] = good_options[1];	/* a target counts five times */
	assert_int_equal(take(&s, &l), ENOEXEC);
}

static const char *
built(const char *name)
{
	static char path[PATH_MAX];
	char relative[PATH_MAX];

	snprintf(relative, sizeof(relative), "%s/tests/stages/.libs/%s",
	    getenv("top_builddir") == NULL ? "." : getenv("top_builddir"), name);
	assert_non_null(realpath(relative, path));
	return path;
}

static int
open_file(const char *path, struct loaded_stage *l)
{
	*why = '\0';
	return loader_open(path, &arena, l, why);
}

static void
opens_files(void **state)
{
	struct loaded_stage l;

	(void)state;
	assert_int_equal(open_file(built("t-conf.so"), &l), 0);
	assert_string_equal(l.descriptor.name, "t-conf");
	assert_int_equal(l.descriptor.callbacks, DESCRIPTOR_MESSAGE | DESCRIPTOR_CHECK);
	assert_int_not_equal(open_file(built("t-stale.so"), &l), 0);
	assert_non_null(strstr(why, "t-stale.so: no symbol mailtri_stage_v1"));
	assert_int_not_equal(open_file("tests/stages/t-conf.so", &l), 0);
	assert_non_null(strstr(why, "absolute"));
	assert_int_not_equal(open_file("/nowhere/at/all.so", &l), 0);
	assert_non_null(strstr(why, "/nowhere/at/all.so: No such file"));
	assert_int_not_equal(open_file("/etc", &l), 0);
	assert_int_not_equal(open_file("/etc/hostname", &l), 0);
	assert_non_null(strstr(why, "/etc/hostname: "));
}

static void
copy_file(const char *from, const char *to)
{
	char bytes[4096];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	size_t n;

	assert_non_null(in);
	assert_non_null(out);
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		fwrite(bytes, 1, n, out);
	fclose(in);
	fclose(out);
}

static void
refuses_files_others_may_write(void **state)
{
	char dir[] = "/tmp/mailtri-loader-XXXXXX", file[PATH_MAX], link[PATH_MAX];
	struct loaded_stage l;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/x.so", dir);
	snprintf(link, sizeof(link), "%s/link.so", dir);
	copy_file(built("t-conf.so"), file);
	assert_int_equal(symlink(file, link), 0);
	chmod(file, 0644);
	assert_int_equal(open_file(file, &l), 0);
	chmod(file, 0664);
	assert_int_equal(open_file(file, &l), EPERM);
	assert_non_null(strstr(why, "chmod go-w"));
	assert_int_equal(open_file(link, &l), EPERM);
	chmod(file, 0646);
	assert_int_equal(open_file(file, &l), EPERM);
	chmod(file, 0644);
	chmod(dir, 0770);
	assert_int_equal(open_file(file, &l), EPERM);
	assert_non_null(strstr(why, dir));
	chmod(dir, 01777);	/* sticky: nobody replaces the file */
	assert_int_equal(open_file(file, &l), 0);
	chmod(dir, 0700);
	if (geteuid() == 0) {
		assert_int_equal(chown(file, 12345, 0), 0);
		assert_int_equal(open_file(file, &l), EPERM);
		assert_non_null(strstr(why, "12345"));
	}
	unlink(link);
	unlink(file);
	rmdir(dir);
}

static void
options_are_answered(void **state)
{
	const char *list[] = { "x", "y", NULL }, *key[] = { "file:/k", NULL };
	struct mt_option table[] = {
		{ "n", NULL, NULL, "h", MT_OPT_INT, 0, 0, 0 },
		{ "l", NULL, NULL, "h", MT_OPT_LIST, 0, 0, 0 },
		{ "s", NULL, NULL, "h", MT_OPT_STRING, 0, 0, 0 },
		{ "k", NULL, NULL, "h", MT_OPT_SECRET, 0, 0, 0 }, { .name = NULL },
	};
	struct setting_value base[] = { { "n", 1, NULL, 0 }, { "l", 0, NULL, 0 },
		{ "s", 0, NULL, 0 }, { "k", 0, NULL, 0 } };
	struct setting_value route[] = { { "n", 2, key, 1 }, { "l", 0, list, 2 },
		{ "s", 0, list, 1 }, { "k", 0, key, 1 } };
	struct setting_options sets[] = { { NULL, base }, { "a@b", route } };
	struct setting_stage stage = { .name = "demo", .options = sets,
		.option_sets = 2, .descriptor = { .options = table, .option_count = 4 } };
	struct mt_host host = { 0 };
	struct secrets *secrets;
	struct mt_conf conf;
	struct mt_span value;
	struct buf b = { 0 };

	(void)state;
	options_host(&host);
	conf = options_conf(&stage, NULL, NULL);
	assert_int_equal(host.conf_int(&conf, "n"), 1);
	assert_null(host.conf_str(&conf, "s"));
	assert_null(host.conf_list(&conf, "l")[0]);
	assert_int_equal(host.conf_secret(&conf, "k", &value), ENOENT);
	secrets_pack_one(&b, "demo..k", SPAN("base"));
	secrets_pack_one(&b, "demo.a@b.k", SPAN("route"));
	assert_int_equal(secrets_unpack(buf_span(&b), &secrets), 0);
	conf = options_conf(&stage, "A@b", secrets);
	assert_int_equal(host.conf_int(&conf, "n"), 2);
	assert_string_equal(host.conf_list(&conf, "l")[1], "y");
	assert_string_equal(host.conf_str(&conf, "s"), "x");
	assert_int_equal(host.conf_secret(&conf, "k", &value), 0);
	assert_true(span_is(value, "route"));
	conf = options_conf(&stage, "A@b", NULL);
	assert_int_equal(host.conf_secret(&conf, "k", &value), EPERM);
	secrets_free(secrets);
	buf_free(&b);
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
		cmocka_unit_test(takes_a_good_one),
		cmocka_unit_test(honours_sizes_and_strides),
		cmocka_unit_test(refuses_wrong_callbacks),
		cmocka_unit_test(refuses_broken_options),
		cmocka_unit_test(refuses_broken_facts),
		cmocka_unit_test(refuses_names_and_needs),
		cmocka_unit_test(options_have_a_limit),
		cmocka_unit_test(opens_files),
		cmocka_unit_test(refuses_files_others_may_write),
		cmocka_unit_test(options_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
