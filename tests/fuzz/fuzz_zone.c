/* SPDX-License-Identifier: BSD-2-Clause */
/* A zone file, and a name looked up in it. */
#include "ctl/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { 1, 2, 5, 12, 15, 16, 28, 99, 33 };
	char why[200];
	size_t name_len = size > 0 ? data[0] % 64 : 0;
	struct arena arena = { 0 };
	struct zone_answer a;
	struct zone *z;

	if (size < name_len + 1)
		return 0;
	z = zone_parse(span_make(data + 1 + name_len, size - 1 - name_len), why, sizeof(why));
	for (size_t i = 0; z != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		zone_find(z, span_make(data + 1, name_len), types[i], &arena, &a);
	zone_free(z);
	arena_free(&arena);
	return 0;
}
