/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 with what OpenSSL 3 looks up under locks at each use (the
 * algorithm, a context) looked up once.
 */
#ifndef MAILTRI_AUTH_HASH_H
#define MAILTRI_AUTH_HASH_H

#include <openssl/evp.h>

#include "text.h"

enum { HASH_BYTES = 32 };

/* The one context of the process, begun anew: hash_end() comes before the
 * next hash_begin(). */
EVP_MD_CTX *hash_begin(void);
void hash_add(EVP_MD_CTX *, struct mt_span);
void hash_end(EVP_MD_CTX *, unsigned char out[HASH_BYTES]);
void hash_fini(void);

#endif
