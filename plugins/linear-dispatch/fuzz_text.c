/* SPDX-License-Identifier: BSD-2-Clause */
/* A field and a body of a mail: what comes out is UTF-8 without controls. */
#include <stdlib.h>
#include <string.h>

#include "../common/utf8.h"
#include "../common/word.h"
#include "markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
sound_check(const struct text *t, int lines)
{
	struct mt_span s = { t->ptr, t->len };
	uint32_t c;

	for (size_t at = 0; at < s.len;) {
		size_t n = utf8_next(s, at, &c);

		if (c == 0xfffd && n != 3)
			abort();
		if ((c < 0x20 && !(lines && c == '\n')) || c == 0x7f)
			abort();
		at += n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cap = word_bytes(size);
	char *in = malloc(size + 1), *decoded = malloc(cap + 1), *out = malloc(4 * size + 8);
	struct text field = { .ptr = out, .cap = 4 * size + 8 }, body;

	memcpy(in, data, size);
	field.ptr = out;
	text_add_line(&field, (struct mt_span){ decoded,
	    word_decode((struct mt_span){ in, size }, decoded, cap) }, 255, text_add_character);
	sound_check(&field, 0);
	body = (struct text){ .ptr = out, .cap = size };	/* too small: cut */
	markdown_add(&body, (struct mt_span){ in, size });
	sound_check(&body, 1);
	free(in);
	free(decoded);
	free(out);
	return 0;
}
