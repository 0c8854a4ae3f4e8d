/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Public keys, decoded once.  OpenSSL 3 spends 100 us on decoding a key and
 * 15 on using it, and libopendkim decodes at each signature; so this stage
 * defines the one function it calls for that, d2i_PUBKEY_bio(), in front of
 * OpenSSL's.  It works because the stage comes before libcrypto in the order
 * in which libopendkim's symbols are looked up.
 */
#ifndef MAILTRI_AUTH_KEY_CACHE_H
#define MAILTRI_AUTH_KEY_CACHE_H

#include <openssl/evp.h>

/* The key of a SubjectPublicKeyInfo; NULL: it is none.  Borrowed until the
 * next call. */
EVP_PKEY *key_cache_get(const unsigned char *der, size_t len);
void key_cache_fini(void);

#endif
