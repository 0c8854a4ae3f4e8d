/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 of RFC 4648 section 4 between white space, as DKIM writes it. */
#ifndef MAILTRI_AUTH_BASE64_H
#define MAILTRI_AUTH_BASE64_H

#include "text.h"

/* Bytes written, or -1: not base64, or more than `room'. */
long base64_decode(struct mt_span, unsigned char *out, size_t room);
void base64_encode(struct text *, const unsigned char *, size_t);

#endif
