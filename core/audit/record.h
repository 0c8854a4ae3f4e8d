/* SPDX-License-Identifier: BSD-2-Clause */
/* A leaf and its opening as people read them: JSON by actor, action and result,
 * with seq, reason and checks. */
#ifndef MAILTRI_AUDIT_RECORD_H
#define MAILTRI_AUDIT_RECORD_H

#include "audit/leaf.h"

/* The record as one JSON object, appended to `out'.  slot NULL or an erased
 * opening: personal values are null.  EBADMSG: the leaf is not JSON, or the
 * opening is damaged or does not fit the commitments. */
int audit_record(const struct journal_row *, const struct slot *, struct buf *out);
/* One personal value of a row ("report" for `explain'), appended to out. */
int audit_value(const struct journal_row *, const struct slot *, const char *name,
    struct buf *out);	/* ENOENT, EBADMSG */

#endif
