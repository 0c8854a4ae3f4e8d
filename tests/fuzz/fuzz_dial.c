/* SPDX-License-Identifier: BSD-2-Clause */
/* What a worker asks to be connected to, and numeric addresses: nobody is
 * dialled whom the configuration does not name. */
#include <stdlib.h>

#include "dispatch/dial.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
address(struct mt_span text)
{
	union dial_address a, again;
	char out[DIAL_ADDRESS_TEXT_MAX];
	struct arena arena = { 0 };

	if (dial_address_parse(arena_string(&arena, text), 25, &a) == 0 &&
	    (dial_address_parse(dial_address_format(out, &a), 25, &again) != 0 ||
	    dial_address_classify(&a) != dial_address_classify(&again)))
		abort();
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dial_target target = { .host = "api.example", .port = 443, .address = "" };
	static const struct dial_targets targets = { .list = &target, .count = 1 };
	struct mt_span input = span_make(data, size);
	const struct dial_target *found;
	struct dial_request request;

	address(input);
	if (dial_request_unpack(input, &request) != 0)
		return 0;
	address(request.address);
	found = dial_targets_find(&targets, &request);
	if (found != NULL && (request.port != 443 || !span_is_nocase(request.host, "api.example")))
		abort();
	return 0;
}
