/* SPDX-License-Identifier: BSD-2-Clause */
/* The tail of a mail: within it, at the start of a line, with words in front. */
#include <stdlib.h>
#include <string.h>

#include "quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span s;
	char *copy;
	size_t tail;

	if (size < 1)
		return 0;
	copy = malloc(size);
	memcpy(copy, data + 1, size - 1);
	s = (struct mt_span){ copy, size - 1 };
	tail = quote_find(s, data[0] & 1);
	if (tail > s.len || (tail < s.len && (tail == 0 || copy[tail - 1] != '\n')))
		abort();
	quote_begins_forward(s, data[0] & 1);
	quote_is_forward(s);
	free(copy);
	return 0;
}
