/* SPDX-License-Identifier: BSD-2-Clause */
/* Two commands of an upstream, one after the other: what was taken is what
 * the header promises, and the second changes nothing of the first. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>

#include "smtp/address.h"
#include "smtp/forward.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct forward *f)
{
	char text[TEXT_MAX + 1];
	unsigned char bytes[16];
	struct mt_span helo = text_span(&f->helo);

	memcpy(text, f->address.bytes, f->address.len);
	text[f->address.len] = '\0';
	if (f->address.len > 0 && inet_pton(AF_INET, text, bytes) != 1 &&
	    inet_pton(AF_INET6, text, bytes) != 1)
		abort();
	if (helo.len > 0 && !address_is_domain(helo) && !address_is_literal(helo))
		abort();
	if (f->name.len > 0 && !address_is_domain(text_span(&f->name)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct forward f = { 0 }, first;
	enum forward_command command;
	const uint8_t *end;
	size_t length;

	if (size == 0)
		return 0;
	command = data[0] % 2 == 0 ? FORWARD_XCLIENT : FORWARD_XFORWARD;
	data++;
	size--;
	end = size == 0 ? NULL : memchr(data, '\n', size);
	length = end == NULL ? size : (size_t)(end - data);
	forward_parse(span_make(data, length), command, &f);
	check(&f);
	first = f;
	if (end != NULL)
		forward_parse(span_make(end + 1, size - length - 1), command, &f);
	check(&f);
	if ((first.given & ~f.given) != 0 || (forward_has(&first, FORWARD_ADDR) &&
	    !span_equal(text_span(&first.address), text_span(&f.address))))
		abort();
	return 0;
}
