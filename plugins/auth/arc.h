/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARC (RFC 8617): what hosts on the way say they found, sealed one over the
 * other.  Evidence for the log and for forwarders whom the operator named
 * (forward.h); by itself it never makes a failed check pass.
 */
#ifndef MAILTRI_AUTH_ARC_H
#define MAILTRI_AUTH_ARC_H

#include "header.h"
#include "key_record.h"
#include "taglist.h"

enum {
	ARC_SETS_MAX = 50,	/* RFC 8617 5.1.1.1 */
	ARC_KEYS_MAX = 10	/* different keys asked for: a chain of strangers must
				 * not spend the questions of SPF, DKIM and DMARC */
};

struct arc_seal {	/* an ARC-Seal or an ARC-Message-Signature */
	const struct field *field;
	struct taglist tags;
	struct signature signature;	/* its domain, selector and algorithm */
	struct mt_span b;	/* the value of b= where it stands, white space and all */
};

struct arc_set {
	const struct field *results;	/* ARC-Authentication-Results */
	struct arc_seal *message, *seal;
};

struct arc {
	struct arc_set set[ARC_SETS_MAX];	/* set[0] is instance 1 */
	size_t sets;
	enum word word;	/* none, pass, fail, temperror */
	const char *why;	/* half a sentence */
};

enum { ARC_KEY_NAME_MAX = 2 * DOMAIN_MAX + 16 };

/* Reads the sets and asks for their keys; may set r->waiting.  What the
 * structure alone decides is decided, and the word is then none or fail; else neutral. */
void arc_parse(struct run *, const struct header *, struct arc *);
/* "selector._domainkey.domain". */
void arc_key_name(const struct arc_seal *, char name[ARC_KEY_NAME_MAX]);
/* The signatures, once nothing is waited for any more. */
void arc_verify(struct run *, const struct header *, unsigned min_bits, struct arc *);

#endif
