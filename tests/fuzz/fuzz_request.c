/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP requests as a stage's worker packed them, read where they are sent. */
#include <stdlib.h>

#include "stage/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request r;
	size_t sum;

	if (request_unpack(span_make(data, size), &r) != 0)
		return 0;
	if (r.field_count > REQUEST_FIELDS_MAX)
		abort();
	sum = 28 + r.target.len + r.method.len + r.path.len + r.body.len;
	for (uint32_t i = 0; i < r.field_count; i++)
		sum += 12 + r.fields[i].name.len + r.fields[i].value.len;
	if (sum != size)
		abort();
	return 0;
}
