/* SPDX-License-Identifier: BSD-2-Clause */
/* One SPF record, read by the grammar of RFC 7208 section 12 and no other. */
#ifndef MAILTRI_AUTH_SPF_RECORD_H
#define MAILTRI_AUTH_SPF_RECORD_H

#include "text.h"

enum {
	SPF_RECORD_MAX = 4096,	/* octets of a record */
	SPF_TERM_MAX = 512,	/* octets of one term */
	SPF_TERMS_MAX = 250,	/* libspf2 counts them in one byte */
	SPF_DIGITS_MAX = 3	/* of the number in a macro */
};

enum spf_kind {
	SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS, SPF_REDIRECT
};

struct spf_term {
	uint8_t kind;	/* enum spf_kind */
	char qualifier;	/* + - ~ ? */
	uint8_t prefix4, prefix6;
	uint8_t address[16];	/* ip4 and ip6 */
	struct mt_span domain;	/* domain-spec; empty: the current domain */
};

struct spf_record {
	struct spf_term *term;	/* what follows "all" is left out */
	size_t count;
	struct mt_span redirect;	/* domain-specs; empty: not there */
	struct mt_span explanation;
	bool all;	/* redirect has no meaning then (6.1) */
};

bool spf_record_is(struct mt_span txt);	/* "v=spf1" and a space or the end (4.5) */
size_t spf_record_room(struct mt_span txt);	/* terms it can have at most */
/* `term' has spf_record_room() elements.  false: a syntax error anywhere in
 * the record, or one of the limits above. */
bool spf_record_parse(struct mt_span txt, struct spf_term *, struct spf_record *);
bool spf_kind_asks(enum spf_kind);	/* costs one of the ten lookups (4.6.4) */

#endif
