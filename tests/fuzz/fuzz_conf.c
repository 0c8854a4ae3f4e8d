/* SPDX-License-Identifier: BSD-2-Clause */
/* A configuration file from bytes nobody vouches for: the grammar of
 * mailtri.conf, then every value by the type of its option. */
#include <stdio.h>
#include <stdlib.h>

#include "conf/core.h"
#include "conf/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct core_section *
section_of(const struct section *s)
{
	for (size_t i = 0; i < CORE_SECTIONS; i++)
		if ((s->name == NULL) == (core_sections[i].name == NULL) &&
		    (s->name == NULL || strcmp(s->name, core_sections[i].name) == 0))
			return &core_sections[i];
	abort();
}

/* A value that was taken is written as something that is taken again. */
static void
values_again(struct arena *a, const struct section *s)
{
	for (const struct core_row *r = section_of(s)->rows; r->option.name != NULL; r++) {
		const struct entry *e = file_entry(s, r->option.name);
		struct value_parser p = { .arena = a };
		struct setting_value v, again;
		struct value_text text;

		if (e == NULL || value_parse(&p, &r->option, e->text, &v) != 0)
			continue;
		value_format(a, &r->option, &v);
		text = (struct value_text){ (const char *const *)v.list, v.list_count };
		if (value_parse(&p, &r->option, text, &again) != 0 ||
		    !value_equal(&v, &again))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct grammar grammar[CORE_SECTIONS];
	struct arena a = { 0 };
	struct problems problems;
	struct file_reader reader = { .arena = &a, .problems = &problems,
		.place = { "fuzz.conf", NULL, 0 }, .grammar = grammar,
		.grammar_count = CORE_SECTIONS };
	struct file f;
	FILE *in = size == 0 ? NULL : fmemopen((void *)(uintptr_t)data, size, "r");

	if (in == NULL)
		return 0;
	for (size_t i = 0; i < CORE_SECTIONS; i++)
		grammar[i] = (struct grammar){ core_sections[i].name,
			core_sections[i].titled, &core_sections[i].rows->option,
			sizeof(struct core_row) };
	problems_init(&problems);
	if (file_read_stream(&reader, in, &f) == 0)
		for (size_t i = 0; i < f.count; i++)
			values_again(&a, &f.sections[i]);
	fclose(in);
	problems_fini(&problems);
	arena_free(&a);
	return 0;
}
