/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names: what may be asked, and what may stand for an identity. */
#ifndef MAILTRI_AUTH_DOMAIN_H
#define MAILTRI_AUTH_DOMAIN_H

#include "text.h"

enum {
	DOMAIN_MAX = 253,	/* characters, RFC 1035 3.1 less the length bytes */
	LABEL_MAX = 63
};

/*
 * An identity: `s' as A-labels (RFC 5890, made by libidn2 where it holds
 * UTF-8), lower case, letters, digits and inner hyphens only, at least two
 * labels, the last of them not a number.  out: DOMAIN_MAX + 1 bytes.
 */
bool domain_identity(struct mt_span s, char *out);
/* A name the DNS could hold, lower case, a final dot taken off. */
bool domain_askable(struct mt_span s, char *out);
/* A selector or other list of labels; '_' is allowed too. */
bool domain_labels(struct mt_span s, char *out);
size_t domain_count(const char *name);	/* its labels */
const char *domain_last(const char *name, size_t n);	/* its last n labels */
bool domain_within(const char *name, const char *zone);	/* equal or below */

#endif
