/* SPDX-License-Identifier: BSD-2-Clause */
/* DMARC asked of libopendmarc, of which only the arithmetic is trusted. */
#include <sys/types.h>

#include <opendmarc/dmarc.h>
#include <stdio.h>
#include <stdlib.h>

#include "domain.h"
#include "second.h"

int
second_init(void)
{
	static OPENDMARC_LIB_T lib = { .tld_type = OPENDMARC_TLD_TYPE_NONE };
	static bool done;

	if (!done && opendmarc_policy_library_init(&lib) != DMARC_PARSE_OKAY)
		return -1;
	done = true;
	return 0;
}

bool
second_agrees(const char *from, enum policy policy, bool spf_aligned, bool dkim_aligned)
{
	unsigned char address[] = "192.0.2.1", domain[DOMAIN_MAX + 1], record[64], selector[] = "s";
	struct text name = text_make((char *)domain, sizeof(domain));
	struct text asked = text_make((char *)record, sizeof(record));
	DMARC_POLICY_T *p = opendmarc_policy_connect_init(address, DMARC_POLICY_IP_TYPE_IPV4);
	int said = DMARC_POLICY_ABSENT;

	if (p == NULL)
		abort();
	text_puts(&name, from);
	text_puts(&asked, "v=DMARC1; p=");
	text_puts(&asked, policy_text(policy));
	opendmarc_policy_store_from_domain(p, domain);
	if (spf_aligned)
		opendmarc_policy_store_spf(p, domain, DMARC_POLICY_SPF_OUTCOME_PASS,
		    DMARC_POLICY_SPF_ORIGIN_MAILFROM, NULL);
	if (dkim_aligned)
		opendmarc_policy_store_dkim(p, domain, selector,
		    DMARC_POLICY_DKIM_OUTCOME_PASS, NULL);
	if (opendmarc_policy_store_dmarc(p, record, domain, NULL) == DMARC_PARSE_OKAY)
		said = opendmarc_get_policy_to_enforce(p);
	opendmarc_policy_connect_shutdown(p);
	if (said == DMARC_POLICY_ABSENT)
		return false;
	return (said == DMARC_POLICY_PASS) == (spf_aligned || dkim_aligned);
}
