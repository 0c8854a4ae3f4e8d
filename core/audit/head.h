/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed heads: how many leaves there are and their chain hash, signed by
 * the role `keys'.  At least one a second under load, one a minute idle, and
 * never for what is not committed.  A signed note (C2SP signed-note):
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
#ifndef MAILTRI_AUDIT_HEAD_H
#define MAILTRI_AUDIT_HEAD_H

#include "base/loop.h"
#include "store/store.h"

enum { HEAD_NAME_MAX = 255, HEAD_KEY_SIZE = 32, HEAD_SIGNATURE_SIZE = 64,
	HEAD_BUSY_MS = 1000, HEAD_IDLE_MS = 60000 };

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

/* The signer in the engine.  ask sends PROTO_SIGN; now_s gives the clock. */
struct head_signer;
typedef void (*head_ask_fn)(struct mt_span text, void *arg);
struct head_signer *head_signer_new(struct loop *, struct store *, head_ask_fn, void *arg);
void head_signer_free(struct head_signer *);
void head_signer_key(struct head_signer *, const struct head_key *);	/* starts it */
void head_signer_wake(struct head_signer *);	/* something was committed */
void head_signer_signed(struct head_signer *, struct mt_span signature);	/* PROTO_SIGNATURE */
void head_signer_lost(struct head_signer *);	/* `keys' is gone: ask again */

#endif
