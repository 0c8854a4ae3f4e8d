/* SPDX-License-Identifier: BSD-2-Clause */
/* References from anywhere: few enough, short enough, without what ends one. */
#include <stdint.h>
#include <stdlib.h>

#include "queue/thread.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span ids[THREAD_NAMES_MAX];
	const char *end = (const char *)data;
	size_t count = thread_ids(span_make(data, size), ids);

	if (count > THREAD_NAMES_MAX)
		abort();
	for (size_t i = 0; i < count; i++) {
		if (ids[i].len == 0 || ids[i].len > THREAD_ID_MAX || ids[i].ptr < end ||
		    ids[i].ptr[-1] != '<' || ids[i].ptr[ids[i].len] != '>')
			abort();
		for (size_t j = 0; j < ids[i].len; j++)
			if ((unsigned char)ids[i].ptr[j] <= ' ' || strchr("<>", ids[i].ptr[j]) != NULL)
				abort();
		end = ids[i].ptr + ids[i].len;
	}
	return 0;
}
