/* SPDX-License-Identifier: BSD-2-Clause */
/* RDATA from any server: two bytes of type, then the record; and the same
 * bytes as a name asked. */
#include <stdlib.h>

#include "pipeline/dns_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unpack u = unpack_of(span_make(data, size));
	uint16_t type = unpack_u16(&u);
	struct mt_span rest = unpack_rest(&u);
	char text[DNS_TEXT_MAX];
	struct buf b = { 0 };
	struct dns_name name;

	if (dns_record_pack(&b, type, rest) == 0) {
		struct unpack back = unpack_of(buf_span(&b));

		unpack_span(&back);
		if (!unpack_done(&back))
			abort();
	} else if (b.len != 0)
		abort();
	if (dns_name_parse(rest, &name) == 0) {
		dns_name_escape(&name, text);
		if (strlen(text) < name.len)
			abort();
	}
	buf_free(&b);
	return 0;
}
