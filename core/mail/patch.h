/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edits nobody has to parse again for: trace fields added in front or taken
 * out of a header without findings change no structure, so the new view
 * follows from the old one by arithmetic.  Engine and worker decide alike,
 * because both look at nothing but the view and the edits.
 */
#ifndef MAILTRI_MAIL_PATCH_H
#define MAILTRI_MAIL_PATCH_H

#include "mail/edit.h"

/* The edited bytes and their view, neither above FRAME_INLINE_MAX; or ENOTSUP
 * and nothing where the parser has to do it: other names, other operations,
 * bad edits, findings, caps in reach. */
int patch_apply(const struct view *, const struct mt_edit *, size_t count,
    struct buf *raw, struct buf *block);

#endif
