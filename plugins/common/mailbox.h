/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses: what is one, and where one is named. */
#ifndef PLUGINS_MAILBOX_H
#define PLUGINS_MAILBOX_H

#include "mailtri/stage.h"

enum { MAILBOX_MAX = 254 };	/* RFC 5321 4.5.3.1.3 */

/* Visible ASCII that can stand in <> (RFC 5321 4.1.2). */
int mailbox_is_plain(struct mt_span);
/* Whether a field names an address as a whole, not as a part of another one
 * (RFC 5322 3.2.3, RFC 6531); ASCII without case; never an empty one. */
int mailbox_is_named(struct mt_span field, struct mt_span address);

#endif
