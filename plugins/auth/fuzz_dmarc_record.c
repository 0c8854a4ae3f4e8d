/* SPDX-License-Identifier: BSD-2-Clause */
/* DMARC records from anybody. */
#include <stdlib.h>

#include "dmarc_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span in = { (const char *)data, size };
	struct dmarc_record r;

	if (dmarc_record_parse(in, &r) && r.p == POLICY_ABSENT)
		abort();
	return 0;
}
