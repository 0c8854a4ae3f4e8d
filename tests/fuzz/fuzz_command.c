/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines: what was parsed lies inside of the line and is what the
 * header promises. */
#include <stdint.h>
#include <stdlib.h>

#include "smtp/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_inside(struct mt_span line, struct mt_span part)
{
	if (part.len > 0 &&
	    (part.ptr < line.ptr || part.ptr + part.len > line.ptr + line.len))
		abort();
}

static void
check_address(struct mt_span line, const struct address *a)
{
	char out[ADDRESS_PATH_MAX];
	struct mt_span canonical;
	const char *at;

	check_inside(line, a->mailbox);
	check_inside(line, a->local);
	check_inside(line, a->domain);
	if (a->mailbox.len > ADDRESS_PATH_MAX - 2 || a->local.len > ADDRESS_LOCAL_MAX)
		abort();
	canonical = address_canonical(a, out);
	if (canonical.len > ADDRESS_PATH_MAX - 2)
		abort();
	at = memrchr(canonical.ptr, '@', canonical.len);
	if (a->kind == ADDRESS_MAILBOX && (at == NULL || !address_is_domain(
	    span_make(at + 1, (size_t)(canonical.ptr + canonical.len - at) - 1))))
		abort();
	if (a->kind == ADDRESS_LITERAL && !address_is_literal(a->domain))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span line = span_make(data, size);
	struct command c;

	if (command_parse(line, command_verb(line, PROTOCOL_SMTP), &c) != REPLY_NONE)
		return 0;
	check_inside(line, c.domain);
	if (c.verb == COMMAND_MAIL || c.verb == COMMAND_RCPT)
		check_address(line, &c.address);
	return 0;
}
