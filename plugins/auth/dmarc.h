/* SPDX-License-Identifier: BSD-2-Clause */
/* DMARC (RFC 9989): which policy applies, and whether anything that passed
 * speaks for the From domain. */
#ifndef MAILTRI_AUTH_DMARC_H
#define MAILTRI_AUTH_DMARC_H

#include "align.h"
#include "dkim.h"

struct dmarc_options {
	bool psl;	/* organisations by the public suffix list (RFC 7489) */
	bool evaluate;	/* no record: judge as if one stood there */
};

struct dmarc_input {
	const char *from;	/* the From domain; "": there is no such */
	const char *spf_domain;
	enum word spf;
	const struct dkim *dkim;
};

struct dmarc {
	enum word word;
	const char *why;	/* half a sentence */
	enum policy policy;	/* that the record asks for this message */
	const char *record_domain;	/* where it stands; "" none */
	bool spf_aligned;	/* and passed */
	const struct signature *dkim_aligned;	/* the first that passed; NULL: none */
	bool spf_unsure, dkim_unsure;	/* not aligned, for all that is known by now */
	bool disputed;	/* libopendmarc disagrees: refuse and tell */
};

void dmarc_check(struct run *, const struct dmarc_input *, const struct dmarc_options *,
    struct dmarc *);

#endif
