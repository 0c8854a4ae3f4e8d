/* SPDX-License-Identifier: BSD-2-Clause */
/* Header fields of mails and of HTTP replies: found, trimmed, compared. */
#ifndef PLUGINS_FIELD_H
#define PLUGINS_FIELD_H

#include "mailtri/stage.h"

int field_is(struct mt_span, const char *);	/* ASCII, without case */
int field_is_blank(char);			/* blank, tab, CR, LF */
/* Without blanks and line ends around it. */
struct mt_span field_trim(struct mt_span);

/* The mail's first field of that name, trimmed.  0, or ENOENT and an empty
 * value. */
int field_find(const struct mt_host *, struct mt_msg *, const char *name, struct mt_span *value);
/* The mail's subject, decoded (RFC 2047; its first 8192 bytes), without the
 * blanks and "Re:" in front; empty where there is none. */
struct mt_span field_subject(const struct mt_host *, struct mt_msg *);

/* The same of `fields' of a struct mt_http_reply. */
int field_of_reply(struct mt_span fields, const char *name, struct mt_span *value);

#endif
