/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of a batch, and what is printed of text from outside.  Names of
 * files are taken out first: the fuzzer is not to read the disk. */
#include "ctl/line.h"
#include "ctl/term.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct line_defaults defaults = { .client = "192.0.2.1" };
	json_t *json = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);
	struct arena arena = { 0 };
	struct check_line line;
	char why[LINE_WHY_MAX];

	term_text(&arena, span_make(data, size));
	if (json != NULL) {
		json_object_del(json, "file");
		if (json_is_string(json_object_get(json, "dns")))
			json_object_del(json, "dns");
		line_parse(json, &defaults, &arena, &line, why);
		line_fini(&line);
	}
	json_decref(json);
	arena_free(&arena);
	return 0;
}
