/* SPDX-License-Identifier: BSD-2-Clause */
/* Sealed bytes from a disk somebody else wrote to: what opens was sealed. */
#include <stdlib.h>

#include "store/seal.h"
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
	static const struct slot slot = { .number = 1, .generation = 1 };
	struct mt_span input = span_make(data, size);
	struct slots *slots = slots_new(ignore, NULL);
	struct buf sealed = { 0 }, out = { 0 };

	seal_close(&slot, SEAL_BODY, SPAN("evt_fuzz"), input, &sealed);
	if (seal_open(&slot, SEAL_BODY, SPAN("evt_fuzz"), buf_span(&sealed), &out) != 0 ||
	    !span_equal(buf_span(&out), input))
		abort();
	buf_reset(&out);
	seal_open(&slot, SEAL_BODY, SPAN("evt_fuzz"), input, &out);
	/* Past the commitment: a good header, the rest from outside. */
	sealed.len = SEAL_HEADER_SIZE;
	buf_add(&sealed, data, size);
	if (seal_open(&slot, SEAL_BODY, SPAN("evt_fuzz"), buf_span(&sealed), &out) == 0)
		abort();
	slots_fill(slots, input);
	slots_free(slots);
	buf_free(&sealed);
	buf_free(&out);
	return 0;
}
