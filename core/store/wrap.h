/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One 32-byte key under another: AES-256-GCM with a random nonce, 60 bytes.
 * What the key is for and where it lies is additional data, so that a
 * wrapped key works in its own place only.
 */
#ifndef MAILTRI_STORE_WRAP_H
#define MAILTRI_STORE_WRAP_H

#include "store/hash.h"

enum { WRAP_KEY_SIZE = 32, WRAP_SIZE = 12 + WRAP_KEY_SIZE + 16 };

void wrap_close(const uint8_t by[WRAP_KEY_SIZE], struct mt_span place,
    const uint8_t key[WRAP_KEY_SIZE], uint8_t out[WRAP_SIZE]);
int wrap_open(const uint8_t by[WRAP_KEY_SIZE], struct mt_span place,
    const uint8_t wrapped[WRAP_SIZE], uint8_t key[WRAP_KEY_SIZE]);	/* EBADMSG */

#endif
