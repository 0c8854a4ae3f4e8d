/* SPDX-License-Identifier: BSD-2-Clause */
/* To and Cc, searched for one address. */
#include "addressed.h"

#include "../common/mailbox.h"

static const char *const fields[] = { "To", "Cc" };

bool
addressed_to(const struct header *h, const struct signature *s, struct mt_span rcpt)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *f = header_only(h, fields[i]);

		if (f != NULL && signature_covers(s, fields[i]) &&
		    mailbox_is_named(f->value, rcpt))
			return true;
	}
	return false;
}
