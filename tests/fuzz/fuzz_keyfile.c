/* SPDX-License-Identifier: BSD-2-Clause */
/* A key file, a table of wrapped keys and an answer with slots, as somebody
 * else wrote them: nothing is read past the end, and no key comes out that
 * was not wrapped. */
#include <stdlib.h>

#include "store/keyfile.h"
#include "store/slots.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
ignore(uint32_t count, void *arg)
{
	(void)count;
	(void)arg;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t root[2 * WRAP_KEY_SIZE] = { 1 };
	struct keyfile file = { .purpose = "audit" };
	uint8_t key[WRAP_KEY_SIZE];
	struct roots roots;
	struct slots *slots;
	struct unpack u;

	if (size == 0)
		return 0;
	if (roots_init(&roots, span_make(root, sizeof(root))) != 0)
		abort();
	u = unpack_of(span_make(data + 1, size - 1));
	switch (data[0] % 3) {
	case 0:
		if (keyfile_parse(&file, &roots, span_make(data + 1, size - 1)) == 0)
			abort();
		break;
	case 1:
		if (roots_open(&roots, SPAN("place"), &u, key) == 0)
			abort();
		break;
	default:
		slots = slots_new(ignore, NULL);
		slots_fill(slots, span_make(data + 1, size - 1));
		if (slots_count(slots) > SLOTS_MAX)
			abort();
		slots_free(slots);
	}
	return 0;
}
