/* SPDX-License-Identifier: BSD-2-Clause */
/* Authentication-Results from anybody: the id that is read fits its room. */
#include <stdlib.h>

#include "results.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span in = { (const char *)data, size };
	char id[64];

	if (results_authserv(in, id, sizeof(id)) && strlen(id) >= sizeof(id))
		abort();
	return 0;
}
