/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of TLS session tickets (RFC 5077, RFC 8446 section 4.6.1).  The server
 * keeps no session; the client does, sealed under a key that is nowhere but in
 * this process's memory.  A key seals for TICKET_PERIOD_S and opens for twice
 * as long; then the next handshake wipes it.  Who takes the memory meanwhile
 * can open recorded sessions of TLS 1.2, of TLS 1.3 none: they are resumed
 * with a fresh key exchange.
 */
#ifndef MAILTRI_SMTP_TICKET_H
#define MAILTRI_SMTP_TICKET_H

#include <stdint.h>

enum { TICKET_PERIOD_S = 3600, TICKET_NAME_BYTES = 16, TICKET_KEY_BYTES = 32 };

struct ticket_key {
	unsigned char name[TICKET_NAME_BYTES];
	unsigned char cipher[TICKET_KEY_BYTES], mac[TICKET_KEY_BYTES];
	int64_t made_s;		/* 0: there is none */
};

struct tickets { struct ticket_key current, previous; };

void tickets_wipe(struct tickets *);
/* To seal with; a new one when it is time.  NULL: no randomness. */
const struct ticket_key *tickets_current(struct tickets *, int64_t now_s);
/* To open with; NULL: forgotten, or never ours. */
const struct ticket_key *tickets_find(struct tickets *,
    const unsigned char name[TICKET_NAME_BYTES], int64_t now_s);

#endif
