/* SPDX-License-Identifier: BSD-2-Clause */
/* What a mail must be like that we hand to a relay (RFC 5321). */
#ifndef MAILTRI_MAIL_OUTGOING_H
#define MAILTRI_MAIL_OUTGOING_H

#include "base/span.h"

enum {
	OUTGOING_ADDRESS_MAX = 254,	/* 4.5.3.1.3, without <> */
	OUTGOING_LOGIN_MAX = 255,	/* user, and password (RFC 4616) */
	OUTGOING_DATA_MAX = 1024 * 1024
};

/* Visible ASCII with an @, nothing that ends a path or begins a parameter
 * (4.1.2). */
bool outgoing_is_address(struct mt_span);
/* Of a login: not empty, no control byte. */
bool outgoing_is_login(struct mt_span);
/* Whole lines that end with CRLF, no CR or LF but those, no NUL (2.3.8). */
bool outgoing_is_data(struct mt_span);

#endif
