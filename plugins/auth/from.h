/* SPDX-License-Identifier: BSD-2-Clause */
/* The value of a From field: exactly one mailbox of RFC 5322, or nothing. */
#ifndef MAILTRI_AUTH_FROM_H
#define MAILTRI_AUTH_FROM_H

#include "domain.h"

enum { LOCAL_MAX = 64 };	/* RFC 5321 4.5.3.1.1 */

struct mailbox {
	char address[LOCAL_MAX + 1 + DOMAIN_MAX + 1];	/* local@domain, the
			 * local part as written (quotes that are not needed
			 * taken off), the domain in lower case A-labels */
	const char *domain;	/* in address */
};

/*
 * NULL, or what is wrong in half a sentence.  Refused though RFC 5322 knows
 * them: groups, lists, routes, literals, a final dot, comments inside the
 * address, control bytes, more than HEADER_LINE_MAX bytes of display name.
 * Encoded words are never decoded.
 */
const char *from_parse(struct mt_span value, struct mailbox *);

#endif
