/* SPDX-License-Identifier: BSD-2-Clause */
/* Edits stages asked for, applied by the parser in one go.  In this version
 * the header: fields added in front, removed, or with a new value. */
#ifndef MAILTRI_MAIL_EDIT_H
#define MAILTRI_MAIL_EDIT_H

#include "base/arena.h"
#include "mail/view.h"

enum { EDITS_MAX = 256, EDIT_NAME_MAX = 76, EDIT_VALUE_MAX = 16 * 1024,
	EDIT_LINE_MAX = 998 };	/* RFC 5322 2.1.1 */

void edit_pack(struct buf *, const struct mt_edit *);
int edit_unpack(struct unpack *, struct arena *, struct mt_edit *);	/* EBADMSG */
/* A u32 count, then that many; the array is the arena's, the rest borrowed.
 * EBADMSG: also for more than EDITS_MAX. */
int edit_array_unpack(struct unpack *, struct arena *, struct mt_edit **, uint32_t *count);
/* One edit against the view it was made for: 0, EINVAL (no such place, bad
 * field name, CR LF that would end the field, overlap with `others'). */
int edit_check(const struct view *, const struct mt_edit *,
    const struct mt_edit *others, size_t other_count);
/* New raw bytes; of fields added, the last one asked for stands first.  Edits
 * are checked again; EINVAL leaves `out' empty. */
int edits_apply(const struct view *, const struct mt_edit *, size_t count,
    struct buf *out);

#endif
