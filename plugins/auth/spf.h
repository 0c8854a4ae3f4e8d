/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_host() of RFC 7208.  libspf2 interprets; it sees neither a byte of
 * the sender's records nor a name of his: every record is parsed here and
 * handed over as mechanisms over tokens, which the lookups turn back into
 * names and questions.  So the macros, limits and syntax are ours.
 */
#ifndef MAILTRI_AUTH_SPF_H
#define MAILTRI_AUTH_SPF_H

#include "run.h"

enum {
	SPF_LOOKUPS_MAX = 10,	/* RFC 7208 4.6.4 */
	SPF_VOIDS_MAX = 2,
	SPF_HOSTS_MAX = 10,	/* names of one MX or PTR answer */
	SPF_TREE_MAX = 30,	/* terms of a whole tree of records: beyond it no further
				 * record is asked for */
	SPF_EXPLANATION_MAX = 1000
};

struct spf_address {
	uint8_t bytes[16];
	bool six;	/* else the first four bytes */
};

struct spf_subject {
	struct spf_address client;
	const char *domain;	/* the identity that is checked */
	const char *sender;	/* local@domain */
	const char *helo;
	const char *receiver;
};

struct spf_result {
	enum word word;
	const char *why;	/* half a sentence */
	bool unsure;	/* "ptr" met a failure, which RFC 7208 5.5 makes a no */
	const char *explanation;	/* on fail; printable ASCII, "" where there
				 * is none */
};

/* "192.0.2.1", "2001:db8::1"; ::ffff:192.0.2.1 counts as IPv4. */
bool spf_address_parse(struct mt_span, struct spf_address *);
void spf_init(void);	/* libspf2's talk is switched off, its server made */
void spf_fini(void);
void spf_ask(struct run *, const struct spf_subject *);	/* ahead, and no more */
/* Where the run is waiting afterwards, the result means nothing. */
void spf_check(struct run *, const struct spf_subject *, struct spf_result *);

#endif
