/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's questions to the resolver as they travel (PROTO_ASK): u32
 * deadline, u32 count, then a name and a u16 type each. */
#ifndef MAILTRI_PIPELINE_DNS_ASK_H
#define MAILTRI_PIPELINE_DNS_ASK_H

#include "pipeline/dns.h"

struct dns_asks {
	struct unpack rest;
	uint32_t left, deadline_ms;
};

/* EBADMSG: not all of it can be read, and none of it is to be asked. */
int dns_asks_open(struct mt_span body, struct dns_asks *);
bool dns_asks_next(struct dns_asks *, struct dns_question *);	/* borrows */

#endif
