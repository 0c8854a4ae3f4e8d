/* SPDX-License-Identifier: BSD-2-Clause */
/* SPF records, macros and addresses from anybody: parsed, then expanded. */
#include <stdlib.h>
#include <string.h>

#include "spf_lookup.h"
#include "spf_macro.h"
#include "spf_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span in = { (const char *)data, size };
	static const uint8_t address[16] = { 192, 0, 2, 1 };
	static const struct spf_values values = { .sender = "a-b+c@example.com", .local = "a-b+c",
		.domain_of_sender = "example.com", .domain = "d.example.com", .helo = "h.example",
		.validated = "unknown", .receiver = "r.example", .address = address, .six = true };
	struct spf_term *term;
	struct spf_record r;
	struct spf_address a;
	char buf[512];
	size_t i;

	if (spf_address_parse(in, &a) && (size == 0 || (!a.six && memchr(in.ptr, '.', size) == NULL &&
	    memchr(in.ptr, ':', size) == NULL)))
		abort();
	if (size > SPF_RECORD_MAX + 1)
		return 0;
	if (spf_macro_valid(in, true)) {
		struct text out = text_make(buf, sizeof(buf));

		spf_macro_expand(in, &values, &out);
	}
	if (!spf_record_is(in))
		return 0;
	term = calloc(spf_record_room(in), sizeof(*term));
	if (term != NULL && spf_record_parse(in, term, &r)) {
		if (r.count > spf_record_room(in))
			abort();
		for (i = 0; i < r.count; i++) {
			struct text out = text_make(buf, sizeof(buf));

			spf_macro_expand(r.term[i].domain, &values, &out);
		}
	}
	free(term);
	return 0;
}
