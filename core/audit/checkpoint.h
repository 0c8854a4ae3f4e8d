/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checkpoints (C2SP tlog-checkpoint v1): how many leaves there are and the
 * root of their tree, signed by the role `keys'.
 *
 *	<name>[/<log>]			log: only of one that was continued
 *	<size>
 *	<base64 of the root>
 *
 *	— <name> <Ed25519 of the text>
 *	— <name> <time, and Ed25519 of time and text: C2SP tlog-cosignature>
 *
 * The first line of signatures is what any reader of the format knows; the
 * second says when.  Both are ours and both must be there; other lines, such
 * as those of witnesses, may follow.
 */
#ifndef MAILTRI_AUDIT_CHECKPOINT_H
#define MAILTRI_AUDIT_CHECKPOINT_H

#include "audit/note.h"
#include "audit/tree.h"

enum { CHECKPOINT_TEXT_MAX = 512,
	CHECKPOINT_BUSY_MS = 1000, CHECKPOINT_IDLE_MS = 60000 };	/* one at least so often */

struct checkpoint {
	uint64_t log;		/* 1, or when it was continued (Unix seconds) as
				 * the rows were fewer than had been signed */
	struct tree_head head;
	int64_t time_s;
};

/* What is signed: the text, and the text with its time. */
void checkpoint_text(const struct note_key *, const struct checkpoint *, struct buf *out);
void checkpoint_timed(const struct note_key *, const struct checkpoint *, struct buf *out);
struct checkpoint_signatures {
	uint8_t text[NOTE_SIGNATURE_SIZE], timed[NOTE_SIGNATURE_SIZE];
};
void checkpoint_note(const struct note_key *, const struct checkpoint *,
    const struct checkpoint_signatures *, struct buf *out);

/* EBADMSG: not such a note; EACCES: not signed by this key. */
int checkpoint_verify(const struct note_key *, struct mt_span note, struct checkpoint *);

/* {"checkpoint":"..."}, a line of the exported file, and back. */
void checkpoint_line_format(struct mt_span note, struct buf *out);
int checkpoint_line_parse(struct mt_span line, struct buf *note);	/* EBADMSG */

#endif
