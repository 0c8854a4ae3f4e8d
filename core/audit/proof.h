/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proofs as files (C2SP tlog-proof v1): that one record is in the log that a
 * checkpoint signs.  The record itself is the extra data, so that the file
 * needs nothing beside it but the public key.
 *
 *	c2sp.org/tlog-proof@v1
 *	extra <base64 of the leaf>
 *	index <number of the record>
 *	<base64 of a hash>		none or more, from the leaf up
 *
 *	<checkpoint>
 */
#ifndef MAILTRI_AUDIT_PROOF_H
#define MAILTRI_AUDIT_PROOF_H

#include "audit/checkpoint.h"

enum { PROOF_MAX = 256 << 10 };	/* bytes of the file */

struct proof {
	struct buf leaf;	/* owned */
	uint64_t index;
	struct tree_path path;
	struct mt_span note;	/* borrowed from the text, or the caller's */
};
void proof_fini(struct proof *);
void proof_format(const struct proof *, struct buf *out);
int proof_parse(struct mt_span text, struct proof *);	/* EBADMSG */
/* EBADMSG: it proves nothing; EACCES: signed by another key. */
int proof_verify(const struct proof *, const struct note_key *, struct checkpoint *);

#endif
