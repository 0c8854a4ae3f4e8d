/* SPDX-License-Identifier: BSD-2-Clause */
/* Read to its end before the first question is asked. */
#include "pipeline/dns_ask.h"

#include <errno.h>

int
dns_asks_open(struct mt_span body, struct dns_asks *a)
{
	struct unpack u = unpack_of(body);

	a->deadline_ms = unpack_u32(&u);
	a->left = unpack_count(&u, 6);
	a->rest = u;
	for (uint32_t i = 0; i < a->left; i++) {
		unpack_span(&u);
		unpack_u16(&u);
	}
	return unpack_done(&u) ? 0 : EBADMSG;
}

bool
dns_asks_next(struct dns_asks *a, struct dns_question *q)
{
	if (a->left == 0)
		return false;
	a->left--;
	*q = (struct dns_question){ .deadline_ms = a->deadline_ms };
	q->name = unpack_span(&a->rest);
	q->type = unpack_u16(&a->rest);
	return true;
}
