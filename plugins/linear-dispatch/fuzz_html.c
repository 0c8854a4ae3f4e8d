/* SPDX-License-Identifier: BSD-2-Clause */
/* HTML of a mail: what comes out is UTF-8 without controls, images or HTML. */
#include <stdlib.h>
#include <string.h>

#include "../common/utf8.h"
#include "html.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { CAP = 8192 };

static int
is_tag_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '!' || c == '?';
}

static void
sound_check(struct mt_span s)
{
	uint32_t c;

	for (size_t at = 0, n; at < s.len; at += n) {
		n = utf8_next(s, at, &c);
		if ((c == 0xfffd && n != 3) || (c < 0x20 && c != '\n') || c == 0x7f)
			abort();
		if (at + 1 >= s.len)
			continue;
		if (c == '!' && s.ptr[at + 1] == '[')
			abort();
		if (c == '<' && is_tag_start(s.ptr[at + 1]) && (at == 0 || s.ptr[at - 1] != '\\'))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), out[CAP];
	struct text t = { .ptr = out, .cap = CAP };
	size_t tail;

	memcpy(copy, data, size);
	tail = html_to_markdown((struct mt_span){ copy, size }, &t);
	if (tail > t.len || t.len > CAP || t.cap != CAP)
		abort();
	sound_check((struct mt_span){ out, t.len });
	free(copy);
	return 0;
}
