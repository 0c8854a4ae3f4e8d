/* SPDX-License-Identifier: BSD-2-Clause */
/* From fields from anybody: what is taken has one domain, and it is one. */
#include <stdlib.h>

#include "from.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span in = { (const char *)data, size };
	char domain[DOMAIN_MAX + 1];
	struct mailbox box;

	if (from_parse(in, &box) != NULL)
		return 0;
	if (!domain_identity(text_span(box.domain), domain) || strcmp(domain, box.domain) != 0)
		abort();
	if (strpbrk(box.address, "\r\n\t") != NULL)
		abort();
	return 0;
}
