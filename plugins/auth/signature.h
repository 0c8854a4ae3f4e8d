/* SPDX-License-Identifier: BSD-2-Clause */
/* One DKIM-Signature field, and the rules it must keep before any library
 * sees it (RFC 6376, 8301, 8463 and what we ask beyond them). */
#ifndef MAILTRI_AUTH_SIGNATURE_H
#define MAILTRI_AUTH_SIGNATURE_H

#include "domain.h"
#include "hash.h"
#include "header.h"
#include "run.h"

enum { SIGNATURES_MAX = 10, SKEW_S = 300 };

struct signature {
	const struct field *field;
	char domain[DOMAIN_MAX + 1], selector[DOMAIN_MAX + 1];	/* lower case */
	char algorithm[24];
	const char *signed_names;	/* h= without white space, lower case */
	const char *b;	/* without white space */
	unsigned char body_hash[HASH_BYTES];	/* bh= */
	bool relaxed_body;	/* by c=; else simple */
	uint64_t expires;	/* x=; 0: never */
	bool below;	/* i= is below d= */
	bool ed25519;
	bool readable;	/* its tags could be read: the library may see it */
	bool uncovered;	/* it is refused because it leaves a field out, and only so */
	bool judged;	/* word and why are final */
	enum word word;
	const char *why;	/* half a sentence, no ';' in it */
};

/* `covered': names of fields that must be signed where they stand. */
void signature_parse(struct run *, const struct header *, const struct field *,
    const char *const *covered, struct signature *);
/* The same of an ARC-Message-Signature: judged where it does not count. */
void signature_parse_seal(struct run *, const struct header *, const struct field *,
    const char *const *covered, struct signature *);
bool signature_covers(const struct signature *, const char *name);
void signature_judge(struct signature *, enum word, const char *why);
/* Whether `name' stands in a list like "a:b:c"; case and spaces ignored. */
bool signature_listed(struct mt_span list, const char *name);

#endif
