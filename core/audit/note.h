/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed heads as text: how many leaves there are and their chain hash,
 * signed by the role `keys'.  A signed note (C2SP signed-note):
 *
 *	<name>/chain
 *	<size>
 *	<base64 of the chain hash>
 *	time <RFC 3339, UTC>
 *
 *	— <name> <base64 of 4 bytes key id ‖ 64 bytes Ed25519>
 *
 * The verifier key is "<name>+<hex key id>+<base64 of 0x01 ‖ public key>",
 * key id the first 4 bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ public key).
 */
#ifndef MAILTRI_AUDIT_NOTE_H
#define MAILTRI_AUDIT_NOTE_H

#include "store/hash.h"

enum { HEAD_NAME_MAX = 255, HEAD_KEY_SIZE = 32, HEAD_SIGNATURE_SIZE = 64,
	HEAD_NOTE_MAX = 2048,
	HEAD_BUSY_MS = 1000, HEAD_IDLE_MS = 60000 };	/* a head at least so often */

enum { HEAD_TIME_SIZE = 32 };
void head_time(int64_t unix_s, char out[HEAD_TIME_SIZE]);	/* RFC 3339, UTC, seconds */

struct head_key {
	char name[HEAD_NAME_MAX + 1];	/* no space, no '+' */
	uint8_t public_key[HEAD_KEY_SIZE];
};
void head_key_format(const struct head_key *, struct buf *out);	/* vkey text */
int head_key_parse(struct mt_span text, struct head_key *);	/* EBADMSG */

struct head {
	uint64_t size;
	uint8_t chain[HASH_SIZE];
	int64_t time_s;
};
void head_text(const struct head_key *, const struct head *, struct buf *out);	/* to be signed */
void head_note(const struct head_key *, struct mt_span text,
    const uint8_t signature[HEAD_SIGNATURE_SIZE], struct buf *out);
/* EBADMSG: not such a note; EACCES: not signed by this key. */
int head_verify(const struct head_key *, struct mt_span note, struct head *);

/* {"head":"..."}, a line of the exported file, and back. */
void head_line_format(struct mt_span note, struct buf *out);
int head_line_parse(struct mt_span line, struct buf *note);	/* EBADMSG */

#endif
