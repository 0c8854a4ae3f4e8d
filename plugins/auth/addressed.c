/* SPDX-License-Identifier: BSD-2-Clause */
/* To and Cc, searched for one address. */
#include "addressed.h"

static const char *const fields[] = { "To", "Cc" };

/* What cannot stand next to an address without being a part of it (RFC 5322
 * 3.2.3, RFC 6531). */
static bool
is_apart(char c)
{
	return text_space(c) || strchr("<>,;:()", c) != NULL;
}

static bool
names(struct mt_span value, struct mt_span address)
{
	size_t at, last = value.len < address.len ? 0 : value.len - address.len + 1;

	for (at = 0; at < last; at++)
		if (text_equal((struct mt_span){ value.ptr + at, address.len }, address) &&
		    (at == 0 || is_apart(value.ptr[at - 1])) &&
		    (at + 1 == last || is_apart(value.ptr[at + address.len])))
			return true;
	return false;
}

bool
addressed_to(const struct header *h, const struct signature *s, struct mt_span rcpt)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *f = header_only(h, fields[i]);

		if (f != NULL && rcpt.len > 0 && signature_covers(s, fields[i]) &&
		    names(f->value, rcpt))
			return true;
	}
	return false;
}
