/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Alignment and organisational domains, computed by us alone.  Domains are
 * what domain_identity() writes.  No identifier outside the organisational
 * domain of From ever aligns, and no public suffix is an organisation.
 */
#ifndef MAILTRI_AUTH_ALIGN_H
#define MAILTRI_AUTH_ALIGN_H

#include "walk.h"

enum align { ALIGN_NO, ALIGN_YES, ALIGN_FAILED /* a question failed */ };

struct align_from {	/* the From domain, and how its organisation is found */
	const char *domain;
	const struct walk *walk;	/* NULL: by the public suffix list */
};

/* A name under which anybody may register; single labels are. */
bool align_public(const char *domain);
/* The registrable domain by the public suffix list; the domain itself where
 * it has none.  A tail of `domain'. */
const char *align_registrable(const char *domain);
/* Waiting is in the run. */
enum align align_check(struct run *, const struct align_from *, const char *identifier,
    bool strict);

#endif
