/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 and what is made of it.  Any thread; failure of the library is a
 * bug of the installation and ends the process.
 */
#ifndef MAILTRI_STORE_HASH_H
#define MAILTRI_STORE_HASH_H

#include <stdint.h>

#include "base/buf.h"

enum { HASH_SIZE = 32, HASH_HKDF_MAX = 255 * HASH_SIZE };

void hash_sha256(const struct mt_span *parts, size_t count, uint8_t out[HASH_SIZE]);
void hash_hmac(const uint8_t key[HASH_SIZE], const struct mt_span *parts, size_t count,
    uint8_t out[HASH_SIZE]);
/* RFC 5869; size at most HASH_HKDF_MAX. */
void hash_hkdf(const uint8_t key[HASH_SIZE], struct mt_span salt, struct mt_span info,
    uint8_t *out, size_t size);
void hash_random(void *, size_t);
void hash_hex(const uint8_t *, size_t, char *out);	/* 2 * size + 1 bytes */
int hash_unhex(struct mt_span, uint8_t *out, size_t size);	/* lower case only; EBADMSG */
/* RFC 4648 with padding.  The decoder takes the one canonical form only. */
void hash_base64(struct buf *, const void *, size_t);
int hash_unbase64(struct mt_span, struct buf *out);	/* EBADMSG */

#endif
