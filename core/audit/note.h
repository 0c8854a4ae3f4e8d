/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed notes (C2SP signed-note v1) and verifier keys:
 *
 *	<text, lines>
 *
 *	— <name> <base64 of 4 bytes key id ‖ signature>
 *
 * The verifier key is "<name>+<hex key id>+<base64 of type ‖ public key>",
 * key id the first 4 bytes of SHA-256(name ‖ "\n" ‖ type ‖ public key).  Lines
 * of keys that are not asked for are passed over, whatever is in them.
 */
#ifndef MAILTRI_AUDIT_NOTE_H
#define MAILTRI_AUDIT_NOTE_H

#include "store/hash.h"

enum { NOTE_NAME_MAX = 255, NOTE_KEY_SIZE = 32, NOTE_SIGNATURE_SIZE = 64,
	NOTE_PAYLOAD_MAX = 8192, NOTE_MAX = 128 << 10 };

enum note_type {
	NOTE_ED25519 = 0x01,	/* of the text */
	NOTE_COSIGNATURE = 0x04	/* C2SP tlog-cosignature: with a time */
};

struct note_key {
	char name[NOTE_NAME_MAX + 1];	/* no space, no '+' */
	uint8_t public_key[NOTE_KEY_SIZE];
};
void note_key_format(const struct note_key *, struct buf *out);
int note_key_parse(struct mt_span text, struct note_key *);	/* EBADMSG; the type is
			 * NOTE_ED25519 */

/* Text and signature lines.  EBADMSG: it is no note. */
int note_split(struct mt_span note, struct mt_span *text, struct mt_span *lines);
void note_line_add(const struct note_key *, enum note_type, struct mt_span payload, struct buf *out);
/* What the key's line of that type says, behind the key id.  EACCES: there is
 * no such line. */
int note_line_find(struct mt_span lines, const struct note_key *, enum note_type,
    struct buf *payload);
bool note_is_signed(const struct note_key *, struct mt_span text,
    const uint8_t signature[NOTE_SIGNATURE_SIZE]);

#endif
