/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engine asks the resolver: a frame is read whole or not at all. */
#include <stdlib.h>

#include "pipeline/dns_ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_question q;
	struct dns_asks asks;
	struct dns_name name;
	size_t sum = 8;

	if (dns_asks_open(span_make(data, size), &asks) != 0)
		return 0;
	while (dns_asks_next(&asks, &q)) {
		sum += 6 + q.name.len;
		dns_name_parse(q.name, &name);
	}
	if (sum != size || asks.rest.bad)
		abort();
	return 0;
}
