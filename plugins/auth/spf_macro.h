/* SPDX-License-Identifier: BSD-2-Clause */
/* Macros of RFC 7208 section 7: their grammar and their expansion. */
#ifndef MAILTRI_AUTH_SPF_MACRO_H
#define MAILTRI_AUTH_SPF_MACRO_H

#include "text.h"

struct spf_values {	/* what the letters stand for */
	const char *sender;	/* s, with l and o its halves */
	const char *local, *domain_of_sender;
	const char *domain;	/* d */
	const char *helo;	/* h */
	const char *validated;	/* p; "unknown" where none is */
	const char *receiver;	/* r */
	const uint8_t *address;	/* i, c, v: 4 or 16 bytes */
	bool six;
	int64_t now;	/* t */
};

bool spf_macro_valid(struct mt_span, bool explanation);
bool spf_macro_domain(struct mt_span);	/* a domain-spec */
bool spf_macro_uses(struct mt_span, char letter);
/* The text must be valid; `full' of the text says that it did not fit. */
bool spf_macro_printable(const char *);	/* SP to ~ only */
void spf_macro_expand(struct mt_span, const struct spf_values *, struct text *);

#endif
