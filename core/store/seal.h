/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How bytes are kept: sealed under a message's key.
 *
 *	header	u8 version 1, u8 algorithm 1 (AES-256-GCM), u8 kind, u8 0,
 *		u32 chunk size 65536 (little-endian), 32 bytes salt,
 *		32 bytes key commitment
 *	chunks	STREAM: 64 KiB of plaintext each (the last 0..64 KiB), each
 *		followed by its 16-byte tag; nonce = 7-byte prefix, u32
 *		counter (big-endian), u8 1 in the last chunk
 *
 * HKDF-SHA256(key, salt, "mailtri/seal/v1" ‖ algorithm ‖ kind ‖ event) gives
 * encryption key (32), commitment (32), nonce prefix (7).  Every chunk's
 * additional data is header ‖ u64 slot ‖ u64 generation ‖ event.  So a piece
 * that was cut, swapped, moved to another event, or opened with another key
 * is damage, never other bytes.
 */
#ifndef MAILTRI_STORE_SEAL_H
#define MAILTRI_STORE_SEAL_H

#include "base/buf.h"
#include "store/hash.h"

enum {
	SEAL_KEY_SIZE = 32,
	SEAL_HEADER_SIZE = 72,
	SEAL_TAG_SIZE = 16,
	SEAL_CHUNK_SIZE = 64 * 1024,
	SEAL_EVENT_MAX = 64
};

enum seal_kind { SEAL_HEAD = 1, SEAL_BODY, SEAL_OPENING, SEAL_VALUE, SEAL_TOLD };

/* A key as handed out by the role `keys': a place in its slot files. */
struct slot {
	uint64_t number, generation;
	uint8_t key[SEAL_KEY_SIZE];
};

size_t seal_size(size_t plain);
/* Appends to out.  event: at most SEAL_EVENT_MAX bytes. */
void seal_close(const struct slot *, enum seal_kind, struct mt_span event,
    struct mt_span plain, struct buf *out);
/* Appends to out; EBADMSG: damage or another key, out as it was. */
int seal_open(const struct slot *, enum seal_kind, struct mt_span event,
    struct mt_span sealed, struct buf *out);

#endif
