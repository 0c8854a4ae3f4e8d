/* SPDX-License-Identifier: BSD-2-Clause */
/* A DKIM key record (RFC 6376 3.6.1), read strictly and written anew. */
#ifndef MAILTRI_AUTH_KEY_RECORD_H
#define MAILTRI_AUTH_KEY_RECORD_H

#include "signature.h"

enum {
	KEY_BITS_MAX = 4096,	/* RFC 8301 asks for no more */
	KEY_RECORD_MAX = 8192,	/* bytes of a record */
	KEY_TEXT_MAX = 1024	/* libopendkim cuts what is longer */
};

struct key {
	char text[KEY_TEXT_MAX];	/* "v=DKIM1; k=rsa; p=...", a
			 * SubjectPublicKeyInfo whatever form the record had */
};

/* Judges the signature where its key record forbids it.  Records are kept as
 * they were understood, by their text. */
void key_record_parse(struct mt_span txt, unsigned min_bits, struct signature *, struct key *);
void key_record_fini(void);

#endif
