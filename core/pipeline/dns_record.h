/* SPDX-License-Identifier: BSD-2-Clause */
/* An answer of DNS in the form stages get it (struct mt_answer). */
#ifndef MAILTRI_PIPELINE_DNS_RECORD_H
#define MAILTRI_PIPELINE_DNS_RECORD_H

#include "pipeline/dns_name.h"

enum { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16,
	DNS_AAAA = 28 };
enum { DNS_RECORDS_MAX = 256 };	/* of one answer; more is MT_SERVFAIL */

struct dns_answer {
	int32_t status;		/* enum mt_status */
	uint32_t ttl, secure, count;
	struct mt_span rr;	/* count packed spans */
};

/* Packs one record's RDATA: 0; EBADMSG; EILSEQ: a name no text can hold, the
 * record is to be left out. */
int dns_record_pack(struct buf *, uint16_t type, struct mt_span rdata);

#endif
