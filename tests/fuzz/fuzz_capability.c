/* SPDX-License-Identifier: BSD-2-Clause */
/* An address or a mark from anywhere: what is read can be made again, and is
 * ours only where it was made by our key, which no input knows. */
#include <stdint.h>
#include <stdlib.h>

#include "queue/capability.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[HASH_SIZE] = "fuzz", other[HASH_SIZE] = "fuzy";
	struct mt_span in = span_make(data, size);
	char address[CAPABILITY_ADDRESS_SIZE];
	struct capability c;

	if (capability_mark_is_ours(key, in))
		abort();
	if (capability_parse(in, &c) != 0)
		return 0;
	if (capability_is_ours(key, &c, in) || capability_make(key, &c, address) != 0 ||
	    !capability_is_ours(key, &c, span_of(address)) ||
	    capability_is_ours(other, &c, span_of(address)))
		abort();
	return 0;
}
