/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of data: fed at once and byte by byte it finds the same end, the
 * same faults and the same bytes. */
#include <stdlib.h>

#include "smtp/data.h"

enum { LIMIT = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, bytes = { 0 };
	struct data a, b;
	size_t used, i = 0;

	data_init(&a, LIMIT);
	used = data_feed(&a, span_make(data, size), &whole);
	data_init(&b, LIMIT);
	while (i < size && !data_done(&b))
		i += data_feed(&b, span_make(data + i, 1), &bytes);
	if (i != used || data_done(&a) != data_done(&b) || a.faults != b.faults ||
	    a.size != b.size)
		abort();
	if (a.faults == 0 && !span_equal(buf_span(&whole), buf_span(&bytes)))
		abort();
	if (data_done(&a) && (used < 3 || memcmp(data + used - 3, ".\r\n", 3) != 0 ||
	    (used > 3 && (used < 5 || memcmp(data + used - 5, "\r\n", 2) != 0))))
		abort();
	if (whole.len > LIMIT)
		abort();
	buf_free(&whole);
	buf_free(&bytes);
	return 0;
}
