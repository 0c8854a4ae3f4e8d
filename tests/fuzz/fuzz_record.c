/* SPDX-License-Identifier: BSD-2-Clause */
/* The sealed head kept with a message, as it comes back from the disk. */
#include "engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message m = { .now = 0 };

	message_unpack(span_make(data, size), &m);
	arena_free(&m.arena);
	return 0;
}
