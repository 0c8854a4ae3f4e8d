/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message made into its view.  Our own scan goes first (structure.h) and
 * keeps gmime from what it cannot bear; gmime then names the parts.  For the
 * parser role alone: nothing else links gmime.
 */
#ifndef MAILTRI_MAIL_PARSE_H
#define MAILTRI_MAIL_PARSE_H

#include "mail/view.h"

void parse_init(void);		/* once a process, before the first message */
/* 0 and the view's block in `out'; EMSGSIZE: over VIEW_RAW_MAX; EPROTO: gmime
 * gave what is not of this message.  Anything else a sender can do is a
 * finding, not an error. */
int parse_message(struct mt_span raw, struct buf *out);

#endif
