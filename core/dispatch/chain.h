/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The chain of certificates a server shows, held against pins.  Any of it may
 * have a pinned key: the server itself, or an authority, which outlives it.
 */
#ifndef MAILTRI_DISPATCH_CHAIN_H
#define MAILTRI_DISPATCH_CHAIN_H

#include <openssl/ssl.h>

#include "base/pin.h"

/* A handshake only succeeds where the chain is sound and has one of the pins,
 * as pins_format() made them; they must live as long as the context. */
void chain_require(SSL_CTX *, const struct buf *pins);

/* The pin of a certificate's key, NUL-terminated; freed by the caller. */
int chain_pin(const X509 *, struct buf *out);

#endif
