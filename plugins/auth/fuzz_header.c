/* SPDX-License-Identifier: BSD-2-Clause */
/* Header blocks from anybody: fields lie within the bytes. */
#include <stdlib.h>

#include "header.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span in = { (const char *)data, size };
	struct field *field = calloc(header_room(in) + 1, sizeof(*field));
	struct header h;
	size_t i;

	if (field != NULL && header_parse(in, field, &h) == NULL) {
		if (h.count > header_room(in) || h.count > HEADER_FIELDS_MAX)
			abort();
		for (i = 0; i < h.count; i++)
			if (h.field[i].whole.ptr < in.ptr ||
			    h.field[i].whole.ptr + h.field[i].whole.len > in.ptr + in.len)
				abort();
		header_repeated(&h);
	}
	free(field);
	return 0;
}
