/* SPDX-License-Identifier: BSD-2-Clause */
/* One DMARC record (RFC 9989 4.7; RFC 7489 6.3), read without help. */
#ifndef MAILTRI_AUTH_DMARC_RECORD_H
#define MAILTRI_AUTH_DMARC_RECORD_H

#include "text.h"

enum { DMARC_RECORD_MAX = 4096, DMARC_TAGS_MAX = 64 };

enum policy { POLICY_ABSENT, POLICY_NONE, POLICY_QUARANTINE, POLICY_REJECT };

struct dmarc_record {
	enum policy p;
	enum policy sp, np;	/* POLICY_ABSENT: not said */
	bool strict_dkim, strict_spf;
	bool testing;	/* t=y: one step milder */
	char psd;	/* 'y', 'n' or 'u' */
};

/*
 * false: no DMARC record.  The version comes first and in capitals; a tag
 * said twice, a byte that is not printable ASCII, or a p= nobody knows
 * without a rua= spoil the record; other unknown values count as not said.
 */
bool dmarc_record_parse(struct mt_span txt, struct dmarc_record *);
const char *policy_text(enum policy);

#endif
