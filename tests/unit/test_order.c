/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of stages: each rule broken once. */
#include "test.h"

#include "conf/order.h"

enum { CHECK = DESCRIPTOR_ENVELOPE | DESCRIPTOR_MESSAGE };

static struct mt_fact_decl spf[] = { { .key = "auth.spf", .type = MT_TOKEN } };
static struct mt_fact_decl needs_spf[] = { { .key = "auth.spf", .flags = MT_REQUIRED } };

static struct setting_stage
stage(const char *name, const char *group, uint32_t callbacks)
{
	return (struct setting_stage){ .name = name, .group = group,
		.descriptor = { .name = name, .callbacks = callbacks } };
}

static struct setting_stage
writer(const char *name, uint32_t callbacks)
{
	struct setting_stage s = stage(name, name, callbacks);

	s.descriptor.writes = spf;
	s.descriptor.write_count = 1;
	return s;
}

static struct setting_stage
reader(const char *name, uint32_t callbacks, bool required)
{
	struct setting_stage s = stage(name, name, callbacks);

	s.descriptor.reads = required ? needs_spf : spf;
	s.descriptor.read_count = 1;
	return s;
}

struct row {
	struct setting_stage stages[2];
	size_t count, piped;
	size_t errors, warnings;
	const char *word;	/* in the first problem */
};

static void
check_row(const struct row *row, size_t i)
{
	struct setting_stage stages[2] = { row->stages[0], row->stages[1] };
	struct settings s = { .stages = stages, .stage_count = row->count,
		.pipeline_count = row->piped };
	const struct place places[2] = { { "f", stages[0].name, 1 },
		{ "f", stages[1].name, 2 } };
	struct problems p;

	problems_init(&p);
	order_check(&s, places, &p);
	if (p.errors != row->errors || p.warnings != row->warnings)
		fail_msg("row %zu: %zu errors, %zu warnings", i, p.errors, p.warnings);
	if (row->word != NULL && strstr(p.head->text, row->word) == NULL)
		fail_msg("row %zu: %s", i, p.head->text);
	problems_fini(&p);
}

static void
rules(void **state)
{
	const struct row rows[] = {
		{ { writer("auth", CHECK), reader("b", CHECK, true) }, 2, 2, 0, 0, NULL },
		{ { reader("b", CHECK, true), writer("auth", CHECK) }, 2, 2, 1, 0, "put auth before" },
		{ { reader("b", CHECK, false), writer("auth", CHECK) }, 2, 2, 0, 1, "put auth before" },
		{ { reader("b", CHECK, true), stage("c", "c", CHECK) }, 2, 2, 1, 0, "no stage of pipeline" },
		{ { reader("b", CHECK, false), stage("c", "c", CHECK) }, 2, 2, 0, 0, NULL },
		{ { writer("auth", DESCRIPTOR_MESSAGE), reader("b", DESCRIPTOR_ENVELOPE, true) },
		    2, 2, 1, 0, "at RCPT" },
		{ { writer("auth", DESCRIPTOR_ENVELOPE), reader("b", DESCRIPTOR_ENVELOPE, true) },
		    2, 2, 0, 0, NULL },
		{ { writer("auth", CHECK), writer("auth2", CHECK) }, 2, 2, 1, 0, "one writer" },
		{ { writer("auth", CHECK), reader("d", DESCRIPTOR_DELIVER, true) }, 2, 1, 0, 0, NULL },
		{ { stage("a", "a", CHECK), reader("d", DESCRIPTOR_DELIVER, true) }, 2, 1, 1, 0,
		    "no stage of pipeline" },
		{ { stage("a", "a", CHECK), stage("d", "d", DESCRIPTOR_DELIVER) }, 2, 2, 1, 0,
		    "take it out of pipeline" },
		{ { stage("a", "a", CHECK), stage("d", "d", CHECK) }, 2, 1, 1, 0,
		    "take it out of deliver" },
		{ { stage("a", "g", CHECK), stage("d", "g", DESCRIPTOR_DELIVER) }, 2, 1, 1, 0,
		    "another group" },
		{ { stage("a", "g", CHECK), stage("d", "g2", DESCRIPTOR_DELIVER) }, 2, 1, 0, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_row(&rows[i], i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rules) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
