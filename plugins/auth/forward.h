/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trusted forwarders.  Forwarding breaks SPF, a list breaks DKIM; whoever did
 * it may be believed about what passed before, where the operator named him:
 * the client proves that it is his host, the ARC chain passes and every seal
 * in it is of a forwarder so named, the newest of the client's own, which
 * covers what a signature must, and the first set says that DMARC passed for
 * this very From.
 */
#ifndef MAILTRI_AUTH_FORWARD_H
#define MAILTRI_AUTH_FORWARD_H

#include "options.h"

/* Looks for the client among the listed, by its HELO, which SPF was judged
 * for; may ask for its addresses and set r->waiting. */
void forward_find(struct run *, const struct options *, struct judgement *);
/* The rest, once the chain is verified. */
void forward_verify(struct run *, const struct options *, struct judgement *);

#endif
