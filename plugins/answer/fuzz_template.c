/* SPDX-License-Identifier: BSD-2-Clause */
/* A template somebody wrote, up to the first NUL, and a value behind it: what
 * is accepted is filled in, and no value says anything in HTML. */
#include <stdlib.h>
#include <string.h>

#include "template.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { OUT = 1 << 16 };
	const char *in = (const char *)data, *nul = memchr(data, '\0', size);
	struct mt_span template = { in, nul == NULL ? size : (size_t)(nul - in) };
	struct mt_span value = { in + template.len, size - template.len };
	struct mt_span values[TEMPLATE_NAMES], one = { "{{text}}", 8 };
	char why[TEMPLATE_WHY_MAX], *out = malloc(OUT);
	struct text t = { .ptr = out, .cap = OUT };
	size_t line = 0;

	for (size_t i = 0; i < TEMPLATE_NAMES; i++)
		values[i] = value;
	if (template_check(template, &line, why) == 0) {
		template_render(template, values, TEMPLATE_HTML, &t);
		t.len = 0;
		template_render(template, values, TEMPLATE_PLAIN, &t);
	} else if (line == 0 || strlen(why) == 0) {
		abort();
	}
	t = (struct text){ .ptr = out, .cap = OUT };
	template_render(one, values, TEMPLATE_HTML, &t);
	for (size_t i = 0; i < t.len; i++)
		if (strchr("<>\"'", out[i]) != NULL || (unsigned char)out[i] < 0x20)
			abort();
	free(out);
	return 0;
}
