/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of the mail that is answered. */
#ifndef ANSWER_FIELD_H
#define ANSWER_FIELD_H

#include "mailtri/stage.h"

enum { FIELD_ADDRESS_MAX = 254 };	/* RFC 5321 4.5.3.1.3 */

/* The next field of that name; *it begins at 0.  0 or ENOENT. */
int field_next(const struct mt_host *, struct mt_msg *, const char *name, size_t *it,
    struct mt_span *value);
/* Without blanks and line ends around it. */
struct mt_span field_trim(struct mt_span);
int field_is(struct mt_span, const char *);	/* without case */
/* Visible ASCII that can stand in <> (RFC 5321 4.1.2). */
int field_is_address(struct mt_span);

#endif
